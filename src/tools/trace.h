/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --trace: a line for each system call, as strace writes them or in JSON
 * (doc/trace.md); --profile: what they took, in sum.
 *
 * Calls, arguments and results come from the monitor, so the program cannot
 * hide or forge them; what its memory holds is shown as it is at that moment.
 * Numbers of tasks and processes, and whether a call took a gate, are the
 * box's word.
 */
#ifndef CBX_TOOLS_TRACE_H
#define CBX_TOOLS_TRACE_H

#include <stdbool.h>
#include <stdio.h>

#include <confbox/confbox.h>

#define CBX_TRACE_LINE	2048u
#define CBX_TRACE_CALLS 512u
#define CBX_TRACE_EXITS 16u

/** A thread of the box. */
struct cbx_traced {
	struct cbx_traced *next;
	uint64_t thread;
	uint64_t says; /* struct cbx_trace's, of its last result */
	bool open;     /* a call without a result */
	bool host;     /* that the host served a part of */
	uint64_t begin_ns;
	struct cbx_trace call;
	uint32_t shown;	 /* bit i: argument i is in text */
	size_t start[7]; /* of each argument in text; then the end */
	char text[CBX_TRACE_LINE];
};

/** Counts of one call or one kind of exit. */
struct cbx_traced_sum {
	uint64_t count;
	uint64_t errors;
	uint64_t ns;
};

struct cbx_tracer {
	FILE *to;
	bool write; /* lines */
	bool json;
	uint64_t start_ns;
	struct cbx_traced *threads;
	struct cbx_traced_sum call[CBX_TRACE_CALLS];
	struct cbx_traced_sum exit[CBX_TRACE_EXITS];
};

/** cbx_run's callbacks. @param arg struct cbx_tracer * */
void cbx_trace_event(
	void *arg, struct cbx_box *box, const struct cbx_trace *event);
void cbx_trace_exit(
	void *arg, uint64_t thread, enum cbx_exit_reason reason, uint64_t ns);

/** cbx_run's refused callback: say which call the policy did not allow. */
void cbx_trace_refused(void *arg, const struct cbx_forward_call *call,
	const void *data, size_t bytes);

/** Write calls that never returned, and forget all threads. */
void cbx_trace_finish(struct cbx_tracer *tracer);

/** CLOCK_MONOTONIC in nanoseconds. */
uint64_t cbx_trace_now(void);

/** Write --profile's table. */
void cbx_trace_table(const struct cbx_tracer *tracer, FILE *to);

#endif
