/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include "lib.h"
#include "linux.h"
#include "proc.h"

struct cbx_node *cbx_path_root;

/* A walk in progress. */
struct state {
	struct cbx_node *at;
	const char *rest;
	const char *name; /* the last one taken off */
	struct cbx_node *base;
	uint32_t flags; /* CBX_PATH_* */
	unsigned links;
};

/* A link's text and what followed it; two, to read one and write the other. */
static char expanded[2][LX_PATH_MAX];

static const char *skip_slashes(const char *path)
{
	while (*path == '/') {
		path++;
	}
	return path;
}

static uint64_t name_length(const char *path)
{
	uint64_t length = 0;

	while (path[length] != '\0' && path[length] != '/') {
		length++;
	}
	return length;
}

static bool is_dots(const char *name, uint64_t length)
{
	return length <= 2 && name[0] == '.' && (length == 1 || name[1] == '.');
}

static struct cbx_node *child(
	struct cbx_node *dir, const char *name, uint64_t length)
{
	struct cbx_entry *entry;

	entry = cbx_entry_find(dir, name, length);
	if (entry == NULL && cbx_proc_is_live(dir)) {
		return cbx_proc_child(dir, name, length);
	}
	return entry == NULL ? NULL : entry->node;
}

/* Go on from the root, or from what stands for it.  1: there is more to do. */
static int64_t begin_at_root(struct state *state)
{
	if ((state->flags & CBX_PATH_BENEATH) != 0) {
		return -LX_EXDEV;
	}
	state->at = (state->flags & CBX_PATH_IN_ROOT) != 0 ? state->base
							   : cbx_path_root;
	return 1;
}

/* Go on with the link's text before what is left of the path. */
static int64_t expand(
	struct state *state, const struct cbx_node *link, bool slash)
{
	char *to = expanded[state->links % 2];
	uint64_t left = strlen(state->rest);
	uint64_t length;

	if (++state->links > CBX_PATH_LINKS_MAX) {
		return -LX_ELOOP;
	}
	length = cbx_path_link(link, to, LX_PATH_MAX);
	if (length == 0 || length + left + 2 > LX_PATH_MAX) {
		return length == 0 ? -LX_ENOENT : -LX_ENAMETOOLONG;
	}
	if (left != 0 || slash) {
		to[length++] = '/';
	}
	memcpy(to + length, state->rest, left);
	to[length + left] = '\0';
	state->rest = to;
	return to[0] == '/' ? begin_at_root(state) : 1;
}

/* Go through a link.  1: there is more to do. */
static int64_t follow_link(
	struct state *state, struct cbx_walk *walk, const char *after)
{
	const struct cbx_node *link = walk->node;
	struct cbx_node *open;

	state->rest = after;
	if ((state->flags & CBX_PATH_NO_LINKS) != 0) {
		return -LX_ELOOP;
	}
	if (!cbx_proc_is_jump(link)) {
		return expand(state, link, walk->slash);
	}
	if ((state->flags & CBX_PATH_NO_JUMPS) != 0) {
		return -LX_ELOOP;
	}
	if ((state->flags & (CBX_PATH_BENEATH | CBX_PATH_IN_ROOT |
				    CBX_PATH_ONE_SYSTEM)) != 0) {
		return -LX_EXDEV;
	}
	open = cbx_proc_jump(link);
	if (open == NULL) {
		return -LX_ENOENT;
	}
	walk->node = open;
	state->at = open;
	return *after == '\0' ? 0 : 1;
}

static struct cbx_node *next_node(
	const struct state *state, const struct cbx_walk *walk)
{
	if (walk->length == 0) {
		return state->at;
	}
	if (walk->dots) {
		return walk->length == 1 || ((state->flags &
						     CBX_PATH_IN_ROOT) != 0 &&
						    state->at == state->base)
			       ? state->at
			       : state->at->dir.parent;
	}
	return child(state->at, state->name, walk->length);
}

/* Whether a step leaves what the conditions allow. */
static bool strays(const struct state *state, const struct cbx_walk *walk)
{
	if ((state->flags & CBX_PATH_BENEATH) != 0 && walk->dots &&
		walk->length == 2 && state->at == state->base) {
		return true;
	}
	return (state->flags & CBX_PATH_ONE_SYSTEM) != 0 &&
	       walk->node != NULL && walk->node != state->at &&
	       (walk->node->proc == CBX_PROC_TOP ||
		       (state->at->proc == CBX_PROC_TOP && walk->dots));
}

