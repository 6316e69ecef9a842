/* SPDX-License-Identifier: Apache-2.0 */
#include <client/merge.h>

#include <stdlib.h>
#include <string.h>

#include <client/error.h>
#include <client/tree_node.h>

struct slot {
	struct cbx_node *node;
};

/* The nodes by name, of one name the one that counts most first. */
struct order {
	struct slot *at;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct cbx_node *left = ((const struct slot *)a)->node;
	const struct cbx_node *right = ((const struct slot *)b)->node;
	int order = strcmp(left->box, right->box);

	if (order != 0) {
		return order;
	}
	if (left->layer != right->layer) {
		return left->layer < right->layer ? 1 : -1;
	}
	return left < right ? 1
			    : -1; /* later in the tree, later in its layer */
}

/* Where the nodes named by a path's first @p length bytes begin. */
static size_t find(const struct order *order, const char *path, size_t length)
{
	size_t low = 0;
	size_t high = order->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *box = order->at[middle].node->box;
		int sign = strncmp(box, path, length);

		if (sign < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

static bool is_named(
	const struct cbx_node *node, const char *path, size_t length)
{
	return strncmp(node->box, path, length) == 0 &&
	       node->box[length] == '\0';
}

/* Whether something of this name takes away what a layer has below it. */
static bool covers(const struct order *order, const char *path, size_t length,
	uint32_t layer)
{
	for (size_t i = find(order, path, length);
		i < order->count && is_named(order->at[i].node, path, length);
		i++) {
		if (order->at[i].node->kind != CBX_NODE_DIRECTORY &&
			order->at[i].node->layer > layer) {
			return true;
		}
	}
	return false;
}

static bool is_covered(const struct order *order, const struct cbx_node *node)
{
	if (covers(order, "/", 1, node->layer)) {
		return true;
	}
	for (const char *slash = strchr(node->box + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		if (covers(order, node->box, (size_t)(slash - node->box),
			    node->layer)) {
			return true;
		}
	}
	return false;
}

static bool is_mark(const struct cbx_node *node)
{
	return node->kind == CBX_NODE_WHITEOUT || node->kind == CBX_NODE_OPAQUE;
}

/* Whether another node of its name counts more, or a whiteout does. */
static bool is_replaced(const struct order *order, const struct cbx_node *node)
{
	size_t length = strlen(node->box);

	for (size_t i = find(order, node->box, length);
		i < order->count && order->at[i].node != node; i++) {
		const struct cbx_node *other = order->at[i].node;

		if (!is_named(other, node->box, length) ||
			other->kind == CBX_NODE_OPAQUE ||
			(other->kind == CBX_NODE_WHITEOUT &&
				other->layer == node->layer)) {
			continue;
		}
		return true;
	}
	return false;
}

static void free_nodes(struct cbx_tree *tree, const bool *gone)
{
	size_t kept = 0;

	for (size_t i = 0; i < tree->count; i++) {
		if (gone[i]) {
			cbx_node_fini(&tree->node[i]);
		} else {
			tree->node[kept++] = tree->node[i];
		}
	}
	tree->count = kept;
}

enum cbx_status cbx_tree_merge(struct cbx_tree *tree)
{
	struct order order = { calloc(tree->count + 1, sizeof(*order.at)),
		tree->count };
	bool *gone = calloc(tree->count + 1, sizeof(*gone));

	if (order.at == NULL || gone == NULL) {
		free(order.at);
		free(gone);
		return cbx_fail_memory("layers");
	}
	for (size_t i = 0; i < tree->count; i++) {
		order.at[i].node = &tree->node[i];
	}
	qsort(order.at, order.count, sizeof(*order.at), compare);
	for (size_t i = 0; i < tree->count; i++) {
		const struct cbx_node *node = &tree->node[i];

		gone[i] = is_mark(node) || is_covered(&order, node) ||
			  is_replaced(&order, node);
	}
	free_nodes(tree, gone);
	free(order.at);
	free(gone);
	return CBX_OK;
}
