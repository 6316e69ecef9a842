/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe.h"

#include "channel.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "signal.h"
#include "time.h"
#include "user.h"

static bool reads(const struct cbx_file *file)
{
	return (file->flags & LX_O_ACCMODE) != LX_O_WRONLY;
}

static bool writes(const struct cbx_file *file)
{
	return (file->flags & LX_O_ACCMODE) != LX_O_RDONLY;
}

/* Nobody else runs: what would block now blocks until the box is ended. */
static int64_t block(const struct cbx_file *file)
{
	if ((file->flags & LX_O_NONBLOCK) != 0) {
		return -LX_EAGAIN;
	}
	while (!cbx_signal_waiting()) {
		cbx_channel_flush();
		cbx_gate_park(0);
	}
	return -LX_EINTR;
}

static int64_t pipe_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_pipe *pipe = file->node->pipe;
	uint64_t done = 0;

	(void)at;
	bytes = cbx_min(bytes, pipe->head - pipe->tail);
	if (bytes == 0) {
		return pipe->writers == 0 ? 0 : block(file);
	}
	while (done < bytes) {
		uint64_t in = pipe->tail % CBX_PIPE_BYTES;
		uint64_t part = cbx_min(bytes - done, CBX_PIPE_BYTES - in);

		if (cbx_user_copy((void *)(va + done), pipe->ring + in, part) !=
			0) {
			return done == 0 ? -LX_EFAULT : (int64_t)done;
		}
		pipe->tail += part;
		done += part;
	}
	return (int64_t)done;
}

static int64_t pipe_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_pipe *pipe = file->node->pipe;
	uint64_t room = CBX_PIPE_BYTES - (pipe->head - pipe->tail);
	uint64_t done = 0;

	(void)at;
	if (pipe->readers == 0) {
		cbx_signal_raise(LX_SIGPIPE);
		return -LX_EPIPE;
	}
	if (bytes != 0 && room == 0) {
		return block(file);
	}
	bytes = cbx_min(bytes, room);
	while (done < bytes) {
		uint64_t in = pipe->head % CBX_PIPE_BYTES;
		uint64_t part = cbx_min(bytes - done, CBX_PIPE_BYTES - in);

		if (cbx_user_copy(pipe->ring + in, (const void *)(va + done),
			    part) != 0) {
			return done == 0 ? -LX_EFAULT : (int64_t)done;
		}
		pipe->head += part;
		done += part;
	}
	return (int64_t)done;
}

static uint32_t pipe_poll(struct cbx_file *file)
{
	const struct cbx_pipe *pipe = file->node->pipe;
	uint64_t held = pipe->head - pipe->tail;
	uint32_t ready = 0;

	if (reads(file)) {
		ready |= held != 0 ? LX_POLLIN | LX_POLLRDNORM : 0;
		ready |= pipe->writers == 0 ? LX_POLLHUP : 0;
	}
	if (writes(file)) {
		ready |= held < CBX_PIPE_BYTES ? LX_POLLOUT | LX_POLLWRNORM : 0;
		ready |= pipe->readers == 0 ? LX_POLLERR : 0;
	}
	return ready;
}

static uint64_t pipe_available(const struct cbx_file *file)
{
	return file->node->pipe->head - file->node->pipe->tail;
}

void cbx_pipe_opened(const struct cbx_file *file)
{
	file->node->pipe->readers += reads(file) ? 1 : 0;
	file->node->pipe->writers += writes(file) ? 1 : 0;
}

static void pipe_close(struct cbx_file *file)
{
	struct cbx_pipe *pipe = file->node->pipe;

	pipe->readers -= reads(file) ? 1 : 0;
	pipe->writers -= writes(file) ? 1 : 0;
	if (file->node->refs == 1) {
		cbx_heap_give(pipe->ring, CBX_PIPE_BYTES);
		cbx_heap_give(pipe, sizeof(*pipe));
	}
}

const struct cbx_file_ops cbx_pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.available = pipe_available,
	.close = pipe_close,
};

static struct cbx_node *make_node(void)
{
	struct cbx_pipe *pipe = cbx_heap_take_zero(sizeof(*pipe));
	uint8_t *ring = cbx_heap_take(CBX_PIPE_BYTES);
	struct cbx_node *node =
		cbx_node_create(LX_S_IFIFO | 0600u, cbx_time_coarse());

	if (pipe == NULL || ring == NULL || node == NULL) {
		cbx_heap_give(pipe, sizeof(*pipe));
		cbx_heap_give(ring, CBX_PIPE_BYTES);
		cbx_heap_give(node, sizeof(*node));
		return NULL;
	}
	pipe->ring = ring;
	node->pipe = pipe;
	node->device = CBX_DEVICE_PIPE;
	return node;
}

int64_t cbx_pipe_create(
	uint32_t flags, struct cbx_file **reader, struct cbx_file **writer)
{
	struct cbx_node *node = make_node();
	struct cbx_file *first;

	if (node == NULL) {
		return -LX_ENOMEM;
	}
	cbx_node_hold(node);
	if (cbx_file_open(node, flags | LX_O_RDONLY, &first) != 0) {
		cbx_heap_give(node->pipe->ring, CBX_PIPE_BYTES);
		cbx_heap_give(node->pipe, sizeof(*node->pipe));
		cbx_node_drop(node);
		return -LX_ENOMEM;
	}
	cbx_node_drop(node);
	if (cbx_file_open(node, flags | LX_O_WRONLY, writer) != 0) {
		cbx_file_drop(first);
		return -LX_ENOMEM;
	}
	*reader = first;
	return 0;
}