/* Take one name off the path.  1: there is more to do. */
static int64_t step(struct state *state, struct cbx_walk *walk)
{
	bool follow = (state->flags & CBX_PATH_FOLLOW) != 0;
	bool by_name = (state->flags & CBX_PATH_NAME) != 0;
	const char *name = skip_slashes(state->rest);
	uint64_t length = name_length(name);
	const char *after = skip_slashes(name + length);
	bool last = *after == '\0';

	if (length > LX_NAME_MAX) {
		return -LX_ENAMETOOLONG;
	}
	if (!cbx_node_is(state->at, LX_S_IFDIR)) {
		return -LX_ENOTDIR;
	}
	walk->dir = state->at;
	state->name = name;
	walk->length = length;
	walk->slash = last && name[length] == '/';
	walk->dots = length != 0 && is_dots(name, length);
	if (walk->slash && length != 0 && !walk->dots &&
		(state->flags & CBX_PATH_CREATE) != 0) {
		return -LX_EISDIR;
	}
	walk->node = next_node(state, walk);
	if (strays(state, walk)) {
		return -LX_EXDEV;
	}
	if (walk->node == NULL) {
		return last ? 0 : -LX_ENOENT;
	}
	if (cbx_node_is(walk->node, LX_S_IFLNK) &&
		(!last || follow || (walk->slash && !by_name))) {
		return follow_link(state, walk, after);
	}
	state->at = walk->node;
	state->rest = after;
	return last ? 0 : 1;
}

int64_t cbx_path_resolve(struct cbx_node *base, const char *path,
	uint32_t flags, struct cbx_walk *walk)
{
	struct state state = {
		.at = base,
		.rest = path,
		.name = path,
		.base = base,
		.flags = flags,
	};
	int64_t more = *path == '/' ? begin_at_root(&state) : 1;

	if (*path == '\0') {
		return -LX_ENOENT;
	}
	while (more > 0) {
		more = step(&state, walk);
	}
	if (more == 0 && walk->slash && walk->node != NULL &&
		(flags & CBX_PATH_NAME) == 0 &&
		!cbx_node_is(walk->node, LX_S_IFDIR)) {
		return -LX_ENOTDIR;
	}
	if (more == 0) {
		memcpy(walk->name, state.name, walk->length);
		walk->name[walk->length] = '\0';
	}
	return more;
}

int64_t cbx_path_walk(struct cbx_node *base, const char *path, bool follow,
	struct cbx_walk *walk)
{
	return cbx_path_resolve(base, path, follow ? CBX_PATH_FOLLOW : 0, walk);
}

/* Write a name and a slash before what is there; false when it does not fit. */
static bool prepend(char *path, uint64_t *at, const char *name, uint64_t length)
{
	if (length + 1 > *at) {
		return false;
	}
	*at -= length;
	memcpy(path + *at, name, length);
	path[--*at] = '/';
	return true;
}

/* The path of a node whose names are gone. */
static bool prepend_gone(char *path, uint64_t *at, const struct cbx_node *node)
{
	static const char gone[] = " (deleted)";
	uint64_t length = node->label == NULL ? 0 : strlen(node->label);

	if (length + sizeof(gone) > *at) {
		return false;
	}
	*at -= sizeof(gone) - 1;
	memcpy(path + *at, gone, sizeof(gone) - 1);
	*at -= length;
	memcpy(path + *at, node->label, length);
	return true;
}

/* Write a node's name, and go to the directory it is in, or to none at the
 * end; false when it does not fit. */
static bool climb(const struct cbx_node **at_node, char *path, uint64_t *at)
{
	const struct cbx_node *node = *at_node;
	struct cbx_proc_name name;

	if (node->above != NULL) {
		name = cbx_proc_name_of(node);
		*at_node = node->above;
		return prepend(path, at, name.name, name.length);
	}
	if (node->entry == NULL) {
		*at_node = NULL;
		return prepend_gone(path, at, node);
	}
	*at_node = node->entry->dir;
	return prepend(path, at, node->entry->name, node->entry->length);
}

uint64_t cbx_path_of(const struct cbx_node *node, char *path, uint64_t size)
{
	uint64_t at = size - 1;

	path[at] = '\0';
	while (node != NULL && node != cbx_path_root) {
		if (!climb(&node, path, &at)) {
			path[0] = '\0';
			return 0;
		}
	}
	if (at == size - 1) {
		path[--at] = '/';
	}
	memmove(path, path + at, size - at);
	return size - 1 - at;
}

uint64_t cbx_path_link(const struct cbx_node *link, char *to, uint64_t size)
{
	uint64_t length;

	if (link->proc != CBX_PROC_NONE) {
		return cbx_proc_link(link, to, size);
	}
	length = cbx_min(link->link.length, size);
	memcpy(to, link->link.target, length);
	return length;
}
