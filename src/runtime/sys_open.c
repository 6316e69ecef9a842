/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing and duplicating. */
#include "at.h"
#include "file.h"
#include "fs.h"
#include "lib.h"
#include "linux.h"
#include "memfd.h"
#include "open.h"
#include "pipe.h"
#include "task.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

static int64_t create(
	const struct cbx_walk *walk, uint64_t mode, struct cbx_node **node)
{
	if (walk->slash || walk->dir->proc != CBX_PROC_NONE) {
		return walk->slash ? -LX_EISDIR : -LX_EACCES;
	}
	if (walk->dir->links <= 1 && walk->dir != cbx_path_root) {
		return -LX_ENOENT; /* the directory was removed */
	}
	*node = cbx_fs_make(walk->dir, walk->name, walk->length,
		LX_S_IFREG | ((uint32_t)mode & LX_PERMISSIONS &
				     ~cbx_process_self()->umask));
	if (*node == NULL) {
		return -LX_ENOSPC;
	}
	cbx_node_touch(walk->dir);
	return 0;
}

/* Whether what is there may be opened so. */
static int64_t check(const struct cbx_node *node, uint32_t flags)
{
	bool write = (flags & LX_O_ACCMODE) != LX_O_RDONLY ||
		     (flags & LX_O_TRUNC) != 0;

	if ((flags & LX_O_CREAT) != 0 && (flags & LX_O_EXCL) != 0) {
		return -LX_EEXIST;
	}
	if (cbx_node_is(node, LX_S_IFLNK) && (flags & LX_O_PATH) == 0) {
		return (flags & LX_O_DIRECTORY) != 0 ? -LX_ENOTDIR : -LX_ELOOP;
	}
	if ((flags & LX_O_DIRECTORY) != 0 && !cbx_node_is(node, LX_S_IFDIR)) {
		return -LX_ENOTDIR;
	}
	if (cbx_node_is(node, LX_S_IFDIR) && (flags & LX_O_PATH) == 0 &&
		(write || (flags & LX_O_CREAT) != 0)) {
		return -LX_EISDIR;
	}
	if (write && (flags & LX_O_PATH) == 0 && cbx_process_runs(node)) {
		return -LX_ETXTBSY;
	}
	return write && node->proc != CBX_PROC_NONE && (node->mode & 0222u) == 0
		       ? -LX_EACCES
		       : 0;
}

static int64_t truncate(struct cbx_node *node)
{
	int64_t status = cbx_memfd_may_resize(node, 0);

	if (status == 0) {
		status = cbx_data_resize(&node->data, 0);
		cbx_node_touch(node);
	}
	return status;
}

static int64_t find_or_create(
	const struct cbx_open *open, struct cbx_node **node)
{
	uint32_t flags = open->flags;
	bool exclusive = (flags & LX_O_CREAT) != 0 && (flags & LX_O_EXCL) != 0;
	bool follow = (flags & LX_O_NOFOLLOW) == 0 && !exclusive;
	struct cbx_walk walk;
	int64_t status = cbx_at_resolve(open->dirfd, open->path_va,
		open->way | (follow ? CBX_PATH_FOLLOW : 0) |
			((flags & LX_O_CREAT) != 0 ? CBX_PATH_CREATE : 0),
		&walk);

	if (status != 0) {
		return status;
	}
	if (walk.node == NULL) {
		return (flags & LX_O_CREAT) != 0
			       ? create(&walk, open->mode, node)
			       : -LX_ENOENT;
	}
	*node = walk.node;
	status = check(walk.node, flags);
	if (status == 0 && (flags & LX_O_TRUNC) != 0 &&
		cbx_node_is(walk.node, LX_S_IFREG) &&
		walk.node->proc == CBX_PROC_NONE) {
		status = truncate(walk.node);
	}
	return status;
}

