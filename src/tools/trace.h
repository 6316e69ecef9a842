/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --trace: a line for each system call, as strace writes them.
 *
 * Calls and results come from the monitor, so the program cannot hide or
 * forge them; what its memory holds is shown as it is at that moment.
 */
#ifndef CBX_TOOLS_TRACE_H
#define CBX_TOOLS_TRACE_H

#include <confbox/confbox.h>

#define CBX_TRACE_LINE 1024u

/** The line being made. */
struct cbx_tracer {
	char line[CBX_TRACE_LINE];
	size_t length;
	int open;	    /* a call without a result is in line */
	unsigned int shown; /* arguments that are in line */
	struct cbx_trace call;
};

/** cbx_run's trace callback. @param arg struct cbx_tracer * */
void cbx_trace_event(
	void *arg, struct cbx_box *box, const struct cbx_trace *event);

/** cbx_run's refused callback: say which call the policy did not allow. */
void cbx_trace_refused(void *arg, const struct cbx_forward_call *call,
	const void *data, size_t bytes);

/** Write the last call, which never returned. */
void cbx_trace_finish(struct cbx_tracer *tracer);

#endif
