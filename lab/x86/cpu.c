/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu.h"

#include <stdatomic.h>

#include "asm.h"
#include "count.h"
#include "device.h"
#include "doorbell.h"
#include "host.h"
#include "intercept.h"
#include "machine.h"
#include "npt.h"
#include "say.h"
#include "vc.h"
#include "vectors.h"

#define NESTED_PAGING	1u
#define BUSY		(1ull << 63)
#define FIRST_INTERRUPT 32

/* Bytes of a save area in front of its vectors. */
#define NO_VECTORS offsetof(struct lab_save, x87_dp)

extern void lab_world_enter(struct lab_vmcb *vmcb);

struct lab_cpu lab_cpus[LAB_CPUS];

/* The table of pages, nested tables and what the host keeps: one at a time. */
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void lock_take(void)
{
	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire)) {
		lab_pause();
	}
}

static void lock_drop(void)
{
	atomic_flag_clear_explicit(&lock, memory_order_release);
}

void lab_cpu_start(struct lab_cpu *cpu)
{
	lab_wrmsr(LAB_MSR_EFER, lab_rdmsr(LAB_MSR_EFER) | LAB_EFER_SVME);
	lab_wrmsr(LAB_MSR_HSAVE, (uint64_t)cpu->host_save);
	lab_cr4_write(lab_cr4() | LAB_CR4_OSXSAVE);
	cpu->vmcb.control.nested = NESTED_PAGING;
	__asm__ volatile("clgi");
}

/* Whether registers are a level's. */
static bool is_of(const struct lab_save *save, uint8_t vmpl)
{
	return save->vmpl == vmpl &&
	       (save->features | LAB_FEATURE_RESTRICTED) ==
		       (LAB_FEATURES | LAB_FEATURE_RESTRICTED) &&
	       lab_vectors_valid(save);
}

/* ... of a processor that VMRUN takes. */
static bool is_valid(const struct lab_save *save, uint8_t vmpl)
{
	return is_of(save, vmpl) && (save->efer & LAB_EFER_SVME) != 0;
}

bool lab_cpu_runnable(const struct lab_cpu *cpu, uint8_t vmpl)
{
	return vmpl < SNP_VMPLS && cpu->world[vmpl].save != NULL &&
	       is_valid(cpu->world[vmpl].save, vmpl);
}

static struct snp_at at_of(const struct lab_save *save)
{
	return (struct snp_at){ (uint64_t)save, (uint64_t)save };
}

bool lab_cpu_set_vmsa(struct lab_cpu *cpu, uint8_t vmpl, uint64_t gpa)
{
	struct lab_save *save = lab_guest(gpa, LAB_PAGE);

	if (save == NULL || gpa % LAB_PAGE != 0 ||
		!snp_vmsa_start(&lab_machine.rmp, LAB_ASID, at_of(save))) {
		return false;
	}
	snp_vmsa_stop(&lab_machine.rmp, at_of(save));
	if (!is_of(save, vmpl)) {
		return false;
	}
	cpu->world[vmpl] = (struct lab_world){
		.save = save, .ghcb_page = LAB_NO_GHCB, .doorbell = LAB_NO_GHCB
	};
	return true;
}

/* Whether another processor has it, as a host that means ill may try. */
static bool is_busy(const struct lab_save *save)
{
	const struct snp_rmp_entry *entry =
		snp_rmp_find(&lab_machine.rmp, (uint64_t)save);

	return entry != NULL && (entry->flags & SNP_RMP_RUNNING) != 0;
}

/* Set while a processor has the level's registers. */
static void set_busy(struct lab_save *save, bool busy)
{
	save->virtual_interrupt =
		(save->virtual_interrupt & ~BUSY) | (busy ? BUSY : 0);
}

void lab_cpu_put_vectors(struct lab_cpu *cpu)
{
	if (cpu->loaded != SNP_VMPLS) {
		lab_vectors_store(cpu->world[cpu->loaded].save);
	}
	cpu->loaded = SNP_VMPLS;
}

static void swap_vectors(struct lab_cpu *cpu)
{
	if (cpu->loaded == cpu->vmpl) {
		return;
	}
	lab_cpu_put_vectors(cpu);
	lab_vectors_load(lab_state(cpu));
	cpu->loaded = cpu->vmpl;
}

