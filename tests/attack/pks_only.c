/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks on the monitor by a host beside it in ring 0. */
#include <string.h>

#include <arch/x86_64/state.h>
#include <hal/pks-vm/apic.h>
#include <hal/pks-vm/pure/table.h>

#include "attack/pks_only.h"
#include "attack/tamper.h"
#include "support/bare/bare.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

/* ---- what the others use ---- */

/* A view is one entry of a table: it is set, or is not. */
void attack_halves(void)
{
}

/* An NMI that is nobody's kick: the host's, when the gate is through. */
void attack_strike(void)
{
	const volatile uint64_t *nmis = &cbx_x86_cpu()->nmis;
	const uint64_t before = *nmis;

	assert_true(cbx_pks_apic_nmi(cbx_hal_cpu()));
	while (*nmis == before) {
		cbx_hal_cpu_relax();
	}
}

void attack_flushes_hold(bool hold)
{
	tamper.lose_flushes = hold;
}

bool pks_call(uint64_t va)
{
	puppet_mail()->va = va;
	return puppet_do(PUPPET_CALL);
}

uint64_t pks_frame_of(uint64_t va)
{
	uint64_t entry = cbx_pks_host()->root;

	for (int shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *page =
			ask_place((entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT);

		entry = page[va >> shift & 511];
		assert_true((entry & CBX_PTE_P) != 0);
	}
	return (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT;
}

uint64_t pks_keep_page(void)
{
	static uint64_t kept;

	return bare_first_page() + 2 * CBX_X86_CPUS_MAX + kept++;
}

void pks_closed(void)
{
	static const uint64_t at[] = { CBX_CPU_STATE_VA, CBX_PAGES_VA,
		CBX_FRAMES_VA, CBX_PKS_HOST_VA, CBX_CPU_STACK_TOP - 8,
		BARE_MEMORY_VA };
	uint64_t word = 0;

	for (uint32_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		assert_false(puppet_read(at[i], &word, sizeof(word)));
		assert_int_equal(puppet_mail()->vector, 14);
		assert_int_equal(puppet_mail()->error, 0x21); /* the key */
		assert_false(puppet_write(at[i], &word, sizeof(word)));
		assert_int_equal(puppet_mail()->error, 0x23);
	}
}

void pks_out_of_reach(uint64_t pfn)
{
	uint64_t word = 0;

	assert_false(ask_host_read(pfn, 0, &word, sizeof(word)));
	assert_int_equal(word, 0);
	assert_false(ask_host_write(pfn, 0, &word, sizeof(word)));
}

/* ---- devices ---- */

/* There is no IOMMU here, nor a device that could be driven: a host with one
 * reaches all memory, and is told so.  tests/host/dma.c drives one on machines
 * with and without. */
void attack_m15_device_reaches_what_caps_say(void **state)
{
	(void)state;
	assert_int_equal(must(CAPS) & CBX_CAP_DMA, 0);
	attack_admits("no IOMMU on this machine; 'host dma' has both");
}

/* ---- what a gate does not depend on ---- */

static struct cbx_reply jump(uint64_t flags, uint64_t rcx)
{
	struct puppet_mail *mail = puppet_mail();

	mail->va = CBX_IMAGE_VA;
	mail->call[0] = (struct cbx_call){ .id = CBX_CALL_VERSION };
	mail->flags = flags | 2;
	mail->rcx = rcx;
	memset(&mail->reply[0], 0xff, sizeof(mail->reply[0]));
	assert_true(puppet_do(PUPPET_JUMP));
	return mail->reply[0];
}

void attack_g11_hosts_flags_do_not_matter_to_a_gate(void **state)
{
	static const uint64_t flags[] = { 1 << 10 /* DF */, 1 << 18 /* AC */,
		1 << 14 /* NT */, 1 << 9 /* IF */, 0x3000 /* IOPL */, 0x8d5,
		1 << 16 /* RF */, 0x47fd5 & ~0x100 };
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct cbx_reply reply = jump(flags[i], UINT64_MAX);

		assert_int_equal(reply.status, CBX_OK);
		assert_int_equal(reply.ret[0], CBX_ABI_MAJOR);
		pks_closed();
	}
	attack_unharmed(&victim);
}

void attack_g05_hosts_segment_bases_do_not_matter_to_a_gate(void **state)
{
	static const uint64_t bases[] = { 0, CBX_CPU_STATE_VA, CBX_PKS_HOST_VA,
		0x7ffffffff000, CBX_DIRECT_VA };
	struct machine_box victim;
	struct machine_box box;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	for (uint32_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		puppet_mail()->va = bases[i];
		assert_true(puppet_do(PUPPET_BASES));
		(void)pks_gate(CBX_PKS_MSR, 0xc0000103, i + 1); /* TSC_AUX */
		assert_int_equal(gate(VERSION).status, CBX_OK);
		box_must(&box, MAP, 0, MACHINE_FREE, 1, RW);
		box_must(&box, UNMAP, 0, MACHINE_FREE, 1);
		pks_closed();
	}
	attack_unharmed(&victim);
}

/* ---- frames ---- */

/* What the CPU pushed for a trap of ring 0 in the monitor's text, at a state
 * page's; over and over. */
static void forge(uint64_t va, uint64_t bytes)
{
	uint64_t frames[CBX_PAGE_SIZE / 8];

	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i += 8) {
		frames[i] = CBX_CPU_STATE_VA;
		frames[i + 1] = 0;
		frames[i + 2] = CBX_MSR_PKRS;
		frames[i + 3] = CBX_IMAGE_VA + 0x20;
		frames[i + 4] = CBX_SELECTOR_CODE;
		frames[i + 5] = 2;
		frames[i + 6] = CBX_CPU_STACK_TOP;
		frames[i + 7] = CBX_SELECTOR_DATA;
	}
	assert_true(puppet_write(va, frames, bytes));
}

