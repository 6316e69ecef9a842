/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at files: attributes, links, directories. */
#include "at.h"
#include "budget.h"
#include "file.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "user.h"

#define DEVICE	     1u
#define STREAM_BLOCK 65536 /* how much a stdio stream writes at once */

static int64_t size_of(const struct cbx_node *node)
{
	switch (node->mode & LX_S_IFMT) {
	case LX_S_IFREG:
		return node->proc == CBX_PROC_NONE ? (int64_t)node->data.size
						   : 0;
	case LX_S_IFLNK:
		return node->proc == CBX_PROC_NONE ? (int64_t)node->link.length
						   : 0;
	case LX_S_IFDIR:
		return node->proc == CBX_PROC_NONE ? CBX_PAGE_SIZE : 0;
	default:
		return 0;
	}
}

static int64_t blocks_of(const struct cbx_node *node)
{
	if (node->proc != CBX_PROC_NONE) {
		return 0;
	}
	if (!cbx_node_is(node, LX_S_IFREG)) {
		return cbx_node_is(node, LX_S_IFDIR) ? CBX_PAGE_SIZE / 512 : 0;
	}
	return (int64_t)(cbx_page_ceil(cbx_data_stored(&node->data)) / 512);
}

/* Linux's numbers of the memory devices. */
static uint64_t number_of(const struct cbx_node *node)
{
	switch (node->device) {
	case CBX_DEVICE_NULL:
		return 0x103;
	case CBX_DEVICE_ZERO:
		return 0x105;
	case CBX_DEVICE_FULL:
		return 0x107;
	case CBX_DEVICE_RANDOM:
		return 0x108;
	case CBX_DEVICE_URANDOM:
		return 0x109;
	case CBX_DEVICE_TTY:
		return 0x500;
	default:
		return 0;
	}
}

static struct lx_timespec time_of(int64_t ns)
{
	struct lx_timespec t = { ns / LX_NS, ns % LX_NS };

	if (t.nsec < 0) {
		t.sec--;
		t.nsec += LX_NS;
	}
	return t;
}

static uint32_t links_of(const struct cbx_node *node)
{
	bool named = node->entry != NULL || node->above != NULL ||
		     node == cbx_path_root;

	if (cbx_node_is(node, LX_S_IFDIR)) {
		return named ? node->links : 0;
	}
	/* what never has a name is there once */
	return node->links == 0 && !named && !cbx_node_is(node, LX_S_IFREG)
		       ? 1
		       : node->links;
}

static struct lx_stat describe(const struct cbx_node *node)
{
	return (struct lx_stat){
		.dev = DEVICE,
		.ino = node->ino,
		.nlink = links_of(node),
		.mode = node->mode,
		.uid = node->uid,
		.gid = node->gid,
		.rdev = number_of(node),
		.size = size_of(node),
		.blksize = cbx_node_is(node, LX_S_IFIFO) ? STREAM_BLOCK
							 : CBX_PAGE_SIZE,
		.blocks = blocks_of(node),
		.atime = time_of(node->atime_ns),
		.mtime = time_of(node->mtime_ns),
		.ctime = time_of(node->ctime_ns),
	};
}

static int64_t put_stat(const struct cbx_node *node, uint64_t va)
{
	struct lx_stat stat = describe(node);

	return cbx_user_put(va, &stat, sizeof(stat));
}

int64_t cbx_sys_newfstatat(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status =
		cbx_at_node(arg[0], arg[1], arg[3] | CBX_AT_LOOK, &node);

	return status != 0 ? status : put_stat(node, arg[2]);
}

int64_t cbx_sys_stat(const uint64_t *arg)
{
	const uint64_t at[4] = { CBX_AT_CWD, arg[0], arg[1], 0 };

	return cbx_sys_newfstatat(at);
}

int64_t cbx_sys_lstat(const uint64_t *arg)
{
	const uint64_t at[4] = { CBX_AT_CWD, arg[0], arg[1],
		LX_AT_SYMLINK_NOFOLLOW };

	return cbx_sys_newfstatat(at);
}

int64_t cbx_sys_fstat(const uint64_t *arg)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);

	return file == NULL ? -LX_EBADF : put_stat(file->node, arg[1]);
}

static struct lx_statx_time statx_time(struct lx_timespec t)
{
	return (struct lx_statx_time){ .sec = t.sec, .nsec = (uint32_t)t.nsec };
}