/* From the page, which is read once; false when VMRUN does not take it. */
static bool load(struct lab_cpu *cpu)
{
	struct lab_save *save = lab_world(cpu)->save;
	struct lab_control *control = &cpu->vmcb.control;
	uint64_t generation;
	uint8_t npt;

	if (save == NULL) {
		return false;
	}
	memcpy(lab_state(cpu), save,
		cpu->loaded == cpu->vmpl ? NO_VECTORS : sizeof(*save));
	if (!is_valid(lab_state(cpu), cpu->vmpl)) {
		return false;
	}
	if (!snp_vmsa_start(&lab_machine.rmp, LAB_ASID, at_of(save))) {
		if (is_busy(save)) {
			lab_host_does(LAB_ACT_TWICE);
			return false; /* VMRUN exits at once */
		}
		lab_lost(cpu, "no VMSA at", (uint64_t)save);
	}
	swap_vectors(cpu);
	set_busy(save, true);
	control->asid = LAB_ASID + cpu->vmpl;
	npt = lab_npt(cpu);
	generation = lab_npt_generation(npt);
	control->nested_cr3 = lab_npt_root(npt);
	control->tlb =
		cpu->seen[npt] == generation && cpu->last[cpu->vmpl] == npt
			? 0
			: LAB_TLB_FLUSH;
	lab_intercept(control, lab_npt_is_blind(cpu->vmpl), npt >= SNP_VMPLS);
	control->event = lab_world(cpu)->event;
	control->clean = 0;
	cpu->seen[npt] = generation;
	cpu->last[cpu->vmpl] = npt;
	return true;
}

/* Whether it may run again is the page's, where VMPL0 says so on any processor: also
 * while this is written. */
