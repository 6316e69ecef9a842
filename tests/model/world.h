/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine under test and the specification, side by side: every step is
 * made on both and compared.  A difference prints the last steps and aborts.
 */
#ifndef CBX_TESTS_MODEL_WORLD_H
#define CBX_TESTS_MODEL_WORLD_H

#include <model/spec.h>

/** Code every thread of a box begins at, and registers for up-calls: two
 * entries on different pages. */
#define WORLD_CODE(i) (0x400000ull + (i)*0x1000ull)
#define WORLD_CODES   2u

#define WORLD_CPUS 2u

/** Call numbers lie below this. */
#define WORLD_CALLS 0x160u

/** What a thread does next. */
struct world_act {
	enum {
		ACT_GATE,
		ACT_SYSCALL,
		ACT_TRAP,
		ACT_INTERRUPT,
		ACT_LOST,
	} kind;
	struct cbx_call call;
	uint64_t fault; /* TRAP */
};

/** Decides what a thread does when the machine runs it; called for each step
 * of it. */
typedef void world_act_fn(const struct spec_run *run, struct world_act *act);

/** How much to compare after each step. */
enum world_care {
	CARE_ALWAYS, /* everything, always */
	CARE_OFTEN,  /* what the step can have changed; everything at times */
};

/**
 * Boot a machine with @p pages pages for the host, and its ledger.
 *
 * @param act  the boxes' will
 */
void world_begin(uint32_t pages, world_act_fn *act, enum world_care care);
void world_end(void);

/** Number of the first page for the host, and how many. */
uint32_t world_first(void);
uint32_t world_pages(void);

/** A call of the host's, BOX_ENTER included. @return its status */
enum cbx_status world_call(const struct cbx_call *call);

/** The same, while the machine refuses its nth fallible step, or (@p half)
 * leaves it half done.  Range calls, and calls of one step. */
enum cbx_status world_call_refusing(
	const struct cbx_call *call, uint64_t nth, bool half);

/** Events of the host and of the machine. */
void world_share(uint64_t first, uint64_t count, bool shared);
void world_cpu(uint32_t cpu);
void world_hold(uint32_t cpu);
void world_release(uint32_t cpu);
void world_tick(uint64_t ticks);

/** The host writes to one of its pages, if it may. */
void world_write(uint32_t page, uint64_t word);
void world_put(uint32_t page, const void *bytes, size_t size);

/** Kill, reclaim, destroy and return everything: as it was in the beginning.
 * Every step is compared. */
void world_reset(void);

/** Steps that were compared before are made again: look only as far as the
 * ledger needs. */
void world_careless(bool careless);

/** Everything is as the ledger says. */
void world_compare_all(void);

/** What was done. */
struct world_count {
	uint64_t calls, succeeded; /* of hosts and boxes */
	uint64_t by_host, host_succeeded;
	uint64_t refusals; /* of the machine's hardware */
	uint64_t entries, exits[9];
	uint64_t sealed; /* entries into sealed boxes */
	uint64_t made[WORLD_CALLS], done[WORLD_CALLS]; /* by number */
};
extern struct world_count world_count;

/** What every failure prints first: how to get here again. */
void world_name(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** A call was made, and came to this. */
void world_counted(const struct cbx_call *call, enum cbx_status status);

/** Give up. */
_Noreturn void world_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
