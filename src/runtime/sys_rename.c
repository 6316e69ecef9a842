/* SPDX-License-Identifier: Apache-2.0 */
/* Renaming. */
#include "at.h"
#include "linux.h"
#include "syscall.h"
#include "time.h"

static bool is_dir(const struct cbx_walk *walk)
{
	return walk->node != NULL && cbx_node_is(walk->node, LX_S_IFDIR);
}

/* Whether both are names, and of what there is, as the kernel asks. */
static int64_t check_names(
	const struct cbx_walk *from, const struct cbx_walk *to, uint64_t flags)
{
	bool exchange = flags == LX_RENAME_EXCHANGE;
	bool keep = flags == LX_RENAME_NOREPLACE;

	if (from->dots || from->length == 0) {
		return -LX_EBUSY;
	}
	if (to->dots || to->length == 0) {
		return keep ? -LX_EEXIST : -LX_EBUSY;
	}
	if (from->node == NULL || (exchange && to->node == NULL)) {
		return -LX_ENOENT;
	}
	if (keep && to->node != NULL) {
		return -LX_EEXIST;
	}
	if ((exchange && !is_dir(to) && to->slash) ||
		(!is_dir(from) && (from->slash || (!exchange && to->slash)))) {
		return -LX_ENOTDIR;
	}
	return 0;
}

/* Whether one is in the other. */
static int64_t check_places(
	const struct cbx_walk *from, const struct cbx_walk *to, uint64_t flags)
{
	if (is_dir(from) && cbx_node_below(to->dir, from->node)) {
		return -LX_EINVAL;
	}
	if (is_dir(to) && cbx_node_below(from->dir, to->node)) {
		return flags == LX_RENAME_EXCHANGE ? -LX_EINVAL : -LX_ENOTEMPTY;
	}
	if (from->node->proc != CBX_PROC_NONE ||
		from->dir->proc != CBX_PROC_NONE ||
		to->dir->proc != CBX_PROC_NONE ||
		(to->node != NULL && to->node->proc != CBX_PROC_NONE)) {
		return -LX_EPERM;
	}
	return to->dir->links <= 1 && to->dir != cbx_path_root ? -LX_ENOENT : 0;
}

/* Whether what is at the new name may be replaced. */
static int64_t check_replaced(
	const struct cbx_walk *from, const struct cbx_walk *to)
{
	if (to->node == NULL || to->node == from->node) {
		return 0;
	}
	if (is_dir(from) != is_dir(to)) {
		return is_dir(from) ? -LX_ENOTDIR : -LX_EISDIR;
	}
	return is_dir(to) && to->node->dir.first != NULL ? -LX_ENOTEMPTY : 0;
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
		status = cbx_at_walk(arg[2], arg[3], false, &to);
	}
	if (status == 0) {
		status = check_names(&from, &to, arg[4]);
	}
	if (status == 0) {
		status = check_places(&from, &to, arg[4]);
	}
	if (status == 0 && arg[4] != LX_RENAME_EXCHANGE) {
		status = check_replaced(&from, &to);
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