void attack_x03_forged_return_frame_is_refused(void **state)
{
	static const uint64_t stacks[] = { CBX_CPU_IST_PAGE(CBX_IST_TRAP),
		CBX_CPU_IST_PAGE(CBX_IST_NMI), CBX_CPU_IST_PAGE(CBX_IST_CHECK),
		CBX_CPU_IST_PAGE(CBX_IST_DEBUG),
		CBX_CPU_IST_PAGE(CBX_IST_DOUBLE) };
	struct machine_box victim;
	uint64_t word;

	(void)state;
	attack_victim(&victim);
	for (uint32_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		forge(CBX_CPU_AT(stacks[i]), CBX_PAGE_SIZE);
		box_must(&victim, TIME);
		assert_true(machine_read(&victim, ATTACK_SECRET_VA, &word));
		assert_int_equal(word, attack_secret[0]);
		pks_closed();
	}
	/* The stubs' words, the frame the monitor leaves by, the last reply. */
	forge(CBX_CPU_SCRATCH_VA, CBX_PKS_TRAP);
	box_must(&victim, TIME);
	pks_closed();
	attack_unharmed(&victim);
}

/* ---- vectors ---- */

/* With which the CPU pushes an error code, and INT does not: the stub's frame
 * is not where it should be, and is the host's word anyway. */
#define WITH_ERROR                                                        \
	(1u << 8 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | \
		1u << 17 | 1u << 21 | 1u << 29 | 1u << 30)

/* The host's INT enters the same stubs as the CPU's own traps do, and comes
 * back to the host; an NMI, after which it goes on. */
void attack_h04_injected_traps_are_not_believed(void **state)
{
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	for (uint64_t vector = 0; vector < 256; vector++) {
		const bool odd = vector < 32 && (WITH_ERROR >> vector & 1) != 0;

		puppet_mail()->va = vector;
		if (puppet_do(PUPPET_INT)) { /* a number of the monitor's own */
			assert_true(vector == 2 || vector >= 240);
		} else {
			assert_true(odd || puppet_mail()->vector == vector);
		}
		pks_closed();
		assert_int_equal(gate(VERSION).status, CBX_OK);
	}
	box_must(&victim, TIME);
	attack_unharmed(&victim);
}
