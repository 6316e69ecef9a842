/* SPDX-License-Identifier: Apache-2.0 */
#include <client/collect.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <client/companion.h>
#include <client/elf_needs.h>
#include <client/error.h>
#include <client/file.h>
#include <client/libraries.h>
#include <client/tree_node.h>

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"
#define LOCALE	     "/usr/lib/locale/C.utf8"
#define UNWINDER     "libgcc_s.so.1" /* pthread_exit, pthread_cancel */
#define SCRIPTS_MAX  4u
#define LINE_MAX     256u

/* A script's first line. */
struct script {
	char line[LINE_MAX];
	char *interpreter;
	char *rest; /* what follows it; empty: nothing */
};

static char *skip_blanks(char *at)
{
	return at + strspn(at, " \t");
}

static bool read_script(
	const uint8_t *bytes, size_t size, struct script *script)
{
	size_t length = size < LINE_MAX ? size : LINE_MAX - 1;

	memcpy(script->line, bytes, length);
	script->line[length] = '\0';
	if (strncmp(script->line, "#!", 2) != 0) {
		return false;
	}
	script->line[strcspn(script->line, "\n")] = '\0';
	script->interpreter = skip_blanks(script->line + 2);
	script->rest =
		script->interpreter + strcspn(script->interpreter, " \t");
	if (*script->rest != '\0') {
		*script->rest++ = '\0';
		script->rest = skip_blanks(script->rest);
	}
	return script->interpreter[0] == '/';
}

bool cbx_script_is(const uint8_t *bytes, size_t size)
{
	struct script script;

	return read_script(bytes, size, &script);
}

const char *cbx_program_variable(
	const struct cbx_program *program, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; program->envp != NULL && program->envp[i] != NULL;
		i++) {
		const char *value = program->envp[i];

		if (strncmp(value, name, length) == 0 && value[length] == '=') {
			return value + length + 1;
		}
	}
	return NULL;
}

/* The program a script's env(1) will find. */
static char *find_in_path(const char *folders, const char *name)
{
	while (folders != NULL) {
		size_t length = strcspn(folders, ":");
		char *path = NULL;

		if (asprintf(&path, "%.*s/%s", (int)length, folders, name) <
			0) {
			return NULL;
		}
		if (length != 0 && access(path, X_OK) == 0) {
			return path;
		}
		free(path);
		folders = folders[length] == '\0' ? NULL : folders + length + 1;
	}
	return NULL;
}

/* What is being collected. */
struct collection {
	const struct cbx_program *program;
	struct cbx_libraries libraries;
	unsigned int scripts;
};

static enum cbx_status add_program(struct collection *c, const char *path,
	const uint8_t *bytes, size_t size);

/* A program beside the first one. */
static enum cbx_status add_other(struct collection *c, const char *path)
{
	enum cbx_status status = cbx_tree_add_real(c->libraries.tree, path);
	uint8_t *bytes;
	size_t size;

	if (status == CBX_OK) {
		status = cbx_file_read(path, &bytes, &size);
	}
	if (status == CBX_OK) {
		status = add_program(c, path, bytes, size);
		free(bytes);
	}
	return status;
}

/* #!/usr/bin/env NAME, or env -S NAME ARGUMENT... */
static enum cbx_status add_named(struct collection *c, char *words)
{
	const char *folders = cbx_program_variable(c->program, "PATH");
	enum cbx_status status = CBX_OK;
	char *rest = NULL;
	char *word = strtok_r(words, " \t", &rest);
	char *path;

	while (word != NULL && (word[0] == '-' || strchr(word, '=') != NULL)) {
		word = strtok_r(NULL, " \t", &rest);
	}
	if (word == NULL || strchr(word, '/') != NULL) {
		return word == NULL ? CBX_OK : add_other(c, word);
	}
	path = find_in_path(folders == NULL ? PATH_DEFAULT : folders, word);
	if (path != NULL) {
		status = add_other(c, path);
		free(path);
	}
	return status;
}

static enum cbx_status add_script(
	struct collection *c, const char *path, struct script *script)
{
	const char *name = strrchr(script->interpreter, '/') + 1;
	enum cbx_status status;

	if (++c->scripts > SCRIPTS_MAX) {
		return cbx_fail(CBX_E_INVALID,
			"%s: scripts name each other as interpreters", path);
	}
	if (access(script->interpreter, X_OK) != 0) {
		return cbx_fail(CBX_E_INVALID,
			"%s: its interpreter %s is not on this machine; "
			"install it, or give the program's own system with "
			"--root",
			path, script->interpreter);
	}
	status = add_other(c, script->interpreter);
	if (status == CBX_OK && strcmp(name, "env") == 0) {
		status = add_named(c, script->rest);
	}
	return status;
}

static enum cbx_status add_program(struct collection *c, const char *path,
	const uint8_t *bytes, size_t size)
{
	struct script script;
	enum cbx_status status;

	if (read_script(bytes, size, &script)) {
		return add_script(c, path, &script);
	}
	status = cbx_libraries_add(&c->libraries, path, bytes, size, true);
	return status == CBX_OK ? cbx_companions_add(c->libraries.tree, path)
				: status;
}

static bool may_be_elf(const struct cbx_node *node)
{
	return node->kind == CBX_NODE_FILE && node->host != NULL &&
	       ((node->mode & 0111u) != 0 ||
		       strstr(strrchr(node->box, '/'), ".so") != NULL);
}

/* What the programs and libraries of the tree need; the tree grows meanwhile,
 * by what needs nothing more. */
static enum cbx_status add_of_tree(struct collection *c)
{
	struct cbx_tree *tree = c->libraries.tree;
	enum cbx_status status = CBX_OK;
	size_t count = tree->count;

	for (size_t i = 0; i < count && status == CBX_OK; i++) {
		if (may_be_elf(&tree->node[i])) {
			char *host = strdup(tree->node[i].host);

			status = host == NULL
					 ? cbx_fail_memory("list of files")
					 : cbx_libraries_add_file(
						   &c->libraries, host, false);
			free(host);
		}
	}
	return status;
}

/* What the C library opens by itself, sooner or later. */
static enum cbx_status add_opened(struct collection *c)
{
	enum cbx_status status = CBX_OK;
	bool built_in;
	char *path;

	if (!c->libraries.dynamic) {
		return CBX_OK;
	}
	if (access(LOCALE, R_OK) == 0) {
		status = cbx_tree_add_real(c->libraries.tree, LOCALE);
	}
	path = cbx_search_system(&c->libraries.search, UNWINDER, &built_in);
	if (status == CBX_OK && path != NULL) {
		status = cbx_tree_add_real(c->libraries.tree, path);
	}
	free(path);
	return status;
}

enum cbx_status cbx_collect(struct cbx_tree *tree,
	const struct cbx_program *program, const uint8_t *bytes, size_t size)
{
	struct collection c = { .program = program };
	enum cbx_status status = cbx_libraries_init(&c.libraries, tree);

	if (status != CBX_OK) {
		return status;
	}
	c.libraries.library_path =
		cbx_program_variable(program, "LD_LIBRARY_PATH");
	tree->automatic = true;
	status = add_program(&c, program->path, bytes, size);
	if (status == CBX_OK) {
		status = add_of_tree(&c);
	}
	if (status == CBX_OK) {
		status = add_opened(&c);
	}
	tree->automatic = false;
	cbx_libraries_fini(&c.libraries);
	return status;
}
