/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe.h"

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

static int64_t block(const struct cbx_file *file)
{
	return (file->flags & LX_O_NONBLOCK) != 0
		       ? -LX_EAGAIN
		       : cbx_wait_on(
				 &file->node->pipe->queue, CBX_WAIT_FOREVER);
}

static void changed(struct cbx_pipe *pipe)
{
	cbx_wait_wake(&pipe->queue, UINT64_MAX);
}

/* Take bytes that are there; how many could be copied. */
static uint64_t take(struct cbx_pipe *pipe, uint64_t va, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		uint64_t in = pipe->tail % CBX_PIPE_BYTES;
		uint64_t part = cbx_min(bytes - done, CBX_PIPE_BYTES - in);

		if (cbx_user_copy((void *)(va + done), pipe->ring + in, part) !=
			0) {
			break;
		}
		pipe->tail += part;
		done += part;
	}
	changed(pipe);
	return done;
}

static int64_t pipe_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_pipe *pipe = file->node->pipe;
	uint64_t done;

	(void)at;
	if (bytes == 0) {
		return 0;
	}
	while (pipe->head == pipe->tail) {
		int64_t status = pipe->writers == 0 ? 0 : block(file);

		if (pipe->writers == 0 || status != 0) {
			return status;
		}
	}
	done = take(pipe, va, cbx_min(bytes, pipe->head - pipe->tail));
	return done == 0 ? -LX_EFAULT : (int64_t)done;
}

/* Put bytes there is room for; how many could be copied. */
static uint64_t put(struct cbx_pipe *pipe, uint64_t va, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		uint64_t in = pipe->head % CBX_PIPE_BYTES;
		uint64_t part = cbx_min(bytes - done, CBX_PIPE_BYTES - in);

		if (cbx_user_copy(pipe->ring + in, (const void *)(va + done),
			    part) != 0) {
			break;
		}
		pipe->head += part;
		done += part;
	}
	changed(pipe);
	return done;
}

/* Wait for room: for all of a short write, which is not to be divided. */
static int64_t wait_for_room(const struct cbx_file *file, uint64_t bytes)
{
	const struct cbx_pipe *pipe = file->node->pipe;
	uint64_t need = bytes <= LX_PIPE_BUF ? bytes : 1;
	int64_t status = 0;

	while (status == 0 && pipe->readers != 0 &&
		CBX_PIPE_BYTES - (pipe->head - pipe->tail) < need) {
		status = block(file);
	}
	if (pipe->readers == 0) {
		cbx_signal_raise_self(LX_SIGPIPE);
		return -LX_EPIPE;
	}
	return status;
}

static int64_t pipe_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_pipe *pipe = file->node->pipe;
	uint64_t done = 0;
	int64_t status = 0;

	(void)at;
	while (status == 0 && done < bytes) {
		uint64_t room;
		uint64_t part;

		status = wait_for_room(file, done == 0 ? bytes : 1);
		if (status != 0) {
			break;
		}
		room = cbx_min(bytes - done,
			CBX_PIPE_BYTES - (pipe->head - pipe->tail));
		part = put(pipe, va + done, room);
		status = part < room ? -LX_EFAULT : 0;
		done += part;
	}
	return done != 0 ? (int64_t)done : status;
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

static struct cbx_wait_queue *pipe_queue(struct cbx_file *file)
{
	return &file->node->pipe->queue;
}

static uint64_t pipe_available(const struct cbx_file *file)
{
	return file->node->pipe->head - file->node->pipe->tail;
}

void cbx_pipe_opened(const struct cbx_file *file)
{
	file->node->pipe->readers += reads(file) ? 1 : 0;
	file->node->pipe->writers += writes(file) ? 1 : 0;
	changed(file->node->pipe);
}

static void pipe_close(struct cbx_file *file)
{
	struct cbx_pipe *pipe = file->node->pipe;

	pipe->readers -= reads(file) ? 1 : 0;
	pipe->writers -= writes(file) ? 1 : 0;
	changed(pipe);
	if (file->node->refs == 1) {
		cbx_heap_give(pipe->ring, CBX_PIPE_BYTES);
		cbx_heap_give(pipe, sizeof(*pipe));
	}
}

const struct cbx_file_ops cbx_pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.queue = pipe_queue,
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
