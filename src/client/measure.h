/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of records (doc/measurement.md), computed as the keeper does.
 */
#ifndef CBX_CLIENT_MEASURE_H
#define CBX_CLIENT_MEASURE_H

#include <confbox/confbox.h>
#include <trust/chain.h>

/** PSA is there, for all threads; else why not. */
psa_status_t cbx_chain_start(void);

/** Hand out a chain's value, if it is whole.
 * @retval CBX_OK          digest is it
 * @retval CBX_E_HARDWARE  status says why not; digest is untouched */
CBX_CHECKED enum cbx_status cbx_chain_give(uint8_t digest[CBX_DIGEST_BYTES],
	const uint8_t chain[CBX_DIGEST_BYTES], psa_status_t status);

#endif
