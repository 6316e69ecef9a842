/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of system calls as people read them. */
#ifndef CBX_TOOLS_TRACE_VALUE_H
#define CBX_TOOLS_TRACE_VALUE_H

#include <stdbool.h>

#include <confbox/confbox.h>

/** Text that is cut when there is no room. */
struct cbx_trace_text {
	char *at;
	size_t room;
	size_t used;
};

/** Append. */
void cbx_trace_put(struct cbx_trace_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** What is known of a system call. */
struct cbx_trace_call {
	const char *name;  /* NULL: unknown */
	const char *kinds; /* runtime/syscall.def's */
};
struct cbx_trace_call cbx_trace_call_of(uint32_t number);

/** An argument being shown. */
struct cbx_trace_value {
	struct cbx_box *box; /* whose memory it points into */
	uint32_t number;     /* of the call */
	unsigned int index;
	char kind;
	const uint64_t *arg;   /* all six */
	const int64_t *result; /* NULL before it is known */
};

/** Whether an argument can only be shown when the call has returned. */
bool cbx_trace_waits(const struct cbx_trace_value *value);

/** Show it. */
void cbx_trace_show(
	struct cbx_trace_text *text, const struct cbx_trace_value *value);

#endif
