/* SPDX-License-Identifier: Apache-2.0 */
#include <client/libraries.h>

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <client/elf_needs.h>
#include <client/error.h>
#include <client/file.h>
#include <client/tree_node.h>

#define LINKER_FOLDER "/usr/lib/x86_64-linux-gnu/"

/* One file whose libraries are looked for. */
struct object {
	struct object *next;
	struct object *parent; /* who needed it first; NULL: the root */
	char *path;
	char *origin;
	char *name; /* under which it was needed; NULL: the root */
	uint8_t *owned;
	struct cbx_elf_needs needs;
};

/* The files a root needs, in the order ld.so loads them. */
struct closure {
	struct cbx_libraries *libraries;
	struct object *first;
	struct object *last;
	bool required;
};

enum cbx_status cbx_libraries_init(
	struct cbx_libraries *libraries, struct cbx_tree *tree)
{
	*libraries = (struct cbx_libraries){ .tree = tree };
	return cbx_search_init(&libraries->search);
}

void cbx_libraries_fini(struct cbx_libraries *libraries)
{
	cbx_search_fini(&libraries->search);
	for (size_t i = 0; i < libraries->seen_count; i++) {
		free(libraries->seen[i]);
	}
	free(libraries->seen);
	*libraries = (struct cbx_libraries){ 0 };
}

/* A file's one name; its own when there is no such file. */
static char *real_name(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : strdup(path);
}

static bool is_seen(const struct cbx_libraries *libraries, const char *path)
{
	char *real = real_name(path);
	bool seen = false;

	for (size_t i = 0; real != NULL && i < libraries->seen_count; i++) {
		seen = seen || strcmp(libraries->seen[i], real) == 0;
	}
	free(real);
	return seen;
}

static enum cbx_status note(struct cbx_libraries *libraries, const char *path)
{
	char **grown = reallocarray(
		libraries->seen, libraries->seen_count + 1, sizeof(*grown));
	char *copy = real_name(path);

	if (grown != NULL) {
		libraries->seen = grown;
	}
	if (grown == NULL || copy == NULL) {
		free(copy);
		return cbx_fail_memory("list of libraries");
	}
	libraries->seen[libraries->seen_count++] = copy;
	return CBX_OK;
}

static void free_object(struct object *object)
{
	free(object->path);
	free(object->origin);
	free(object->name);
	free(object->owned);
	free(object);
}

static void free_closure(struct closure *closure)
{
	while (closure->first != NULL) {
		struct object *next = closure->first->next;

		free_object(closure->first);
		closure->first = next;
	}
}

/* The folder a path is in. */
static char *folder_of(const char *path)
{
	char *clean = NULL;
	char *slash;

	if (cbx_path_clean(path, &clean) != CBX_OK) {
		return NULL;
	}
	slash = strrchr(clean, '/');
	slash[slash == clean ? 1 : 0] = '\0';
	return clean;
}

static enum cbx_status append(
	struct closure *closure, struct object *from, struct object **object)
{
	struct object *fresh = malloc(sizeof(*fresh));

	if (fresh == NULL || from->path == NULL || from->origin == NULL) {
		free(fresh);
		free(from->path);
		free(from->origin);
		free(from->name);
		free(from->owned);
		return cbx_fail_memory("list of libraries");
	}
	*fresh = *from;
	if (closure->last == NULL) {
		closure->first = fresh;
	} else {
		closure->last->next = fresh;
	}
	closure->last = fresh;
	*object = fresh;
	return CBX_OK;
}

