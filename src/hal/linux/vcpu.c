/* SPDX-License-Identifier: Apache-2.0 */
/* Box CPU contexts: running them, and what they stop for. */
#include <hal/linux/space.h>

#include <sys/syscall.h>

#include <hal/linux/check.h>
#include <hal/linux/cpu.h>
#include <hal/linux/notify.h>
#include <hal/linux/thread.h>

/* A kicked box that has not come to rest by then is ended. */
#define KICK_WAIT_NS 5000000000ull

/* What this backend keeps in struct cbx_arch_vcpu. */
struct vcpu {
	struct cbx_linux_thread *thread;
};

_Static_assert(sizeof(struct vcpu) <= sizeof(struct cbx_arch_vcpu),
	"struct cbx_arch_vcpu");

static struct vcpu *vcpu_of(struct cbx_arch_vcpu *vcpu)
{
	return (struct vcpu *)(void *)vcpu;
}

enum cbx_status cbx_arch_vcpu_init(struct cbx_arch_vcpu *vcpu,
	struct cbx_arch_space *space, const struct cbx_vcpu_start *start)
{
	struct cbx_linux_process *process = cbx_linux_space(space)->process;
	struct cbx_linux_thread *thread;

	CBX_CHECK(process != NULL);
	pthread_mutex_lock(&process->lock);
	thread = cbx_linux_thread_create(process, start);
	pthread_mutex_unlock(&process->lock);
	vcpu_of(vcpu)->thread = thread;
	return thread != NULL ? CBX_OK : CBX_E_HARDWARE;
}

void cbx_arch_vcpu_fini(struct cbx_arch_vcpu *vcpu)
{
	struct cbx_linux_thread *thread = vcpu_of(vcpu)->thread;
	struct cbx_linux_process *process = thread->process;

	pthread_mutex_lock(&process->lock);
	cbx_linux_thread_destroy(thread);
	pthread_mutex_unlock(&process->lock);
	cbx_linux_process_drop(process);
	vcpu_of(vcpu)->thread = NULL;
}

static struct cbx_call call_of(const struct cbx_linux_notice *notice)
{
	struct cbx_call call = { .id = (uint32_t)notice->nr };

	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		call.arg[i] = notice->arg[i];
	}
	return call;
}

static bool is_gate(const struct cbx_linux_notice *notice)
{
	return (uint32_t)notice->nr - CBX_LINUX_GATE_BASE <
	       CBX_LINUX_GATE_COUNT;
}

static void stop_at_gate(struct cbx_linux_thread *thread,
	const struct cbx_linux_notice *notice, struct cbx_stop *stop)
{
	stop->kind = CBX_STOP_GATE;
	stop->call = call_of(notice);
	stop->call.id -= CBX_LINUX_GATE_BASE;
	thread->rest = CBX_REST_CALL;
	thread->id = notice->id;
	thread->answer = (int64_t)(cbx_linux_slot_va(thread->slot) +
				   offsetof(struct cbx_linux_info, reply));
}

/* The call is to return its own number, so that rax is what it was; negative
 * ones could mean something to the kernel. */
static void stop_at_call(struct cbx_linux_thread *thread,
	const struct cbx_linux_notice *notice, struct cbx_stop *stop)
{
	const struct cbx_upcall upcall = {
		.kind = CBX_UPCALL_SYSCALL,
		.code = (uint32_t)notice->nr,
	};

	stop->kind = CBX_STOP_TRACE;
	stop->call = call_of(notice);
	thread->rest = CBX_REST_CALL;
	thread->id = notice->id;
	thread->answer = notice->nr >= 0 ? notice->nr : 0;
	cbx_linux_thread_due(thread, &upcall);
	if (thread->entry == 0) {
		stop->kind = CBX_STOP_FAULT;
		stop->fault = CBX_FAULT_INSTRUCTION;
		stop->address.a = notice->address;
	}
}

static bool is_fault(const struct cbx_linux_notice *notice)
{
	return notice->arg[CBX_STUB_ARG_SIGNAL] != CBX_STUB_KICK &&
	       (int64_t)notice->arg[CBX_STUB_ARG_CODE] > 0;
}

