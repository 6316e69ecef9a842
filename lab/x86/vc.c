/* SPDX-License-Identifier: Apache-2.0 */
#include "vc.h"

#include "asm.h"
#include "count.h"
#include "walk.h"

#define VECTOR	     29
#define GATE_BYTES   16
#define PRESENT	     (1ull << 47)
#define TYPE(word)   ((word) >> 40 & 0x1f)
#define INTERRUPT    0x0eu
#define TRAP	     0x0fu
#define CODE	     (3ull << 43)
#define LONG	     (1ull << 53)
#define DEFAULT_32   (1ull << 54)
#define DPL(word)    ((word) >> 45 & 3)
#define CS_LONG	     0x200u
#define TSS_RSP0     4
#define TSS_IST1     0x24
#define RFLAGS_CLEAR 0x34100ull /* TF, NT, RF, VM */
#define RFLAGS_IF    0x200ull

/* What a processor pushes, from below. */
struct frame {
	uint64_t error, rip, cs, rflags, rsp, ss;
};

static bool find_gate(const struct lab_save *save, uint64_t gate[2])
{
	uint64_t at = VECTOR * GATE_BYTES;

	return save->idtr.limit >= at + GATE_BYTES - 1 &&
	       lab_read(save, save->idtr.base + at, gate, GATE_BYTES) &&
	       (gate[0] & PRESENT) != 0 &&
	       (TYPE(gate[0]) == INTERRUPT || TYPE(gate[0]) == TRAP);
}

/* 64-bit code at CPL 0, in the GDT. */
static bool find_code(const struct lab_save *save, uint64_t selector,
	struct lab_segment *code)
{
	uint64_t at = selector & 0xfff8;
	uint64_t word;

	if ((selector & 4) != 0 || at == 0 || save->gdtr.limit < at + 7 ||
		!lab_read(save, save->gdtr.base + at, &word, sizeof(word)) ||
		(word & (PRESENT | CODE | LONG | DEFAULT_32)) !=
			(PRESENT | CODE | LONG) ||
		DPL(word) != 0) {
		return false;
	}
	*code = (struct lab_segment){ (uint16_t)at,
		(uint16_t)((word >> 40 & 0xff) | (word >> 44 & 0xf00)),
		0xffffffff, 0 };
	return true;
}

static bool find_stack(
	const struct lab_save *save, uint64_t gate, uint64_t *rsp)
{
	uint64_t ist = gate >> 32 & 7;
	uint64_t at = ist != 0 ? TSS_IST1 + 8 * (ist - 1) : TSS_RSP0;

	*rsp = save->rsp;
	if ((ist != 0 || save->cpl != 0) &&
		(save->tr.limit < at + 7 || !lab_read(save, save->tr.base + at,
						    rsp, sizeof(*rsp)))) {
		return false;
	}
	*rsp &= ~15ull;
	return true;
}

static bool enter(struct lab_save *save, uint64_t error)
{
	struct lab_segment code;
	struct frame frame;
	uint64_t gate[2];
	uint64_t rsp;

	if ((save->efer & LAB_EFER_LMA) == 0 ||
		(save->cs.attributes & CS_LONG) == 0 ||
		!find_gate(save, gate) ||
		!find_code(save, gate[0] >> 16 & 0xffff, &code) ||
		!find_stack(save, gate[0], &rsp)) {
		return false;
	}
	frame = (struct frame){ error, save->rip, save->cs.selector,
		save->rflags, save->rsp, save->ss.selector };
	rsp -= sizeof(frame);
	if (!lab_write(save, rsp, &frame, sizeof(frame))) {
		return false;
	}
	if (save->cpl != 0) {
		save->ss = (struct lab_segment){ 0 };
		save->cpl = 0;
	}
	save->cs = code;
	save->rsp = rsp;
	save->rip = (gate[0] & 0xffff) | (gate[0] >> 32 & 0xffff0000) |
		    gate[1] << 32;
	save->rflags &= ~RFLAGS_CLEAR;
	if (TYPE(gate[0]) == INTERRUPT) {
		save->rflags &= ~RFLAGS_IF;
	}
	return true;
}

void lab_vc(struct lab_cpu *cpu, uint64_t code)
{
	lab_counts.vc++;
	if (cpu->vmcb.control.event != 0) {
		lab_lost(cpu, "#VC while an event was delivered:", code);
	}
	if (!enter(lab_state(cpu), code)) {
		lab_lost(cpu, "nothing takes its #VC", code);
	}
}