int64_t cbx_sys_statx(const uint64_t *arg)
{
	uint64_t known = LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH |
			 LX_AT_NO_AUTOMOUNT | LX_AT_STATX_SYNC;
	bool valid = (arg[2] & ~known) == 0 &&
		     (arg[2] & LX_AT_STATX_SYNC) != LX_AT_STATX_SYNC &&
		     (arg[3] & LX_STATX_RESERVED) == 0;
	struct cbx_node *node;
	int64_t status =
		valid ? cbx_at_node(arg[0], arg[1], arg[2] | CBX_AT_LOOK, &node)
		      : -LX_EINVAL;
	struct lx_stat stat;
	struct lx_statx x;

	if (status != 0) {
		return status;
	}
	stat = describe(node);
	x = (struct lx_statx){
		.mask = LX_STATX_BASIC_STATS,
		.blksize = (uint32_t)stat.blksize,
		.nlink = (uint32_t)stat.nlink,
		.uid = stat.uid,
		.gid = stat.gid,
		.mode = (uint16_t)stat.mode,
		.ino = stat.ino,
		.size = (uint64_t)stat.size,
		.blocks = (uint64_t)stat.blocks,
		.atime = statx_time(stat.atime),
		.ctime = statx_time(stat.ctime),
		.mtime = statx_time(stat.mtime),
		.rdev_major = (uint32_t)stat.rdev >> 8,
		.rdev_minor = (uint32_t)stat.rdev & 0xff,
		.dev_minor = DEVICE,
	};
	return cbx_user_put(arg[4], &x, sizeof(x));
}

/* Root may do everything but run what nobody may run. */
static int64_t check_access(const struct cbx_node *node, uint64_t mode)
{
	if ((mode & ~7ull) != 0) {
		return -LX_EINVAL;
	}
	return (mode & 1u) != 0 && !cbx_node_is(node, LX_S_IFDIR) &&
			       (node->mode & 0111u) == 0
		       ? -LX_EACCES
		       : 0;
}

int64_t cbx_sys_faccessat2(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status =
		cbx_at_node(arg[0], arg[1], arg[3] | CBX_AT_LOOK, &node);

	return status != 0 ? status : check_access(node, arg[2]);
}

int64_t cbx_sys_faccessat(const uint64_t *arg)
{
	const uint64_t at[4] = { arg[0], arg[1], arg[2], 0 };

	return cbx_sys_faccessat2(at);
}

int64_t cbx_sys_access(const uint64_t *arg)
{
	const uint64_t at[4] = { CBX_AT_CWD, arg[0], arg[1], 0 };

	return cbx_sys_faccessat2(at);
}

int64_t cbx_sys_readlinkat(const uint64_t *arg)
{
	static char target[LX_PATH_MAX];
	struct cbx_node *node;
	int64_t status = cbx_at_node(arg[0], arg[1],
		LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH, &node);
	uint64_t bytes;

	if (status != 0) {
		/* the host follows its links itself */
		return status == -LX_EROFS ? -LX_EINVAL : status;
	}
	if (!cbx_node_is(node, LX_S_IFLNK) || (int64_t)arg[3] <= 0) {
		return -LX_EINVAL;
	}
	bytes = cbx_min(cbx_path_link(node, target, sizeof(target)), arg[3]);
	return cbx_user_put(arg[2], target, bytes) != 0 ? -LX_EFAULT
							: (int64_t)bytes;
}

int64_t cbx_sys_readlink(const uint64_t *arg)
{
	const uint64_t at[4] = { CBX_AT_CWD, arg[0], arg[1], arg[2] };

	return cbx_sys_readlinkat(at);
}

static bool is_proc(const struct cbx_node *node)
{
	const struct cbx_entry *proc = cbx_entry_find(cbx_path_root, "proc", 4);

	if (!cbx_node_is(node, LX_S_IFDIR)) {
		return node->proc != CBX_PROC_NONE;
	}
	return proc != NULL && cbx_node_below(node, proc->node);
}

static int64_t put_statfs(const struct cbx_node *node, uint64_t va)
{
	struct lx_statfs fs = {
		.type = LX_PROC_MAGIC,
		.bsize = CBX_PAGE_SIZE,
		.namelen = LX_NAME_MAX,
		.frsize = CBX_PAGE_SIZE,
	};

	if (!is_proc(node)) {
		fs.type = LX_TMPFS_MAGIC;
		fs.blocks = cbx_budget_total();
		fs.bfree = cbx_budget_free();
		fs.bavail = cbx_budget_free();
	}
	return cbx_user_put(va, &fs, sizeof(fs));
}

int64_t cbx_sys_statfs(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = cbx_at_node(CBX_AT_CWD, arg[0], CBX_AT_LOOK, &node);

	return status != 0 ? status : put_statfs(node, arg[1]);
}

int64_t cbx_sys_fstatfs(const uint64_t *arg)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);

	return file == NULL ? -LX_EBADF : put_statfs(file->node, arg[1]);
}
