/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper's only way out: the KEEPER_NEXT gate.
 */
#ifndef CBX_KEEPER_GATE_H
#define CBX_KEEPER_GATE_H

#include <base/types.h>

/**
 * Tell the monitor what the last request came to, and wait for the next.
 *
 * @param last  what cbx_keeper_serve returned; CBX_OK the first time
 *
 * @retval CBX_OK  a new request lies on the desk
 * @return anything else: there will be none; the keeper cannot go on
 */
CBX_MUST_CHECK enum cbx_status cbx_keeper_next(enum cbx_status last);

#endif
