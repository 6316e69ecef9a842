/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/thread.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hal/linux/frame.h>
#include <hal/linux/notify.h>
#include <hal/linux/pager.h>

#define THREAD_WAIT_NS 5000000000ull
#define CLONE_FLAGS                                                         \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | \
		CLONE_SYSVSEM)

static bool find_slot(const struct cbx_linux_process *process, uint32_t *slot)
{
	for (*slot = 0; *slot < CBX_SLOTS; (*slot)++) {
		if (process->thread[*slot] == NULL) {
			return true;
		}
	}
	return false;
}

static bool map_part(struct cbx_linux_process *process, uint32_t slot,
	uint64_t offset, uint64_t bytes, uint64_t protection)
{
	const uint64_t arg[6] = { cbx_linux_slot_va(slot) + offset, bytes,
		protection, MAP_SHARED | MAP_FIXED, CBX_STUB_FD_COMM,
		cbx_linux_slot_offset(slot) + offset };
	int64_t result;

	return cbx_linux_pager_call(process, SYS_mmap, arg, &result) &&
	       (uint64_t)result == arg[0];
}

static bool map_slot(struct cbx_linux_process *process, uint32_t slot)
{
	if (!process->slot_mapped[slot]) {
		process->slot_mapped[slot] =
			map_part(process, slot, 0, CBX_PAGE_SIZE, PROT_READ) &&
			map_part(process, slot, CBX_SLOT_STACK,
				CBX_SLOT_BYTES - CBX_SLOT_STACK,
				PROT_READ | PROT_WRITE);
	}
	return process->slot_mapped[slot];
}

static void insert(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;

	process->thread[thread->slot] = thread;
	if (process->thread_end <= thread->slot) {
		process->thread_end = thread->slot + 1;
	}
	process->users++;
}

static void take_out(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;

	process->thread[thread->slot] = NULL;
	while (process->thread_end > 0 &&
		process->thread[process->thread_end - 1] == NULL) {
		process->thread_end--;
	}
	if (process->comm != NULL) {
		(void)madvise(
			process->comm + cbx_linux_slot_offset(thread->slot),
			CBX_SLOT_BYTES, MADV_REMOVE);
	}
	free(thread);
}

bool cbx_linux_thread_stopped(const struct cbx_linux_thread *thread,
	const struct cbx_linux_notice *notice)
{
	return cbx_linux_notice_stub(notice) && notice->nr == CBX_STUB_STOP &&
	       cbx_linux_frame_valid(
		       thread->slot, notice->arg[CBX_STUB_ARG_CONTEXT]);
}

void cbx_linux_thread_rest(
	struct cbx_linux_thread *thread, const struct cbx_linux_notice *notice)
{
	thread->rest = CBX_REST_STOP;
	thread->id = notice->id;
	thread->context = notice->arg[CBX_STUB_ARG_CONTEXT];
	if (notice->arg[CBX_STUB_ARG_SIGNAL] == CBX_STUB_KICK) {
		thread->kicked = false;
	}
}

static bool receive(
	struct cbx_linux_thread *thread, struct cbx_linux_notice *notice)
{
	uint64_t patience = THREAD_WAIT_NS;

	return cbx_linux_notify_wait(thread->process, &thread->mailbox,
		       &patience, false, notice) == CBX_WAIT_NOTICE &&
	       cbx_linux_notice_stub(notice);
}

/* A new thread installs its filter, then stops, before anybody's code runs in
 * it: by no other way does it come to a stop. */
static bool receive_born(
	struct cbx_linux_thread *thread, struct cbx_linux_notice *notice)
{
	if (!receive(thread, notice) || notice->nr != SYS_seccomp) {
		return false;
	}
	cbx_linux_notify_continue(thread->process, notice->id);
	return receive(thread, notice) && notice->nr == CBX_STUB_STOP &&
	       notice->arg[CBX_STUB_ARG_SIGNAL] == 0;
}

/* The clone's first notice may come before the pager's next one: that is what
 * the newborn is for. */
static bool clone_thread(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;
	const uint64_t arg[6] = { CLONE_FLAGS,
		cbx_linux_slot_va(thread->slot) + CBX_SLOT_BYTES };
	struct cbx_linux_notice notice;
	int64_t tid = -1;

	process->newborn = thread;
	if (!cbx_linux_pager_call(process, SYS_clone, arg, &tid) || tid <= 0) {
		process->newborn = NULL;
		return false;
	}
	if (!receive_born(thread, &notice) ||
		thread->mailbox.tid != (pid_t)tid) {
		cbx_linux_process_kill(process);
		return false;
	}
	thread->rest = CBX_REST_STOP;
	thread->id = notice.id;
	return true;
}

