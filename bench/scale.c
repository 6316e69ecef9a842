/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a gate costs the same however much there is. */
#include <stdio.h>
#include <stdlib.h>

#include "core.h"

#define FLAT  1.25 /* what may be the machine's doing */
#define SIZES 3u

static const uint64_t boxes_of[SIZES] = { 1, 100, 10000 };
static const uint64_t gibs_of[SIZES] = { 1, 16, 64 };

/* A machine of @gibs with @boxes, and the calls about one in the middle. */
static void build(
	struct bench_call calls[BENCH_CALLS], uint64_t gibs, uint64_t boxes)
{
	uint64_t middle = 0;

	bench_boot(gibs * BENCH_GIB_PAGES);
	for (uint64_t i = 0; i < boxes; i++) {
		uint64_t box = bench_box();

		middle = i == boxes / 2 ? box : middle;
	}
	bench_calls(calls, middle, machine_pages(1));
}

static uint64_t size_of(
	const struct bench_plan *plan, uint64_t size, uint32_t i)
{
	return plan->quick ? i + 1 : size;
}

static void print_flat(const char *what, const char *of, uint64_t amount,
	double figure, double baseline)
{
	char text[128];
	char against[32];
	const struct bench_row row = {
		.what = text,
		.figure = figure,
		.unit = "ns",
		.against = against,
		.baseline = baseline,
		.most = FLAT,
	};

	snprintf(text, sizeof(text), "%s, %ju %s", what, (uintmax_t)amount, of);
	snprintf(against, sizeof(against), "at 1");
	bench_print(&row);
}

/* Every call at every size, and the smallest again at the end: the least of
 * both is what the others are held against. */
static void print_sizes(const struct bench_plan *plan, const char *of,
	const uint64_t sizes[SIZES], bool are_boxes)
{
	double time[SIZES][BENCH_CALLS] = { { 0 } };
	struct bench_call calls[BENCH_CALLS];

	for (uint32_t turn = 0; turn <= SIZES; turn++) {
		uint32_t i = turn % SIZES;
		uint64_t size = size_of(plan, sizes[i], i);

		build(calls, are_boxes ? 1 : size, are_boxes ? size : 1);
		for (uint32_t n = 0; n < BENCH_CALLS; n++) {
			time[i][n] = bench_least(
				time[i][n], bench_time(plan, &calls[n]));
		}
		bench_down();
	}
	for (uint32_t n = 0; n < BENCH_CALLS; n++) {
		for (uint32_t i = 1; i < SIZES; i++) {
			print_flat(calls[n].what, of,
				size_of(plan, sizes[i], i), time[i][n],
				time[0][n]);
		}
	}
}

void bench_scale(const struct bench_plan *plan)
{
	bench_heading("A gate, however much there is");
	print_sizes(plan, "boxes", boxes_of, true);
	print_sizes(plan, "GiB", gibs_of, false);
}

bool bench_count(const char *amount, uint64_t repeats)
{
	struct bench_call calls[BENCH_CALLS];
	char *end;
	uint64_t size = strtoull(amount, &end, 10);
	char of = *end;

	if (size == 0 || (of != 'b' && of != 'g') || end[1] != '\0') {
		return false;
	}
	build(calls, of == 'g' ? size : 1, of == 'b' ? size : 1);
	for (uint32_t i = 0; i < BENCH_CALLS; i++) {
		printf("%s\n", calls[i].what);
		bench_repeat(&calls[i], repeats);
	}
	bench_down();
	return true;
}
