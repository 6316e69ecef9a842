/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of a tree whose names lead over its symbolic links. */
#include <client/tree_node.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <client/error.h>

#define ROUNDS_MAX 40u

/* A path's first part up to a length, as a key to look for. */
struct key {
	const char *path;
	size_t length;
};

static int compare_key(const void *a, const void *b)
{
	const struct key *key = a;
	const struct cbx_node *node = b;
	int order = strncmp(key->path, node->box, key->length);

	return order != 0 ? order : -(node->box[key->length] != '\0');
}

/* The link a node lies below, and how long its name is; NULL: none. */
static const struct cbx_node *link_above(
	const struct cbx_tree *tree, const char *path, size_t *length)
{
	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		const struct key key = { path, (size_t)(slash - path) };
		const struct cbx_node *node = bsearch(&key, tree->node,
			tree->count, sizeof(*node), compare_key);

		if (node != NULL && node->kind == CBX_NODE_LINK) {
			*length = key.length;
			return node;
		}
	}
	return NULL;
}

/* Where a path leads whose first @p length bytes are a link. */
static enum cbx_status lead(const struct cbx_node *link, const char *path,
	size_t length, char **moved)
{
	size_t folder = (size_t)(strrchr(link->box, '/') - link->box);
	enum cbx_status status;
	char *text = NULL;

	if (link->target[0] == '/') {
		folder = 0;
	}
	if (asprintf(&text, "%.*s/%s%s", (int)folder, path, link->target,
		    path + length) < 0) {
		return cbx_fail_memory(path);
	}
	status = cbx_path_clean(text, moved);
	free(text);
	return status;
}

static const struct cbx_node *node_at(
	const struct cbx_tree *tree, const char *path)
{
	const struct key key = { path, strlen(path) };

	return bsearch(&key, tree->node, tree->count, sizeof(tree->node[0]),
		compare_key);
}

const struct cbx_node *cbx_tree_find(
	const struct cbx_tree *tree, const char *path)
{
	const struct cbx_node *node = NULL;
	char *at = NULL;

	if (cbx_path_clean(path, &at) != CBX_OK) {
		return NULL;
	}
	for (unsigned int i = 0; i < ROUNDS_MAX && at != NULL; i++) {
		size_t length = strlen(at);
		const struct cbx_node *link = link_above(tree, at, &length);
		char *next = NULL;

		node = node_at(tree, at);
		if (link == NULL &&
			(node == NULL || node->kind != CBX_NODE_LINK)) {
			free(at);
			return node;
		}
		if (lead(link != NULL ? link : node, at, length, &next) !=
			CBX_OK) {
			next = NULL;
		}
		free(at);
		at = next;
	}
	free(at);
	return NULL;
}

/* One link of each name. @param[out] moved  new names, or NULLs */
static enum cbx_status follow_once(
	const struct cbx_tree *tree, char **moved, bool *any)
{
	enum cbx_status status = CBX_OK;

	*any = false;
	for (size_t i = 0; i < tree->count && status == CBX_OK; i++) {
		const char *path = tree->node[i].box;
		size_t length = 0;
		const struct cbx_node *link = link_above(tree, path, &length);

		if (link != NULL) {
			status = lead(link, path, length, &moved[i]);
			*any = true;
		}
	}
	return status;
}

static void rename_nodes(struct cbx_tree *tree, char **moved)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (moved[i] != NULL) {
			free(tree->node[i].box);
			tree->node[i].box = moved[i];
			moved[i] = NULL;
		}
	}
}

static enum cbx_status follow_round(struct cbx_tree *tree, bool *any)
{
	char **moved = calloc(tree->count, sizeof(*moved));
	size_t count = tree->count;
	enum cbx_status status;

	if (moved == NULL) {
		return cbx_fail_memory("list of files");
	}
	status = follow_once(tree, moved, any);
	if (status == CBX_OK) {
		rename_nodes(tree, moved);
	}
	for (size_t i = 0; i < count; i++) {
		free(moved[i]);
	}
	free(moved);
	return status == CBX_OK ? cbx_tree_sort(tree) : status;
}

enum cbx_status cbx_tree_follow(struct cbx_tree *tree)
{
	enum cbx_status status = cbx_tree_sort(tree);
	bool any = tree->count != 0;

	for (unsigned int i = 0; any && status == CBX_OK; i++) {
		if (i == ROUNDS_MAX) {
			return cbx_fail(CBX_E_INVALID,
				"symbolic links of the box lead in a circle");
		}
		status = follow_round(tree, &any);
	}
	return status;
}
