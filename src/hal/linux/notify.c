/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/notify.h>

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hal/linux/cpu.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

#define WAIT_KILLABLE (1ul << 5) /* .._WAIT_KILLABLE_RECV, Linux 5.19 */
#define SLICE_MS      100
#define NS_PER_MS     1000000ull

/* A later kernel may have longer structures, with what we know first. */
#define ROOM 256

union request {
	struct seccomp_notif notif;
	uint8_t room[ROOM];
};
union response {
	struct seccomp_notif_resp resp;
	uint8_t room[ROOM];
};

const char *cbx_linux_notify_start(void)
{
	struct seccomp_notif_sizes sizes;
	const uint32_t notify = SECCOMP_RET_USER_NOTIF;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0 ||
		syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &notify) !=
			0) {
		return "the kernel has no seccomp user notification";
	}
	/* Known flags and no filter: the filter is missed; else a flag is. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_NEW_LISTENER | WAIT_KILLABLE,
		    NULL) == 0 ||
		errno != EFAULT) {
		return "the kernel is older than Linux 5.19, or forbids "
		       "seccomp";
	}
	if (sizes.seccomp_notif > ROOM || sizes.seccomp_notif_resp > ROOM ||
		sizes.seccomp_data != sizeof(struct seccomp_data)) {
		return "the kernel's seccomp notification has an unknown form";
	}
	return NULL;
}

/* Kernels before 6.6 do not have it: then it is only slower. */
void cbx_linux_notify_prepare(int listener)
{
	(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS,
		SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

static struct cbx_linux_mailbox *mailbox_of(
	struct cbx_linux_process *process, pid_t tid)
{
	struct cbx_linux_thread *newborn = process->newborn;

	if (tid == process->pager.tid) {
		return &process->pager;
	}
	for (uint32_t i = 0; i < process->thread_end; i++) {
		struct cbx_linux_thread *thread = process->thread[i];

		if (thread != NULL && thread->mailbox.tid == tid) {
			return &thread->mailbox;
		}
	}
	process->newborn = NULL;
	if (newborn != NULL) {
		newborn->mailbox.tid = tid;
		return &newborn->mailbox;
	}
	return NULL;
}

static void put(
	struct cbx_linux_process *process, const struct seccomp_notif *notif)
{
	struct cbx_linux_mailbox *mailbox =
		mailbox_of(process, (pid_t)notif->pid);

	if (mailbox == NULL) {
		cbx_linux_process_kill(process);
		return;
	}
	mailbox->full = true;
	mailbox->notice = (struct cbx_linux_notice){
		.id = notif->id,
		.nr = notif->data.nr,
		.address = notif->data.instruction_pointer,
	};
	for (uint32_t i = 0; i < 6; i++) {
		mailbox->notice.arg[i] = notif->data.args[i];
	}
	if (mailbox->waited && mailbox->cpu != cbx_hal_cpu()) {
		cbx_linux_cpu_wake(mailbox->cpu);
	}
}

/* Receiving blocks when there is nothing: there is something as long as nobody
 * received since @p before, when the lock was let go to look; one who did may
 * have taken it.  A notice that vanishes ends the call with ENOENT. */
static void receive(struct cbx_linux_process *process, uint64_t before)
{
	struct pollfd poller = { .fd = process->listener, .events = POLLIN };
	union request request;
	int result;

	if (process->received != before &&
		(poll(&poller, 1, 0) != 1 || (poller.revents & POLLIN) == 0)) {
		return;
	}
	process->received++;
	do {
		memset(&request, 0, sizeof(request));
		result = ioctl(
			process->listener, SECCOMP_IOCTL_NOTIF_RECV, &request);
	} while (result != 0 && errno == EINTR);
	if (result == 0) {
		put(process, &request.notif);
	}
}

/* What a sleep takes of the patience: when it was longer than it was to be, a box
 * may have been kept from running just as we were. */
static void count_sleep(uint64_t *patience, uint64_t before)
{
	uint64_t slept;

	if (*patience == CBX_WAIT_FOREVER) {
		return;
	}
	slept = cbx_hal_ticks() - before;
	if (slept > SLICE_MS * NS_PER_MS) {
		slept = SLICE_MS * NS_PER_MS;
	}
	*patience -= slept < *patience ? slept : *patience;
}

/* Sleep until something may have changed, or a slice of the patience is over. */
static void sleep_slice(struct cbx_linux_process *process, uint64_t *patience)
{
	uint32_t cpu = cbx_hal_cpu();
	struct pollfd poller[] = {
		{ .fd = process->listener, .events = POLLIN },
		{ .fd = cbx_linux_cpu_event(cpu), .events = POLLIN },
		{ .fd = process->pidfd, .events = POLLIN },
	};
	uint64_t received = process->received;
	uint64_t before = cbx_hal_ticks();
	int n;

	pthread_mutex_unlock(&process->lock);
	n = poll(poller, 3, *patience == CBX_WAIT_FOREVER ? -1 : SLICE_MS);
	pthread_mutex_lock(&process->lock);
	count_sleep(patience, before);
	if (n <= 0) {
		return;
	}
	if (poller[1].revents != 0) {
		cbx_linux_cpu_calm(cpu);
	}
	if (poller[2].revents != 0 || (poller[0].revents & POLLHUP) != 0) {
		process->dead = true;
	} else if ((poller[0].revents & POLLIN) != 0) {
		receive(process, received);
	}
}

enum cbx_linux_wait cbx_linux_notify_wait(struct cbx_linux_process *process,
	struct cbx_linux_mailbox *mailbox, uint64_t *patience, bool kickable,
	struct cbx_linux_notice *notice)
{
	enum cbx_linux_wait result = CBX_WAIT_NOTICE;

	mailbox->cpu = cbx_hal_cpu();
	mailbox->waited = true;
	while (result == CBX_WAIT_NOTICE && !mailbox->full) {
		if (process->dead) {
			result = CBX_WAIT_DEATH;
		} else if (kickable && cbx_linux_cpu_kicked(mailbox->cpu)) {
			result = CBX_WAIT_KICK;
		} else if (*patience == 0) {
			result = CBX_WAIT_LATE;
		} else {
			sleep_slice(process, patience);
		}
	}
	mailbox->waited = false;
	if (result == CBX_WAIT_NOTICE) {
		mailbox->full = false;
		*notice = mailbox->notice;
	}
	return result;
}

static void send(struct cbx_linux_process *process, uint64_t id, int64_t value,
	uint32_t flags)
{
	union response response = {
		.resp = { .id = id, .val = value, .flags = flags },
	};
	int result;

	do {
		result = ioctl(
			process->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	} while (result != 0 && errno == EINTR);
	if (result != 0) {
		cbx_linux_process_kill(process); /* gone, or as good as */
	}
}

void cbx_linux_notify_answer(
	struct cbx_linux_process *process, uint64_t id, int64_t value)
{
	send(process, id, value, 0);
}

void cbx_linux_notify_continue(struct cbx_linux_process *process, uint64_t id)
{
	send(process, id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}
