/* SPDX-License-Identifier: Apache-2.0 */
#include <client/content.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <client/collect.h>
#include <client/elf_file.h>
#include <client/elf_needs.h>
#include <client/error.h>
#include <client/file.h>
#include <client/root.h>
#include <client/tree_node.h>

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

/* What is being packed. */
struct content {
	const struct cbx_program *program;
	char *path;	      /* of the program in the box */
	const uint8_t *bytes; /* the program's */
	size_t byte_count;
	uint8_t *owned; /* bytes read here, or NULL */
	struct cbx_tree tree;
};

static enum cbx_status check_bytes(const struct content *content)
{
	const struct cbx_program *program = content->program;
	enum cbx_status status;

	if (cbx_script_is(content->bytes, content->byte_count)) {
		return CBX_OK;
	}
	status = cbx_elf_check(
		program->path, content->bytes, content->byte_count);
	if (status == CBX_OK &&
		(program->flags & CBX_PROGRAM_EXECUTE_ONLY) != 0 &&
		!cbx_elf_text_apart(content->bytes)) {
		return cbx_fail(CBX_E_INVALID,
			"%s: its text and its constants share a segment; link "
			"it with -Wl,-z,separate-code, or leave its text "
			"readable",
			program->path);
	}
	return status;
}

static enum cbx_status read_bytes(struct content *content)
{
	const struct cbx_program *program = content->program;
	enum cbx_status status = CBX_OK;

	if (program->bytes != NULL) {
		content->bytes = program->bytes;
		content->byte_count = program->byte_count;
	} else {
		status = cbx_file_read(
			program->path, &content->owned, &content->byte_count);
		content->bytes = content->owned;
	}
	return status == CBX_OK ? check_bytes(content) : status;
}

static enum cbx_status fail_not_there(
	const struct content *content, const char *name)
{
	return cbx_fail(CBX_E_INVALID, "%s: there is no such program in %s",
		name, content->program->root);
}

/* A program by its name along the box's PATH, as a path in the box. */
static char *search_root(const struct content *content, const char *name)
{
	const char *folders = cbx_program_variable(content->program, "PATH");

	folders = folders == NULL ? PATH_DEFAULT : folders;
	while (folders != NULL) {
		size_t length = strcspn(folders, ":");
		const struct cbx_node *node;
		char *path = NULL;

		if (asprintf(&path, "%.*s/%s", (int)length, folders, name) <
			0) {
			return NULL;
		}
		node = cbx_tree_find(&content->tree, path);
		if (node != NULL && node->kind == CBX_NODE_FILE) {
			return path;
		}
		free(path);
		folders = folders[length] == '\0' ? NULL : folders + length + 1;
	}
	return NULL;
}

/* The bytes of a file that is in the tree. */
static enum cbx_status read_node(
	struct content *content, const struct cbx_node *node)
{
	content->bytes = node->bytes;
	content->byte_count = node->byte_count;
	if (node->host != NULL) {
		enum cbx_status status = cbx_file_read(
			node->host, &content->owned, &content->byte_count);

		content->bytes = content->owned;
		return status;
	}
	return CBX_OK;
}

/* A missing interpreter is told now, not when the box begins. */
static enum cbx_status check_interpreter(const struct content *content)
{
	const char *name;
	struct cbx_elf_needs needs;

	(void)cbx_elf_needs_read(content->bytes, content->byte_count, &needs);
	name = needs.interpreter;
	return name == NULL || cbx_tree_find(&content->tree, name) != NULL
		       ? CBX_OK
		       : cbx_fail(CBX_E_INVALID,
				 "%s: its interpreter %s is not in %s",
				 content->path, name, content->program->root);
}

/* The program is one of the root's. */
static enum cbx_status add_root_program(struct content *content)
{
	const char *name = content->program->path;
	enum cbx_status status = cbx_tree_sort(&content->tree);
	const struct cbx_node *node;

	if (status != CBX_OK) {
		return status;
	}
	content->path = strchr(name, '/') == NULL ? search_root(content, name)
						  : strdup(name);
	node = content->path == NULL
		       ? NULL
		       : cbx_tree_find(&content->tree, content->path);
	if (node == NULL || node->kind != CBX_NODE_FILE ||
		content->path[0] != '/') {
		return fail_not_there(content, name);
	}
	status = read_node(content, node);
	if (status == CBX_OK) {
		status = check_bytes(content);
	}
	return status == CBX_OK ? check_interpreter(content) : status;
}

static enum cbx_status add_program(struct content *content)
{
	const struct cbx_program *program = content->program;
	const char *box =
		program->box_path != NULL ? program->box_path : program->path;
	struct cbx_path path = { program->path, NULL };
	enum cbx_status status;

	if (program->root != NULL && program->bytes == NULL) {
		return add_root_program(content);
	}
	status = cbx_path_clean(box, &content->path);
	if (status != CBX_OK) {
		return status;
	}
	path.box = content->path;
	status = read_bytes(content);
	if (status != CBX_OK) {
		return status;
	}
	return program->bytes == NULL
		       ? cbx_tree_add_file(&content->tree, &path)
		       : cbx_tree_add_bytes(&content->tree, content->path,
				 content->bytes, content->byte_count);
}

/* What was named brings what it needs. */
static enum cbx_status add_needs(struct content *content)
{
	const struct cbx_program *program = content->program;
	enum cbx_status status = CBX_OK;

	for (size_t i = 0; i < program->with_count && status == CBX_OK; i++) {
		status = cbx_tree_add_real(&content->tree, program->with[i]);
	}
	if (status == CBX_OK && program->root == NULL &&
		(program->flags & CBX_PROGRAM_ALONE) == 0) {
		status = cbx_collect(&content->tree, program, content->bytes,
			content->byte_count);
	}
	free(content->owned);
	content->owned = NULL;
	return status;
}

static enum cbx_status add_files(struct content *content)
{
	const struct cbx_program *program = content->program;
	enum cbx_status status = CBX_OK;

	for (size_t i = 0; i < program->file_count && status == CBX_OK; i++) {
		status = cbx_tree_add_file(&content->tree, &program->files[i]);
	}
	for (size_t i = 0; i < program->directory_count && status == CBX_OK;
		i++) {
		status = cbx_tree_add_directory(
			&content->tree, &program->directories[i]);
	}
	if (status == CBX_OK) {
		status = add_needs(content);
	}
	if (status == CBX_OK) {
		status = cbx_tree_add_empty(&content->tree, program->cwd);
	}
	if (status == CBX_OK) {
		status = cbx_tree_finish(&content->tree);
	}
	return status;
}

static enum cbx_status add_root(struct content *content)
{
	enum cbx_status status;

	if (content->program->root == NULL) {
		return CBX_OK;
	}
	content->tree.automatic = true;
	status = cbx_root_add(&content->tree, content->program->root);
	content->tree.automatic = false;
	return status;
}

enum cbx_status cbx_content_pack(const struct cbx_program *program, char **path,
	struct cbx_archive *files)
{
	struct content content = { .program = program };
	enum cbx_status status = add_root(&content);

	if (status == CBX_OK) {
		status = add_program(&content);
	}
	if (status == CBX_OK) {
		status = add_files(&content);
	}
	if (status == CBX_OK) {
		status = cbx_archive_pack_listed(&content.tree, files);
	}
	if (status == CBX_OK) {
		*path = content.path;
	} else {
		free(content.path);
	}
	cbx_tree_fini(&content.tree);
	free(content.owned);
	return status;
}
