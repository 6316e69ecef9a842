/* SPDX-License-Identifier: Apache-2.0 */
/* Renaming. */
#include "at.h"
#include "linux.h"
#include "syscall.h"
#include "time.h"

static int64_t check_from(const struct cbx_walk *from)
{
	if (from->node == NULL) {
		return -LX_ENOENT;
	}
	if (from->dots || from->length == 0) {
		return -LX_EBUSY;
	}
	return from->node->proc != CBX_PROC_NONE ||
			       from->dir->proc != CBX_PROC_NONE
		       ? -LX_EPERM
		       : 0;
}

/* Whether the two may change places: both are there, neither in the other. */
static int64_t check_exchange(
	const struct cbx_walk *from, const struct cbx_walk *to)
{
	if (to->node == NULL) {
		return -LX_ENOENT;
	}
	if (to->node->proc != CBX_PROC_NONE) {
		return -LX_EPERM;
	}
	if ((from->slash && !cbx_node_is(from->node, LX_S_IFDIR)) ||
		(to->slash && !cbx_node_is(to->node, LX_S_IFDIR))) {
		return -LX_ENOTDIR;
	}
	return cbx_node_is(to->node, LX_S_IFDIR) &&
			       cbx_node_below(from->dir, to->node)
		       ? -LX_EINVAL
		       : 0;
}

/* Whether what is at the new name may be replaced. */
static int64_t check_to(
	const struct cbx_walk *from, const struct cbx_walk *to, uint64_t flags)
{
	bool dir = cbx_node_is(from->node, LX_S_IFDIR);

	if (to->dots || (to->node != NULL && to->length == 0)) {
		return -LX_EBUSY;
	}
	if (to->dir->proc != CBX_PROC_NONE) {
		return -LX_EPERM;
	}
	if (dir && cbx_node_below(to->dir, from->node)) {
		return -LX_EINVAL;
	}
	if ((flags & LX_RENAME_EXCHANGE) != 0) {
		return check_exchange(from, to);
	}
	if (to->node == NULL) {
		return to->slash && !dir ? -LX_ENOTDIR : 0;
	}
	if ((flags & LX_RENAME_NOREPLACE) != 0) {
		return -LX_EEXIST;
	}
	if (dir != cbx_node_is(to->node, LX_S_IFDIR)) {
		return dir ? -LX_ENOTDIR : -LX_EISDIR;
	}
	return dir && to->node->dir.first != NULL ? -LX_ENOTEMPTY : 0;
}

static int64_t move(const struct cbx_walk *from, const struct cbx_walk *to)
{
	struct cbx_entry *old =
		cbx_entry_find(from->dir, from->name, from->length);
	struct cbx_entry *there = cbx_entry_find(to->dir, to->name, to->length);
	struct cbx_node *node = from->node;
	int64_t status;

	if (to->node == node) {
		return 0; /* two names of one file */
	}
	/* The new name first: it may fail.  A name is found by its newest. */
	status = cbx_entry_add(to->dir, to->name, to->length, node);
	if (status != 0) {
		return status;
	}
	if (there != NULL) {
		cbx_entry_remove(there);
	}
	cbx_entry_remove(old);
	node->ctime_ns = cbx_time_coarse();
	cbx_node_touch(from->dir);
	cbx_node_touch(to->dir);
	return 0;
}

static int64_t exchange(const struct cbx_walk *from, const struct cbx_walk *to)
{
	int64_t now = cbx_time_coarse();

	cbx_entry_exchange(cbx_entry_find(from->dir, from->name, from->length),
		cbx_entry_find(to->dir, to->name, to->length));
	from->node->ctime_ns = now;
	to->node->ctime_ns = now;
	cbx_node_touch(from->dir);
	cbx_node_touch(to->dir);
	return 0;
}

int64_t cbx_sys_renameat2(const uint64_t *arg)
{
	struct cbx_walk from;
	struct cbx_walk to;
	int64_t status;

	if (arg[4] > LX_RENAME_EXCHANGE) {
		return -LX_EINVAL;
	}
	status = cbx_at_walk(arg[0], arg[1], false, &from);
	if (status == 0) {
		status = check_from(&from);
	}
	if (status == 0) {
		status = cbx_at_walk(arg[2], arg[3], false, &to);
	}
	if (status == 0) {
		status = check_to(&from, &to, arg[4]);
	}
	if (status != 0) {
		return status;
	}
	return arg[4] == LX_RENAME_EXCHANGE ? exchange(&from, &to)
					    : move(&from, &to);
}

int64_t cbx_sys_renameat(const uint64_t *arg)
{
	const uint64_t at[5] = { arg[0], arg[1], arg[2], arg[3], 0 };

	return cbx_sys_renameat2(at);
}

int64_t cbx_sys_rename(const uint64_t *arg)
{
	const uint64_t at[5] = { CBX_AT_CWD, arg[0], CBX_AT_CWD, arg[1], 0 };

	return cbx_sys_renameat2(at);
}
