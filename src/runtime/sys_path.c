/* SPDX-License-Identifier: Apache-2.0 */
/* Making, naming and removing. */
#include "at.h"
#include "file.h"
#include "fs.h"
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

int64_t cbx_sys_mkdirat(const uint64_t *arg)
{
	struct cbx_walk walk;
	int64_t status = cbx_at_walk(arg[0], arg[1], false, &walk);

	if (status == 0) {
		status = cbx_fs_check_new(&walk);
	}
	if (status != 0) {
		return status;
	}
	if (cbx_fs_make(walk.dir, walk.name, walk.length,
		    LX_S_IFDIR | ((uint32_t)arg[2] & 01777u &
					 ~cbx_process_self()->umask)) == NULL) {
		return -LX_ENOSPC;
	}
	cbx_node_touch(walk.dir);
	return 0;
}

int64_t cbx_sys_mkdir(const uint64_t *arg)
{
	const uint64_t at[3] = { CBX_AT_CWD, arg[0], arg[1] };

	return cbx_sys_mkdirat(at);
}

int64_t cbx_sys_mknodat(const uint64_t *arg)
{
	uint32_t mode = (uint32_t)arg[2];
	uint32_t type = (mode & LX_S_IFMT) == 0 ? LX_S_IFREG : mode & LX_S_IFMT;
	struct cbx_walk walk;
	int64_t status;

	if (type == LX_S_IFCHR || type == LX_S_IFBLK) {
		return -LX_EPERM; /* there are no devices to name */
	}
	if (type != LX_S_IFREG && type != LX_S_IFIFO && type != LX_S_IFSOCK) {
		return type == LX_S_IFDIR ? -LX_EPERM : -LX_EINVAL;
	}
	status = cbx_at_walk(arg[0], arg[1], false, &walk);
	if (status == 0) {
		status = cbx_fs_check_new(&walk);
	}
	if (status == 0 && walk.slash) {
		status = -LX_ENOENT;
	}
	if (status != 0) {
		return status;
	}
	if (cbx_fs_make(walk.dir, walk.name, walk.length,
		    type | (mode & LX_PERMISSIONS &
				   ~cbx_process_self()->umask)) == NULL) {
		return -LX_ENOSPC;
	}
	cbx_node_touch(walk.dir);
	return 0;
}

int64_t cbx_sys_mknod(const uint64_t *arg)
{
	const uint64_t at[4] = { CBX_AT_CWD, arg[0], arg[1], arg[2] };

	return cbx_sys_mknodat(at);
}

int64_t cbx_sys_symlinkat(const uint64_t *arg)
{
	static char target[LX_PATH_MAX];
	struct cbx_walk walk;
	int64_t status = cbx_user_path(target, arg[0]);

	if (status == 0 && target[0] == '\0') {
		status = -LX_ENOENT;
	}
	if (status == 0) {
		status = cbx_at_walk(arg[1], arg[2], false, &walk);
	}
	if (status == 0) {
		status = cbx_fs_check_new(&walk);
	}
	if (status == 0 && walk.slash) {
		status = -LX_ENOENT;
	}
	if (status != 0) {
		return status;
	}
	if (cbx_fs_make_link(walk.dir, walk.name, walk.length, target) ==
		NULL) {
		return -LX_ENOSPC;
	}
	cbx_node_touch(walk.dir);
	return 0;
}

int64_t cbx_sys_symlink(const uint64_t *arg)
{
	const uint64_t at[3] = { arg[0], CBX_AT_CWD, arg[1] };

	return cbx_sys_symlinkat(at);
}

int64_t cbx_sys_linkat(const uint64_t *arg)
{
	uint64_t flags = (arg[4] & LX_AT_SYMLINK_FOLLOW) != 0
				 ? 0
				 : LX_AT_SYMLINK_NOFOLLOW;
	struct cbx_node *node;
	struct cbx_walk walk;
	int64_t status = cbx_at_node(
		arg[0], arg[1], flags | (arg[4] & LX_AT_EMPTY_PATH), &node);

	if (status == 0) {
		status = cbx_at_walk(arg[2], arg[3], false, &walk);
	}
	if (status == 0) {
		status = cbx_fs_check_new(&walk);
	}
	if (status == 0 && walk.slash) {
		status = -LX_ENOENT;
	}
	if (status != 0) {
		return status;
	}
	if (cbx_node_is(node, LX_S_IFDIR)) {
		return -LX_EPERM;
	}
	if (node->proc != CBX_PROC_NONE) {
		return -LX_EXDEV;
	}
	if (node->links == 0 && !node->linkable) {
		return -LX_ENOENT;
	}
	status = cbx_entry_add(walk.dir, walk.name, walk.length, node);
	if (status == 0) {
		cbx_node_touch(walk.dir);
		node->ctime_ns = walk.dir->ctime_ns;
		node->linkable = false;
	}
	return status;
}

