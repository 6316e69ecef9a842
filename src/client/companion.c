/* SPDX-License-Identifier: Apache-2.0 */
#include <client/companion.h>

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <client/error.h>
#include <client/tree_node.h>

/* %P is where the program is installed, as in /usr; %N its own name. */
static const struct {
	const char *program; /* its name begins so */
	const char *pattern; /* of folders */
	const char *without; /* patterns of entries nobody needs, or NULL */
} companions[] = {
	{ "python3.", "%P/lib/%N", "config-* test" },
	{ "perl", "%P/lib/x86_64-linux-gnu/perl-base", NULL },
	{ "perl", "%P/lib/x86_64-linux-gnu/perl/[0-9]*", "CORE" },
	{ "perl", "%P/share/perl/[0-9]*", NULL },
};

static char *fill_in(const char *pattern, const char *real)
{
	const char *name = strrchr(real, '/') + 1;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL) {
		return NULL;
	}
	for (; *pattern != '\0'; pattern++) {
		if (strncmp(pattern, "%N", 2) == 0) {
			(void)fputs(name, to);
			pattern++;
		} else if (strncmp(pattern, "%P", 2) == 0) {
			const char *bin = strstr(real, "/bin/");

			(void)fwrite(real, 1,
				bin == NULL ? 0 : (size_t)(bin - real), to);
			pattern++;
		} else {
			(void)fputc(*pattern, to);
		}
	}
	if (fclose(to) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static bool is_left_out(const char *name, const char *without)
{
	while (without != NULL && *without != '\0') {
		size_t length = strcspn(without, " ");
		char pattern[32];

		(void)snprintf(
			pattern, sizeof(pattern), "%.*s", (int)length, without);
		if (fnmatch(pattern, name, 0) == 0) {
			return true;
		}
		without += length + (without[length] == ' ' ? 1 : 0);
	}
	return false;
}

static enum cbx_status add_entry(
	struct cbx_tree *tree, const char *folder, const char *name)
{
	enum cbx_status status;
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		return cbx_fail_memory(folder);
	}
	status = cbx_tree_add_real(tree, path);
	free(path);
	return status;
}

/* Of a link to a folder it is the link that matters, too: its entries bring
 * it. */
static enum cbx_status add_folder(
	struct cbx_tree *tree, const char *path, const char *without)
{
	enum cbx_status status = CBX_OK;
	const struct dirent *entry;
	DIR *folder = opendir(path);

	if (folder == NULL) {
		return errno == ENOTDIR || errno == ENOENT
			       ? CBX_OK
			       : cbx_fail_os(CBX_E_INVALID, errno, "%s", path);
	}
	while (status == CBX_OK && (entry = readdir(folder)) != NULL) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
			!is_left_out(name, without)) {
			status = add_entry(tree, path, name);
		}
	}
	closedir(folder);
	return status;
}

static enum cbx_status add_matching(
	struct cbx_tree *tree, const char *pattern, const char *without)
{
	enum cbx_status status = CBX_OK;
	glob_t found = { 0 };

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc && status == CBX_OK;
			i++) {
			status = add_folder(tree, found.gl_pathv[i], without);
		}
	}
	globfree(&found);
	return status;
}

static bool begins(const char *real, const char *name)
{
	return strncmp(strrchr(real, '/') + 1, name, strlen(name)) == 0;
}

enum cbx_status cbx_companions_add(struct cbx_tree *tree, const char *path)
{
	enum cbx_status status = CBX_OK;
	char *real = realpath(path, NULL);

	for (size_t i = 0; real != NULL && status == CBX_OK &&
			   i < sizeof(companions) / sizeof(companions[0]);
		i++) {
		char *pattern;

		if (!begins(real, companions[i].program)) {
			continue;
		}
		pattern = fill_in(companions[i].pattern, real);
		status = pattern == NULL ? cbx_fail_memory(path)
					 : add_matching(tree, pattern,
						   companions[i].without);
		free(pattern);
	}
	free(real);
	return status;
}
