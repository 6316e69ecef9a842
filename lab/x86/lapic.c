/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC is the guest's, but for what it sends to other processors: an
 * INIT or a start would take one out of the lab.  Guests may read its page; the
 * stores to it, which the nested tables refuse, are done here.
 */
#include "lapic.h"

#include "asm.h"
#include "cpu.h"
#include "machine.h"
#include "npt.h"
#include "other.h"
#include "walk.h"

#define IRR	 0x200
#define ICR	 0x300
#define ICR_HIGH 0x310

#define MODE(icr)    ((icr) >> 8 & 7)
#define MODE_FIXED   0u
#define MODE_LOWEST  1u
#define MODE_NMI     4u
#define MODE_INIT    5u
#define MODE_SIPI    6u
#define LOGICAL	     (1u << 11)
#define BUSY	     (1u << 12)
#define ASSERTED     (1u << 14)
#define SHORTHAND    (3u << 18)
#define ID(icr_high) ((icr_high) >> 24)

static volatile uint32_t *at(uint64_t offset)
{
	return (volatile uint32_t *)(LAB_LAPIC + offset);
}

static void send(uint32_t id, uint32_t icr)
{
	uint32_t high = *at(ICR_HIGH); /* the guest's */

	*at(ICR_HIGH) = id << 24;
	*at(ICR) = icr;
	while ((*at(ICR) & BUSY) != 0) {
		lab_pause();
	}
	*at(ICR_HIGH) = high;
}

void lab_lapic_init(uint32_t id)
{
	send(id, MODE_INIT << 8 | ASSERTED);
}

void lab_lapic_nmi(uint32_t id)
{
	send(id, MODE_NMI << 8 | ASSERTED);
}

uint8_t lab_lapic_pending(void)
{
	for (uint8_t word = 8; word > 0; word--) {
		uint32_t waiting = *at(IRR + 16ull * (word - 1u));

		if (waiting != 0) {
			return (uint8_t)(32 * word - 1 -
					 __builtin_clz(waiting));
		}
	}
	return 0;
}

void lab_lapic_start(uint32_t id, uint64_t page)
{
	lab_lapic_init(id);
	for (int i = 0; i < 1000; i++) {
		lab_in8(0x80); /* takes its time */
	}
	send(id, MODE_SIPI << 8 | ASSERTED | (uint32_t)page);
}

/* A level that has the machine, and knows of no host, starts processors; others
 * ask the host, at VMGEXIT: below VMPL0, what a processor runs is not theirs. */
static void send_as_told(struct lab_cpu *cpu, uint32_t icr)
{
	uint32_t id = ID(*at(ICR_HIGH));
	bool is_plain = (icr & (LOGICAL | SHORTHAND)) == 0 && cpu->vmpl == 0 &&
			lab_npt_is_blind(0);

	switch (MODE(icr)) {
	case MODE_FIXED:
	case MODE_LOWEST:
	case MODE_NMI:
		*at(ICR) = icr;
		break;
	case MODE_INIT:
		if (is_plain && (icr & ASSERTED) != 0) {
			lab_other_init(id);
		}
		break;
	case MODE_SIPI:
		if (is_plain) {
			lab_other_sipi(cpu, id, (uint8_t)icr);
		}
		break;
	default:
		break; /* an SMI, or nothing */
	}
}

void lab_lapic_store(struct lab_cpu *cpu, uint64_t offset, uint32_t value)
{
	if (offset == ICR) {
		send_as_told(cpu, value);
	} else {
		*at(offset) = value;
	}
}

/* A store of 32 bits: from a register, or from the instruction. */
struct store {
	uint32_t value;
	uint64_t bytes;
};

/* Bytes of a ModRM operand in memory, as long mode has them; 0 when it is none. */
static uint64_t operand_bytes(const uint8_t *at)
{
	uint8_t mod = at[0] >> 6;
	uint8_t rm = at[0] & 7;
	uint64_t bytes = 1;

	if (mod == 3) {
		return 0;
	}
	if (rm == 4) {
		bytes++;
		rm = mod == 0 && (at[1] & 7) == 5 ? 5 : rm;
	}
	if (mod == 0 && rm != 5) {
		return bytes;
	}
	return bytes + (mod == 1 ? 1 : 4);
}

static uint32_t register_of(const struct lab_save *state, unsigned int number)
{
	const uint64_t low[] = { state->rax, state->rcx, state->rdx, state->rbx,
		state->rsp, state->rbp, state->rsi, state->rdi };

	return (uint32_t)(number < 8 ? low[number] : state->r8_15[number - 8]);
}

static uint32_t word(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* MOV r32 to memory (89), MOV imm32 to memory (C7 /0), MOV EAX to an address of
 * 64 bits (A3): what kernels store to it with. */
static bool decode(const struct lab_save *state, struct store *store)
{
	const uint8_t rex_w = 8, rex_r = 4;
	uint8_t code[16] = { 0 };
	uint64_t bytes = sizeof(code);
	const uint8_t *c = code;
	uint8_t rex = 0;
	uint64_t operand;

	while (bytes > 0 && !lab_fetch(state, code, bytes)) {
		bytes--; /* the page after it may be missing */
	}
	if (bytes == 0 || (state->efer & LAB_EFER_LMA) == 0) {
		return false;
	}
	if ((*c & 0xf0) == 0x40) {
		rex = *c++;
	}
	if (*c == 0xa3) {
		*store = (struct store){ (uint32_t)state->rax, 9 };
	} else {
		operand = operand_bytes(c + 1);
		if (operand == 0) {
			return false;
		}
		store->bytes = 1 + operand;
		if (*c == 0x89) {
			store->value = register_of(state,
				(c[1] >> 3 & 7u) | (rex & rex_r ? 8u : 0));
		} else if (*c == 0xc7 && (c[1] >> 3 & 7) == 0) {
			store->value = word(c + 1 + operand);
			store->bytes += 4;
		} else {
			return false;
		}
	}
	store->bytes += (uint64_t)(c - code);
	return (rex & rex_w) == 0 && store->bytes <= bytes;
}

void lab_lapic_write(struct lab_cpu *cpu, uint64_t gpa)
{
	uint64_t offset = gpa - LAB_LAPIC;
	struct store store;

	if (offset % 4 != 0 || !decode(lab_state(cpu), &store)) {
		lab_lost(cpu,
			"a store to the local APIC the lab cannot read, at",
			gpa);
	}
	lab_lapic_store(cpu, offset, store.value);
	lab_skip(cpu, store.bytes);
}
