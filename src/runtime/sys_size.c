/* SPDX-License-Identifier: Apache-2.0 */
/* The sizes of open files, and their holes. */
#include "budget.h"
#include "file.h"
#include "host_file.h"
#include "lib.h"
#include "linux.h"
#include "memfd.h"
#include "syscall.h"

/* A regular file open for writing. */
static int64_t writable_regular(uint64_t fd, struct cbx_node **node)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)fd);

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (!cbx_file_writable(file) ||
		(file->ops != &cbx_regular_ops && file->ops != &cbx_host_ops)) {
		return -LX_EINVAL;
	}
	*node = file->node;
	return 0;
}

static int64_t resize(struct cbx_node *node, uint64_t size)
{
	int64_t status = cbx_file_may_resize(node, size);

	if (status == 0 && cbx_host_has(node)) {
		status = cbx_host_resize(node, size);
	}
	if (status == 0) {
		status = cbx_data_resize(&node->data, size);
	}
	if (status == 0) {
		cbx_node_touch(node);
	}
	return status;
}

int64_t cbx_sys_ftruncate(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = writable_regular(arg[0], &node);

	if (status != 0) {
		return status;
	}
	return (int64_t)arg[1] < 0 ? -LX_EINVAL : resize(node, arg[1]);
}

/* Pages of a range that have no storage, at most. */
static bool affordable(
	const struct cbx_data *data, uint64_t start, uint64_t end)
{
	uint64_t missing = 0;

	while (start < end) {
		uint64_t hole = start >= data->size
					? start
					: cbx_data_next(data, start, true);
		uint64_t next = hole >= data->size
					? end
					: cbx_data_next(data, hole, false);

		missing += cbx_min(next, end) - cbx_min(hole, end);
		start = cbx_max(next, start + 1);
	}
	return missing >> CBX_PAGE_SHIFT <= cbx_budget_free();
}

/* Make a range zeros, or a hole. */
static int64_t clear(struct cbx_node *node, uint64_t start, uint64_t end)
{
	int64_t status =
		(node->seals & (LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE)) != 0
			? -LX_EPERM
			: cbx_data_punch(&node->data, start, end);

	if (status == 0) {
		cbx_node_touch(node);
	}
	return status;
}

static int64_t allocate(
	struct cbx_node *node, uint64_t mode, uint64_t start, uint64_t end)
{
	int64_t status = 0;

	if (mode == (LX_FALLOC_PUNCH_HOLE | LX_FALLOC_KEEP_SIZE)) {
		return clear(node, start, end);
	}
	if (end > LX_FILE_MAX) {
		return -LX_EFBIG;
	}
	if (!affordable(&node->data, start, end)) {
		return -LX_ENOSPC;
	}
	if ((mode & LX_FALLOC_KEEP_SIZE) == 0 && end > node->data.size) {
		status = resize(node, end);
	}
	if (status == 0 && (mode & LX_FALLOC_ZERO_RANGE) != 0) {
		status = clear(node, start, end);
	}
	return status;
}

static int64_t check_allocate(const uint64_t *arg, int64_t *end)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	uint64_t known = LX_FALLOC_KEEP_SIZE | LX_FALLOC_PUNCH_HOLE |
			 LX_FALLOC_ZERO_RANGE;

	if (file == NULL || file->ops == &cbx_path_ops) {
		return -LX_EBADF;
	}
	if ((int64_t)arg[2] < 0 || (int64_t)arg[3] <= 0) {
		return -LX_EINVAL;
	}
	if ((arg[1] & ~known) != 0 ||
		((arg[1] & LX_FALLOC_PUNCH_HOLE) != 0 &&
			arg[1] !=
				(LX_FALLOC_PUNCH_HOLE | LX_FALLOC_KEEP_SIZE))) {
		return -LX_EOPNOTSUPP;
	}
	if ((file->flags & LX_O_ACCMODE) == LX_O_RDONLY) {
		return -LX_EBADF;
	}
	if (file->ops != &cbx_regular_ops) {
		return cbx_node_is(file->node, LX_S_IFIFO) ? -LX_ESPIPE
							   : -LX_ENODEV;
	}
	return __builtin_add_overflow((int64_t)arg[2], (int64_t)arg[3], end)
		       ? -LX_EFBIG
		       : 0;
}

int64_t cbx_sys_fallocate(const uint64_t *arg)
{
	int64_t end;
	int64_t status = check_allocate(arg, &end);

	return status != 0 ? status
			   : allocate(cbx_fd_file((uint32_t)arg[0])->node,
				     arg[1], arg[2], (uint64_t)end);
}