static void put_state(struct lab_save *save, const struct lab_save *state)
{
	const size_t behind =
		offsetof(struct lab_save, efer) + sizeof(uint64_t);
	uint64_t efer = save->efer;

	while (!__atomic_compare_exchange_n(&save->efer, &efer,
		(state->efer & ~LAB_EFER_SVME) | (efer & LAB_EFER_SVME), false,
		__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
	}
	memcpy(save, state, offsetof(struct lab_save, efer));
	memcpy((uint8_t *)save + behind, (const uint8_t *)state + behind,
		NO_VECTORS - behind);
}

/* To the page.  The vectors are there, when somebody needed them; the level is busy
 * until all is. */
static void store(struct lab_cpu *cpu)
{
	struct lab_save *save = lab_world(cpu)->save;
	struct lab_save *state = lab_state(cpu);

	if (cpu->loaded != cpu->vmpl) {
		state->xcr0 = save->xcr0;
		state->tsc_aux = save->tsc_aux;
		state->pkru = save->pkru;
	}
	state->virtual_interrupt |= BUSY;
	put_state(save, state);
	set_busy(save, false);
	snp_vmsa_stop(&lab_machine.rmp, at_of(save));
	lab_world(cpu)->event = cpu->vmcb.control.event;
	if (cpu->holds) {
		lab_cpu_put_vectors(cpu);
		lab_world(cpu)->save = NULL;
		cpu->holds = false;
	}
	cpu->vmpl = cpu->next;
}

/* What the exit came in the middle of comes again.  The emulator says exception
 * of an interrupt; an INT instruction is executed again. */
static void event_again(struct lab_control *control)
{
	uint64_t event = control->exit_interrupt;

	control->event = 0;
	if ((event & LAB_EVENT_VALID) == 0 ||
		(event & LAB_EVENT_TYPE) == LAB_EVENT_SOFTWARE) {
		return;
	}
	if ((event & 0xff) >= FIRST_INTERRUPT) {
		event &= ~(uint64_t)LAB_EVENT_TYPE;
	}
	control->event = event;
}

static void handle(struct lab_cpu *cpu)
{
	const struct lab_control *control = &cpu->vmcb.control;

	switch ((uint32_t)control->exit_code) {
	case LAB_EXIT_NPF:
		lab_exit_npf(cpu, control->exit_info1, control->exit_info2);
		break;
	case LAB_EXIT_CPUID:
		lab_exit_cpuid(cpu);
		break;
	case LAB_EXIT_IOIO:
		lab_exit_port(cpu);
		break;
	case LAB_EXIT_RDPMC:
	case LAB_EXIT_WBINVD:
	case LAB_EXIT_MONITOR:
	case LAB_EXIT_MWAIT:
		lab_vc(cpu, control->exit_code);
		break;
	case LAB_EXIT_MSR:
		lab_exit_msr(cpu, control->exit_info1 != 0);
		break;
	case LAB_EXIT_VMMCALL:
		lab_exit_vmmcall(cpu);
		break;
	case LAB_EXIT_NMI:
		lab_doorbell_nmi(cpu);
		break;
	case LAB_EXIT_INTR:
		lab_doorbell_interrupt(cpu);
		break;
	case LAB_EXIT_DB:
		lab_host_stepped(cpu);
		break;
	case LAB_EXIT_CR0:
		lab_exit_cr0(cpu);
		break;
	case LAB_EXIT_UD:
		lab_exit_ud(cpu);
		break;
	case LAB_EXIT_SHUTDOWN:
		lab_lost(cpu, "shutdown", 0);
	case LAB_EXIT_INVLPGA:
	case LAB_EXIT_VMRUN:
	case LAB_EXIT_VMLOAD:
	case LAB_EXIT_VMSAVE:
	case LAB_EXIT_STGI:
	case LAB_EXIT_CLGI:
	case LAB_EXIT_SKINIT:
		lab_inject(cpu, LAB_UD);
		break;
	default:
		/* the save area is none after LAB_EXIT_INVALID */
		memcpy(lab_state(cpu), lab_world(cpu)->save, NO_VECTORS);
		lab_lost(cpu, "exit", control->exit_code);
	}
}

/* GIF is clear: RFLAGS.IF says whether interrupts end what runs.
 * @return how long it ran */
static uint64_t enter(struct lab_cpu *cpu)
{
	uint64_t start = lab_tsc();

	if (cpu->is_open) {
		__asm__ volatile("sti");
	}
	lab_world_enter(&cpu->vmcb);
	__asm__ volatile("cli");
	return lab_tsc() - start;
}

/* A level below VMPL0 does not run: it is VMPL0's turn, where that waits, if the
 * level has registers that VMRUN does not take, or VMPL0 is rung for. */
static void give_up(struct lab_cpu *cpu)
{
	if (cpu->vmpl == 0 || !lab_cpu_runnable(cpu, 0)) {
		return;
	}
	if (cpu->is_kicked) {
		lab_doorbell_nmi(cpu);
	} else if (lab_world(cpu)->save != NULL &&
		   !lab_cpu_runnable(cpu, cpu->vmpl)) {
		lab_cpu_switch(cpu, 0);
	}
	cpu->vmpl = cpu->next;
}

_Noreturn void lab_cpu_run(struct lab_cpu *cpu)
{
	lock_take();
	cpu->started = true;
	cpu->loaded = SNP_VMPLS;
	cpu->next = cpu->vmpl;
	for (uint8_t before = SNP_VMPLS;;) {
		uint64_t ticks;

		while (!load(cpu)) { /* until somebody gives it one */
			give_up(cpu);
			lock_drop();
			lab_pause();
			lock_take();
		}
		lab_doorbell_enters(cpu);
		lab_host_enters(cpu);
		lock_drop();
		ticks = enter(cpu);
		lock_take();
		lab_count_run(cpu->vmpl, cpu->vmpl != before, ticks);
		before = cpu->vmpl;
		lab_host_leaves(cpu);
		event_again(&cpu->vmcb.control);
		handle(cpu);
		store(cpu);
	}
}

void lab_cpu_switch(struct lab_cpu *cpu, uint8_t vmpl)
{
	cpu->next = vmpl;
}

void lab_inject(struct lab_cpu *cpu, enum lab_vector vector)
{
	uint64_t event = LAB_EVENT_VALID | LAB_EVENT_EXCEPTION | vector;

	/* all that are injected here but #UD have an error code, which is 0 */
	cpu->vmcb.control.event =
		vector == LAB_UD ? event : event | LAB_EVENT_ERROR;
}

void lab_skip(struct lab_cpu *cpu, uint64_t bytes)
{
	lab_state(cpu)->rip += bytes;
	cpu->vmcb.control.interrupt_shadow = 0;
}

bool lab_report(struct lab_cpu *cpu, uint64_t error, uint64_t gpa)
{
	struct lab_save *state = lab_state(cpu);

	if (cpu->vmpl == 0 || !lab_cpu_runnable(cpu, 0)) {
		return false;
	}
	state->exit_code = LAB_EXIT_NPF;
	state->exit_info1 = error;
	state->exit_info2 = gpa;
	state->exit_interrupt = cpu->vmcb.control.exit_interrupt;
	lab_cpu_switch(cpu, 0);
	return true;
}

_Noreturn void lab_lost(
	const struct lab_cpu *cpu, const char *why, uint64_t value)
{
	lab_say("lab: lost: cpu %u vmpl %u rip %x: %s %x\n", (uint64_t)cpu->id,
		(uint64_t)cpu->vmpl, cpu->vmcb.save.rip, why, value);
	lab_end(LAB_END_GUEST);
}
