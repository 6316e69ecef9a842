/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes of the mock machine: their code is functions of the test, and what
 * those may do is what the machine lets a box do.
 */
#ifndef CBX_HAL_MOCK_BOX_H
#define CBX_HAL_MOCK_BOX_H

#include <arch/arch.h>

/** What an access wants.  The values are those of CBX_VIEW_*, and of
 * CBX_RIGHT_* where a box is asked about. */
#define MOCK_READ    1u
#define MOCK_WRITE   2u
#define MOCK_EXECUTE 4u

/** A box CPU context as its program sees it. */
struct mock_box_cpu {
	uint32_t cpu;			 /* the host CPU it runs on */
	struct cbx_vcpu_start start;	 /* where it began */
	const struct cbx_reply *reply;	 /* to its last gate; NULL if none */
	const struct cbx_upcall *upcall; /* the up-call that begins; or NULL */
	struct cbx_call call;	/* SYSCALL up-call: the program's call */
	uint64_t step;		/* the program's, kept; starts at 0 */
	uint64_t reg[8];	/* the program's, kept; start at 0 */
	struct mock_vcpu *vcpu; /* the machine's */
	struct cbx_stop *stop;	/* the machine's */
};

/**
 * The program of the code at @p entry, whatever box runs it.
 *
 * It is called by each cbx_arch_vcpu_run, makes any accesses it likes and then
 * one of mock_box_gate, _syscall, _trap, _interrupted, _lost.  Deciding
 * nothing after a refused access is that fault; deciding nothing at all is an
 * interrupt.  The page at @p entry must be executable for the box.
 */
typedef void mock_program_fn(struct mock_box_cpu *box, void *arg);
void mock_program(uint64_t entry, mock_program_fn *program, void *arg);

/** Access memory as the box.  @return false when its translations, stale ones
 * included, do not let it; the part before the first refused page happened */
bool mock_box_read(
	struct mock_box_cpu *box, uint64_t va, void *buf, size_t bytes);
bool mock_box_write(
	struct mock_box_cpu *box, uint64_t va, const void *buf, size_t bytes);
bool mock_box_execute(struct mock_box_cpu *box, uint64_t va);

/** Use memory in place: a pointer for accesses of one kind (a MOCK_ bit), good
 * until the program returns.  @return NULL when that is refused somewhere, or
 * the bytes do not lie in one piece */
void *mock_box_use(struct mock_box_cpu *box, uint64_t va, size_t bytes,
	unsigned int access);

/** Stop with a gate call. */
void mock_box_gate(struct mock_box_cpu *box, const struct cbx_call *call);

/** Make a system call of the program: a TRACE stop first if the space asks
 * for it, then an up-call, or a FAULT stop when nothing takes it. */
void mock_box_syscall(struct mock_box_cpu *box, const struct cbx_call *call);

/** Trap: an up-call, or a FAULT stop when nothing takes it. */
void mock_box_trap(struct mock_box_cpu *box, enum cbx_fault fault, uint64_t va);
void mock_box_interrupted(struct mock_box_cpu *box);
void mock_box_lost(struct mock_box_cpu *box);

/** In an up-call: its next run is the interrupted program's again. */
void mock_box_return(struct mock_box_cpu *box);

/** Whether a kick waits for this CPU: what ends a program that spins. */
bool mock_box_kicked(const struct mock_box_cpu *box);

#endif
