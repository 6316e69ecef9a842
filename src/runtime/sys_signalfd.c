/* SPDX-License-Identifier: Apache-2.0 */
/* signalfd: the reader's signals as a file. */
#include "anonymous.h"
#include "heap.h"
#include "linux.h"
#include "signal.h"
#include "syscall.h"
#include "task.h"
#include "user.h"

struct signalfd {
	uint64_t set;
};

struct signalfd_siginfo {
	uint32_t signo;
	int32_t error, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t id, band, overrun, trap;
	int32_t status, value;
	uint64_t pointer, user, system, address;
	uint8_t pad[48];
};
CBX_SIZE(128, signalfd_siginfo);

static bool is_fault(const struct lx_siginfo *info)
{
	switch (info->signo) {
	case LX_SIGILL:
	case LX_SIGFPE:
	case LX_SIGSEGV:
	case LX_SIGBUS:
	case LX_SIGTRAP:
		return info->code > 0;
	default:
		return false;
	}
}

static struct signalfd_siginfo convert(const struct lx_siginfo *info)
{
	struct signalfd_siginfo out = {
		.signo = (uint32_t)info->signo,
		.error = info->error,
		.code = info->code,
	};

	if (is_fault(info)) {
		out.address = info->address;
	} else if (info->code == LX_SI_TIMER) {
		out.id = (uint32_t)info->timer.id;
		out.overrun = (uint32_t)info->timer.overrun;
		out.pointer = info->timer.value;
		out.value = (int32_t)info->timer.value;
	} else if (info->signo == LX_SIGCHLD && info->code > 0) {
		out.pid = info->child.pid;
		out.uid = info->child.uid;
		out.status = info->child.status;
		out.user = (uint64_t)info->child.user;
		out.system = (uint64_t)info->child.system;
	} else {
		out.pid = info->from.pid;
		out.uid = info->from.uid;
		out.pointer = info->from.value;
		out.value = (int32_t)info->from.value;
	}
	return out;
}

static int64_t wait_for_one(struct cbx_file *file, struct lx_siginfo *info)
{
	const struct signalfd *own = file->own;
	int64_t status = 0;

	while (status == 0 && !cbx_signal_take(own->set, info)) {
		status = cbx_anonymous_block(file, &cbx_signal_watchers);
	}
	return status;
}

static int64_t signal_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	const struct signalfd *own = file->own;
	uint64_t room = bytes / sizeof(struct signalfd_siginfo);
	uint64_t done = 0;
	struct lx_siginfo info;
	int64_t status;

	(void)at;
	if (room == 0) {
		return -LX_EINVAL;
	}
	status = wait_for_one(file, &info);
	while (status == 0) {
		const struct signalfd_siginfo out = convert(&info);

		status = cbx_user_put(
			va + done * sizeof(out), &out, sizeof(out));
		done += status == 0 ? 1 : 0;
		if (done == room || !cbx_signal_take(own->set, &info)) {
			break;
		}
	}
	return done != 0 ? (int64_t)(done * sizeof(struct signalfd_siginfo))
			 : status;
}

static uint32_t signal_poll(struct cbx_file *file)
{
	const struct signalfd *own = file->own;
	const struct cbx_task *self = cbx_task_self();
	uint64_t pending = self->signal.queue.pending |
			   self->process->signal.queue.pending;

	return (pending & own->set) != 0 ? LX_POLLIN : 0;
}

static struct cbx_wait_queue *signal_queue(struct cbx_file *file)
{
	(void)file;
	return &cbx_signal_watchers;
}

static void signal_close(struct cbx_file *file)
{
	cbx_heap_give(file->own, sizeof(struct signalfd));
}

static const struct cbx_file_ops signal_ops = {
	.read = signal_read,
	.poll = signal_poll,
	.queue = signal_queue,
	.close = signal_close,
	.name = "anon_inode:[signalfd]",
};

static int64_t make(uint64_t set, uint32_t flags)
{
	struct signalfd *own = cbx_heap_take_zero(sizeof(*own));

	if (own != NULL) {
		own->set = set;
	}
	return cbx_anonymous_open(
		&signal_ops, own, sizeof(*own), LX_O_RDWR | flags);
}

int64_t cbx_sys_signalfd4(const uint64_t *arg)
{
	uint32_t flags = (uint32_t)arg[3];
	struct cbx_file *file;
	uint64_t set;
	int64_t status;

	if (arg[2] != sizeof(set) ||
		(flags & ~(LX_O_NONBLOCK | LX_O_CLOEXEC)) != 0) {
		return -LX_EINVAL;
	}
	if (cbx_user_get(&set, arg[1], sizeof(set)) != 0) {
		return -LX_EFAULT;
	}
	set &= ~CBX_SIGNALS_UNBLOCKABLE;
	if ((int32_t)arg[0] == -1) {
		return make(set, flags);
	}
	status = cbx_anonymous_find(arg[0], &signal_ops, &file);
	if (status != 0) {
		return status;
	}
	((struct signalfd *)file->own)->set = set;
	cbx_wait_wake(&cbx_signal_watchers, UINT64_MAX);
	return (int32_t)arg[0];
}

int64_t cbx_sys_signalfd(const uint64_t *arg)
{
	const uint64_t four[4] = { arg[0], arg[1], arg[2], 0 };

	return cbx_sys_signalfd4(four);
}
