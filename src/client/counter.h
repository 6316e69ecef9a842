/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps counters, and a run's way to ask them. */
#ifndef CBX_CLIENT_COUNTER_H
#define CBX_CLIENT_COUNTER_H

#include <confbox/confbox.h>
#include <confbox/counter.h>

/** What struct cbx_counter_service's ask is of a directory, of a socket. */
int cbx_counter_directory_ask(void *arg,
	const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer);
int cbx_counter_socket_ask(void *arg,
	const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer);

/** Serve a box's COUNTER.
 * @param[in,out] data   data[*bytes], a question; then the answer
 * @return 0 or -errno */
int64_t cbx_counter_forward(const struct cbx_counter_service *service,
	const struct cbx_forward_call *call, void *data, size_t *bytes);

#endif
