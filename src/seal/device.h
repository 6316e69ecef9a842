/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's devices: a question is written, its answer read from the same
 * open file.
 */
#ifndef CBX_SEAL_DEVICE_H
#define CBX_SEAL_DEVICE_H

#include <confbox/counter.h>

/** Ask CBX_COUNTER_DEVICE; struct cbx_counter_service's ask.
 * @param arg  not looked at */
int cbx_seal_device_ask(void *arg, const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer);

#endif
