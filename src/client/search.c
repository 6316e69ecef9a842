/* SPDX-License-Identifier: Apache-2.0 */
#include <client/search.h>

#include <elf.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <client/error.h>
#include <client/file.h>

#define CONFIGURATION "/etc/ld.so.conf"
#define INCLUDES_MAX  8u /* files that include each other */
#define LIB	      "lib/x86_64-linux-gnu"
#define PLATFORM      "x86_64"

static const char *const built_in[] = { "/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib",
	"/usr/lib" };

static enum cbx_status add(struct cbx_search *search, const char *folder)
{
	char **grown =
		reallocarray(search->folder, search->count + 1, sizeof(*grown));
	char *copy = strdup(folder);

	if (grown != NULL) {
		search->folder = grown;
	}
	if (grown == NULL || copy == NULL) {
		free(copy);
		return cbx_fail_memory("folders of libraries");
	}
	search->folder[search->count++] = copy;
	return CBX_OK;
}

static enum cbx_status read_file(
	struct cbx_search *search, const char *path, unsigned int depth);

static enum cbx_status include(
	struct cbx_search *search, const char *pattern, unsigned int depth)
{
	enum cbx_status status = CBX_OK;
	glob_t found = { 0 };

	if (pattern[0] == '/' && glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && status == CBX_OK;
			i++) {
			status =
				read_file(search, found.gl_pathv[i], depth + 1);
		}
	}
	globfree(&found);
	return status;
}

static enum cbx_status read_line(
	struct cbx_search *search, char *line, unsigned int depth)
{
	char *rest = NULL;
	char *word;

	line[strcspn(line, "#\n")] = '\0';
	word = strtok_r(line, " \t", &rest);
	if (word == NULL) {
		return CBX_OK;
	}
	if (strcmp(word, "include") == 0) {
		word = strtok_r(NULL, " \t", &rest);
		return word == NULL ? CBX_OK : include(search, word, depth);
	}
	return word[0] == '/' ? add(search, word) : CBX_OK;
}

/* A file that cannot be read configures nothing, as for the linker. */
static enum cbx_status read_file(
	struct cbx_search *search, const char *path, unsigned int depth)
{
	FILE *file = depth < INCLUDES_MAX ? fopen(path, "re") : NULL;
	enum cbx_status status = CBX_OK;
	char *line = NULL;
	size_t room = 0;

	while (file != NULL && status == CBX_OK &&
		getline(&line, &room, file) >= 0) {
		status = read_line(search, line, depth);
	}
	free(line);
	if (file != NULL) {
		(void)fclose(file);
	}
	return status;
}

enum cbx_status cbx_search_init(struct cbx_search *search)
{
	enum cbx_status status;

	*search = (struct cbx_search){ 0 };
	status = read_file(search, CONFIGURATION, 0);
	for (size_t i = 0;
		i < sizeof(built_in) / sizeof(built_in[0]) && status == CBX_OK;
		i++) {
		status = add(search, built_in[i]);
	}
	if (status != CBX_OK) {
		cbx_search_fini(search);
	}
	return status;
}

void cbx_search_fini(struct cbx_search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		free(search->folder[i]);
	}
	free(search->folder);
	*search = (struct cbx_search){ 0 };
}

/* The linker passes over files for other machines. */
static bool is_library(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	Elf64_Ehdr header;
	bool read;

	if (fd < 0) {
		return false;
	}
	read = cbx_file_read_all(fd, &header, sizeof(header));
	close(fd);
	return read && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	       header.e_ident[EI_CLASS] == ELFCLASS64 &&
	       header.e_machine == EM_X86_64 && header.e_type == ET_DYN;
}

/* folder/name, if that is a library. */
static char *try_folder(const char *folder, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		return NULL;
	}
	if (!is_library(path)) {
		free(path);
		return NULL;
	}
	return path;
}

/* The length of a token at @p at, and what it stands for; 0: none is there. */
static size_t token_at(const char *at, const char *origin, const char **value)
{
	const struct {
		const char *name;
		const char *value;
	} tokens[] = { { "ORIGIN", origin }, { "LIB", LIB },
		{ "PLATFORM", PLATFORM } };

	for (size_t i = 0; at[0] == '$' && i < 3; i++) {
		size_t length = strlen(tokens[i].name);
		bool braces = at[1] == '{';
		const char *name = at + (braces ? 2 : 1);

		if (strncmp(name, tokens[i].name, length) == 0 &&
			(!braces || name[length] == '}')) {
			*value = tokens[i].value;
			return length + (braces ? 3 : 1);
		}
	}
	return 0;
}

/* A folder of a list, its tokens replaced; an empty one is the working
 * directory. */
static char *expand(const char *part, size_t length, const char *origin)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < length;) {
		const char *value = NULL;
		size_t token = token_at(part + i, origin, &value);

		if (token != 0) {
			(void)fputs(value, to);
			i += token;
		} else {
			(void)fputc(part[i++], to);
		}
	}
	if (length == 0) {
		(void)fputc('.', to);
	}
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *cbx_search_list(const char *list, const char *origin, const char *name)
{
	char *found = NULL;

	while (list != NULL && found == NULL) {
		size_t length = strcspn(list, ":");
		char *folder = expand(list, length, origin);

		if (folder != NULL) {
			found = try_folder(folder, name);
		}
		free(folder);
		list = list[length] == '\0' ? NULL : list + length + 1;
	}
	return found;
}

static bool is_built_in(const char *folder)
{
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++) {
		if (strcmp(folder, built_in[i]) == 0) {
			return true;
		}
	}
	return false;
}

char *cbx_search_system(const struct cbx_search *search, const char *name,
	bool *built_in_folder)
{
	for (size_t i = 0; i < search->count; i++) {
		char *path = try_folder(search->folder[i], name);

		if (path != NULL) {
			*built_in_folder = is_built_in(search->folder[i]);
			return path;
		}
	}
	return NULL;
}
