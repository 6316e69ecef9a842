/* SPDX-License-Identifier: Apache-2.0 */
/* Running the host on this CPU, and what makes it stop. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/flush.h>
#include <arch/x86_64/machine.h>
#include <base/string.h>
#include <hal/pks-vm/cpus.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/irq.h>
#include <hal/pks-vm/own.h>
#include <hal/pks-vm/pci.h>
#include <hal/pks-vm/pure/table.h>

#define VECTOR_DEBUG 1u
#define VECTOR_NMI   2u
#define VECTOR_PAGE  14u

#define ERROR_WRITE   2u
#define ERROR_USER    4u
#define ERROR_EXECUTE 16u

#define FLAG_IF 0x200ull
/* Not what the CPU would refuse or change a task by: NT, VM, VIF, VIP. */
#define FLAGS_KEPT 0x243fd5ull

extern const uint8_t cbx_pks_enter_end[];

struct frame {
	uint64_t rdx, rcx, rax, rip, cs, rflags, rsp, ss;
};
CBX_SIZE(64, frame);

static bool in_user_mode(const struct cbx_pks_host *host)
{
	return (host->cs & 3) != 0;
}

/* On until it stops; an address the CPU would not go to is none of ours. */
static bool run(struct cbx_pks_host *host)
{
	const struct cbx_regs *regs = &host->regs;
	bool user = in_user_mode(host);

	if (!cbx_x86_canonical(regs->rip)) {
		return false;
	}
	*(struct frame *)cbx_pks_scratch(CBX_PKS_FRAME) = (struct frame){
		.rdx = regs->rdx,
		.rcx = regs->rcx,
		.rax = regs->rax,
		.rip = regs->rip,
		.cs = user ? CBX_SELECTOR_USER_CODE : CBX_SELECTOR_CODE,
		.rflags = (regs->rflags & FLAGS_KEPT) | 2,
		.rsp = regs->rsp,
		.ss = user ? CBX_SELECTOR_USER_DATA : CBX_SELECTOR_DATA,
	};
	if (cbx_x86_cpu()->shadow != 0) {
		cbx_pks_shadow_go(host);
	}
	cbx_pks_enter();
	return true;
}

/* The host's handler is next, with what it interrupted in the scratch page.
 * @return false when it has none, or is in it */
static bool deliver(struct cbx_pks_host *host)
{
	struct cbx_pks_trap *trap = cbx_pks_scratch(CBX_PKS_TRAP);

	if (host->trap_entry == 0 || trap->busy != 0 ||
		!cbx_pks_shadow_push(host)) {
		return false;
	}
	*trap = (struct cbx_pks_trap){
		.busy = 1,
		.vector = host->vector,
		.error = host->error,
		.cr2 = host->cr2,
		.regs = host->regs,
		.cs = in_user_mode(host) ? CBX_SELECTOR_USER_CODE
					 : CBX_SELECTOR_CODE,
	};
	host->cs = CBX_SELECTOR_CODE;
	host->regs.rip = host->trap_entry;
	host->regs.rsp = host->trap_stack;
	host->regs.rflags = 2;
	return true;
}

/* What it interrupted there has its registers in words a handler may use. */
static bool is_monitors(uint64_t va)
{
	return va >= CBX_MONITOR_VA && va < CBX_MONITOR_END;
}

static bool may_interrupt(const struct cbx_pks_host *host, uint64_t vector)
{
	const struct cbx_pks_trap *trap = cbx_pks_scratch(CBX_PKS_TRAP);

	return host->trap_entry != 0 && trap->busy == 0 &&
	       !is_monitors(host->regs.rip) &&
	       (vector < CBX_IRQ_FIRST || (host->regs.rflags & FLAG_IF) != 0);
}

/* @return whether it was delivered */
static bool deliver_kept(struct cbx_pks_host *host, uint64_t vector)
{
	if (!may_interrupt(host, vector)) {
		return false;
	}
	host->pending[vector / 64] &= ~(1ull << vector % 64);
	host->vector = vector;
	host->error = 0;
	host->cr2 = 0;
	return deliver(host);
}

