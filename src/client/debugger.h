/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debugger of a box: struct cbx_run's debug_fd.
 */
#ifndef CBX_CLIENT_DEBUGGER_H
#define CBX_CLIENT_DEBUGGER_H

#include <client/lend.h>

/**
 * Serve DEBUG: send the payload, then read what there is, or wait for it.
 *
 * @param[in,out] bytes  of the payload at @p data; of the answer there
 *
 * @return bytes of the answer, 0: none in time, or -EPIPE: there is no debugger
 */
int64_t cbx_debugger_forward(struct cbx_lender *lender,
	const struct cbx_forward_call *call, void *data, size_t *bytes);

#endif