/* @return false when it came to rest only to enter the runtime */
static bool stop_in_stub(struct cbx_linux_thread *thread,
	const struct cbx_linux_notice *notice, struct cbx_stop *stop)
{
	cbx_linux_thread_rest(thread, notice);
	if (is_fault(notice)) {
		stop->kind = CBX_STOP_FAULT;
		stop->fault = (enum cbx_fault)cbx_linux_fault(
			notice->arg[CBX_STUB_ARG_SIGNAL],
			notice->arg[CBX_STUB_ARG_TRAP],
			notice->arg[CBX_STUB_ARG_ERROR]);
		stop->address.a = notice->arg[CBX_STUB_ARG_ADDRESS];
		return true;
	}
	if (thread->due_count > 0) {
		cbx_linux_thread_continue(thread);
		return false;
	}
	stop->kind = CBX_STOP_INTERRUPTED;
	return true;
}

/* @return false to wait on */
static bool take_notice(struct cbx_linux_thread *thread,
	const struct cbx_linux_notice *notice, struct cbx_stop *stop)
{
	bool stub = cbx_linux_notice_stub(notice);

	if (stub && notice->nr == SYS_rt_sigreturn && thread->returning) {
		cbx_linux_thread_return(thread, notice);
		return false;
	}
	if (!thread->returning && cbx_linux_thread_stopped(thread, notice)) {
		return stop_in_stub(thread, notice, stop);
	}
	if (!stub && is_gate(notice)) {
		stop_at_gate(thread, notice, stop);
		return true;
	}
	if (!stub && (thread->process->flags & CBX_SPACE_TRACE) != 0) {
		stop_at_call(thread, notice, stop);
		return true;
	}
	/* Box code in the stub's instructions; or a trap, or a foreign signal,
	 * between our answer and rt_sigreturn, where no frame is whole. */
	cbx_linux_process_kill(thread->process);
	stop->kind = CBX_STOP_LOST;
	return true;
}

static void watch(struct cbx_linux_thread *thread, struct cbx_stop *stop)
{
	uint64_t patience = CBX_WAIT_FOREVER;
	struct cbx_linux_notice notice;

	for (;;) {
		switch (cbx_linux_notify_wait(thread->process, &thread->mailbox,
			&patience, patience == CBX_WAIT_FOREVER, &notice)) {
		case CBX_WAIT_NOTICE:
			if (take_notice(thread, &notice, stop)) {
				return;
			}
			if (patience != CBX_WAIT_FOREVER) {
				/* it had come to rest for something else */
				cbx_linux_thread_interrupt(thread);
			}
			break;
		case CBX_WAIT_KICK:
			patience = KICK_WAIT_NS;
			cbx_linux_thread_interrupt(thread);
			break;
		case CBX_WAIT_LATE:
			cbx_linux_process_kill(thread->process);
			break;
		case CBX_WAIT_DEATH:
			stop->kind = CBX_STOP_LOST;
			return;
		}
	}
}

void cbx_arch_vcpu_run(struct cbx_arch_vcpu *vcpu,
	const struct cbx_reply *reply, struct cbx_stop *stop)
{
	struct cbx_linux_thread *thread = vcpu_of(vcpu)->thread;
	struct cbx_linux_process *process = thread->process;

	*stop = (struct cbx_stop){ .kind = CBX_STOP_LOST };
	pthread_mutex_lock(&process->lock);
	if (!process->dead && reply != NULL) {
		cbx_linux_process_info(process, thread->slot)->reply = *reply;
	}
	if (!process->dead && cbx_linux_cpu_kicked(cbx_hal_cpu())) {
		stop->kind = CBX_STOP_INTERRUPTED;
	} else if (!process->dead) {
		cbx_linux_thread_continue(thread);
		watch(thread, stop);
	}
	pthread_mutex_unlock(&process->lock);
}

/* The stack is the slot's, which the kernel needs for its frames anyway. */
void cbx_arch_vcpu_upcall_entry(
	struct cbx_arch_vcpu *vcpu, uint64_t entry, uint64_t stack)
{
	struct cbx_linux_thread *thread = vcpu_of(vcpu)->thread;
	struct cbx_linux_process *process = thread->process;

	(void)stack;
	pthread_mutex_lock(&process->lock);
	if (!process->dead) {
		cbx_linux_thread_entry(thread, entry);
	}
	pthread_mutex_unlock(&process->lock);
}

void cbx_arch_vcpu_upcall(
	struct cbx_arch_vcpu *vcpu, enum cbx_upcall_kind kind, uint64_t value)
{
	struct cbx_linux_thread *thread = vcpu_of(vcpu)->thread;
	const struct cbx_upcall upcall = {
		.kind = (uint32_t)kind,
		.value = value,
	};

	pthread_mutex_lock(&thread->process->lock);
	cbx_linux_thread_due(thread, &upcall);
	pthread_mutex_unlock(&thread->process->lock);
}