/* A file without a name, in a directory that only has to be there. */
static int64_t create_unnamed(
	const struct cbx_open *open, struct cbx_node **node)
{
	struct cbx_walk walk;
	int64_t status = cbx_at_resolve(
		open->dirfd, open->path_va, open->way | CBX_PATH_FOLLOW, &walk);

	if (status != 0) {
		return status;
	}
	if (walk.node == NULL) {
		return -LX_ENOENT;
	}
	if (!cbx_node_is(walk.node, LX_S_IFDIR)) {
		return -LX_ENOTDIR;
	}
	if ((open->flags & LX_O_ACCMODE) == LX_O_RDONLY) {
		return -LX_EINVAL;
	}
	*node = cbx_node_create(
		LX_S_IFREG | (open->mode & LX_PERMISSIONS &
				     ~cbx_process_self()->umask),
		cbx_time_coarse());
	if (*node == NULL) {
		return -LX_ENOSPC;
	}
	(*node)->linkable = (open->flags & LX_O_EXCL) == 0;
	return 0;
}

/* Open a node; a named pipe waits for its other end. */
static int64_t open_node(
	struct cbx_node *node, uint32_t flags, struct cbx_file **file)
{
	uint32_t kept = flags & ~(LX_O_CREAT | LX_O_EXCL | LX_O_TRUNC |
					LX_O_NOCTTY | LX_O_CLOEXEC);
	int64_t status;

	if ((flags & LX_O_PATH) == 0) {
		kept |= LX_O_LARGEFILE;
	}
	cbx_node_hold(node);
	status = cbx_file_open(node, kept, file);
	cbx_node_drop(node);
	if (status == 0 && cbx_pipe_of(*file) != NULL &&
		node->device != CBX_DEVICE_PIPE) {
		status = cbx_pipe_meet(*file);
		if (status != 0) {
			cbx_file_drop(*file);
		}
	}
	return status;
}

/* The box's own file, or the host's. */
static int64_t find_node(const struct cbx_open *open, struct cbx_node **node)
{
	struct cbx_host_name name;
	int64_t status = cbx_at_host(open->dirfd, open->path_va, &name);

	if (status != 0) {
		return status;
	}
	if (name.bytes != 0) {
		return (open->flags & LX_O_PATH) != 0
			       ? -LX_EACCES
			       : cbx_host_open(&name, open->flags,
					 open->mode & 0777u &
						 ~cbx_process_self()->umask,
					 node);
	}
	return (open->flags & LX_O_TMPFILE) == LX_O_TMPFILE
		       ? create_unnamed(open, node)
		       : find_or_create(open, node);
}

int64_t cbx_open(const struct cbx_open *asked)
{
	struct cbx_open open = *asked;
	struct cbx_node *node;
	struct cbx_file *file;
	int64_t status;

	if ((open.flags & LX_O_PATH) != 0) {
		open.flags &= LX_O_PATH | LX_O_DIRECTORY | LX_O_NOFOLLOW |
			      LX_O_CLOEXEC;
	}
	if (!cbx_fd_spare()) {
		return -LX_EMFILE;
	}
	status = find_node(&open, &node);
	if (status == 0) {
		status = open_node(node, open.flags, &file);
	}
	if (status != 0) {
		return status;
	}
	status = cbx_fd_add(file, 0, (open.flags & LX_O_CLOEXEC) != 0);
	if (status < 0) {
		cbx_file_drop(file);
	}
	return status;
}

int64_t cbx_sys_openat(const uint64_t *arg)
{
	const struct cbx_open open = {
		.dirfd = arg[0],
		.path_va = arg[1],
		.flags = (uint32_t)arg[2],
		.mode = (uint32_t)arg[3],
	};

	return cbx_open(&open);
}

int64_t cbx_sys_open(const uint64_t *arg)
{
	const uint64_t at[4] = { CBX_AT_CWD, arg[0], arg[1], arg[2] };

	return cbx_sys_openat(at);
}

int64_t cbx_sys_creat(const uint64_t *arg)
{
	const uint64_t at[4] = { CBX_AT_CWD, arg[0],
		LX_O_CREAT | LX_O_WRONLY | LX_O_TRUNC, arg[1] };

	return cbx_sys_openat(at);
}

int64_t cbx_sys_close(const uint64_t *arg)
{
	return cbx_fd_close((uint32_t)arg[0]);
}

