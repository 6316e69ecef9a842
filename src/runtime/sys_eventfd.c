/* SPDX-License-Identifier: Apache-2.0 */
/* eventfd: a counter as a file. */
#include "anonymous.h"
#include "heap.h"
#include "linux.h"
#include "syscall.h"
#include "user.h"

#define SEMAPHORE 1u
#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	uint64_t count;
	bool semaphore;
	struct cbx_wait_queue queue;
};

static int64_t event_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct eventfd *event = file->own;
	uint64_t value;

	(void)at;
	if (bytes < sizeof(value)) {
		return -LX_EINVAL;
	}
	while (event->count == 0) {
		int64_t status = cbx_anonymous_block(file, &event->queue);

		if (status != 0) {
			return status;
		}
	}
	value = event->semaphore ? 1 : event->count;
	event->count -= value;
	cbx_wait_wake_for(&event->queue, UINT64_MAX, LX_POLLOUT);
	return cbx_user_put(va, &value, sizeof(value)) != 0
		       ? -LX_EFAULT
		       : (int64_t)sizeof(value);
}

static int64_t event_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	struct eventfd *event = file->own;
	uint64_t value;

	(void)at;
	if (bytes < sizeof(value)) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&value, va, sizeof(value)) != 0) {
		return -LX_EFAULT;
	}
	if (value > COUNT_MAX) {
		return -LX_EINVAL;
	}
	while (value > COUNT_MAX - event->count) {
		int64_t status = cbx_anonymous_block(file, &event->queue);

		if (status != 0) {
			return status;
		}
	}
	event->count += value;
	cbx_wait_wake_for(&event->queue, UINT64_MAX, LX_POLLIN);
	return (int64_t)sizeof(value);
}

static uint32_t event_poll(struct cbx_file *file)
{
	const struct eventfd *event = file->own;

	return (event->count != 0 ? LX_POLLIN : 0u) |
	       (event->count < COUNT_MAX ? LX_POLLOUT : 0u);
}

static struct cbx_wait_queue *event_queue(struct cbx_file *file)
{
	return &((struct eventfd *)file->own)->queue;
}

static void event_close(struct cbx_file *file)
{
	cbx_heap_give(file->own, sizeof(struct eventfd));
}

static const struct cbx_file_ops event_ops = {
	.read = event_read,
	.write = event_write,
	.poll = event_poll,
	.queue = event_queue,
	.close = event_close,
	.name = "anon_inode:[eventfd]",
};

int64_t cbx_sys_eventfd2(const uint64_t *arg)
{
	uint32_t flags = (uint32_t)arg[1];
	struct eventfd *event;

	if ((flags & ~(SEMAPHORE | LX_O_NONBLOCK | LX_O_CLOEXEC)) != 0) {
		return -LX_EINVAL;
	}
	event = cbx_heap_take_zero(sizeof(*event));
	if (event != NULL) {
		event->count = (uint32_t)arg[0];
		event->semaphore = (flags & SEMAPHORE) != 0;
	}
	return cbx_anonymous_open(&event_ops, event, sizeof(*event),
		LX_O_RDWR | (flags & ~SEMAPHORE));
}

int64_t cbx_sys_eventfd(const uint64_t *arg)
{
	const uint64_t two[2] = { arg[0], 0 };

	return cbx_sys_eventfd2(two);
}
