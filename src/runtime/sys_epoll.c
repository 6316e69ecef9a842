/* SPDX-License-Identifier: Apache-2.0 */
/* Epoll calls. */
#include "anonymous.h"
#include "epoll.h"
#include "linux.h"
#include "signal.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

enum {
	ADD = 1,
	REMOVE = 2,
	CHANGE = 3,
};

#define MOST (INT32_MAX / sizeof(struct lx_epoll_event))

int64_t cbx_sys_epoll_create1(const uint64_t *arg)
{
	if ((uint32_t)arg[0] != 0 && (uint32_t)arg[0] != LX_O_CLOEXEC) {
		return -LX_EINVAL;
	}
	return cbx_epoll_create(LX_O_RDWR | (uint32_t)arg[0]);
}

int64_t cbx_sys_epoll_create(const uint64_t *arg)
{
	const uint64_t none = 0;

	return (int32_t)arg[0] <= 0 ? -LX_EINVAL : cbx_sys_epoll_create1(&none);
}

int64_t cbx_sys_epoll_ctl(const uint64_t *arg)
{
	struct lx_epoll_event event = { 0, 0 };
	struct cbx_file *target = cbx_fd_file((uint32_t)arg[2]);
	struct cbx_file *file;
	int64_t status;

	if ((int32_t)arg[1] != REMOVE &&
		cbx_user_get(&event, arg[3], sizeof(event)) != 0) {
		return -LX_EFAULT;
	}
	status = cbx_anonymous_find((uint32_t)arg[0], &cbx_epoll_ops, &file);
	if (status == -LX_EBADF || target == NULL) {
		return -LX_EBADF;
	}
	if (status != 0 || target == file) {
		return -LX_EINVAL;
	}
	switch ((int32_t)arg[1]) {
	case ADD:
		return cbx_epoll_add(
			file->own, target, (int32_t)arg[2], &event);
	case CHANGE:
		return cbx_epoll_change(
			file->own, target, (int32_t)arg[2], &event);
	case REMOVE:
		return cbx_epoll_remove(file->own, target, (int32_t)arg[2]);
	default:
		return -LX_EINVAL;
	}
}

static int64_t take_or_wait(
	struct cbx_epoll *set, uint64_t va, uint64_t most, int64_t ns)
{
	int64_t end = cbx_time_end(ns);

	for (;;) {
		int64_t found = cbx_epoll_take(set, va, most);
		int64_t status;

		if (found != 0 || ns == 0) {
			return found;
		}
		status = cbx_wait_on(cbx_epoll_sleepers(set), end);
		if (status == -LX_ETIMEDOUT) {
			return cbx_epoll_take(set, va, most);
		}
		if (status != 0) {
			return status;
		}
	}
}

static int64_t wait(const uint64_t *arg, int64_t ns)
{
	struct cbx_file *file;
	int64_t status;

	if ((int32_t)arg[2] <= 0 || (uint32_t)arg[2] > MOST) {
		return -LX_EINVAL;
	}
	if (!cbx_user_valid(
		    arg[1], (uint32_t)arg[2] * sizeof(struct lx_epoll_event))) {
		return -LX_EFAULT;
	}
	status = cbx_anonymous_find((uint32_t)arg[0], &cbx_epoll_ops, &file);
	if (status != 0) {
		return status;
	}
	cbx_file_hold(file);
	status = take_or_wait(file->own, arg[1], (uint32_t)arg[2], ns);
	cbx_file_drop(file);
	return status;
}

static int64_t from_ms(uint64_t ms)
{
	return (int32_t)ms < 0 ? CBX_WAIT_FOREVER
			       : (int32_t)ms * (int64_t)1000000;
}

int64_t cbx_sys_epoll_wait(const uint64_t *arg)
{
	return wait(arg, from_ms(arg[3]));
}

static int64_t swap_mask(uint64_t va, uint64_t bytes)
{
	uint64_t mask;

	if (va == 0) {
		return 0;
	}
	if (bytes != sizeof(mask)) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&mask, va, sizeof(mask)) != 0) {
		return -LX_EFAULT;
	}
	cbx_signal_swap_mask(mask);
	return 0;
}

int64_t cbx_sys_epoll_pwait(const uint64_t *arg)
{
	int64_t status = swap_mask(arg[4], arg[5]);

	return status != 0 ? status : wait(arg, from_ms(arg[3]));
}

int64_t cbx_sys_epoll_pwait2(const uint64_t *arg)
{
	int64_t ns;
	int64_t status = cbx_time_get_timeout(arg[3], &ns);

	if (status == 0) {
		status = swap_mask(arg[4], arg[5]);
	}
	return status != 0 ? status : wait(arg, ns);
}
