/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor knows of the CPU it runs on: one page of the CPU window,
 * behind the monitor's key.
 *
 * Offsets are for assembly; they are asserted below.
 */
#ifndef CBX_ARCH_X86_64_STATE_H
#define CBX_ARCH_X86_64_STATE_H

#include <arch/x86_64/layout.h>

/** What this CPU was doing when an entry stub is entered.  Only the monitor
 * writes it, so it is believed, and nothing on an entry stack is when it says
 * HOST (machine.h). */
#define CBX_MODE_MONITOR 0
#define CBX_MODE_BOX	 1
#define CBX_MODE_HOST	 2

/** A `syscall` instruction, among vectors. */
#define CBX_VECTOR_SYSCALL 256

#define CBX_CPU_MODE   0x00
#define CBX_CPU_RESUME 0x08
#define CBX_CPU_REGS   0x10 /* with what is not saved and loaded in a row: */
#define CBX_CPU_RDX    0x70
#define CBX_CPU_RAX    0x78
#define CBX_CPU_RCX    0x80
#define CBX_CPU_RSP    0x88
#define CBX_CPU_RIP    0x90
#define CBX_CPU_RFLAGS 0x98
#define CBX_CPU_VECTOR 0xa0
#define CBX_CPU_ERROR  0xa8
#define CBX_CPU_CR2    0xb0
#define CBX_CPU_CS     0xb8
#define CBX_CPU_NMIS   0xc0
#define CBX_CPU_SEEN   0xc8
#define CBX_CPU_BOX    0xd0
#define CBX_CPU_SHADOW 0xd8

/** An entry stack, from its top down: what the CPU pushed, then the stub. */
#define CBX_FRAME_SS	 (-0x08)
#define CBX_FRAME_RSP	 (-0x10)
#define CBX_FRAME_RFLAGS (-0x18)
#define CBX_FRAME_CS	 (-0x20)
#define CBX_FRAME_RIP	 (-0x28)
#define CBX_FRAME_ERROR	 (-0x30)
#define CBX_FRAME_VECTOR (-0x38)
#define CBX_FRAME_RAX	 (-0x40)
#define CBX_FRAME_RCX	 (-0x48)
#define CBX_FRAME_RDX	 (-0x50)
#define CBX_FRAME_BYTES	 0x50

/** The scratch words of the system call entry. */
#define CBX_SCRATCH_RAX 0x00
#define CBX_SCRATCH_RCX 0x08
#define CBX_SCRATCH_RDX 0x10

#ifndef __ASSEMBLER__

#include <base/types.h>
#include <base/upcall.h>

/** Registers, and why they are not in the CPU: a box's, or those of a fault of
 * the monitor's own. */
struct cbx_x86_trap {
	struct cbx_regs regs;
	uint64_t vector;
	uint64_t error;
	uint64_t cr2; /* page fault: the address; else undefined */
	uint64_t cs;
};

struct cbx_x86_cpu {
	uint32_t mode;
	uint32_t number;
	uint64_t resume;	  /* stack pointer of cbx_x86_enter */
	struct cbx_x86_trap trap; /* the monitor's own */
	uint64_t nmis;		  /* taken while the monitor ran */
	uint64_t nmis_seen;	  /* of these, those the HAL has heard of */
	uint64_t box;		  /* address of the running box's trap, less
			      * CBX_CPU_REGS: the offsets above serve */
	uint64_t shadow;	  /* token to come back by; 0: no shadow
				   * stacks */
	uint32_t rank;		  /* cbx_hal_cpu_rank */
	uint32_t slots;		  /* bits: page map slots in use */
	uint64_t root;		  /* address of the root boxes run on */
	uint64_t home;		  /* address of the root with no user half */
	uint64_t tops[4];    /* top-level entries copied into the box root */
	uint64_t last_ticks; /* cbx_hal_ticks */
	uint64_t loaded;     /* root of the space it has, plus 1; 0: none */
	uint64_t load;	     /* 0 or 1: where others find that (load.c) */
	uint64_t good;	     /* newest token at which the entries in the box
			      * root were looked at, and still good */
	struct {
		uint64_t va;
		uint64_t page; /* number; 0: none */
	} last;		       /* page of box memory written last (space.h) */
};

CBX_AT(CBX_CPU_MODE, 4, cbx_x86_cpu, mode);
CBX_AT(CBX_CPU_RESUME, 8, cbx_x86_cpu, resume);
CBX_AT(CBX_CPU_REGS, 0xb0, cbx_x86_cpu, trap);
CBX_AT(CBX_CPU_VECTOR - CBX_CPU_REGS, 8, cbx_x86_trap, vector);
CBX_AT(CBX_CPU_ERROR - CBX_CPU_REGS, 8, cbx_x86_trap, error);
CBX_AT(CBX_CPU_CR2 - CBX_CPU_REGS, 8, cbx_x86_trap, cr2);
CBX_AT(CBX_CPU_CS - CBX_CPU_REGS, 8, cbx_x86_trap, cs);
CBX_AT(CBX_CPU_NMIS, 8, cbx_x86_cpu, nmis);
CBX_AT(CBX_CPU_SEEN, 8, cbx_x86_cpu, nmis_seen);
CBX_AT(CBX_CPU_BOX, 8, cbx_x86_cpu, box);
CBX_AT(CBX_CPU_SHADOW, 8, cbx_x86_cpu, shadow);

/** CBX_CPU_VA, and a page there, for the compiler to address as its own data. */
extern uint8_t cbx_x86_window[] __attribute__((aligned(CBX_PAGE_SIZE)));
#define CBX_CPU_HERE(page) ((void *)(cbx_x86_window + (page)*CBX_PAGE_SIZE))

/** This CPU's. */
static inline struct cbx_x86_cpu *cbx_x86_cpu(void)
{
	return CBX_CPU_HERE(CBX_CPU_STATE_PAGE);
}

#endif
#endif
