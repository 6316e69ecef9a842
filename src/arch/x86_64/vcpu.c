/* SPDX-License-Identifier: Apache-2.0 */
/* Box CPU contexts: running them, and what they stop for. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <arch/x86_64/space.h>
#include <arch/x86_64/vcpu.h>
#include <base/gatecall_linux.h>
#include <base/string.h>

/* What a box may have in rflags: arithmetic, trap, direction, alignment
 * check, identification.  The rest is 0 but for the constant bit and
 * interrupts, which are on. */
#define FLAGS_USER 0x240dd5ull
#define FLAGS_SET  0x000202ull

/* Addresses of user mode end here. */
#define USER_END 0x800000000000ull

enum vector {
	VECTOR_DIVIDE = 0,
	VECTOR_DEBUG = 1,
	VECTOR_NMI = 2,
	VECTOR_BREAKPOINT = 3,
	VECTOR_PAGE = 14,
	VECTOR_X87 = 16,
	VECTOR_CHECK = 18,
	VECTOR_SIMD = 19,
	VECTOR_HV = 28,
	VECTOR_VC = 29,
	VECTOR_EXTERNAL = 32,
};
#define PAGE_WRITE   0x02u
#define PAGE_EXECUTE 0x10u

/* A number of an exception that never happened: the context is to continue
 * where no instruction can be. */
static const struct cbx_x86_trap lost_way = {
	.vector = VECTOR_PAGE,
	.error = PAGE_EXECUTE | 4,
};

enum cbx_status cbx_arch_vcpu_init(struct cbx_arch_vcpu *vcpu,
	struct cbx_arch_space *space, const struct cbx_vcpu_start *start)
{
	struct cbx_x86_vcpu *v = cbx_x86_vcpu(vcpu);
	const struct cbx_x86_space *s = cbx_x86_space_const(space);

	v->trap.regs = (struct cbx_regs){
		.rip = start->entry,
		.rsp = start->stack,
		.rdi = start->arg,
	};
	v->root = s->root;
	v->flags = s->flags;
	v->stack = start->stack;
	v->first_stack = start->stack;
	cbx_x86_xstate_reset(v);
	return CBX_OK;
}

void cbx_arch_vcpu_fini(struct cbx_arch_vcpu *vcpu)
{
	memset(vcpu, 0, sizeof(*vcpu));
}

void cbx_arch_vcpu_upcall_entry(
	struct cbx_arch_vcpu *vcpu, uint64_t entry, uint64_t stack)
{
	struct cbx_x86_vcpu *v = cbx_x86_vcpu(vcpu);

	v->entry = entry;
	v->stack = stack != 0 ? stack : v->first_stack;
}

void cbx_arch_vcpu_upcall(
	struct cbx_arch_vcpu *vcpu, enum cbx_upcall_kind kind, uint64_t value)
{
	struct cbx_x86_vcpu *v = cbx_x86_vcpu(vcpu);

	if (kind == CBX_UPCALL_DEADLINE) {
		v->deadline_due = true;
		v->deadline = value;
	}
}

/* One trip into box code and back. */
static void trip(struct cbx_x86_vcpu *v)
{
	struct cbx_regs *regs = &v->trap.regs;

	regs->rflags = (regs->rflags & FLAGS_USER) | FLAGS_SET;
	cbx_x86_xrstor(cbx_x86_xstate(v));
	cbx_x86_bases(v->fs_base, v->gs_base);
	cbx_x86_enter();
	v->fs_base = cbx_x86_fs_base();
	v->gs_base = cbx_x86_gs_base();
	cbx_x86_segments_clear();
	cbx_x86_xsave(cbx_x86_xstate(v));
	cbx_x86_xrstor(&cbx_x86_initial);
}

static enum cbx_fault page_fault_of(uint64_t error)
{
	if ((error & PAGE_EXECUTE) != 0) {
		return CBX_FAULT_EXECUTE;
	}
	return (error & PAGE_WRITE) != 0 ? CBX_FAULT_WRITE : CBX_FAULT_READ;
}

static enum cbx_fault fault_of(const struct cbx_x86_trap *trap)
{
	switch (trap->vector) {
	case VECTOR_PAGE:
		return page_fault_of(trap->error);
	case VECTOR_DIVIDE:
	case VECTOR_X87:
	case VECTOR_SIMD:
		return CBX_FAULT_ARITHMETIC;
	case VECTOR_DEBUG:
	case VECTOR_BREAKPOINT:
		return CBX_FAULT_BREAKPOINT;
	default:
		return CBX_FAULT_INSTRUCTION;
	}
}

/* Into the runtime, or a stop when there is none to take it: an entry where no
 * instruction can be would fault for ever, here and not in the box. */
static bool deliver(struct cbx_x86_vcpu *v, const struct cbx_upcall *upcall,
	const struct cbx_x86_trap *trap, struct cbx_stop *stop)
{
	if (v->entry != 0 && v->entry < USER_END &&
		cbx_x86_upcall(v, upcall, trap)) {
		return true;
	}
	*stop = (struct cbx_stop){
		.kind = CBX_STOP_FAULT,
		.fault = upcall->kind == CBX_UPCALL_FAULT
				 ? (enum cbx_fault)upcall->code
				 : CBX_FAULT_INSTRUCTION,
		.address.a = upcall->kind == CBX_UPCALL_FAULT
				     ? upcall->value
				     : v->trap.regs.rip,
	};
	return false;
}

static bool deliver_fault(struct cbx_x86_vcpu *v,
	const struct cbx_x86_trap *trap, struct cbx_stop *stop)
{
	const struct cbx_upcall upcall = {
		.kind = CBX_UPCALL_FAULT,
		.code = (uint32_t)fault_of(trap),
		.value = trap->vector == VECTOR_PAGE ? trap->cr2
						     : v->trap.regs.rip,
	};

	return deliver(v, &upcall, trap, stop);
}

