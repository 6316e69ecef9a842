/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "signal.h"
#include "time.h"

static bool reads(const struct cbx_file *file)
{
	return (file->flags & LX_O_ACCMODE) != LX_O_WRONLY;
}

static bool writes(const struct cbx_file *file)
{
	return (file->flags & LX_O_ACCMODE) != LX_O_RDONLY;
}

static bool is_patient(const struct cbx_file *file)
{
	return (file->flags & LX_O_NONBLOCK) == 0;
}

struct cbx_pipe *cbx_pipe_of(const struct cbx_file *file)
{
	return file->ops == &cbx_pipe_ops ? file->node->pipe : NULL;
}

static void changed(struct cbx_pipe *pipe, uint32_t events)
{
	cbx_wait_wake_for(&pipe->queue, UINT64_MAX, events);
}

static int64_t block(struct cbx_pipe *pipe, bool patient)
{
	return patient ? cbx_wait_on(&pipe->queue, CBX_WAIT_FOREVER)
		       : -LX_EAGAIN;
}

uint64_t cbx_pipe_peek(
	const struct cbx_pipe *pipe, struct cbx_iovec *to, uint64_t bytes)
{
	uint64_t done = 0;

	bytes = cbx_min(bytes, cbx_pipe_held(pipe));
	while (done < bytes) {
		uint64_t in = (pipe->tail + done) % pipe->size;
		uint64_t part = cbx_min(bytes - done, pipe->size - in);
		uint64_t got = cbx_iovec_put(to, pipe->ring + in, part);

		done += got;
		if (got < part) {
			break;
		}
	}
	return done;
}

void cbx_pipe_consume(struct cbx_pipe *pipe, uint64_t bytes)
{
	bool was_full = cbx_pipe_held(pipe) == pipe->size;

	pipe->tail += bytes;
	changed(pipe, was_full ? LX_POLLOUT | LX_POLLWRNORM : 0);
}

uint64_t cbx_pipe_put(
	struct cbx_pipe *pipe, struct cbx_iovec *from, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		uint64_t in = pipe->head % pipe->size;
		uint64_t part = cbx_min(bytes - done, pipe->size - in);
		uint64_t got = cbx_iovec_take(from, pipe->ring + in, part);

		pipe->head += got;
		done += got;
		if (got < part) {
			break;
		}
	}
	changed(pipe, LX_POLLIN | LX_POLLRDNORM);
	return done;
}

int64_t cbx_pipe_wait_data(struct cbx_file *file, bool patient)
{
	struct cbx_pipe *pipe = file->node->pipe;

	while (cbx_pipe_held(pipe) == 0) {
		int64_t status;

		if (pipe->writers == 0) {
			return 0;
		}
		status = block(pipe, patient);
		if (status != 0) {
			return status;
		}
	}
	return 1;
}

int64_t cbx_pipe_wait_room(struct cbx_file *file, uint64_t bytes, bool patient)
{
	struct cbx_pipe *pipe = file->node->pipe;
	int64_t status = 0;

	while (status == 0 && pipe->readers != 0 &&
		cbx_pipe_room(pipe) < bytes) {
		status = block(pipe, patient);
	}
	if (pipe->readers == 0) {
		cbx_signal_raise_self(LX_SIGPIPE);
		return -LX_EPIPE;
	}
	return status;
}

static int64_t read_vector(struct cbx_file *file, struct cbx_iovec *vector)
{
	struct cbx_pipe *pipe = file->node->pipe;
	uint64_t done;
	int64_t status;

	if (vector->total == 0) {
		return 0;
	}
	status = cbx_pipe_wait_data(file, is_patient(file));
	if (status <= 0) {
		return status;
	}
	done = cbx_pipe_peek(pipe, vector, vector->total);
	cbx_pipe_consume(pipe, done);
	return done == 0 ? -LX_EFAULT : (int64_t)done;
}

/* A short write is not divided. */
static int64_t write_vector(struct cbx_file *file, struct cbx_iovec *vector)
{
	struct cbx_pipe *pipe = file->node->pipe;
	uint64_t total = vector->total;
	uint64_t need = total <= LX_PIPE_BUF ? total : 1;
	uint64_t done = 0;
	int64_t status = 0;

	while (status == 0 && done < total) {
		uint64_t room;
		uint64_t part;

		status = cbx_pipe_wait_room(file, need, is_patient(file));
		if (status != 0) {
			break;
		}
		room = cbx_min(total - done, cbx_pipe_room(pipe));
		part = cbx_pipe_put(pipe, vector, room);
		status = part < room ? -LX_EFAULT : 0;
		done += part;
		need = 1;
	}
	return done != 0 ? (int64_t)done : status;
}

static int64_t pipe_vector(
	struct cbx_file *file, struct cbx_iovec *vector, bool write)
{
	return write ? write_vector(file, vector) : read_vector(file, vector);
}

static int64_t pipe_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_iovec vector;

	(void)at;
	cbx_iovec_one(&vector, va, bytes);
	return read_vector(file, &vector);
}

static int64_t pipe_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct cbx_iovec vector;

	(void)at;
	cbx_iovec_one(&vector, va, bytes);
	return write_vector(file, &vector);
}

