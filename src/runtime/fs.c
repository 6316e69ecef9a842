/* SPDX-License-Identifier: Apache-2.0 */
#include "fs.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "path.h"
#include "time.h"

struct cbx_node *cbx_fs_make(
	struct cbx_node *dir, const char *name, uint64_t length, uint32_t mode)
{
	struct cbx_node *node = cbx_node_create(mode, cbx_time_coarse());

	if (node == NULL) {
		return NULL;
	}
	if ((dir->mode & LX_S_ISGID) != 0) { /* its group is inherited */
		node->gid = dir->gid;
		node->mode |= cbx_node_is(node, LX_S_IFDIR) ? LX_S_ISGID : 0;
	}
	cbx_node_hold(node);
	if (cbx_entry_add(dir, name, length, node) != 0) {
		cbx_node_drop(node);
		return NULL;
	}
	node->refs--;
	return node;
}

int64_t cbx_fs_check_new(const struct cbx_walk *walk)
{
	if (walk->node != NULL) {
		return -LX_EEXIST;
	}
	if (walk->dir->proc != CBX_PROC_NONE) {
		return -LX_EACCES;
	}
	return walk->dir->links <= 1 && walk->dir != cbx_path_root ? -LX_ENOENT
								   : 0;
}

struct cbx_node *cbx_fs_make_link(struct cbx_node *dir, const char *name,
	uint64_t length, const char *target)
{
	uint64_t bytes = strlen(target);
	char *text = cbx_heap_take(bytes + 1);
	struct cbx_node *node;

	if (text == NULL) {
		return NULL;
	}
	node = cbx_fs_make(dir, name, length, LX_S_IFLNK | 0777u);
	if (node == NULL) {
		cbx_heap_give(text, bytes + 1);
		return NULL;
	}
	memcpy(text, target, bytes + 1);
	node->link.target = text;
	node->link.length = bytes;
	return node;
}

struct cbx_node *cbx_fs_make_path(const char *path, uint32_t mode)
{
	struct cbx_node *at = cbx_path_root;

	while (at != NULL && *path != '\0') {
		char name[LX_NAME_MAX + 1];
		struct cbx_walk walk;
		uint64_t length = 0;

		while (path[length] != '\0' && path[length] != '/') {
			length++;
		}
		if (length > LX_NAME_MAX) {
			return NULL;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		path += length + (path[length] == '/' ? 1 : 0);
		if (length == 0) {
			continue;
		}
		if (cbx_path_walk(at, name, true, &walk) != 0) {
			return NULL;
		}
		at = walk.node != NULL
			     ? walk.node
			     : cbx_fs_make(walk.dir, walk.name, walk.length,
				       LX_S_IFDIR | mode);
		if (at != NULL && !cbx_node_is(at, LX_S_IFDIR)) {
			return NULL;
		}
	}
	return at;
}

bool cbx_fs_make_shared(const char *path, const uint8_t *base, uint64_t bytes)
{
	static char above[LX_PATH_MAX];
	const char *name = path + strlen(path);
	struct cbx_node *dir;
	struct cbx_node *node;

	while (name > path && name[-1] != '/') {
		name--;
	}
	if (name == path || *name == '\0' ||
		(uint64_t)(name - path) >= sizeof(above)) {
		return false;
	}
	memcpy(above, path, (uint64_t)(name - path));
	above[name - path] = '\0';
	dir = cbx_fs_make_path(above, 0755);
	if (dir == NULL || cbx_entry_find(dir, name, strlen(name)) != NULL) {
		return false;
	}
	node = cbx_fs_make(dir, name, strlen(name), LX_S_IFREG | 0444u);
	if (node == NULL) {
		return false;
	}
	node->data.base = base;
	node->data.base_bytes = bytes;
	node->data.size = bytes;
	return true;
}