static bool is_loaded(const struct closure *closure, const char *name)
{
	for (const struct object *o = closure->first; o != NULL; o = o->next) {
		if (o->name != NULL && strcmp(o->name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* RPATH of who needs it and of who needed those, unless there is a RUNPATH. */
static char *search_rpath(const struct object *object, const char *name)
{
	char *path = NULL;

	if (object->needs.runpath != NULL) {
		return NULL;
	}
	for (; object != NULL && path == NULL; object = object->parent) {
		if (object->needs.runpath == NULL) {
			path = cbx_search_list(
				object->needs.rpath, object->origin, name);
		}
	}
	return path;
}

/* @param[out] plain  ld.so finds it in the box as it is found here */
static char *search(const struct cbx_libraries *libraries,
	const struct object *object, const char *name, bool *plain)
{
	char *path;

	*plain = true;
	if (strchr(name, '/') != NULL) {
		return strdup(name);
	}
	path = search_rpath(object, name);
	if (path == NULL) {
		path = cbx_search_list(
			libraries->library_path, object->origin, name);
	}
	if (path == NULL) {
		path = cbx_search_list(
			object->needs.runpath, object->origin, name);
	}
	return path != NULL
		       ? path
		       : cbx_search_system(&libraries->search, name, plain);
}

/* A library in a folder that only /etc/ld.so.conf names gets a link in one the
 * linker knows by itself: a box has no cache of ld.so. */
static enum cbx_status add_link(
	struct cbx_tree *tree, const char *name, const char *path)
{
	char box[sizeof(LINKER_FOLDER) + 256];
	const struct cbx_path where = { path, box };
	size_t length = strlen(name);
	char *target = strdup(path);

	if (target == NULL || length > 255) {
		free(target);
		return cbx_fail_memory(name);
	}
	memcpy(box, LINKER_FOLDER, sizeof(LINKER_FOLDER) - 1);
	memcpy(box + sizeof(LINKER_FOLDER) - 1, name, length + 1);
	return cbx_tree_add_link(tree, &where, target);
}

static enum cbx_status fail_missing(const struct closure *closure,
	const struct object *object, const char *name)
{
	if (object == closure->first) {
		return cbx_fail(CBX_E_INVALID,
			"%s: needs %s, which is not on this machine; install "
			"it, or name its folder with --env LD_LIBRARY_PATH=...",
			object->path, name);
	}
	return cbx_fail(CBX_E_INVALID,
		"%s: needs %s for %s, which is not on this machine; install "
		"it, or name its folder with --env LD_LIBRARY_PATH=...",
		closure->first->path, name, object->path);
}

static enum cbx_status read_object(struct object *object)
{
	size_t size;
	enum cbx_status status =
		cbx_file_read(object->path, &object->owned, &size);

	if (status == CBX_OK) {
		(void)cbx_elf_needs_read(object->owned, size, &object->needs);
	}
	return status;
}

static enum cbx_status add_found(struct closure *closure, struct object *parent,
	const char *name, char *path)
{
	struct cbx_libraries *libraries = closure->libraries;
	struct object fresh = { .parent = parent,
		.path = path,
		.origin = folder_of(path),
		.name = strdup(name) };
	struct object *object = NULL;
	enum cbx_status status = append(closure, &fresh, &object);

	if (status != CBX_OK || is_seen(libraries, object->path)) {
		return status;
	}
	status = note(libraries, object->path);
	if (status == CBX_OK) {
		status = read_object(object);
	}
	if (status == CBX_OK) {
		status = cbx_tree_add_real(libraries->tree, object->path);
	}
	return status;
}

static enum cbx_status add_library(
	struct closure *closure, struct object *object, const char *name)
{
	bool plain;
	char *path;
	enum cbx_status status;

	if (is_loaded(closure, name)) {
		return CBX_OK;
	}
	path = search(closure->libraries, object, name, &plain);
	if (path == NULL) {
		return closure->required ? fail_missing(closure, object, name)
					 : CBX_OK;
	}
	status =
		plain ? CBX_OK : add_link(closure->libraries->tree, name, path);
	if (status != CBX_OK) {
		free(path);
		return status;
	}
	return add_found(closure, object, name, path);
}

static enum cbx_status add_interpreter(
	struct closure *closure, const char *name)
{
	struct cbx_libraries *libraries = closure->libraries;
	enum cbx_status status;

	status = cbx_tree_add_real(libraries->tree, name);
	if (status == CBX_E_INVALID && !closure->required) {
		return CBX_OK;
	}
	if (status == CBX_E_INVALID) {
		return cbx_fail(CBX_E_INVALID,
			"%s: its interpreter %s is not on this machine; "
			"install it, or give the program's own system with "
			"--root",
			closure->first->path, name);
	}
	libraries->dynamic = libraries->dynamic || status == CBX_OK;
	return status;
}

static enum cbx_status add_needs(struct closure *closure, struct object *object)
{
	enum cbx_status status = CBX_OK;

	if (object->needs.interpreter != NULL) {
		status = add_interpreter(closure, object->needs.interpreter);
	}
	for (size_t i = 0; i < object->needs.library_count && status == CBX_OK;
		i++) {
		status = add_library(closure, object, object->needs.library[i]);
	}
	return status;
}

enum cbx_status cbx_libraries_add(struct cbx_libraries *libraries,
	const char *path, const uint8_t *bytes, size_t size, bool required)
{
	struct closure closure = { .libraries = libraries,
		.required = required };
	struct object root = { .path = strdup(path),
		.origin = folder_of(path) };
	struct object *object = NULL;
	enum cbx_status status;

	if (is_seen(libraries, path) ||
		!cbx_elf_needs_read(bytes, size, &root.needs)) {
		free(root.path);
		free(root.origin);
		return CBX_OK;
	}
	status = append(&closure, &root, &object);
	if (status == CBX_OK) {
		status = note(libraries, path);
	}
	while (status == CBX_OK && object != NULL) {
		status = add_needs(&closure, object);
		object = object->next;
	}
	free_closure(&closure);
	return status;
}

static bool is_elf(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char magic[SELFMAG];
	bool elf;

	if (fd < 0) {
		return false;
	}
	elf = cbx_file_read_all(fd, magic, sizeof(magic)) &&
	      memcmp(magic, ELFMAG, SELFMAG) == 0;
	close(fd);
	return elf;
}

enum cbx_status cbx_libraries_add_file(
	struct cbx_libraries *libraries, const char *path, bool required)
{
	uint8_t *bytes;
	size_t size;
	enum cbx_status status;

	if (is_seen(libraries, path) || !is_elf(path)) {
		return CBX_OK;
	}
	status = cbx_file_read(path, &bytes, &size);
	if (status == CBX_OK) {
		status = cbx_libraries_add(
			libraries, path, bytes, size, required);
		free(bytes);
	}
	return status;
}
