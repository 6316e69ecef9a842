/* SPDX-License-Identifier: Apache-2.0 */
/* Changing attributes: mode, owner, times, size. */
#include "at.h"
#include "file.h"
#include "linux.h"
#include "process.h"
#include "memfd.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

static int64_t node_of_fd(uint64_t fd, struct cbx_node **node)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)fd);

	if (file == NULL || file->ops == &cbx_path_ops) {
		return -LX_EBADF;
	}
	*node = file->node;
	return 0;
}

static int64_t set_mode(struct cbx_node *node, uint64_t mode)
{
	node->mode =
		(node->mode & LX_S_IFMT) | ((uint32_t)mode & LX_PERMISSIONS);
	node->ctime_ns = cbx_time_coarse();
	return 0;
}

int64_t cbx_sys_fchmodat(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = cbx_at_node(arg[0], arg[1], 0, &node);

	return status != 0 ? status : set_mode(node, arg[2]);
}

int64_t cbx_sys_fchmodat2(const uint64_t *arg)
{
	uint64_t known = LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH;
	struct cbx_node *node;
	int64_t status = (arg[3] & ~known) != 0
				 ? -LX_EINVAL
				 : cbx_at_node(arg[0], arg[1], arg[3], &node);

	if (status == 0 && cbx_node_is(node, LX_S_IFLNK)) {
		status = -LX_EOPNOTSUPP;
	}
	return status != 0 ? status : set_mode(node, arg[2]);
}

int64_t cbx_sys_chmod(const uint64_t *arg)
{
	const uint64_t at[3] = { CBX_AT_CWD, arg[0], arg[1] };

	return cbx_sys_fchmodat(at);
}

int64_t cbx_sys_fchmod(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = node_of_fd(arg[0], &node);

	return status != 0 ? status : set_mode(node, arg[1]);
}

static int64_t set_owner(struct cbx_node *node, uint64_t uid, uint64_t gid)
{
	if ((uint32_t)uid != UINT32_MAX) {
		node->uid = (uint32_t)uid;
	}
	if ((uint32_t)gid != UINT32_MAX) {
		node->gid = (uint32_t)gid;
	}
	if (cbx_node_is(node, LX_S_IFREG)) {
		node->mode &= ~06000u;
	}
	node->ctime_ns = cbx_time_coarse();
	return 0;
}

int64_t cbx_sys_fchownat(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = cbx_at_node(arg[0], arg[1], arg[4], &node);

	return status != 0 ? status : set_owner(node, arg[2], arg[3]);
}

int64_t cbx_sys_chown(const uint64_t *arg)
{
	const uint64_t at[5] = { CBX_AT_CWD, arg[0], arg[1], arg[2], 0 };

	return cbx_sys_fchownat(at);
}

int64_t cbx_sys_lchown(const uint64_t *arg)
{
	const uint64_t at[5] = { CBX_AT_CWD, arg[0], arg[1], arg[2],
		LX_AT_SYMLINK_NOFOLLOW };

	return cbx_sys_fchownat(at);
}

int64_t cbx_sys_fchown(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = node_of_fd(arg[0], &node);

	return status != 0 ? status : set_owner(node, arg[1], arg[2]);
}

/* One time to set: a value, now, or none. */
static int64_t pick_time(const struct lx_timespec *t, int64_t now, int64_t *ns)
{
	int64_t value;

	if (t->nsec == LX_UTIME_OMIT) {
		return 0;
	}
	if (t->nsec == LX_UTIME_NOW) {
		*ns = now;
		return 0;
	}
	if (t->nsec < 0 || t->nsec >= LX_NS) {
		return -LX_EINVAL;
	}
	if (__builtin_mul_overflow(t->sec, LX_NS, &value) ||
		__builtin_add_overflow(value, t->nsec, &value)) {
		value = t->sec < 0 ? INT64_MIN : INT64_MAX;
	}
	*ns = value;
	return 0;
}

static int64_t set_times(struct cbx_node *node, const struct lx_timespec t[2])
{
	int64_t now = cbx_time_real();
	int64_t atime = node->atime_ns;
	int64_t mtime = node->mtime_ns;
	int64_t status = pick_time(&t[0], now, &atime);

	if (status == 0) {
		status = pick_time(&t[1], now, &mtime);
	}
	if (status == 0) {
		node->atime_ns = atime;
		node->mtime_ns = mtime;
		node->ctime_ns = now;
	}
	return status;
}

static const struct lx_timespec both_now[2] = { { 0, LX_UTIME_NOW },
	{ 0, LX_UTIME_NOW } };

int64_t cbx_sys_utimensat(const uint64_t *arg)
{
	struct lx_timespec t[2] = { both_now[0], both_now[1] };
	struct cbx_node *node;
	int64_t status = 0;

	if (arg[2] != 0) {
		status = cbx_user_get(t, arg[2], sizeof(t));
	}
	if (status == 0) {
		status = arg[1] == 0
				 ? node_of_fd(arg[0], &node)
				 : cbx_at_node(arg[0], arg[1], arg[3], &node);
	}
	return status != 0 ? status : set_times(node, t);
}

int64_t cbx_sys_futimesat(const uint64_t *arg)
{
	struct lx_timespec t[2] = { both_now[0], both_now[1] };
	struct lx_timeval old[2];
	struct cbx_node *node;
	int64_t status = 0;

	if (arg[2] != 0) {
		status = cbx_user_get(old, arg[2], sizeof(old));
		for (int i = 0; i < 2 && status == 0; i++) {
			t[i].sec = old[i].sec;
			t[i].nsec = old[i].usec < 0 || old[i].usec >= 1000000
					    ? -1
					    : old[i].usec * 1000;
		}
	}
	if (status == 0) {
		status = arg[1] == 0 ? node_of_fd(arg[0], &node)
				     : cbx_at_node(arg[0], arg[1], 0, &node);
	}
	return status != 0 ? status : set_times(node, t);
}

int64_t cbx_sys_utimes(const uint64_t *arg)
{
	const uint64_t at[3] = { CBX_AT_CWD, arg[0], arg[1] };

	return cbx_sys_futimesat(at);
}

int64_t cbx_sys_utime(const uint64_t *arg)
{
	struct lx_timespec t[2] = { both_now[0], both_now[1] };
	int64_t old[2];
	struct cbx_node *node;
	int64_t status = 0;

	if (arg[1] != 0) {
		status = cbx_user_get(old, arg[1], sizeof(old));
		t[0] = (struct lx_timespec){ old[0], 0 };
		t[1] = (struct lx_timespec){ old[1], 0 };
	}
	if (status == 0) {
		status = cbx_at_node(CBX_AT_CWD, arg[0], 0, &node);
	}
	return status != 0 ? status : set_times(node, t);
}

int64_t cbx_sys_truncate(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = cbx_at_node(CBX_AT_CWD, arg[0], 0, &node);

	if (status != 0) {
		return status;
	}
	if (cbx_node_is(node, LX_S_IFDIR)) {
		return -LX_EISDIR;
	}
	if (!cbx_node_is(node, LX_S_IFREG) || (int64_t)arg[1] < 0) {
		return -LX_EINVAL;
	}
	if (node->proc != CBX_PROC_NONE) {
		return -LX_EACCES;
	}
	if (cbx_process_runs(node)) {
		return -LX_ETXTBSY;
	}
	status = cbx_file_may_resize(node, arg[1]);
	if (status == 0) {
		status = cbx_data_resize(&node->data, arg[1]);
	}
	if (status == 0) {
		cbx_node_touch(node);
	}
	return status;
}
