/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks of a hypervisor that means ill, told when and how by this program
 * (lab/x86/host.h), and of a host at VMPL1. */
#include <hal/snp/cpu.h>
#include <hal/snp/insn.h>
#include <hal/snp/use.h>
#include <monitor/snp/snp.h>

#include "attack/machine_code.h"
#include "attack/tamper.h"
#include "support/bare/puppet.h"
#include "support/bare/snp.h"

#define ASK	 0x6c6162686f737400ull
#define STORM	 20ull
#define NOT_HERE (~0ull)
#define TIMES	 3ull
#define SECOND	 2ull /* a level without registers */
#define HV	 28u
#define VC_CPUID 0x72ull

/* EVENTINJ: vector, type, whether there is an error code. */
#define EXTERNAL(vector)  ((uint64_t)(vector))
#define NMI		  0x202ull
#define EXCEPTION(vector) (0x300ull | (vector))
#define ERROR		  0x800ull

/* lab/x86/host.def's, in its order. */
enum act {
	REFUSE_RUN = 0,
	FALSE_RUN = 1,
	OTHER_RUN = 2,
	INJECT = 7,
	SWAP = 8,
	POST = 11,
};

/* @return how often it was done so far */
static uint64_t ask(enum act act, uint64_t times, uint64_t argument)
{
	uint64_t rax = ASK | act;

	__asm__ volatile(".byte 0x0f, 0x01, 0xd9"
			 : "+a"(rax)
			 : "c"(times), "d"(argument)
			 : "memory");
	return rax;
}

/* ---- what the others use ---- */

/* RMPADJUST is one instruction. */
void attack_halves(void)
{
}

/* An #HV that is nobody's kick. */
void attack_strike(void)
{
	const volatile uint64_t *nmis = &cbx_x86_cpu()->nmis;
	const uint64_t before = *nmis;

	assert_int_not_equal(ask(INJECT, 1, EXCEPTION(HV)), NOT_HERE);
	while (*nmis == before) {
		(void)ask(INJECT, 1, EXCEPTION(HV));
	}
}

void attack_flushes_hold(bool hold)
{
	tamper.lose_flushes = hold;
}

/* ---- runs ---- */

/* A gate by a hypervisor that runs somebody or nobody else for a while. */
static void runs_are(enum act act, uint64_t argument)
{
	uint64_t before = ask(act, 0, 0);

	ask(act, TIMES, argument);
	assert_int_equal(gate(VERSION).status, CBX_OK);
	assert_int_equal(ask(act, 0, 0), before + TIMES);
	assert_int_equal(gate(VERSION).status, CBX_OK);
}

void attack_h01_runs_that_are_refused_or_false_only_delay(void **state)
{
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	runs_are(REFUSE_RUN, 0);
	runs_are(FALSE_RUN, 0);
	runs_are(OTHER_RUN, SECOND);
	box_must(&victim, TIME);
	attack_unharmed(&victim);
}

/* It is asked for the level without cbx_snp_host_run. */
void attack_h03_registers_run_only_when_the_monitor_lets_them(void **state)
{
	const volatile struct cbx_vmsa *vmsa = side_registers();
	uint64_t rip = vmsa->rip;

	(void)state;
	assert_true((vmsa->efer & CBX_VMSA_SVME) == 0);
	assert_int_equal(
		cbx_ghcb_ran(cbx_snp_exchange(cbx_ghcb_ask_run(CBX_SNP_HOST))),
		CBX_E_HARDWARE);
	assert_int_equal(vmsa->rip, rip);
	assert_int_equal(gate(VERSION).status, CBX_OK);
}

/* A host's registers, and its gate area, which is its own to write. */
void attack_m21_registers_are_nobodys_memory(void **state)
{
	uint64_t registers = cbx_snp_vcpus[cbx_hal_cpu()].vmsa.n;
	uint64_t area = CBX_AREAS_PA >> CBX_PAGE_SHIFT;
	uint64_t word = 0;

	(void)state;
	assert_false(ask_host_read(registers, 0, &word, sizeof(word)));
	assert_false(ask_host_write(registers, 0, &word, sizeof(word)));
	refuse(E_STATE, PAGE_DONATE, registers, 1);
	refuse(E_STATE, PAGE_DONATE, area, 1);
	assert_true(ask_host_read(area, 0, &word, sizeof(word)));
	assert_int_equal(gate(VERSION).status, CBX_OK);
}

/* ---- M05 ---- */

/* The page behind an address of the monitor's. */
static uint64_t frame_of(uint64_t va)
{
	const uint64_t number = 0x000ffffffffff000ull & ~cbx_x86_private;
	uint64_t entry;

	__asm__ volatile("mov %%cr3, %0" : "=r"(entry));
	for (int shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *page =
			ask_place((entry & number) >> CBX_PAGE_SHIFT);

		entry = page[va >> shift & 511];
		assert_int_equal(entry & 0x81, shift == 12 ? entry & 0x81 : 1);
	}
	assert_true((entry & 1) != 0);
	return (entry & number) >> CBX_PAGE_SHIFT;
}

