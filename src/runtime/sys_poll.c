/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for descriptors. */
#include "file.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "time.h"
#include "user.h"

#define FOREVER INT64_MAX

/* What holds now of what is asked for a descriptor. */
static uint16_t ready(uint64_t fd, uint32_t events)
{
	struct cbx_file *file = cbx_fd_file(fd);
	uint32_t all = LX_POLLIN | LX_POLLOUT | LX_POLLRDNORM | LX_POLLWRNORM;

	if (file == NULL) {
		return LX_POLLNVAL;
	}
	if (file->ops->poll != NULL) {
		all = file->ops->poll(file);
	}
	return (uint16_t)(all & (events | LX_POLLERR | LX_POLLHUP));
}

/* A file that is waited for. */
struct watch {
	struct cbx_waiter waiter;
	struct cbx_file *file; /* NULL: none, or nothing to wait for */
};

static void begin_watch(struct watch *watch, uint64_t fd)
{
	struct cbx_file *file = cbx_fd_file(fd);
	struct cbx_wait_queue *queue = file == NULL || file->ops->queue == NULL
					       ? NULL
					       : file->ops->queue(file);

	watch->file = NULL;
	if (queue != NULL) {
		watch->file = file;
		cbx_file_hold(file);
		cbx_wait_add(&watch->waiter, queue);
	}
}

static void end_watch(struct watch *watch)
{
	if (watch->file != NULL) {
		cbx_wait_remove(&watch->waiter);
		cbx_file_drop(watch->file);
	}
}

static int64_t sleep_on(const struct lx_pollfd *p, uint64_t count, int64_t end)
{
	uint64_t bytes = (count + 1) * sizeof(struct watch);
	struct watch *watch = cbx_heap_take(bytes);
	int64_t status;

	if (watch == NULL) {
		return -LX_ENOMEM;
	}
	for (uint64_t i = 0; i < count; i++) {
		begin_watch(&watch[i], (uint64_t)(int64_t)p[i].fd);
	}
	status = cbx_wait_sleep(end);
	for (uint64_t i = 0; i < count; i++) {
		end_watch(&watch[i]);
	}
	cbx_heap_give(watch, bytes);
	return status;
}

static int64_t check(struct lx_pollfd *p, uint64_t count)
{
	int64_t found = 0;

	for (uint64_t i = 0; i < count; i++) {
		p[i].revents =
			p[i].fd < 0 ? 0 : ready((uint32_t)p[i].fd, p[i].events);
		found += p[i].revents != 0 ? 1 : 0;
	}
	return found;
}

/* Wait @p ns at most until something is ready; how many. */
static int64_t wait(struct lx_pollfd *p, uint64_t count, int64_t ns)
{
	int64_t end = cbx_time_end(ns);

	for (;;) {
		int64_t found = check(p, count);
		int64_t status;

		if (found != 0 || ns == 0) {
			return found;
		}
		status = sleep_on(p, count, end);
		if (status != 0) {
			return status == -LX_ETIMEDOUT ? 0 : status;
		}
	}
}

static int64_t poll_copied(
	struct lx_pollfd *p, uint64_t va, uint64_t count, int64_t ns)
{
	uint64_t bytes = count * sizeof(*p);
	int64_t found;

	if (cbx_user_get(p, va, bytes) != 0) {
		return -LX_EFAULT;
	}
	found = wait(p, count, ns);
	return cbx_user_put(va, p, bytes) != 0 ? -LX_EFAULT : found;
}

static int64_t poll(uint64_t va, uint64_t count, int64_t ns)
{
	uint64_t bytes = (count + 1) * sizeof(struct lx_pollfd);
	struct lx_pollfd *p;
	int64_t found;

	if (count > cbx_fd_limit()) {
		return -LX_EINVAL;
	}
	p = cbx_heap_take(bytes);
	if (p == NULL) {
		return -LX_ENOMEM;
	}
	found = poll_copied(p, va, count, ns);
	cbx_heap_give(p, bytes);
	return found;
}

int64_t cbx_sys_poll(const uint64_t *arg)
{
	int32_t ms = (int32_t)arg[2];

	return poll(arg[0], (uint32_t)arg[1],
		ms < 0 ? FOREVER : ms * (int64_t)1000000);
}

int64_t cbx_sys_ppoll(const uint64_t *arg)
{
	int64_t ns;
	uint64_t mask;
	int64_t status = cbx_time_get_timeout(arg[2], &ns);

	if (status != 0) {
		return status;
	}
	if (arg[3] != 0) {
		if (arg[4] != sizeof(mask)) {
			return -LX_EINVAL;
		}
		if (cbx_user_get(&mask, arg[3], sizeof(mask)) != 0) {
			return -LX_EFAULT;
		}
		cbx_signal_swap_mask(mask);
	}
	status = poll(arg[0], (uint32_t)arg[1], ns);
	cbx_time_put_left(arg[2], ns, 1);
	return status;
}

/* The three sets of select, as bits. */
struct sets {
	uint64_t word[3][CBX_FD_SELECT / 64];
};