/* A table of descriptors of the process's own. */
static bool unshare(void)
{
	struct cbx_process *self = cbx_process_self();
	struct cbx_fd_table *copy;

	if (self->fds->refs == 1) {
		return true;
	}
	copy = cbx_fd_table_copy(self->fds);
	if (copy == NULL) {
		return false;
	}
	cbx_fd_table_drop(self->fds);
	self->fds = copy;
	return true;
}

int64_t cbx_sys_close_range(const uint64_t *arg)
{
	uint64_t first = (uint32_t)arg[0];
	uint64_t last = (uint32_t)arg[1];
	bool mark = (arg[2] & 4u) != 0; /* CLOSE_RANGE_CLOEXEC */

	if (first > last || (arg[2] & ~6ull) != 0) {
		return -LX_EINVAL;
	}
	if ((arg[2] & 2u) != 0 && !unshare()) { /* CLOSE_RANGE_UNSHARE */
		return -LX_ENOMEM;
	}
	last = cbx_min(last, CBX_FD_MOST);
	for (uint64_t fd = first; fd <= last; fd++) {
		if (cbx_fd_file(fd) == NULL) {
			continue;
		}
		if (mark) {
			cbx_fd_mark(fd, true);
		} else {
			cbx_fd_close(fd);
		}
	}
	return 0;
}

int64_t cbx_sys_dup(const uint64_t *arg)
{
	return cbx_fd_duplicate(arg[0], 0, false);
}

static int64_t duplicate_to(uint64_t fd, uint64_t to, bool close_on_exec)
{
	struct cbx_file *file = cbx_fd_file(fd);
	int64_t status;

	if (file == NULL) {
		return -LX_EBADF;
	}
	cbx_file_hold(file);
	status = cbx_fd_set(to, file, close_on_exec);
	if (status != 0) {
		cbx_file_drop(file);
		return status;
	}
	return (int64_t)to;
}

int64_t cbx_sys_dup2(const uint64_t *arg)
{
	if ((uint32_t)arg[0] == (uint32_t)arg[1]) {
		return cbx_fd_file((uint32_t)arg[0]) == NULL
			       ? -LX_EBADF
			       : (int64_t)(uint32_t)arg[0];
	}
	return duplicate_to((uint32_t)arg[0], (uint32_t)arg[1], false);
}

int64_t cbx_sys_dup3(const uint64_t *arg)
{
	if ((uint32_t)arg[0] == (uint32_t)arg[1] ||
		(arg[2] & ~(uint64_t)LX_O_CLOEXEC) != 0) {
		return -LX_EINVAL;
	}
	return duplicate_to((uint32_t)arg[0], (uint32_t)arg[1], arg[2] != 0);
}

int64_t cbx_sys_pipe2(const uint64_t *arg)
{
	uint32_t flags = (uint32_t)arg[1];
	bool close_on_exec = (flags & LX_O_CLOEXEC) != 0;
	struct cbx_file *reader;
	struct cbx_file *writer;
	int64_t first;
	int64_t second;
	int32_t fd[2];

	if ((flags & ~(LX_O_CLOEXEC | LX_O_NONBLOCK)) != 0) {
		return -LX_EINVAL;
	}
	if (cbx_pipe_create(flags & LX_O_NONBLOCK, &reader, &writer) != 0) {
		return -LX_ENOMEM;
	}
	first = cbx_fd_add(reader, 0, close_on_exec);
	second = first < 0 ? first : cbx_fd_add(writer, 0, close_on_exec);
	fd[0] = (int32_t)first;
	fd[1] = (int32_t)second;
	if (second >= 0 && cbx_user_put(arg[0], fd, sizeof(fd)) == 0) {
		return 0;
	}
	if (first >= 0) {
		cbx_fd_close((uint64_t)first);
	} else {
		cbx_file_drop(reader);
	}
	if (second >= 0) {
		cbx_fd_close((uint64_t)second);
	} else {
		cbx_file_drop(writer);
	}
	return second < 0 ? -LX_EMFILE : -LX_EFAULT;
}

int64_t cbx_sys_pipe(const uint64_t *arg)
{
	const uint64_t two[2] = { arg[0], 0 };

	return cbx_sys_pipe2(two);
}
