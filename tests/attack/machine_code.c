/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks of a box with machine code, where there are instructions. */
#include <string.h>

#include <arch/x86_64/layout.h>
#include <hal/linux/layout.h>

#include "attack/machine_code.h"
#include "support/actor.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

void attack_room(void)
{
	/* There is enough from the start. */
}

bool attack_instruction(struct machine_box *box, const uint8_t *label,
	const uint64_t arg[CBX_CALL_ARGS])
{
	return mail_call(box, BOXCODE_EXECUTE,
		MACHINE_CODE(box) + (uint64_t)(label - boxcode_begin), 0, arg);
}

static const uint64_t no_args[CBX_CALL_ARGS];

/* Registers full of what must not get out. */
static const uint64_t secret_args[CBX_CALL_ARGS] = { 0x5ec2e7b0a1f39d41,
	0x9be4176d02c8ff35, 0x3f60d9c45a7be812, 0xc7188e53f49a260d };

/* Each faults: the box is over, and nobody else notices. */
static void assert_faults(const uint8_t *const *labels, uint32_t count)
{
	struct machine_box witness;

	attack_victim(&witness);
	for (uint32_t i = 0; i < count; i++) {
		struct machine_box box;

		machine_box(&box);
		assert_false(attack_instruction(&box, labels[i], no_args));
		assert_true(attack_ended(&box));
		assert_int_equal(box.exit.ret[2], CBX_END_FAULT);
		attack_unharmed(&witness);
	}
}
#define ASSERT_FAULTS(labels) \
	assert_faults(labels, sizeof(labels) / sizeof((labels)[0]))

void attack_g02_privileged_instructions_fault(void **state)
{
	static const uint8_t *const labels[] = { boxcode_wrmsr, boxcode_rdmsr,
		boxcode_rdpmc, boxcode_in, boxcode_out, boxcode_cli,
		boxcode_hlt, boxcode_stac, boxcode_invlpg, boxcode_wbinvd,
		boxcode_swapgs, boxcode_iret };

	(void)state;
	ASSERT_FAULTS(labels);
}

void attack_g03_control_registers_are_not_written(void **state)
{
	static const uint8_t *const labels[] = { boxcode_mov_cr0,
		boxcode_mov_cr3, boxcode_mov_cr4, boxcode_mov_from_cr3,
		boxcode_xsetbv, boxcode_wrmsr };

	(void)state;
	ASSERT_FAULTS(labels);
}

void attack_g04_descriptor_tables_are_not_loaded(void **state)
{
	static const uint8_t *const labels[] = { boxcode_lidt, boxcode_lgdt,
		boxcode_lldt, boxcode_ltr, boxcode_mov_dr7 };

	(void)state;
	ASSERT_FAULTS(labels);
}

/* Each is answered inside the CPU or faults; the host hears nothing of it. */
static void assert_no_exit(const uint8_t *label)
{
	struct machine_box box;

	machine_box(&box);
	attack_hide(&box, ATTACK_SECRET_VA);
	machine_confine(&box);
	if (!attack_instruction(&box, label, secret_args)) {
		assert_true(attack_ended(&box));
	} else {
		assert_false(attack_ended(&box));
	}
	attack_unharmed(&box);
	machine_erase(&box);
}

void attack_x06_confined_box_reaches_no_hypervisor(void **state)
{
	static const uint8_t *const labels[] = { boxcode_vmcall,
		boxcode_vmmcall, boxcode_tdcall, boxcode_in, boxcode_out,
		boxcode_cpuid, boxcode_rdtsc };

	(void)state;
	for (uint32_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		assert_no_exit(labels[i]);
	}
}

void attack_x18_exotic_instructions_have_no_effect(void **state)
{
	static const uint8_t *const labels[] = { boxcode_vmgexit,
		boxcode_vmmcall, boxcode_cpuid, boxcode_rdpru, boxcode_monitorx,
		boxcode_mwaitx, boxcode_tdcall, boxcode_xgetbv };

	(void)state;
	for (uint32_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		assert_no_exit(labels[i]);
	}
}

/* ---- what a gate does not depend on ---- */

void attack_g05_segment_bases_do_not_matter_to_a_gate(void **state)
{
	static const uint64_t bases[] = { 0, MACHINE_DATA, CBX_STUB_TEXT,
		CBX_CPU_STATE_VA, CBX_SLOT_VA, 0x7ffffffff000 };
	struct machine_box victim;
	struct machine_box box;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	for (uint32_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		const uint64_t arg[CBX_CALL_ARGS] = { bases[i] };

		assert_true(attack_instruction(&box, boxcode_set_bases, arg));
		box_refuse(
			E_INVALID, &box, UNMAP, victim.space, MACHINE_DATA, 1);
		box_must(&box, MAP, 0, MACHINE_FREE, 1, RW);
		box_must(&box, UNMAP, 0, MACHINE_FREE, 1);
	}
	attack_unharmed(&victim);
}

void attack_g11_flags_do_not_matter_to_a_gate(void **state)
{
	struct machine_box victim;
	struct machine_box box;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	/* Direction and alignment check: the gate answers as ever. */
	assert_true(attack_instruction(&box, boxcode_gate_df_ac, no_args));
	assert_int_equal(box.script[0].word, CBX_E_INVALID);
	box_must(&box, TIME);
	/* Single step: a trap of the program's, nobody's behind the gate. */
	assert_false(attack_instruction(&box, boxcode_gate_tf, no_args));
	assert_true(attack_ended(&box));
	assert_int_equal(box.exit.ret[2], CBX_END_FAULT);
	attack_unharmed(&victim);
}

/* ---- what is left in registers ---- */

void attack_x02_vector_registers_do_not_reach_a_peer(void **state)
{
	struct machine_box victim;
	struct machine_box peer;
	uint64_t words[16 * 4];

	(void)state;
	attack_victim(&victim);
	for (uint32_t i = 0; i < 8; i++) {
		const uint64_t arg[CBX_CALL_ARGS] = { attack_secret[0] };

		assert_true(mail_call(
			&victim, BOXCODE_KEEP, 0, CBX_CALL_TIME, arg));
		assert_int_equal(victim.script[0].word, 0);
		machine_box(&peer);
		assert_true(attack_instruction(
			&peer, boxcode_dump_vectors, no_args));
		ask_page(peer.data, 0, words, sizeof(words));
		for (uint32_t w = 0; w < 64; w++) {
			assert_false(words[w] - attack_secret[0] < 16);
		}
		machine_erase(&peer);
	}
	attack_unharmed(&victim);
}

void attack_a15_vector_instructions_work(void **state)
{
	/* AES-128 of zeros under the zero key, one block: FIPS 197's cipher;
	 * and 0..3 + 4..7 in vector registers. */
	static const uint8_t block[16] = { 0x66, 0xe9, 0x4b, 0xd4, 0xef, 0x8a,
		0x2c, 0x3b, 0x88, 0x4c, 0xfa, 0x59, 0xca, 0x34, 0x2b, 0x2e };
	const uint64_t sums[4] = { 4, 6, 8, 10 };
	struct machine_box box;
	uint8_t got[16];
	uint64_t sum[4];

	(void)state;
	machine_box(&box);
	assert_true(attack_instruction(&box, boxcode_aes, no_args));
	ask_page(box.data, 0, got, sizeof(got));
	assert_memory_equal(got, block, sizeof(block));
	ask_page(box.data, 32, sum, sizeof(sum));
	assert_memory_equal(sum, sums, sizeof(sums));
}
