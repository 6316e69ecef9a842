/* SPDX-License-Identifier: Apache-2.0 */
#include <client/tree.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <client/error.h>
#include <client/tree_node.h>

#define MODE_DIRECTORY 0755u
#define MODE_BYTES     0755u
#define MODE_BITS      0777u

void cbx_node_fini(struct cbx_node *node)
{
	free(node->box);
	free(node->host);
	free(node->target);
	free(node->owned);
	*node = (struct cbx_node){ 0 };
}

void cbx_tree_fini(struct cbx_tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		cbx_node_fini(&tree->node[i]);
	}
	free(tree->node);
	*tree = (struct cbx_tree){ 0 };
}

enum cbx_status cbx_tree_add_node(struct cbx_tree *tree, struct cbx_node *node)
{
	if (tree->count == tree->room) {
		size_t room = tree->room == 0 ? 64 : tree->room * 2;
		struct cbx_node *grown =
			reallocarray(tree->node, room, sizeof(*grown));

		if (grown == NULL) {
			cbx_node_fini(node);
			return cbx_fail_memory("list of files");
		}
		tree->node = grown;
		tree->room = room;
	}
	node->automatic = tree->automatic;
	tree->node[tree->count++] = *node;
	return CBX_OK;
}

static enum cbx_status box_path(const char *path, char **clean)
{
	if (path[0] != '/') {
		return cbx_fail(CBX_E_INVALID,
			"%s: a path in the box must begin with /", path);
	}
	return cbx_path_clean(path, clean);
}

/* Both paths of a node, owned. */
static enum cbx_status set_paths(
	struct cbx_node *node, const struct cbx_path *path)
{
	enum cbx_status status =
		path->box != NULL ? box_path(path->box, &node->box)
				  : cbx_path_clean(path->host, &node->box);

	if (status != CBX_OK) {
		return status;
	}
	node->host = strdup(path->host);
	if (node->host == NULL) {
		cbx_node_fini(node);
		return cbx_fail_memory(path->host);
	}
	return CBX_OK;
}

enum cbx_status cbx_tree_add_file(
	struct cbx_tree *tree, const struct cbx_path *path)
{
	struct cbx_node node = { .kind = CBX_NODE_FILE };
	enum cbx_status status;
	struct stat st;

	if (stat(path->host, &st) != 0) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", path->host);
	}
	if (!S_ISREG(st.st_mode)) {
		return cbx_fail(CBX_E_INVALID, "%s: %s", path->host,
			S_ISDIR(st.st_mode) ? "is a directory"
					    : "not a regular file");
	}
	node.mode = st.st_mode & MODE_BITS;
	node.device = st.st_dev;
	node.inode = st.st_ino;
	status = set_paths(&node, path);
	return status == CBX_OK ? cbx_tree_add_node(tree, &node) : status;
}

enum cbx_status cbx_tree_add_bytes(struct cbx_tree *tree, const char *box,
	const uint8_t *bytes, size_t size)
{
	struct cbx_node node = { .kind = CBX_NODE_FILE,
		.mode = MODE_BYTES,
		.bytes = bytes,
		.byte_count = size };
	enum cbx_status status = box_path(box, &node.box);

	return status == CBX_OK ? cbx_tree_add_node(tree, &node) : status;
}

enum cbx_status cbx_tree_add_empty(struct cbx_tree *tree, const char *box)
{
	struct cbx_node node = { .kind = CBX_NODE_DIRECTORY,
		.mode = MODE_DIRECTORY };
	enum cbx_status status = box_path(box, &node.box);

	return status == CBX_OK ? cbx_tree_add_node(tree, &node) : status;
}

enum cbx_status cbx_tree_add_link(
	struct cbx_tree *tree, const struct cbx_path *path, char *target)
{
	struct cbx_node node = { .kind = CBX_NODE_LINK, .mode = MODE_BITS };
	enum cbx_status status = set_paths(&node, path);