static bool deliver_call(struct cbx_x86_vcpu *v, uint32_t code,
	const struct cbx_x86_trap *trap, struct cbx_stop *stop)
{
	const struct cbx_upcall upcall = {
		.kind = CBX_UPCALL_SYSCALL,
		.code = code,
	};

	return deliver(v, &upcall, trap, stop);
}

/* What was to be delivered when the context next runs. */
static bool deliver_due(struct cbx_x86_vcpu *v, struct cbx_stop *stop)
{
	static const struct cbx_x86_trap none = { .vector =
							  CBX_VECTOR_SYSCALL };
	bool call = v->call_due;
	bool deadline = v->deadline_due && v->entry != 0;
	const struct cbx_upcall upcall = {
		.kind = CBX_UPCALL_DEADLINE,
		.value = v->deadline,
	};

	v->call_due = false;
	v->deadline_due = false;
	if (call && !deliver_call(v, v->call_code, &none, stop)) {
		return false;
	}
	return !deadline || deliver(v, &upcall, &none, stop);
}

static void stop_at(struct cbx_stop *stop, enum cbx_stop_kind kind,
	const struct cbx_regs *r, uint32_t id)
{
	stop->kind = kind;
	stop->call.id = id;
	stop->call.arg[0] = r->rdi;
	stop->call.arg[1] = r->rsi;
	stop->call.arg[2] = r->rdx;
	stop->call.arg[3] = r->r10;
	stop->call.arg[4] = r->r8;
	stop->call.arg[5] = r->r9;
	stop->call.reserved = 0;
}

/* @return whether the context runs on */
static bool system_call(struct cbx_x86_vcpu *v, const struct cbx_x86_trap *trap,
	struct cbx_stop *stop)
{
	uint32_t number = (uint32_t)v->trap.regs.rax;

	if (number - CBX_LINUX_GATE_BASE < CBX_LINUX_GATE_COUNT) {
		stop_at(stop, CBX_STOP_GATE, &v->trap.regs,
			number - CBX_LINUX_GATE_BASE);
		return false;
	}
	if ((v->flags & CBX_SPACE_TRACE) == 0 || v->entry == 0) {
		return deliver_call(v, number, trap, stop);
	}
	stop_at(stop, CBX_STOP_TRACE, &v->trap.regs, number);
	v->call_due = true;
	v->call_code = number;
	return false;
}

/* @return whether the context runs on */
static bool handle(struct cbx_x86_vcpu *v, const struct cbx_x86_trap *trap,
	struct cbx_stop *stop)
{
	if (trap->vector == CBX_VECTOR_SYSCALL) {
		return system_call(v, trap, stop);
	}
	if (trap->vector >= VECTOR_EXTERNAL || trap->vector == VECTOR_NMI ||
		trap->vector == VECTOR_CHECK || trap->vector == VECTOR_HV) {
		cbx_x86_interrupt((uint32_t)trap->vector);
		stop->kind = CBX_STOP_INTERRUPTED;
		return false;
	}
	if (trap->vector == VECTOR_VC && cbx_x86_vc(v)) {
		return true;
	}
	return deliver_fault(v, trap, stop);
}

/* @return whether the context runs on */
static bool step(struct cbx_x86_vcpu *v, struct cbx_stop *stop)
{
	if (v->trap.regs.rip >= USER_END) {
		struct cbx_x86_trap trap = lost_way;

		trap.cr2 = v->trap.regs.rip;
		return deliver_fault(v, &trap, stop);
	}
	trip(v);
	return handle(v, &v->trap, stop);
}

static void keys_begin(const struct cbx_x86_vcpu *v)
{
	if (cbx_x86_user_keys) {
		cbx_x86_pkru_write(v->pkru);
	}
}

static void keys_end(struct cbx_x86_vcpu *v)
{
	if (cbx_x86_user_keys) {
		v->pkru = cbx_x86_pkru();
		cbx_x86_pkru_write(0);
	}
}

/* The reply is the context's own, and what its page on this CPU shows. */
static void show_reply(struct cbx_x86_vcpu *v, const struct cbx_reply *reply)
{
	struct cbx_reply *page = CBX_CPU_HERE(CBX_CPU_REPLY_PAGE);

	if (reply == NULL) {
		*page = v->reply;
		return;
	}
	page->status = v->reply.status = reply->status;
#pragma GCC unroll 7
	for (uint32_t i = 0; i < CBX_REPLY_RETS; i++) {
		page->ret[i] = v->reply.ret[i] = reply->ret[i];
	}
	v->trap.regs.rax = CBX_REPLY_VA;
}

void cbx_arch_vcpu_run(struct cbx_arch_vcpu *vcpu,
	const struct cbx_reply *reply, struct cbx_stop *stop)
{
	struct cbx_x86_vcpu *v = cbx_x86_vcpu(vcpu);
	uint64_t before = 0;
	bool on = true;

	stop->kind = CBX_STOP_LOST;
	show_reply(v, reply);
	cbx_x86_cpu()->box = (uint64_t)&v->trap - CBX_CPU_REGS;
	cbx_x86_space_enter(v->root);
	if (cbx_x86_lists_features(v)) {
		before = cbx_x86_features_begin(v);
	}
	keys_begin(v);
	if (v->call_due || v->deadline_due) {
		on = deliver_due(v, stop);
	}
	while (on) {
		on = step(v, stop);
	}
	keys_end(v);
	if (cbx_x86_lists_features(v)) {
		cbx_x86_features_end(before);
	}
}
