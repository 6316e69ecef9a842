/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measuring: time as the least of many runs, and rows that say what was
 * measured, against what, and whether that is what we want.
 *
 * Machines are shared and clocks change, so a figure and its baseline are
 * taken in turn in one run, and the least of each counts.
 */
#ifndef CBX_BENCH_BENCH_H
#define CBX_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How much is measured: --quick is for seeing that it runs, no more. */
struct bench_plan {
	bool quick;
	unsigned int rounds; /* of which the least counts */
	uint64_t calls;	     /* of a gate, in one round */
	uint64_t gib_pages;  /* what a row about a GiB touches */
};

/** Nanoseconds of a clock that does not go back. */
uint64_t bench_now(void);

/** The lesser, for a least that starts at 0: none yet. */
double bench_least(double least, double next);

/** One row of the table. */
struct bench_row {
	const char *what;
	double figure;
	const char *unit;
	const char *against; /* what the baseline is; NULL: there is none */
	double baseline;     /* same unit */
	double most;	     /* target: the ratio, or without a baseline the
			      * figure, is at most this; 0: no target */
};

/** The heading, once, and a row. */
void bench_heading(const char *title);
void bench_print(const struct bench_row *row);

/** Keep the compiler from seeing that nobody reads @p memory. */
static inline void bench_use(const void *memory)
{
	__asm__ volatile("" : : "r"(memory) : "memory");
}

#endif