int64_t cbx_sys_link(const uint64_t *arg)
{
	const uint64_t at[5] = { CBX_AT_CWD, arg[0], CBX_AT_CWD, arg[1], 0 };

	return cbx_sys_linkat(at);
}

static int64_t check_rmdir(const struct cbx_walk *walk)
{
	if (walk->dots) {
		return walk->name[1] == '.' ? -LX_ENOTEMPTY : -LX_EINVAL;
	}
	if (walk->length == 0) {
		return -LX_EBUSY;
	}
	if (walk->node == NULL) {
		return -LX_ENOENT;
	}
	if (!cbx_node_is(walk->node, LX_S_IFDIR)) {
		return -LX_ENOTDIR;
	}
	if (walk->node->proc != CBX_PROC_NONE) {
		return -LX_EBUSY;
	}
	return walk->node->dir.first != NULL ? -LX_ENOTEMPTY : 0;
}

static int64_t check_unlink(const struct cbx_walk *walk)
{
	if (walk->dots || walk->length == 0) {
		return -LX_EISDIR;
	}
	if (walk->node == NULL) {
		return -LX_ENOENT;
	}
	if (cbx_node_is(walk->node, LX_S_IFDIR)) {
		return -LX_EISDIR;
	}
	return walk->slash ? -LX_ENOTDIR : 0;
}

static int64_t remove_at(uint64_t dirfd, uint64_t path, bool directory)
{
	struct cbx_walk walk;
	struct cbx_entry *entry;
	int64_t status = cbx_at_walk(dirfd, path, false, &walk);

	if (status == 0) {
		status = directory ? check_rmdir(&walk) : check_unlink(&walk);
	}
	if (status != 0) {
		return status;
	}
	entry = cbx_entry_find(walk.dir, walk.name, walk.length);
	if (entry == NULL || walk.node->proc != CBX_PROC_NONE) {
		return -LX_EPERM;
	}
	walk.node->ctime_ns = cbx_time_coarse();
	cbx_entry_remove(entry);
	cbx_node_touch(walk.dir);
	return 0;
}

int64_t cbx_sys_unlinkat(const uint64_t *arg)
{
	if ((arg[2] & ~(uint64_t)LX_AT_REMOVEDIR) != 0) {
		return -LX_EINVAL;
	}
	return remove_at(arg[0], arg[1], arg[2] != 0);
}

int64_t cbx_sys_unlink(const uint64_t *arg)
{
	return remove_at(CBX_AT_CWD, arg[0], false);
}

int64_t cbx_sys_rmdir(const uint64_t *arg)
{
	return remove_at(CBX_AT_CWD, arg[0], true);
}

static int64_t change_to(struct cbx_node *node)
{
	if (!cbx_node_is(node, LX_S_IFDIR)) {
		return -LX_ENOTDIR;
	}
	cbx_node_hold(node);
	cbx_node_drop(cbx_process_self()->cwd);
	cbx_process_self()->cwd = node;
	return 0;
}

int64_t cbx_sys_chdir(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = cbx_at_node(CBX_AT_CWD, arg[0], 0, &node);

	return status != 0 ? status : change_to(node);
}

int64_t cbx_sys_fchdir(const uint64_t *arg)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);

	return file == NULL ? -LX_EBADF : change_to(file->node);
}

int64_t cbx_sys_getcwd(const uint64_t *arg)
{
	static char path[LX_PATH_MAX];
	uint64_t bytes;

	if (cbx_process_self()->cwd != cbx_path_root &&
		cbx_process_self()->cwd->entry == NULL &&
		cbx_process_self()->cwd->above == NULL) {
		return -LX_ENOENT;
	}
	bytes = cbx_path_of(cbx_process_self()->cwd, path, sizeof(path)) + 1;
	if (bytes == 1) {
		return -LX_ENAMETOOLONG;
	}
	if (bytes > arg[1]) {
		return -LX_ERANGE;
	}
	return cbx_user_put(arg[0], path, bytes) != 0 ? -LX_EFAULT
						      : (int64_t)bytes;
}

int64_t cbx_sys_umask(const uint64_t *arg)
{
	uint32_t before = cbx_process_self()->umask;

	cbx_process_self()->umask = (uint32_t)arg[0] & 0777u;
	return (int64_t)before;
}
