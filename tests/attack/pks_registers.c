/* SPDX-License-Identifier: Apache-2.0 */
/* A host in ring 0 and the registers that would open or watch the monitor. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/state.h>

#include "attack/pks_only.h"

extern const uint8_t cbx_x86_watch_write_locked[];

/* ---- control registers ---- */

#define CR0_KEPT 0x80010001ull /* PG, WP, PE */
#define CR4_KEPT 0x1300820ull  /* PKS, SMAP, SMEP, UMIP, PAE */

static uint64_t read_cr(uint64_t number)
{
	uint64_t value;

	if (number == 0) {
		__asm__ volatile("mov %%cr0, %0" : "=r"(value));
	} else {
		__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	}
	return value;
}

/* Whatever the gate says to each bit, those the monitor needs are there. */
void attack_g03_hosts_gates_keep_control_bits(void **state)
{
	static const struct {
		uint64_t number;
		uint64_t kept;
	} registers[] = { { 0, CR0_KEPT }, { 4, CR4_KEPT } };

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		const uint64_t number = registers[i].number;
		const uint64_t was = read_cr(number);

		assert_int_equal(was & registers[i].kept, registers[i].kept);
		for (uint32_t bit = 0; bit < 64; bit++) {
			uint64_t bad = registers[i].kept >> bit & 1;
			struct cbx_reply reply =
				pks_gate(CBX_PKS_CR, number, was ^ 1ull << bit);

			assert_true(bad == 0 || reply.status != CBX_OK);
			assert_int_equal(read_cr(number) & registers[i].kept,
				registers[i].kept);
			pks_closed();
			(void)pks_gate(CBX_PKS_CR, number, was);
		}
		assert_int_not_equal(
			pks_gate(CBX_PKS_CR, number, 0).status, CBX_OK);
		assert_int_equal(read_cr(number), was);
	}
	assert_int_not_equal(pks_gate(CBX_PKS_CR, 3, 0).status, CBX_OK);
	assert_int_not_equal(pks_gate(CBX_PKS_CR, 2, 0).status, CBX_OK);
	attack_sound();
}

/* ---- model-specific registers ---- */

static uint64_t read_msr(uint32_t number)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return (uint64_t)high << 32 | low;
}

static void refuse_msr(uint32_t number)
{
	static const uint64_t values[] = { 0, 1, UINT64_MAX, 0x1000,
		CBX_KERNEL_VA };
	const uint64_t was = read_msr(number);

	for (uint32_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_not_equal(
			pks_gate(CBX_PKS_MSR, number, values[i]).status,
			CBX_OK);
		assert_int_equal(read_msr(number), was);
	}
	assert_int_not_equal(
		pks_gate(CBX_PKS_MSR, number | 1ull << 32, 0).status, CBX_OK);
}

/* ---- descriptor tables ---- */

void attack_g04_host_writes_no_descriptor(void **state)
{
	static const uint64_t at[] = { CBX_CPU_AT(CBX_CPU_GDT_PAGE),
		CBX_CPU_AT(CBX_CPU_GDT_PAGE) + CBX_SELECTOR_TSS,
		CBX_CPU_AT(CBX_CPU_GDT_PAGE) + 0x800,
		CBX_CPU_AT(CBX_CPU_IDT_PAGE),
		CBX_CPU_AT(CBX_CPU_IDT_PAGE) + 14 * 16, CBX_IMAGE_VA };
	uint64_t word;

	(void)state;
	for (uint32_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		assert_true(puppet_read(at[i], &word, sizeof(word)));
		assert_false(puppet_write(at[i], &word, sizeof(word)));
		assert_int_equal(puppet_mail()->error, 3);
	}
	static const uint32_t msrs[] = { 0x1b, 0x174, 0x175, 0x176, 0x277,
		0x6a2, 0x6a4, 0x6a8, 0x6e1, 0x830, 0xda0, 0xc0000080,
		0xc0000081, 0xc0000082, 0xc0000084 };

	for (uint32_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		refuse_msr(msrs[i]); /* LSTAR and its like */
	}
	/* Nor by another number of theirs. */
	pks_out_of_reach(pks_frame_of(CBX_CPU_AT(CBX_CPU_GDT_PAGE)));
	pks_out_of_reach(pks_frame_of(CBX_CPU_AT(CBX_CPU_IDT_PAGE)));
	pks_out_of_reach(pks_frame_of(CBX_IMAGE_VA));
	pks_closed();
}

/* ---- registers that would watch a box ---- */

#define CR4_COUNTERS 0x100ull

/* Whether a breakpoint is set on anything but a port, which no box reaches. */
static bool breaks_in_memory(void)
{
	uint64_t value;

	__asm__ volatile("mov %%dr7, %0" : "=r"(value));
	for (uint32_t i = 0; i < 4; i++) {
		if ((value >> 2 * i & 3) != 0 &&
			(value >> (16 + 4 * i) & 3) != 2) {
			return true;
		}
	}
	return false;
}

void attack_x14_nothing_watches_a_box(void **state)
{
	/* Counters and what they count, branch records, event buffers, traces,
	 * and the same of the other vendor. */
	static const uint64_t msrs[] = { 0x1d9, 0x38f, 0x38d, 0x186, 0x187,
		0x0c1, 0x0c2, 0x309, 0x1c8, 0x14ce, 0x3f1, 0x600, 0x570, 0x571,
		0xc0010000, 0xc0010200, 0xc0010201, 0xc001011e };
	static const uint64_t values[] = { 0, 1, 0x530000, UINT64_MAX };
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	for (uint32_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		for (uint32_t k = 0; k < sizeof(values) / sizeof(values[0]);
			k++) {
			assert_int_equal(
				pks_gate(CBX_PKS_MSR, msrs[i], values[k])
					.status,
				CBX_E_DENIED);
		}
	}
	assert_int_equal(
		pks_gate(CBX_PKS_CR, 4, cbx_x86_cr4() | CR4_COUNTERS).status,
		CBX_E_DENIED);
	/* It holds no MOV to a debug register, and the monitor's is away. */
	assert_false(pks_call((uint64_t)cbx_x86_watch_write_locked));
	box_must(&victim, TIME);
	assert_false(breaks_in_memory());
	assert_int_equal(cbx_x86_cr4() & CR4_COUNTERS, 0);
	attack_unharmed(&victim);
}
