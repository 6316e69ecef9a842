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

int64_t cbx_sys_renameat2(const uint64_t *arg)
{
	struct cbx_walk from;
	struct cbx_walk to;
	int64_t status;

	if ((arg[4] & ~(uint64_t)LX_RENAME_NOREPLACE) != 0) {
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
	return status == 0 ? move(&from, &to) : status;
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
