/* SPDX-License-Identifier: Apache-2.0 */
#include <client/contents.h>

#include <stdlib.h>
#include <string.h>

#include <base/contents.h>
#include <client/error.h>
#include <client/ustar.h>

/* Being laid out. */
struct draft {
	const struct cbx_tree *tree;
	const struct cbx_place *place;
	size_t first; /* node: the root itself is no member */
	struct cbx_member *member;
	char *string;
	size_t used; /* bytes of strings */
};

/* The last part of a path. */
static const char *name_of(const struct cbx_node *node)
{
	return strrchr(node->box, '/') + 1;
}

static size_t string_bytes(const struct cbx_node *node)
{
	return strlen(name_of(node)) + 1 +
	       (node->target == NULL ? 0 : strlen(node->target) + 1);
}

/* How a node's path compares with a directory's, path[length]. */
static int compare(const char *path, size_t length, const struct cbx_node *node)
{
	int order = strncmp(path, node->box, length);

	return order != 0 ? order : -(node->box[length] != '\0');
}

/* The number after the one of the directory a node lies in; a finished tree has
 * it, sorted by name. */
static uint32_t parent_of(
	const struct draft *draft, const struct cbx_node *node)
{
	size_t length = (size_t)(name_of(node) - 1 - node->box);
	size_t low = draft->first;
	size_t high = draft->tree->count;

	if (length == 0) {
		return 0;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order =
			compare(node->box, length, &draft->tree->node[middle]);

		if (order == 0) {
			return (uint32_t)(middle - draft->first) + 1;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return 0;
}

static uint32_t put_string(struct draft *draft, const char *text)
{
	size_t at = draft->used;

	memcpy(draft->string + at, text, strlen(text) + 1);
	draft->used += strlen(text) + 1;
	return (uint32_t)at;
}

static void put(struct draft *draft, size_t i)
{
	const struct cbx_node *node = &draft->tree->node[i];
	struct cbx_member *member = &draft->member[i - draft->first];
	uint32_t type = node->kind == CBX_NODE_DIRECTORY ? CBX_MEMBER_DIRECTORY
			: node->kind == CBX_NODE_LINK	 ? CBX_MEMBER_LINK
							 : CBX_MEMBER_FILE;

	*member = (struct cbx_member){ .parent = parent_of(draft, node),
		.name = put_string(draft, name_of(node)),
		.mode = type | (node->mode & CBX_MEMBER_RIGHTS),
		.name_bytes = (uint32_t)strlen(name_of(node)) };
	if (type == CBX_MEMBER_FILE) {
		member->offset = draft->place[i].offset;
		member->size = draft->place[i].size;
	} else if (type == CBX_MEMBER_LINK) {
		member->offset = put_string(draft, node->target);
		member->size = strlen(node->target);
	}
}

enum cbx_status cbx_contents_make(const struct cbx_tree *tree,
	const struct cbx_place *place, uint8_t **bytes, size_t *size)
{
	size_t first = tree->count != 0 && strcmp(tree->node[0].box, "/") == 0;
	struct cbx_contents head = { .members = tree->count - first,
		.seconds = CBX_USTAR_TIME };
	struct draft draft = { .tree = tree, .place = place, .first = first };
	uint8_t *fresh;

	for (size_t i = first; i < tree->count; i++) {
		head.string_bytes += string_bytes(&tree->node[i]);
	}
	if (head.string_bytes > UINT32_MAX) {
		return cbx_fail(CBX_E_INVALID, "names of 4 GiB for a box's "
					       "files");
	}
	*size = sizeof(head) + head.members * sizeof(struct cbx_member) +
		head.string_bytes;
	fresh = calloc(1, *size);
	if (fresh == NULL) {
		return cbx_fail_memory("files of the box");
	}
	memcpy(fresh, &head, sizeof(head));
	draft.member = (void *)(fresh + sizeof(head));
	draft.string = (char *)(draft.member + head.members);
	for (size_t i = first; i < tree->count; i++) {
		put(&draft, i);
	}
	*bytes = fresh;
	return CBX_OK;
}
