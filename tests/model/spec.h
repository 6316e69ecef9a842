/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate interface, said a second time.
 *
 * This is an executable specification: what each call may answer and what it
 * changes, as the host and the boxes can see it, written from the words of
 * doc/architecture.md and the tables of the wire.  It shares no code, no table
 * and no header with the core; only the wire's numbers.  Where the words allow
 * several refusals at once, it allows each of them; it never allows a success
 * that the words forbid, or a refusal they do not give a reason for.
 *
 * The ledger below is one machine.  A judge looks at a call and at what the
 * machine under test answered, says which statuses would be right, and, when
 * the call succeeded and may, makes the change.  Which page of its reserve a
 * box gets, and which of its threads runs, is the machine's choice: sync.c and
 * world.c look, and hold it to the rest.
 */
#ifndef CBX_TESTS_MODEL_SPEC_H
#define CBX_TESTS_MODEL_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/abi.h>

#define SPEC_PAGES   160u
#define SPEC_BOXES   8u
#define SPEC_SPACES  6u
#define SPEC_THREADS 8u
#define SPEC_LENDERS 8u	 /* one box borrows of */
#define SPEC_SLOTS   96u /* mappings of one space */

/** Which page of the reserve it is, the machine decides and sync.c finds. */
#define SPEC_UNSEEN UINT32_MAX

/** What a page is. */
enum spec_is {
	IS_VOID,   /* not memory */
	IS_DEVICE, /* the host's device */
	IS_HOST,   /* the host's */
	IS_OPEN,   /* the host's and the hypervisor's */
	IS_GOING,  /* nobody's until no CPU remembers it */
	IS_FREE,   /* the monitor's, zero */
	IS_TABLE,  /* the monitor's bookkeeping */
	IS_OWN,	   /* one box's */
	IS_WINDOW, /* one box's and the host's */
	IS_PUBLIC, /* a template's, read by many */
};

/** CPUs, as bits, that may still hold a translation: by each space of the box
 * the page belongs to, and by the host. */
struct spec_memory {
	uint8_t space[SPEC_SPACES];
	uint8_t host;
};

struct spec_page {
	enum spec_is is;
	uint32_t box;  /* whose: its root page; 0 nobody's box */
	uint32_t uses; /* mappings; an OWN page without is the box's reserve */
	bool window;   /* GOING: was one */
	bool lent;     /* GOING: and the host's view is open */
	bool half;     /* GOING: the host's view is half changed */
	bool fixed;    /* was the monitor's when the test began */
	struct spec_memory stale;
};

struct spec_slot {
	uint64_t va;
	uint32_t page;
	uint8_t rights;
	uint8_t other; /* nonzero: may have these rights instead, and a public
			* page a copy */
	uint32_t copy_of; /* UNSEEN: the public page it is a copy of, or 0 */
	bool window;
	uint32_t said; /* which page the machine said it is; 0 nothing */
};

struct spec_space {
	uint32_t handle; /* 0: none */
	bool ending;	 /* being destroyed */
	uint8_t stale;	 /* CPUs that have not flushed since it last lost a
			  * right */
	uint32_t trees;	 /* page tables it was given */
	uint32_t slots;
	struct spec_slot slot[SPEC_SLOTS];
};

enum spec_doing {
	DOES_RUN,
	DOES_PARK,
	DOES_INPUT,
	DOES_CLIENT,
	DOES_FORWARD,
	DOES_HOLD, /* output of a sealed box, until its time */
};

struct spec_thread {
	uint32_t handle; /* 0: none */
	uint32_t space;	 /* handle */
	uint64_t entry;
	enum spec_doing doing;
	bool permit;
	bool offered;	    /* its output may be answered, until it runs */
	bool away;	    /* the host serves its exit, until it enters with */
	uint64_t away_with; /* this buffer */
	uint64_t buffer, capacity, filled; /* of what it asked for */
	uint64_t wake;			   /* ticks; 0 never */
	uint64_t deadline;		   /* ticks; 0 none */
	uint64_t upcall;		   /* entry; 0 none */
	bool owed;			   /* a traced system call's up-call */
	bool answered; /* reply answers its last gate, when it runs */
	struct cbx_reply reply;
	struct cbx_call call; /* the system call it made */
	uint64_t port;	      /* HOLD: of the output */
};

enum spec_life {
	LIFE_NONE,
	LIFE_MAKING,
	LIFE_READY,
	LIFE_SEALED,
	LIFE_ENDING,
	LIFE_LENDING
};