/* One interrupt that was kept, if the host takes it now. */
static void deliver_pending(struct cbx_pks_host *host)
{
	const uint64_t *kept = host->pending;
	bool delivered = false;

	if ((kept[0] | kept[1] | kept[2] | kept[3]) == 0) {
		return;
	}
	for (uint64_t i = 0; i < 4; i++) {
		for (uint64_t bits = kept[i]; bits != 0 && !delivered;
			bits &= bits - 1) {
			delivered = deliver_kept(
				host, i * 64 + (uint64_t)__builtin_ctzll(bits));
		}
	}
	cbx_pks_irq_again((host->regs.rflags & FLAG_IF) != 0);
}

void cbx_x86_interrupt(uint32_t vector)
{
	if (vector == VECTOR_NMI) {
		cbx_pks_nmis_take();
	} else if (vector >= CBX_IRQ_FIRST) {
		cbx_pks_irq_taken(vector);
	} else {
		cbx_pks_irq_keep(vector);
	}
}

/* A page fault in the direct map, because of a view; what is read-only for
 * another reason, or never executable, is between the host and itself. */
static bool read_fault(const struct cbx_pks_host *host, struct cbx_event *event)
{
	struct cbx_pfn pfn = { (host->cr2 - CBX_DIRECT_VA) >> CBX_PAGE_SHIFT };
	bool write = (host->error & ERROR_WRITE) != 0;
	struct cbx_view want = { write ? CBX_VIEW_W : CBX_VIEW_R };
	struct cbx_view view;

	if (host->vector != VECTOR_PAGE || host->cr2 < CBX_DIRECT_VA ||
		!cbx_table_seen(pfn, &view) ||
		(host->error & (ERROR_EXECUTE | ERROR_USER)) != 0 ||
		(view.bits & want.bits) != 0) {
		return false;
	}
	*event = (struct cbx_event){
		.kind = CBX_EVENT_FAULT,
		.pfn = pfn,
		.access = want,
	};
	return true;
}

/* An interrupt between the mode and IRETQ on the way into the host: to write the
 * frame anew would lose the one that lies there, so the host is where that one
 * leads to. */
static void go_back(struct cbx_pks_host *host)
{
	const struct frame *frame = cbx_pks_scratch(CBX_PKS_FRAME);
	struct cbx_regs *regs = &host->regs;

	if (regs->rip < (uint64_t)cbx_x86_host_enter_to ||
		regs->rip >= (uint64_t)cbx_pks_enter_end) {
		return;
	}
	regs->rdx = frame->rdx;
	regs->rcx = frame->rcx;
	regs->rax = frame->rax;
	regs->rip = frame->rip;
	regs->rsp = frame->rsp;
	regs->rflags = frame->rflags;
	host->cs = frame->cs;
}

/* An interrupt came while the host ran, or stood in the monitor's text. */
static void keep(struct cbx_pks_host *host)
{
	host->regs.rip = cbx_pks_site_restart(host->regs.rip, host->regs.rcx);
	if (host->regs.rip == 0) {
		cbx_x86_own_misuse();
	}
	go_back(host);
	if (host->vector == VECTOR_NMI) { /* the stub counts it elsewhere */
		__atomic_fetch_add(&cbx_x86_cpu()->nmis, 1, __ATOMIC_SEQ_CST);
	}
	cbx_x86_interrupt((uint32_t)host->vector);
}

/* @return whether the core hears of it */
static bool trapped(struct cbx_pks_host *host, struct cbx_event *event)
{
	if (host->vector == VECTOR_NMI ||
		(host->vector >= CBX_IRQ_FIRST && host->vector < 256)) {
		keep(host);
		return false;
	}
	if (host->vector == VECTOR_DEBUG && cbx_pks_pci_touched()) {
		cbx_hal_panic("the host used a port of the monitor's", __FILE__,
			__LINE__);
	}
	if (cbx_pks_site_holds(host->regs.rip)) {
		cbx_x86_own_misuse();
	}
	if (host->vector == CBX_VECTOR_SYSCALL) { /* does not say its mode */
		host->regs.rcx = host->regs.rip;
		host->cs = (int64_t)host->regs.rip >= 0 ? CBX_SELECTOR_USER_CODE
							: CBX_SELECTOR_CODE;
	}
	if (read_fault(host, event)) {
		return true;
	}
	*event = (struct cbx_event){ .kind = CBX_EVENT_CRASH };
	return !deliver(host);
}

