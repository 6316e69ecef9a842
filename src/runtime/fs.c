/* SPDX-License-Identifier: Apache-2.0 */
#include "fs.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "path.h"
#include "tar.h"
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

/* The directory in which the last name of a path lies, made when needed. */
static struct cbx_node *parent_of(
	const char *path, const char **name, uint64_t *length)
{
	static char up[CBX_TAR_PATH + 2];
	uint64_t end = strlen(path);
	uint64_t start;

	while (end > 0 && path[end - 1] == '/') {
		end--;
	}
	start = end;
	while (start > 0 && path[start - 1] != '/') {
		start--;
	}
	*name = path + start;
	*length = end - start;
	if (start >= sizeof(up)) {
		return NULL;
	}
	memcpy(up, path, start);
	up[start] = '\0';
	return cbx_fs_make_path(up, 0755);
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

static void set_attributes(
	struct cbx_node *node, const struct cbx_tar_entry *entry)
{
	int64_t limit = INT64_MAX / LX_NS;
	int64_t mtime = entry->mtime < limit ? entry->mtime : limit - 1;

	node->mode = (node->mode & LX_S_IFMT) | entry->mode;
	node->uid = entry->uid;
	node->gid = entry->gid;
	node->atime_ns = mtime * LX_NS;
	node->mtime_ns = mtime * LX_NS;
	node->ctime_ns = mtime * LX_NS;
}

static struct cbx_node *add_hard_link(struct cbx_node *dir, const char *name,
	uint64_t length, const char *target)
{
	struct cbx_walk walk;

	if (cbx_path_walk(cbx_path_root, target, false, &walk) != 0 ||
		walk.node == NULL || cbx_node_is(walk.node, LX_S_IFDIR)) {
		return NULL;
	}
	return cbx_entry_add(dir, name, length, walk.node) == 0 ? walk.node
								: NULL;
}

static struct cbx_node *add_new(struct cbx_node *dir, const char *name,
	uint64_t length, const struct cbx_tar_entry *entry)
{
	struct cbx_node *node;

	switch (entry->kind) {
	case CBX_TAR_FILE:
		node = cbx_fs_make(dir, name, length, LX_S_IFREG);
		if (node != NULL) {
			node->data.base = entry->bytes;
			node->data.base_bytes = entry->size;
			node->data.size = entry->size;
		}
		return node;
	case CBX_TAR_DIRECTORY:
		return cbx_fs_make(dir, name, length, LX_S_IFDIR);
	case CBX_TAR_SYMLINK:
		return cbx_fs_make_link(dir, name, length, entry->link);
	case CBX_TAR_HARDLINK:
		return add_hard_link(dir, name, length, entry->link);
	}
	return NULL;
}

/* Add one member; a later one replaces an earlier one of the same name. */
static const char *add(const struct cbx_tar_entry *entry)
{
	const char *name;
	uint64_t length;
	struct cbx_node *dir = parent_of(entry->path, &name, &length);
	struct cbx_node *node;
	struct cbx_entry *there;

	if (dir == NULL || length > LX_NAME_MAX) {
		return "a path in the file archive cannot be made";
	}
	if (length == 0 || (length == 1 && name[0] == '.')) {
		return NULL;
	}
	if (length == 2 && name[0] == '.' && name[1] == '.') {
		return "a path in the file archive leads upwards";
	}
	there = cbx_entry_find(dir, name, length);
	if (there != NULL && cbx_node_is(there->node, LX_S_IFDIR)) {
		if (entry->kind != CBX_TAR_DIRECTORY) {
			return "a file in the archive replaces a directory";
		}
		set_attributes(there->node, entry);
		return NULL;
	}
	if (there != NULL) {
		cbx_entry_remove(there);
	}
	node = add_new(dir, name, length, entry);
	if (node == NULL) {
		return "no memory for the file archive, or a broken hard link";
	}
	if (entry->kind != CBX_TAR_HARDLINK) {
		set_attributes(node, entry);
	}
	return NULL;
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

const char *cbx_fs_mount(const uint8_t *archive, uint64_t bytes)
{
	static struct cbx_tar_entry entry;
	enum cbx_tar_status status;
	const char *wrong = NULL;
	uint64_t offset = 0;

	cbx_path_root = cbx_node_create(LX_S_IFDIR | 0755u, cbx_time_coarse());
	if (cbx_path_root == NULL) {
		return "no memory for the file system";
	}
	cbx_node_hold(cbx_path_root);
	do {
		status = cbx_tar_read(archive, bytes, &offset, &entry);
		if (status == CBX_TAR_NEXT) {
			wrong = add(&entry);
		}
	} while (status == CBX_TAR_NEXT && wrong == NULL);
	if (status == CBX_TAR_BAD) {
		return "the file archive is damaged or not ustar";
	}
	if (wrong == NULL && !cbx_fs_make_system()) {
		wrong = "no memory for the file system";
	}
	return wrong;
}
