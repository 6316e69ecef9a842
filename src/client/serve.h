/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving forwarded calls (confbox/forward.def): what a box has open here.
 *
 * The monitor has looked at every call: its name is plain and below one the
 * policy lists.  Handles are this table's, so that a box reaches no descriptor
 * of the process but those it opened.  Nothing here waits: a call that would is
 * remembered, and answered when it can be.  Any thread may call.
 */
#ifndef CBX_CLIENT_SERVE_H
#define CBX_CLIENT_SERVE_H

#include <stdbool.h>

#include <confbox/confbox.h>

/** Not a result: the call is answered by cbx_server_next. */
#define CBX_SERVE_LATER INT64_MIN

struct cbx_server;

/** @return NULL when out of memory */
struct cbx_server *cbx_server_new(void);

/** Close everything.  @param server  NULL does nothing */
void cbx_server_destroy(struct cbx_server *server);

/**
 * Serve a call.
 *
 * @param         thread  who waits for it
 * @param         data    bytes of payload; room for call->max of answer, at
 *                        most CBX_IO_BYTES_MAX
 * @param[in,out] bytes   of payload; of answer
 *
 * @return its result, a negative errno, or CBX_SERVE_LATER
 */
int64_t cbx_server_call(struct cbx_server *server, uint64_t thread,
	const struct cbx_forward_call *call, void *data, size_t *bytes);

/** An answer that is there at last. */
struct cbx_served {
	uint64_t thread;
	int64_t result;
	size_t bytes; /* in the data it was put to */
};

/** Take the next answer that is there.
 * @param data  data[CBX_IO_BYTES_MAX] */
bool cbx_server_next(
	struct cbx_server *server, void *data, struct cbx_served *served);

/** Whether any call waits for its answer. */
bool cbx_server_waits(struct cbx_server *server);

/** Sleep until an answer may be there, @p wake is readable, or @p until_ns
 * (CLOCK_MONOTONIC). */
void cbx_server_sleep(struct cbx_server *server, int wake, uint64_t until_ns);

#endif
