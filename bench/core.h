/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core on the mock machine, measured.
 *
 * Every program of this folder that uses the mock boots it with bench_boot(),
 * which gives a machine with a keeper and nothing else.
 */
#ifndef CBX_BENCH_CORE_H
#define CBX_BENCH_CORE_H

#include <support/machine.h>

#include "bench.h"

#define BENCH_GIB_PAGES (1ull << (30 - CBX_PAGE_SHIFT))

/** Boot a machine of so many pages, with a keeper; the one before is gone. */
void bench_boot(uint64_t pages);
void bench_down(void);

/** Make a gate call until it is not busy; it must succeed, or the program
 * ends. @return its first result */
uint64_t bench_must(enum cbx_call_id id, const uint64_t arg[CBX_CALL_ARGS]);
#define CALL(NAME, ...)             \
	bench_must(CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/** A READY box whose one thread is always interrupted, of as few pages as
 * that takes. @return its handle, the first of them */
uint64_t bench_box(void);
#define BENCH_BOX_PAGES 8u

/** End a box and take back its pages: @p count from its handle on. */
void bench_box_end(uint64_t box, uint64_t count);

/** A call that is measured: what it is called, and its arguments. */
struct bench_call {
	const char *what;
	struct cbx_call call;
	struct cbx_call back; /* undoes it, in the same measurement; id 0:
			       * nothing does */
};

#define BENCH_CALLS 5u

/** The calls whose cost may depend on how much there is, about @p box and one
 * HOST page. */
void bench_calls(
	struct bench_call calls[BENCH_CALLS], uint64_t box, uint64_t page);

/** Make the call (and what undoes it) so often: a function of its own, so that
 * a profiler can count what happens in it and nowhere else. */
void bench_repeat(const struct bench_call *call, uint64_t count);

/** Nanoseconds of one, the least of @p rounds rounds. */
double bench_time(const struct bench_plan *plan, const struct bench_call *call);

/** The rows, by file. */
void bench_gates(const struct bench_plan *plan);
void bench_pages(const struct bench_plan *plan);
void bench_boxes(const struct bench_plan *plan);
void bench_scale(const struct bench_plan *plan);

/** Make every call @p repeats times in turn, and print its name first, for a
 * profiler to count.
 * @param amount  boxes ("100b") or GiB ("16g") there are
 * @return false when that is not what it says */
bool bench_count(const char *amount, uint64_t repeats);

#endif
