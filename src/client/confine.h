/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run whose box is confined: by whom, and what becomes of what it says.
 *
 * The client is this process, or (CBX_RUN_SEALED) somebody whose message and
 * frames are carried, or, of a box with CBX_POLICY_PLAIN, whoever looks.
 */
#ifndef CBX_CLIENT_CONFINE_H
#define CBX_CLIENT_CONFINE_H

#include <client/run.h>

/** Deliver the client's data: the first piece confines the box.
 *
 * @param most  bytes the box takes
 *
 * @retval CBX_OK          the box has it all, or was ended
 * @retval CBX_E_INVALID   it does not fit; the box is ended
 * @retval CBX_E_DENIED    the monitor does not accept it; the box is ended
 * @retval CBX_E_HARDWARE  the monitor ended */
CBX_CHECKED enum cbx_status cbx_confine_deliver(
	struct cbx_lender *lender, uint64_t thread, uint64_t most);

/** Hand on what a confined box said; it lies in the lender's buffer.
 * @retval CBX_E_HARDWARE  it makes no sense */
CBX_CHECKED enum cbx_status cbx_confine_output(struct cbx_lender *lender);

/** A confined box ended; its last frame lies in the lender's buffer. */
void cbx_confine_end(struct cbx_lender *lender);

#endif