static int64_t get_sets(const uint64_t *arg, uint64_t bytes, struct sets *sets)
{
	memset(sets, 0, sizeof(*sets));
	for (int i = 0; i < 3; i++) {
		if (arg[1 + i] != 0 &&
			cbx_user_get(sets->word[i], arg[1 + i], bytes) != 0) {
			return -LX_EFAULT;
		}
	}
	return 0;
}

static int64_t put_sets(
	const uint64_t *arg, uint64_t bytes, const struct sets *sets)
{
	for (int i = 0; i < 3; i++) {
		if (arg[1 + i] != 0 &&
			cbx_user_put(arg[1 + i], sets->word[i], bytes) != 0) {
			return -LX_EFAULT;
		}
	}
	return 0;
}

static const uint32_t set_events[3] = {
	LX_POLLIN | LX_POLLHUP | LX_POLLERR,
	LX_POLLOUT | LX_POLLERR,
	LX_POLLPRI,
};

/* The descriptors in the sets; how many. */
static uint64_t list_sets(
	const struct sets *sets, uint64_t count, struct lx_pollfd *p)
{
	uint64_t used = 0;

	for (uint64_t fd = 0; fd < count; fd++) {
		uint64_t bit = 1ull << (fd % 64);
		uint32_t events = 0;

		for (int i = 0; i < 3; i++) {
			events |= (sets->word[i][fd / 64] & bit) != 0
					  ? set_events[i]
					  : 0;
		}
		if (events != 0) {
			p[used++] = (struct lx_pollfd){
				.fd = (int32_t)fd,
				.events = (uint16_t)events,
			};
		}
	}
	return used;
}

/* Leave in the sets what is ready of one descriptor; how many bits. */
static int64_t leave(struct sets *sets, const struct lx_pollfd *p)
{
	uint64_t at = (uint64_t)p->fd / 64;
	uint64_t bit = 1ull << ((uint64_t)p->fd % 64);
	int64_t found = 0;

	if (p->revents == LX_POLLNVAL) {
		return -LX_EBADF;
	}
	for (int i = 0; i < 3; i++) {
		if ((sets->word[i][at] & bit) == 0) {
			continue;
		}
		if ((p->revents & set_events[i]) != 0) {
			found++;
		} else {
			sets->word[i][at] &= ~bit;
		}
	}
	return found;
}

static int64_t select_sets(
	struct sets *sets, uint64_t count, struct lx_pollfd *p, int64_t ns)
{
	uint64_t used = list_sets(sets, count, p);
	int64_t status = wait(p, used, ns);
	int64_t found = 0;

	if (status < 0) {
		return status;
	}
	for (uint64_t i = 0; i < used; i++) {
		status = leave(sets, &p[i]);
		if (status < 0) {
			return status;
		}
		found += status;
	}
	return found;
}

static int64_t select(const uint64_t *arg, int64_t ns)
{
	struct sets sets;
	uint64_t count = (uint32_t)arg[0];
	uint64_t bytes = (count + 63) / 64 * 8;
	struct lx_pollfd *p;
	int64_t found;

	if (count > CBX_FD_SELECT) {
		return -LX_EINVAL;
	}
	if (get_sets(arg, bytes, &sets) != 0) {
		return -LX_EFAULT;
	}
	p = cbx_heap_take((count + 1) * sizeof(*p));
	if (p == NULL) {
		return -LX_ENOMEM;
	}
	found = select_sets(&sets, count, p, ns);
	cbx_heap_give(p, (count + 1) * sizeof(*p));
	if (found >= 0 && put_sets(arg, bytes, &sets) != 0) {
		return -LX_EFAULT;
	}
	return found;
}

int64_t cbx_sys_select(const uint64_t *arg)
{
	struct lx_timeval t;
	int64_t ns = FOREVER;

	if (arg[4] != 0) {
		if (cbx_user_get(&t, arg[4], sizeof(t)) != 0) {
			return -LX_EFAULT;
		}
		if (t.sec < 0 || t.usec < 0) {
			return -LX_EINVAL;
		}
		if (__builtin_mul_overflow(t.sec, LX_NS, &ns) ||
			__builtin_mul_overflow(t.usec, 1000, &t.usec) ||
			__builtin_add_overflow(ns, t.usec, &ns)) {
			ns = FOREVER;
		}
	}

	int64_t status = select(arg, ns);

	cbx_time_put_left(arg[4], ns, 1000);
	return status;
}

int64_t cbx_sys_pselect6(const uint64_t *arg)
{
	struct {
		uint64_t mask, bytes;
	} set = { 0, 0 };
	int64_t ns;
	uint64_t mask;
	int64_t status = cbx_time_get_timeout(arg[4], &ns);

	if (status == 0 && arg[5] != 0) {
		status = cbx_user_get(&set, arg[5], sizeof(set));
	}
	if (status == 0 && set.mask != 0) {
		status = set.bytes != sizeof(mask)
				 ? -LX_EINVAL
				 : cbx_user_get(&mask, set.mask, sizeof(mask));
		if (status == 0) {
			cbx_signal_swap_mask(mask);
		}
	}
	if (status != 0) {
		return status;
	}
	status = select(arg, ns);
	cbx_time_put_left(arg[4], ns, 1);
	return status;
}