	if (status != CBX_OK) {
		free(target);
		return status;
	}
	node.target = target;
	return cbx_tree_add_node(tree, &node);
}

enum cbx_status cbx_tree_add_folder(
	struct cbx_tree *tree, const struct cbx_path *path, uint32_t mode)
{
	struct cbx_node node = { .kind = CBX_NODE_DIRECTORY,
		.mode = mode & MODE_BITS };
	enum cbx_status status = set_paths(&node, path);

	return status == CBX_OK ? cbx_tree_add_node(tree, &node) : status;
}

/* Every directory above a node; those of names that are there already are
 * dropped later. */
static enum cbx_status add_parents(struct cbx_tree *tree, const char *box)
{
	enum cbx_status status = CBX_OK;
	char *path = strdup(box);

	if (path == NULL) {
		return cbx_fail_memory(box);
	}
	for (char *slash = strrchr(path, '/');
		slash != NULL && slash != path && status == CBX_OK;
		slash = strrchr(path, '/')) {
		*slash = '\0';
		status = cbx_tree_add_empty(tree, path);
	}
	free(path);
	return status;
}

static bool is_mere_directory(const struct cbx_node *node)
{
	return node->kind == CBX_NODE_DIRECTORY && node->host == NULL;
}

/* By name; of one name, what was named on purpose before what was found, and
 * mere parents last. */
static int compare(const void *a, const void *b)
{
	const struct cbx_node *left = a;
	const struct cbx_node *right = b;
	int order = strcmp(left->box, right->box);

	if (order != 0) {
		return order;
	}
	order = is_mere_directory(left) - is_mere_directory(right);
	if (order == 0) {
		order = left->automatic - right->automatic;
	}
	if (order != 0 || left->host == NULL || right->host == NULL) {
		return order;
	}
	return strcmp(left->host, right->host);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same(const struct cbx_node *a, const struct cbx_node *b)
{
	if (a->kind != b->kind) {
		return false;
	}
	return a->kind == CBX_NODE_DIRECTORY ||
	       (a->device == b->device && a->inode == b->inode &&
		       a->bytes == b->bytes && same_text(a->target, b->target));
}

/* Whether a node is no loss beside the one of its name that comes first. */
static bool gives_way(const struct cbx_node *first, const struct cbx_node *node)
{
	return same(first, node) || (node->automatic && !first->automatic) ||
	       (first->kind == CBX_NODE_LINK && is_mere_directory(node));
}

static enum cbx_status drop_doubles(struct cbx_tree *tree)
{
	size_t kept = 1;

	for (size_t i = 1; i < tree->count; i++) {
		struct cbx_node *last = &tree->node[kept - 1];
		struct cbx_node *node = &tree->node[i];

		if (strcmp(last->box, node->box) != 0) {
			tree->node[kept++] = *node;
			continue;
		}
		if (!gives_way(last, node)) {
			enum cbx_status status = cbx_fail(CBX_E_INVALID,
				"%s: two different files of this name in the "
				"box",
				node->box);

			/* Close the gap, so that each node is freed once. */
			memmove(&tree->node[kept], node,
				(tree->count - i) * sizeof(*node));
			tree->count -= i - kept;
			return status;
		}
		cbx_node_fini(node);
	}
	tree->count = kept;
	return CBX_OK;
}

enum cbx_status cbx_tree_sort(struct cbx_tree *tree)
{
	if (tree->count == 0) {
		return CBX_OK;
	}
	qsort(tree->node, tree->count, sizeof(*tree->node), compare);
	return drop_doubles(tree);
}

enum cbx_status cbx_tree_finish(struct cbx_tree *tree)
{
	enum cbx_status status = cbx_tree_follow(tree);
	size_t count = tree->count;

	for (size_t i = 0; i < count && status == CBX_OK; i++) {
		status = add_parents(tree, tree->node[i].box);
	}
	return status == CBX_OK ? cbx_tree_sort(tree) : status;
}
