/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One user of PSA's keys and random numbers at a time: mbedTLS 2.28's table of
 * keys knows no threads.
 *
 * Functions of src/trust take no turn; who calls them where there are threads
 * does.  A library has one turn, shared by all that is linked into it.
 */
#ifndef CBX_TRUST_TURN_H
#define CBX_TRUST_TURN_H

/** Wait for the turn, and end it.  Not to be nested. */
void cbx_psa_take_turn(void);
void cbx_psa_end_turn(void);

#endif
