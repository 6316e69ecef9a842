/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests and the machine code they run in boxes agree on: a page of
 * orders and reports, MACHINE_MAIL, one slot a thread.
 *
 * An order is its words first, then a new sequence number.  The code repeats
 * the number in seen when it takes the order, and in done when it is through.
 *
 * Included by assembly, too.
 */
#ifndef CBX_TESTS_SUPPORT_BOXCODE_H
#define CBX_TESTS_SUPPORT_BOXCODE_H

#define BOXCODE_MAIL  0x900000
#define BOXCODE_SLOT  0x200
#define BOXCODE_DATA  0x800000 /* MACHINE_DATA */
#define BOXCODE_PAGES 2

#define BOXCODE_SEQ	0x00
#define BOXCODE_SEEN	0x08
#define BOXCODE_DONE	0x10
#define BOXCODE_OP	0x18
#define BOXCODE_ID	0x20
#define BOXCODE_ARG	0x28
#define BOXCODE_ADDRESS 0x58
#define BOXCODE_WORD	0x60
#define BOXCODE_STATUS	0x68
#define BOXCODE_REPLY	0x70
#define BOXCODE_UPCALLS 0xb0
#define BOXCODE_UPCALL	0xb8
#define BOXCODE_STOP	0xc8

#define BOXCODE_GATE  0 /* gate id with args; reply */
#define BOXCODE_READ  1 /* word := *address */
#define BOXCODE_WRITE 2 /* *address := word */
#define BOXCODE_EXECUTE \
	3 /* go to address, come back through r14; word := rax */
#define BOXCODE_SYSCALL 4 /* system call id with args; word := rax */
#define BOXCODE_SPIN	5 /* args in registers, until the next order */
#define BOXCODE_JUMP	6 /* to address, registers as for system call id */
#define BOXCODE_KEEP \
	7	       /* fill all registers from arg 0, gate id; word :=
			   * how many changed */
#define BOXCODE_HOLD 8 /* the same, but spin until stop is not 0 */

#ifndef __ASSEMBLER__

#include <base/upcall.h>

struct boxcode_slot {
	uint64_t seq, seen, done;
	uint64_t op;
	uint64_t id;
	uint64_t arg[CBX_CALL_ARGS];
	uint64_t address;
	uint64_t word;
	uint64_t status;
	struct cbx_reply reply;
	uint64_t upcalls;
	struct cbx_upcall upcall;
	uint64_t stop;
};
CBX_AT(BOXCODE_ARG, 48, boxcode_slot, arg);
CBX_AT(BOXCODE_REPLY, 64, boxcode_slot, reply);
CBX_AT(BOXCODE_STOP, 8, boxcode_slot, stop);

/** The code: BOXCODE_PAGES pages.  A thread begins at the first byte, with its
 * slot's number as argument; up-calls are taken at the second page's. */
extern const uint8_t boxcode_begin[];
extern const uint8_t boxcode_end[];

#endif
#endif