/* Text, tables, stacks, registers and secrets, by their numbers. */
void attack_m05_monitors_memory_traps(void **state)
{
	const uint64_t at[] = { CBX_IMAGE_VA, CBX_CPU_STATE_VA, CBX_PAGES_VA,
		CBX_FRAMES_VA, CBX_CPU_STACK_TOP - 8,
		CBX_CPU_AT(CBX_CPU_IDT_PAGE), CBX_CPU_AT(CBX_CPU_GDT_PAGE),
		CBX_CPU_AT(CBX_CPU_ROOT_PAGE), CBX_CPU_AT(CBX_CPU_TABLE_PAGE),
		CBX_CPU_AT(CBX_CPU_HAL_PAGE), (uint64_t)cbx_snp_secrets,
		(uint64_t)&cbx_snp_told, (uint64_t)cbx_snp_vcpus };
	uint64_t word = 0;

	(void)state;
	for (uint32_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		uint64_t pfn = frame_of(at[i]);

		assert_false(ask_host_read(pfn, 0, &word, sizeof(word)));
		assert_int_equal(puppet_mail()->vector, 13);
		assert_int_equal(word, 0);
		assert_false(ask_host_write(pfn, 0, &word, sizeof(word)));
		assert_int_equal(puppet_mail()->vector, 13);
		refuse(E_STATE, PAGE_DONATE, pfn, 1);
	}
	attack_sound();
}

/* ---- M20 ---- */

/* The box that touches it is over.  The monitor would be, too, when it takes the
 * page back (ALSO): so the test validates it, as whatever it is now. */
void attack_m20_swapped_page_is_its_boxs_end(void **state)
{
	struct machine_box victim;
	uint64_t word = 0;

	(void)state;
	attack_victim(&victim);
	assert_int_not_equal(
		ask(SWAP, 1, victim.data << CBX_PAGE_SHIFT), NOT_HERE);
	assert_false(machine_read(&victim, ATTACK_SECRET_VA, &word));
	assert_true(attack_ended(&victim));
	assert_int_equal(victim.exit.ret[2], CBX_END_FAULT);
	assert_int_equal(
		cbx_rmp_status(cbx_snp_pvalidate(ask_place(victim.data), true)),
		CBX_OK);
	assert_false(ask_host_may(victim.data, CBX_VIEW_R));
	attack_sound();
}

/* ---- vectors ---- */

/* The box makes a call while it is tried. */
static void try_event(struct machine_box *victim, uint64_t event)
{
	assert_int_not_equal(ask(INJECT, 1, event), NOT_HERE);
	box_must(victim, TIME);
	(void)ask(INJECT, 0, 0);
}

/* Nothing but #HV comes, at whatever entry, and of that nothing comes. */
void attack_h04_injected_traps_are_not_believed(void **state)
{
	static const uint64_t events[] = { EXTERNAL(0x20), EXTERNAL(0x80),
		EXTERNAL(0xff), NMI, EXCEPTION(1), EXCEPTION(3), EXCEPTION(6),
		EXCEPTION(13) | ERROR, EXCEPTION(14) | ERROR,
		EXCEPTION(29) | ERROR | VC_CPUID << 32 };
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	for (uint32_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		uint64_t before = ask(INJECT, 0, 0);

		try_event(&victim, events[i]);
		assert_int_equal(ask(INJECT, 0, 0), before);
	}
	for (uint32_t i = 0; i < 20; i++) { /* the host runs when it is over */
		ask(INJECT, STORM, EXCEPTION(HV));
		assert_int_equal(gate(VERSION).status, CBX_OK);
		box_must(&victim, TIME);
	}
	for (uint64_t vector = 31; vector < 256; vector++) {
		ask(POST, 1, vector);
		assert_int_equal(gate(VERSION).status, CBX_OK);
	}
	box_must(&victim, TIME);
	attack_unharmed(&victim);
}

/* All a confined box that computes notices of #HV is time. */
void attack_x07_signals_of_the_host_are_no_traps(void **state)
{
	const struct cbx_reply interrupted = { .ret = {
						       CBX_EXIT_INTERRUPTED } };
	static struct machine_box box;
	uint64_t before = ask(INJECT, 0, 0);

	(void)state;
	machine_box(&box);
	attack_hide(&box, ATTACK_SECRET_VA);
	machine_confine(&box);
	for (uint32_t i = 0; i < 10; i++) {
		attack_spin_on(1, &box);
		cbx_hal_cpu_kick(1);
		cpus_join(1);
		assert_memory_equal(
			&box.exit, &interrupted, sizeof(interrupted));
		ask(INJECT, STORM, EXCEPTION(HV));
		box_must(&box, TIME);
	}
	assert_true(ask(INJECT, 0, 0) > before);
	assert_int_equal(box.script[0].upcalls, 0);
	assert_false(attack_ended(&box));
	attack_unharmed(&box);
}