static void answer(struct cbx_pks_host *host, const struct cbx_reply *reply)
{
	*(struct cbx_reply *)cbx_pks_scratch(CBX_PKS_REPLY) = *reply;
	host->regs.rax = (uint64_t)cbx_pks_scratch(CBX_PKS_REPLY);
}

/* It is not waited for any more, and holds no root. */
static void stop(struct cbx_pks_host *host)
{
	host->running = false;
	cbx_x86_root_load(cbx_x86_cpu()->home);
	cbx_pks_table_take();
	cbx_pks_root_drop();
	cbx_pks_table_drop();
}

static struct cbx_call call_of(const struct cbx_regs *r)
{
	return (struct cbx_call){
		.id = r->rax,
		.arg = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 },
	};
}

/* A gate of the backend's, where gate.S leaves it to us. @return whether there
 * is one */
/* @return whether the core hears of it */
static bool called(struct cbx_pks_host *host, struct cbx_event *event)
{
	const struct cbx_regs *r = &host->regs;

	host->cs = CBX_SELECTOR_CODE;
	if (r->rax == CBX_PKS_STOP) {
		stop(host);
		*event = (struct cbx_event){ .kind = CBX_EVENT_CPU_STOP };
		return true;
	}
	event->kind = CBX_EVENT_CALL;
	event->call = call_of(r);
	if (r->rax >= CBX_PKS_MEMORY &&
		cbx_pks_own_call(&event->call) != CBX_PKS_OWN_NONE) {
		host->regs.rax = (uint64_t)cbx_pks_scratch(CBX_PKS_REPLY);
		return false;
	}
	return true;
}

/* @return whether the core hears of it */
static bool stopped(struct cbx_pks_host *host, struct cbx_event *event)
{
	if (cbx_x86_cpu()->shadow != 0 && host->vector != CBX_VECTOR_NONE) {
		cbx_pks_shadow_note(host);
	}
	switch (host->vector) {
	case CBX_VECTOR_NONE:
		cbx_pks_nmis_take();
		return false;
	case CBX_VECTOR_GATE:
		return called(host, event);
	default:
		return trapped(host, event);
	}
}

static void load_root(const struct cbx_pks_host *host)
{
	if (cbx_x86_cr3() != host->root ||
		cbx_flush_due(cbx_x86_cpu()->number)) {
		cbx_x86_space_leave();
		cbx_x86_root_load(host->root);
	}
}

/* The host's registers, as CPU_START says. */
static void begin(struct cbx_pks_host *host)
{
	uint64_t entry;
	uint64_t argument;

	cbx_pks_cpu_wait(&entry, &argument);
	host->regs = (struct cbx_regs){
		.rip = entry,
		.rdi = argument,
		.rflags = 2,
	};
	host->cs = CBX_SELECTOR_CODE;
	host->root = cbx_pks_root();
	host->running = true;
}

void cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event)
{
	struct cbx_pks_host *host = cbx_pks_host();
	bool heard = false;

	event->kind = CBX_EVENT_CPU_STOP;
	if (cpu != 0 && host->root == 0) {
		begin(host);
	}
	if (reply != NULL) {
		answer(host, reply);
	}
	if (host->crashed) {
		event->kind = CBX_EVENT_CRASH;
	}
	while (host->running && !host->crashed && !heard) {
		cbx_pks_nmis_take();
		load_root(host);
		deliver_pending(host);
		if (!run(host)) {
			event->kind = CBX_EVENT_CRASH;
			return;
		}
		heard = stopped(host, event);
	}
}

void cbx_hal_host_fault(uint32_t cpu)
{
	(void)cpu;
	if (!deliver(cbx_pks_host())) {
		cbx_pks_host()->crashed = true;
	}
}
