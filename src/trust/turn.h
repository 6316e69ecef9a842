/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One user of PSA's keys and random numbers at a time: mbedTLS 2.28's table of
 * keys knows no threads.
 *
 * Functions of src/trust take no turn; who calls them where there are threads
 * does.  The turn is mbedTLS's own, so all libraries of ours in a process that
 * share one copy of it share the turn; one that was built without threads leaves
 * one turn for each library.
 */
#ifndef CBX_TRUST_TURN_H
#define CBX_TRUST_TURN_H

#include <stdbool.h>

/** Wait for the turn, and end it.  Not to be nested. */
void cbx_psa_take_turn(void);
void cbx_psa_end_turn(void);

/** Initialize PSA, in a turn.  @return false: it cannot be used */
bool cbx_psa_start(void);

#endif
