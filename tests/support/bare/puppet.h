/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host kernel that does what it is told, in ring 0, with a host's rights:
 * the tests' hand on the other side.  It lies beside the monitor like any host
 * (hal/pks-vm/host.h), and reports by a host gate that nobody else makes.
 *
 * Orders and what came of them are in a page of mail of this CPU's, in RAM; the
 * page behind it is for bytes.
 */
#ifndef CBX_TESTS_SUPPORT_BARE_PUPPET_H
#define CBX_TESTS_SUPPORT_BARE_PUPPET_H

#include <hal/pks-vm/host.h>

/** What it keeps of a CPU's own, in the scratch page, which is the host's to
 * write. */
#define PUPPET_OWN_VA	(CBX_CPU_SCRATCH_VA + 0x800)
#define PUPPET_OWN_MAIL 0x10
#define PUPPET_OWN_NMIS 0x18
#define PUPPET_OWN_BARED \
	0x30 /* registers that a gate left what it should not */
#define PUPPET_OWN_GATES 0x38 /* looked at so far */

#ifndef __ASSEMBLER__

/** The gate it reports by: arguments are the number of its mail page, and where
 * other CPUs begin (with theirs); and the one it makes when all is lost: vector,
 * error, cr2, rip. */
#define PUPPET_REPORT 0x0c0ffee000000000
#define PUPPET_LOST   0x0c0ffee000000001

/** Calls a play may have. */
#define PUPPET_CALLS 16u

enum puppet_op {
	PUPPET_NOTHING,
	PUPPET_READ,  /* size bytes at va, into the second page */
	PUPPET_WRITE, /* the same the other way */
	PUPPET_CALL,  /* to va: what is there must return */
	PUPPET_GATES, /* count calls */
	PUPPET_FIND,  /* one of size words at offset 0 of the second page, in
		       * the direct map from va on, count pages */
	PUPPET_JUMP,  /* to va, with call[0] in registers as for a gate, rcx and
		       * flags as given */
	PUPPET_INT,   /* INT with number va */
	PUPPET_BASES, /* FS and GS begin at va */
	PUPPET_DUMP,  /* vector registers, into the second page */
};

struct puppet_mail {
	uint64_t op;
	uint64_t va;
	uint64_t size;
	uint64_t count;
	uint64_t flags;
	uint64_t rcx;
	struct cbx_call call[PUPPET_CALLS];

	uint64_t nmis;	/* that came so far */
	uint64_t bared; /* of the two above */
	uint64_t gates;
	uint64_t
		trapped; /* 1 when there was a trap, told by vector and so on */
	uint64_t vector;
	uint64_t error;
	uint64_t cr2;
	uint64_t found; /* FIND: whether */
	uint64_t seen;	/* FIND: pages that could be read */
	struct cbx_reply reply[PUPPET_CALLS];
};
_Static_assert(sizeof(struct puppet_mail) <= CBX_PAGE_SIZE, "mail");

/* ---- the program's side ---- */

/** The host of this CPU begins, and reports. */
void puppet_start(void);

/** Have another CPU's begin, which waits in puppet_start. */
void puppet_start_other(uint32_t cpu);

/** Hold no translations of the host's: for a CPU that does nothing. */
void puppet_rest(void);

/** This CPU's mail, where the program reads and writes it. */
struct puppet_mail *puppet_mail(void);
uint8_t *puppet_bytes(void);

/** Whether it is a page of mail. */
bool puppet_owns(uint64_t pfn);

/** Have the order in the mail done; calls are answered by the core. @return
 * whether there was no trap */
bool puppet_do(enum puppet_op op);

/** A gate call, backend gates included. */
struct cbx_reply puppet_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS]);

/** Touch, as the host. @return whether there was no trap */
bool puppet_read(uint64_t va, void *to, uint64_t size);
bool puppet_write(uint64_t va, const void *from, uint64_t size);

/** What answers its calls and hears of its faults (as cbx_monitor_run does);
 * the program's own, where there is no core. */
void puppet_serve(const struct cbx_event *event, struct cbx_reply *reply);

#endif
#endif
