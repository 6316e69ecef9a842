/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for descriptors: the call is made again until there is something. */
#include <host/os/file.h>

#include <asm/poll.h>
#include <linux/time_types.h>

/* Whether reading from it would wait. */
static bool is_empty(const struct os_file *file)
{
	return file->kind == OS_KIND_COUNTER
		       ? file->position == 0
		       : file->kind == OS_KIND_LINE &&
				 !os_line_ready(file->line);
}

static uint16_t ready(const struct pollfd *poll)
{
	const struct os_file *file = os_file_at((uint64_t)poll->fd);
	uint16_t events = (uint16_t)poll->events & (POLLIN | POLLOUT);

	if (file == NULL) {
		return POLLNVAL;
	}
	if ((events & POLLIN) != 0 && is_empty(file)) {
		events &= POLLOUT;
	}
	if (file->kind == OS_KIND_LINE && !os_line_room(file->line)) {
		events &= POLLIN;
	}
	return events;
}

static uint64_t poll_all(const uint64_t *arg)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < arg[1]; i++) {
		uint64_t at = arg[0] + i * sizeof(struct pollfd);
		struct pollfd poll;

		if (!os_get(&poll, at, sizeof(poll))) {
			return OS_ERROR(EFAULT);
		}
		poll.revents = poll.fd < 0 ? 0 : (short)ready(&poll);
		count += poll.revents != 0;
		if (!os_put(at, &poll, sizeof(poll))) {
			return OS_ERROR(EFAULT);
		}
	}
	return count;
}

/* The time it waits until stays with the thread while the call is repeated. */
static uint64_t wait_for(
	struct os_thread *t, const uint64_t *arg, uint64_t nanoseconds)
{
	uint64_t count = poll_all(arg);
	uint64_t now = os_now();

	if (t->poll_ns == 0) {
		t->poll_ns = nanoseconds > UINT64_MAX - now ? UINT64_MAX
							    : now + nanoseconds;
	}
	if (count != 0 || now >= t->poll_ns) {
		t->poll_ns = 0;
		return count;
	}
	return os_again(
		t, t->poll_ns - now < OS_PAUSE ? t->poll_ns - now : OS_PAUSE);
}

OS_SYSCALL(sys_poll)
{
	int32_t milliseconds = (int32_t)arg[2];

	return wait_for(t, arg,
		milliseconds < 0 ? UINT64_MAX
				 : (uint64_t)milliseconds * 1000000u);
}

/* Signals are not waited for: who asks for a mask is refused. */
OS_SYSCALL(sys_ppoll)
{
	struct __kernel_timespec time;

	if (arg[3] != 0) {
		return OS_ERROR(ENOSYS);
	}
	if (arg[2] == 0) {
		return wait_for(t, arg, UINT64_MAX);
	}
	if (!os_get(&time, arg[2], sizeof(time))) {
		return OS_ERROR(EFAULT);
	}
	if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= 1000000000) {
		return OS_ERROR(EINVAL);
	}
	return wait_for(t, arg,
		time.tv_sec >= INT32_MAX ? UINT64_MAX
					 : (uint64_t)time.tv_sec * 1000000000u +
						   (uint64_t)time.tv_nsec);
}
