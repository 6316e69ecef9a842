/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include "epoll.h"
#include "flock.h"
#include "heap.h"
#include "host_file.h"
#include "lib.h"
#include "linux.h"
#include "memfd.h"
#include "pipe.h"
#include "proc.h"
#include "socket.h"
#include "task.h"

static int64_t regular_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	return cbx_data_read(&file->node->data, at, va, bytes);
}

/* The size a file may grow to. */
static uint64_t size_limit(void)
{
	return cbx_process_self()->limit[LX_RLIMIT_FSIZE].now;
}

int64_t cbx_file_may_resize(const struct cbx_node *node, uint64_t size)
{
	if (size > node->data.size && size > size_limit()) {
		cbx_signal_raise_self(LX_SIGXFSZ);
		return -LX_EFBIG;
	}
	return cbx_memfd_may_resize(node, size);
}

/* Cut a write to what the limit allows. */
static int64_t limit_write(uint64_t at, uint64_t *bytes)
{
	uint64_t limit = size_limit();

	if (at >= limit && *bytes != 0) {
		cbx_signal_raise_self(LX_SIGXFSZ);
		return -LX_EFBIG;
	}
	*bytes = cbx_min(*bytes, limit - cbx_min(at, limit));
	return 0;
}

static int64_t regular_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_node *node = file->node;
	int64_t done = limit_write(at, &bytes);

	if (done == 0) {
		done = cbx_memfd_may_write(node, at, &bytes);
	}

	if (done == 0) {
		done = cbx_data_write(&node->data, at, va, bytes);
	}
	if (done > 0) {
		cbx_node_touch(node);
		node->mode &= ~06000u;
	}
	return done;
}

static uint64_t regular_available(const struct cbx_file *file)
{
	uint64_t size = file->node->data.size;

	return size - cbx_min(size, file->position);
}

const struct cbx_file_ops cbx_regular_ops = {
	.read = regular_read,
	.write = regular_write,
	.available = regular_available,
	.seekable = true,
};

static int64_t directory_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	(void)file;
	(void)va;
	(void)bytes;
	(void)at;
	return -LX_EISDIR;
}

const struct cbx_file_ops cbx_directory_ops = {
	.read = directory_read,
	.seekable = true,
};

const struct cbx_file_ops cbx_path_ops = { .seekable = false };

static const struct cbx_file_ops *ops_of(
	const struct cbx_node *node, uint32_t flags)
{
	if ((flags & LX_O_PATH) != 0) {
		return &cbx_path_ops;
	}
	switch (node->mode & LX_S_IFMT) {
	case LX_S_IFREG:
		return cbx_host_has(node)	     ? &cbx_host_ops
		       : node->proc == CBX_PROC_NONE ? &cbx_regular_ops
						     : &cbx_shot_ops;
	case LX_S_IFDIR:
		return &cbx_directory_ops;
	case LX_S_IFSOCK:
		return node->device == CBX_DEVICE_SOCKET && node->refs == 1
			       ? &cbx_socket_ops
			       : NULL;
	case LX_S_IFIFO:
		return node->device == CBX_DEVICE_CHANNEL ? &cbx_channel_ops
							  : &cbx_pipe_ops;
	default:
		return cbx_device_ops(node->device);
	}
}

int64_t cbx_file_open(
	struct cbx_node *node, uint32_t flags, struct cbx_file **file)
{
	const struct cbx_file_ops *ops = ops_of(node, flags);
	struct cbx_file *made;
	int64_t status = 0;

	if (ops == NULL) {
		return cbx_node_is(node, LX_S_IFLNK) ? -LX_ELOOP : -LX_ENXIO;
	}
	made = cbx_heap_take_zero(sizeof(*made));
	if (made == NULL) {
		return -LX_ENOMEM;
	}
	made->ops = ops;
	made->node = node;
	made->flags = flags;
	made->refs = 1;
	if (ops == &cbx_shot_ops) {
		status = cbx_proc_take(node, &made->shot);
	}
	if (ops == &cbx_pipe_ops) {
		status = cbx_pipe_prepare(node);
	}
	if (status != 0) {
		cbx_heap_give(made, sizeof(*made));
		return status;
	}
	cbx_node_hold(node);
	if (ops == &cbx_pipe_ops) {
		cbx_pipe_opened(made);
	}
	*file = made;
	return 0;
}

void cbx_file_hold(struct cbx_file *file)
{
	file->refs++;
}

void cbx_file_drop(struct cbx_file *file)
{
	if (--file->refs != 0) {
		return;
	}
	cbx_flock_file_close(file);
	cbx_epoll_forget(file);
	if (file->ops->close != NULL) {
		file->ops->close(file);
	}
	cbx_node_drop(file->node);
	cbx_heap_give(file, sizeof(*file));
}

static int64_t read_at(
	struct cbx_file *file, uint64_t va, uint64_t bytes, const uint64_t *at)
{
	int64_t done;

	if (!file->ops->seekable) {
		return at != NULL ? -LX_ESPIPE
				  : file->ops->read(file, va, bytes, 0);
	}
	done = file->ops->read(
		file, va, bytes, at != NULL ? *at : file->position);
	if (done > 0 && at == NULL) {
		file->position += (uint64_t)done;
	}
	return done;
}

int64_t cbx_file_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, const uint64_t *at)
{
	int64_t done;

	if (at != NULL && !file->ops->seekable && file->ops != &cbx_path_ops) {
		return -LX_ESPIPE;
	}
	if (!cbx_file_readable(file)) {
		return -LX_EBADF;
	}
	cbx_file_hold(file);
	done = read_at(file, va, cbx_min(bytes, LX_RW_MAX), at);
	cbx_file_drop(file);
	return done;
}

static int64_t write_at(
	struct cbx_file *file, uint64_t va, uint64_t bytes, const uint64_t *at)
{
	uint64_t where;
	int64_t done;

	if (!file->ops->seekable) {
		return at != NULL ? -LX_ESPIPE
				  : file->ops->write(file, va, bytes, 0);
	}
	where = at != NULL ? *at : file->position;
	if ((file->flags & LX_O_APPEND) != 0) {
		where = file->node->data.size;
	}
	done = file->ops->write(file, va, bytes, where);
	if (done > 0 && at == NULL) {
		file->position = where + (uint64_t)done;
	}
	return done;
}

int64_t cbx_file_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, const uint64_t *at)
{
	int64_t done;

	if (at != NULL && !file->ops->seekable && file->ops != &cbx_path_ops) {
		return -LX_ESPIPE;
	}
	if (!cbx_file_writable(file)) {
		return -LX_EBADF;
	}
	cbx_file_hold(file);
	done = write_at(file, va, cbx_min(bytes, LX_RW_MAX), at);
	cbx_file_drop(file);
	return done;
}
