/* SPDX-License-Identifier: Apache-2.0 */
#include "anonymous.h"

#include "heap.h"
#include "linux.h"
#include "time.h"

/* They share one node, as on Linux. */
static struct cbx_node *node(void)
{
	static struct cbx_node *shared;

	if (shared == NULL) {
		shared = cbx_node_create(0600u, cbx_time_coarse());
		if (shared != NULL) {
			cbx_node_hold(shared);
		}
	}
	return shared;
}

static struct cbx_file *make(
	const struct cbx_file_ops *ops, void *own, uint32_t flags)
{
	struct cbx_file *file =
		node() == NULL ? NULL : cbx_heap_take_zero(sizeof(*file));

	if (file != NULL) {
		file->ops = ops;
		file->node = node();
		file->own = own;
		file->flags = flags & ~LX_O_CLOEXEC;
		file->refs = 1;
		cbx_node_hold(file->node);
	}
	return file;
}

int64_t cbx_anonymous_open(const struct cbx_file_ops *ops, void *own,
	uint64_t bytes, uint32_t flags)
{
	struct cbx_file *file = own == NULL ? NULL : make(ops, own, flags);
	int64_t fd;

	if (file == NULL) {
		cbx_heap_give(own, bytes);
		return -LX_ENOMEM;
	}
	fd = cbx_fd_add(file, 0, (flags & LX_O_CLOEXEC) != 0);
	if (fd < 0) {
		cbx_file_drop(file);
	}
	return fd;
}

int64_t cbx_anonymous_find(
	uint64_t fd, const struct cbx_file_ops *ops, struct cbx_file **file)
{
	*file = cbx_fd_file(fd);
	if (*file == NULL) {
		return -LX_EBADF;
	}
	return (*file)->ops == ops ? 0 : -LX_EINVAL;
}

int64_t cbx_anonymous_block(
	const struct cbx_file *file, struct cbx_wait_queue *queue)
{
	return (file->flags & LX_O_NONBLOCK) != 0
		       ? -LX_EAGAIN
		       : cbx_wait_on(queue, CBX_WAIT_FOREVER);
}