struct spec_box {
	uint32_t root;
	enum spec_life life;
	struct cbx_policy policy;
	struct spec_space space[SPEC_SPACES];
	struct spec_thread thread[SPEC_THREADS];
	uint32_t last_space; /* of the thread that ran last */
	uint32_t unseen;     /* reserve pages that became tables unseen */
	uint32_t trees_back; /* page tables that became reserve unseen */
	bool granted, tainted, sealed_once, client_complete;
	uint64_t input_bytes;
	uint8_t digest[2][CBX_DIGEST_BYTES];
	uint64_t end_status, end_reason;
	uint64_t frame_wake; /* of the last output */
	uint64_t end_wake;   /* SEALED: its end is told then; 0: it lives */
	uint64_t number;     /* no other box has it */
	bool has_signer;
	uint8_t signer[72]; /* as a report shows it: key, family, version */
	bool lends;	    /* LENDING: and all it has */
	bool borrowing;
	uint64_t cursor;	       /* borrowing: mapped what lies below */
	uint32_t lender[SPEC_LENDERS]; /* roots; 0 none */
	uint32_t lenders;
};

/** One machine. */
struct spec {
	uint32_t pages, keeper;
	uint64_t boxes;	 /* so far */
	uint32_t cpu;	 /* who calls */
	uint8_t holding; /* CPUs that acknowledge no flush of others */
	uint64_t ticks;
	uint64_t caps[4];
	uint8_t boot[CBX_DIGEST_BYTES];
	struct spec_page page[SPEC_PAGES];
	struct spec_box box[SPEC_BOXES];
	uint8_t bytes[SPEC_PAGES][CBX_PAGE_SIZE]; /* what each page holds */
};
extern struct spec spec;

/** An answer, and what it may be. */
struct spec_answer {
	enum cbx_status status;	      /* what was answered */
	uint64_t got[CBX_REPLY_RETS]; /* with what results */
	uint32_t right;		      /* bit n: status n would be right */
	uint32_t known;		      /* bit n: ret[n] must be as below */
	uint64_t ret[CBX_REPLY_RETS];
};

/** A CPU lent to a box. */
struct spec_run {
	struct spec_box *box;
	struct spec_thread *thread; /* who runs; NULL nobody yet */
	uint64_t io, io_pages;
	bool leaves;		 /* goes back to the host */
	struct spec_answer exit; /* with these words */
	bool yields;		 /* the thread cannot go on */
	bool gone;		 /* the thread is no more */
};

/** A host's call but BOX_ENTER's running. @p answer holds what was answered */
void spec_host(const struct cbx_call *call, struct spec_answer *answer);

/** Why BOX_ENTER may be refused; if it may not, @p run begins. @return whether
 * it begins */
bool spec_enter(const struct cbx_call *call, struct spec_answer *answer,
	struct spec_run *run);

/** A call of the thread that runs. */
void spec_call(struct spec_run *run, const struct cbx_call *call,
	struct spec_answer *answer);

/** Pages may be shared with the hypervisor, or taken back. */
void spec_page_open(
	const uint64_t *arg, bool shared, struct spec_answer *answer);

/** Whether the thread may run now. */
bool spec_runnable(const struct spec_thread *thread);

/** The machine chose this thread. */
void spec_picked(struct spec_run *run, struct spec_thread *thread);

/** Ends: what happens to a box. */
void spec_end(struct spec_box *box, uint64_t reason, uint64_t status);

/** Whether it never runs again. */
bool spec_ended(const struct spec_box *box);

/** Exits. */
void spec_exit(struct spec_run *run, enum cbx_exit_reason reason);
void spec_exit_served(struct spec_run *run, struct spec_thread *thread,
	enum cbx_exit_reason reason);
void spec_exit_idle(struct spec_run *run);
void spec_exit_ended(struct spec_run *run);

/** Of a sealed box that ended: IDLE until its end may be told. */
void spec_exit_ending(struct spec_run *run);
void spec_exit_trace(struct spec_run *run, const struct cbx_call *call);

/** A held output may go now: it is written, and the exit is OUTPUT.  @return
 * false when there is none that may */
bool spec_release(struct spec_run *run);

/** The CPU @p cpu acknowledges all flushes; and each later one at once. */
void spec_acknowledge(uint32_t cpu);

/** What PAGE_QUERY says. */
void spec_page_query(uint32_t page, uint64_t ret[3]);

/** The text of a broken promise, or NULL: checked after every step. */
const char *spec_invariant(void);

#endif
