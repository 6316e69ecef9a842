/* SPDX-License-Identifier: Apache-2.0 */
/* Gate calls, repeated. */
#include "core.h"

void bench_calls(
	struct bench_call calls[BENCH_CALLS], uint64_t box, uint64_t page)
{
	const struct bench_call all[BENCH_CALLS] = {
		{ .what = "VERSION", .call = { .id = CBX_CALL_VERSION } },
		{ .what = "PAGE_QUERY",
			.call = { .id = CBX_CALL_PAGE_QUERY,
				.arg = { page } } },
		{ .what = "PAGE_DONATE, PAGE_RETURN of a page",
			.call = { .id = CBX_CALL_PAGE_DONATE,
				.arg = { page, 1 } },
			.back = { .id = CBX_CALL_PAGE_RETURN,
				.arg = { page, 1 } } },
		{ .what = "BOX_QUERY",
			.call = { .id = CBX_CALL_BOX_QUERY, .arg = { box } } },
		{ .what = "BOX_ENTER, interrupted at once",
			.call = { .id = CBX_CALL_BOX_ENTER,
				.arg = { box, 0, 0 } } },
	};

	for (uint32_t i = 0; i < BENCH_CALLS; i++) {
		calls[i] = all[i];
	}
}

static void make(const struct cbx_call *call)
{
	struct cbx_reply reply;

	cbx_gate_host(call, &reply);
	assert_int_equal(reply.status, CBX_OK);
}

__attribute__((noinline)) void bench_repeat(
	const struct bench_call *call, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct cbx_reply reply;

		cbx_gate_host(&call->call, &reply);
		if (call->back.id != 0) {
			cbx_gate_host(&call->back, &reply);
		}
	}
}

double bench_time(const struct bench_plan *plan, const struct bench_call *call)
{
	double least = 0;

	make(&call->call);
	if (call->back.id != 0) {
		make(&call->back);
	}
	for (unsigned int i = 0; i < plan->rounds; i++) {
		uint64_t start = bench_now();

		bench_repeat(call, plan->calls);
		least = bench_least(least,
			(double)(bench_now() - start) / (double)plan->calls);
	}
	return least;
}
