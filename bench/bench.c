/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <time.h>

#include "bench.h"

uint64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double bench_least(double least, double next)
{
	return least == 0 || next < least ? next : least;
}

void bench_heading(const char *title)
{
	printf("\n### %s\n\n", title);
	printf("| what | figure | against | baseline | ratio | target | |\n");
	printf("|---|---:|---|---:|---:|---:|---|\n");
}

static void print_number(double number, const char *unit)
{
	printf(" %.*f %s |",
		number < 10	? 2
		: number < 1000 ? 1
				: 0,
		number, unit);
}

void bench_print(const struct bench_row *row)
{
	double ratio = row->against != NULL ? row->figure / row->baseline
					    : row->figure;

	printf("| %s |", row->what);
	print_number(row->figure, row->unit);
	if (row->against != NULL) {
		printf(" %s |", row->against);
		print_number(row->baseline, row->unit);
		printf(" %.2f |", ratio);
	} else {
		printf(" | | |");
	}
	if (row->most != 0) {
		printf(" <= %g | %s |\n", row->most,
			ratio <= row->most ? "met" : "missed");
	} else {
		printf(" | |\n");
	}
	fflush(stdout);
}
