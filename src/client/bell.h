/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a lender sleeps by when there are others: it hears their calls, and that
 * the run is to stop.
 */
#ifndef CBX_CLIENT_BELL_H
#define CBX_CLIENT_BELL_H

#include <client/run.h>

/**
 * Make a lender's call and bell, if it has none.
 *
 * All of it or nothing: who sleeps by a bell that does not hear sleeps for ever.
 *
 * @return whether it has them
 */
CBX_CHECKED bool cbx_bell_make(struct cbx_lender *lender);

/** Close them, if it has them. */
void cbx_bell_close(struct cbx_lender *lender);

/** Call a lender that has one. */
void cbx_bell_ring(const struct cbx_lender *lender);

#endif
