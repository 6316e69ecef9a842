/* SPDX-License-Identifier: Apache-2.0 */
/* MOV to CR0 and LMSW of a level that does not page: with paging, its addresses
 * mean something else (npt.h). */
#include "asm.h"
#include "cpu.h"
#include "walk.h"

#define OPERAND_REGISTER 0xc0u
#define LMSW		 6u
#define LMSW_BITS	 0xfull
#define CR0_BITS	 0xe005003full
#define CR0_ET		 0x10ull
#define CR4_PAE		 0x20ull

static uint64_t register_of(const struct lab_save *state, unsigned int number)
{
	const uint64_t low[] = { state->rax, state->rcx, state->rdx, state->rbx,
		state->rsp, state->rbp, state->rsi, state->rdi };

	return (uint32_t)low[number & 7];
}

/* 0F 22 /0: MOV to CR0; 0F 01 /6: LMSW of a register.  Bytes, or 0. */
static uint64_t decode(const struct lab_save *state, uint64_t *value)
{
	uint64_t from;
	uint8_t code[3];

	if (!lab_fetch(state, code, sizeof(code)) || code[0] != 0x0f ||
		(code[2] & OPERAND_REGISTER) != OPERAND_REGISTER) {
		return 0;
	}
	from = register_of(state, code[2]);
	if (code[1] == 0x22 && (code[2] >> 3 & 7) == 0) {
		*value = from;
		return sizeof(code);
	}
	if (code[1] == 0x01 && (code[2] >> 3 & 7) == LMSW) {
		*value = (state->cr0 & ~LMSW_BITS) | (from & LMSW_BITS) |
			 (state->cr0 & LAB_CR0_PE); /* it stays */
		return sizeof(code);
	}
	return 0;
}

void lab_exit_cr0(struct lab_cpu *cpu)
{
	struct lab_save *state = lab_state(cpu);
	uint64_t value = 0;
	uint64_t bytes = decode(state, &value);
	bool is_long = (state->efer & LAB_EFER_LME) != 0;

	if (bytes == 0) {
		lab_lost(cpu, "an instruction that writes CR0 at",
			state->cs.base + state->rip);
	}
	value = (value & CR0_BITS) | CR0_ET;
	if ((value & LAB_CR0_PG) != 0 &&
		((value & LAB_CR0_PE) == 0 || !is_long ||
			(state->cr4 & CR4_PAE) == 0)) {
		/* 32-bit paging has nowhere to put a C bit, and is not modelled */
		lab_inject(cpu, LAB_GP);
		return;
	}
	state->cr0 = value;
	if ((value & LAB_CR0_PG) != 0) {
		state->efer |= LAB_EFER_LMA;
	}
	lab_skip(cpu, bytes);
}