struct cbx_linux_thread *cbx_linux_thread_create(
	struct cbx_linux_process *process, const struct cbx_vcpu_start *start)
{
	struct cbx_linux_thread *thread;
	uint32_t slot;

	if (process->dead || !find_slot(process, &slot) ||
		!map_slot(process, slot)) {
		return NULL;
	}
	thread = calloc(1, sizeof(*thread));
	if (thread == NULL) {
		return NULL;
	}
	thread->process = process;
	thread->slot = slot;
	thread->start = *start;
	insert(thread);
	if (!clone_thread(thread)) {
		take_out(thread);
		process->users--; /* the space's is left */
		return NULL;
	}
	return thread;
}

/* Answer the thread's stops with "exit" until it does. */
static bool see_off(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;
	struct cbx_linux_notice notice;

	for (;;) {
		if (!receive(thread, &notice)) {
			return false;
		}
		if (notice.nr == SYS_exit) {
			cbx_linux_notify_continue(process, notice.id);
			return true;
		}
		if (notice.nr != CBX_STUB_STOP) {
			return false;
		}
		cbx_linux_notify_answer(process, notice.id, 0);
	}
}

void cbx_linux_thread_destroy(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;

	if (!process->dead) {
		if (thread->rest == CBX_REST_CALL) {
			cbx_linux_thread_interrupt(thread);
		}
		cbx_linux_notify_answer(process, thread->id, 0);
		if (!see_off(thread)) {
			cbx_linux_process_kill(process);
		}
	}
	take_out(thread);
}

/* One at a time: a second signal would interrupt the first one's handler, and
 * what is due would be told to that. */
static void kick(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;

	thread->wanted = false;
	if (thread->kicked) {
		return;
	}
	thread->kicked = true;
	if (syscall(SYS_tgkill, process->pid, thread->mailbox.tid,
		    CBX_STUB_KICK) != 0) {
		cbx_linux_process_kill(process);
	}
}

/* A signal on the way to rt_sigreturn would destroy the frame it is about to
 * return to; one that is pending in it, or waits for it, does not. */
void cbx_linux_thread_interrupt(struct cbx_linux_thread *thread)
{
	if (thread->returning) {
		thread->wanted = true;
	} else {
		kick(thread);
	}
}

/* From our answer to rt_sigreturn the thread must not run a box's code, which
 * could make that call itself: a trap on the way (single step) stops. */
static void set_returning(struct cbx_linux_thread *thread, bool returning)
{
	thread->returning = returning;
	cbx_linux_process_info(thread->process, thread->slot)->entry =
		returning ? 0 : thread->entry;
}

void cbx_linux_thread_entry(struct cbx_linux_thread *thread, uint64_t entry)
{
	thread->entry = entry;
	set_returning(thread, thread->returning);
}

void cbx_linux_thread_return(
	struct cbx_linux_thread *thread, const struct cbx_linux_notice *notice)
{
	set_returning(thread, false);
	if (thread->wanted) {
		kick(thread);
	}
	cbx_linux_notify_continue(thread->process, notice->id);
}

void cbx_linux_thread_due(
	struct cbx_linux_thread *thread, const struct cbx_upcall *upcall)
{
	uint32_t i = 0;

	while (i < thread->due_count && thread->due[i].kind != upcall->kind) {
		i++;
	}
	if (i == CBX_LINUX_UPCALLS) {
		return;
	}
	thread->due[i] = *upcall;
	if (i == thread->due_count) {
		thread->due_count++;
	}
}

static void enter_runtime(struct cbx_linux_thread *thread)
{
	cbx_linux_frame_upcall(thread, &thread->due[0]);
	thread->due_count--;
	for (uint32_t i = 0; i < thread->due_count; i++) {
		thread->due[i] = thread->due[i + 1];
	}
}

static void set_frame(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;
	uint32_t slot = thread->slot;

	if (thread->context == 0) {
		cbx_linux_frame_start(process, slot, &thread->start);
	} else if (thread->due_count > 0) {
		enter_runtime(thread);
	} else {
		cbx_linux_frame_resume(process, slot, thread->context);
	}
}

void cbx_linux_thread_continue(struct cbx_linux_thread *thread)
{
	struct cbx_linux_process *process = thread->process;
	uint64_t id = thread->id;

	if (thread->entry == 0) {
		thread->due_count = 0; /* nobody to tell */
	}
	if (thread->rest == CBX_REST_STOP) {
		set_frame(thread);
		set_returning(thread, true);
		thread->answer = (int64_t)cbx_linux_frame_address(thread->slot);
	}
	if (thread->due_count > 0) {
		cbx_linux_thread_interrupt(thread); /* for the next one */
	}
	thread->rest = CBX_REST_NONE;
	cbx_linux_notify_answer(process, id, thread->answer);
}
