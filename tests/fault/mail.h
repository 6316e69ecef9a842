/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders for a host kernel, written and read from outside the machine
 * (host.py) while it stands at fault_stop.  One order: load flags and
 * registers, go to code, and at fault_done keep what is in the registers.
 */
#ifndef TESTS_FAULT_MAIL_H
#define TESTS_FAULT_MAIL_H

#define MAIL_DONE   0x00
#define MAIL_CODE   0x08
#define MAIL_FLAGS  0x10
#define MAIL_WRONG  0x18
#define MAIL_COUNT  0x20
#define MAIL_IN	    0x40
#define MAIL_OUT    0xc0
#define MAIL_RECORD 0x140

#define FAULT_RECORDS 8

#ifndef __ASSEMBLER__
#include <hal/pks-vm/host.h>

/** A trap of the host's, and what it could do just then. */
struct fault_record {
	struct cbx_pks_trap trap;
	uint64_t pkrs;
	uint64_t open; /* monitor addresses it could touch */
};

struct fault_mail {
	uint64_t done; /* orders carried out */
	uint64_t code; /* where to go */
	uint64_t flags;
	uint64_t wrong; /* traps nobody waited for */
	uint64_t count; /* of records since the last order */
	uint64_t quiet; /* do not look around in a trap */
	uint64_t unused[2];
	uint64_t in[16];  /* rax rbx rcx rdx rsi rdi rbp - r8 to r15 */
	uint64_t out[16]; /* the same, with rflags at rsp's place */
	struct fault_record record[FAULT_RECORDS];
};
CBX_AT(MAIL_COUNT, 8, fault_mail, count);
CBX_AT(MAIL_IN, 128, fault_mail, in);
CBX_AT(MAIL_OUT, 128, fault_mail, out);
_Static_assert(offsetof(struct fault_mail, record) == MAIL_RECORD, "records");

extern struct fault_mail fault_mail;
extern const uint64_t fault_record_bytes;
#endif
#endif