static uint32_t pipe_poll(struct cbx_file *file)
{
	const struct cbx_pipe *pipe = file->node->pipe;
	uint64_t held = cbx_pipe_held(pipe);
	uint32_t ready = 0;

	if (reads(file)) {
		ready |= held != 0 ? LX_POLLIN | LX_POLLRDNORM : 0;
		/* a named pipe's first writer is still to come */
		ready |= pipe->writers == 0 &&
					 pipe->writers_ever != file->position
				 ? LX_POLLHUP
				 : 0;
	}
	if (writes(file)) {
		ready |= held < pipe->size ? LX_POLLOUT | LX_POLLWRNORM : 0;
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
	return cbx_pipe_held(file->node->pipe);
}

void cbx_pipe_opened(struct cbx_file *file)
{
	struct cbx_pipe *pipe = file->node->pipe;

	/* a stream has no position: here it is how many writers there were */
	file->position = pipe->writers_ever;
	if (reads(file)) {
		pipe->readers++;
		pipe->readers_ever++;
	}
	if (writes(file)) {
		pipe->writers++;
		pipe->writers_ever++;
	}
	changed(pipe, UINT32_MAX);
}

int64_t cbx_pipe_meet(struct cbx_file *file)
{
	struct cbx_pipe *pipe = file->node->pipe;
	uint64_t readers = pipe->readers_ever;
	uint64_t writers = pipe->writers_ever;
	int64_t status = 0;

	if (reads(file) && writes(file)) {
		return 0;
	}
	if (!is_patient(file)) {
		return writes(file) && pipe->readers == 0 ? -LX_ENXIO : 0;
	}
	while (status == 0 &&
		(reads(file) ? pipe->writers == 0 &&
					pipe->writers_ever == writers
			     : pipe->readers == 0 &&
					pipe->readers_ever == readers)) {
		status = block(pipe, true);
	}
	return status;
}

static uint64_t size_for(uint64_t bytes)
{
	uint64_t size = CBX_PAGE_SIZE;

	while (size < bytes) {
		size *= 2;
	}
	return size;
}

int64_t cbx_pipe_resize(struct cbx_pipe *pipe, uint64_t bytes)
{
	uint64_t held = cbx_pipe_held(pipe);
	struct cbx_iovec to;
	uint8_t *ring;
	uint64_t size;

	if (bytes > CBX_PIPE_MOST) {
		return bytes > INT32_MAX ? -LX_EINVAL : -LX_EPERM;
	}
	size = size_for(bytes);
	if (held > size) {
		return -LX_EBUSY;
	}
	ring = cbx_heap_take(size);
	if (ring == NULL) {
		return -LX_ENOMEM;
	}
	cbx_iovec_one(&to, (uint64_t)ring, held);
	cbx_pipe_peek(pipe, &to, held);
	cbx_heap_give(pipe->ring, pipe->size);
	pipe->ring = ring;
	pipe->size = size;
	pipe->tail = 0;
	pipe->head = held;
	changed(pipe, UINT32_MAX);
	return (int64_t)size;
}

static void free_pipe(struct cbx_node *node)
{
	struct cbx_pipe *pipe = node->pipe;

	node->pipe = NULL;
	cbx_heap_give(pipe->ring, pipe->size);
	cbx_heap_give(pipe, sizeof(*pipe));
}

static void pipe_close(struct cbx_file *file)
{
	struct cbx_pipe *pipe = file->node->pipe;

	pipe->readers -= reads(file) ? 1 : 0;
	pipe->writers -= writes(file) ? 1 : 0;
	changed(pipe, UINT32_MAX);
	if (pipe->readers == 0 && pipe->writers == 0) {
		free_pipe(file->node);
	}
}

const struct cbx_file_ops cbx_pipe_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.queue = pipe_queue,
	.available = pipe_available,
	.close = pipe_close,
	.vector = pipe_vector,
};

int64_t cbx_pipe_prepare(struct cbx_node *node)
{
	struct cbx_pipe *pipe;
	uint8_t *ring;

	if (node->pipe != NULL) {
		return 0;
	}
	pipe = cbx_heap_take_zero(sizeof(*pipe));
	ring = cbx_heap_take(CBX_PIPE_BYTES);
	if (pipe == NULL || ring == NULL) {
		cbx_heap_give(pipe, sizeof(*pipe));
		cbx_heap_give(ring, CBX_PIPE_BYTES);
		return -LX_ENOMEM;
	}
	pipe->ring = ring;
	pipe->size = CBX_PIPE_BYTES;
	node->pipe = pipe;
	return 0;
}

int64_t cbx_pipe_create(
	uint32_t flags, struct cbx_file **reader, struct cbx_file **writer)
{
	struct cbx_node *node =
		cbx_node_create(LX_S_IFIFO | 0600u, cbx_time_coarse());
	struct cbx_file *first;
	int64_t status;

	if (node == NULL) {
		return -LX_ENOMEM;
	}
	node->device = CBX_DEVICE_PIPE;
	cbx_node_hold(node);
	status = cbx_file_open(node, flags | LX_O_RDONLY, &first);
	cbx_node_drop(node);
	if (status != 0) {
		return -LX_ENOMEM;
	}
	if (cbx_file_open(node, flags | LX_O_WRONLY, writer) != 0) {
		cbx_file_drop(first);
		return -LX_ENOMEM;
	}
	*reader = first;
	return 0;
}
