/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to come in and go out. */
#include "core.h"

/* The least that a call could be: one that the compiler cannot leave out. */
__attribute__((noinline)) static void nothing(
	const struct cbx_call *call, struct cbx_reply *reply)
{
	*reply = (struct cbx_reply){ .status = call->id };
	bench_use(reply);
}

static double time_nothing(const struct bench_plan *plan)
{
	const struct cbx_call call = { .id = CBX_CALL_VERSION };
	struct cbx_reply reply;
	double least = 0;

	for (unsigned int i = 0; i < plan->rounds; i++) {
		uint64_t start = bench_now();

		for (uint64_t n = 0; n < plan->calls; n++) {
			nothing(&call, &reply);
		}
		least = bench_least(least,
			(double)(bench_now() - start) / (double)plan->calls);
	}
	return least;
}

void bench_gates(const struct bench_plan *plan)
{
	struct bench_call calls[BENCH_CALLS];
	struct bench_row row = {
		.unit = "ns",
		.against = "a function that fills a reply",
	};

	bench_heading("Gates");
	bench_boot(MACHINE_PAGES);
	row.baseline = time_nothing(plan);
	bench_calls(calls, bench_box(), machine_pages(1));
	for (uint32_t i = 0; i < BENCH_CALLS; i++) {
		row.what = calls[i].what;
		row.figure = bench_time(plan, &calls[i]);
		bench_print(&row);
	}
	bench_down();
}
