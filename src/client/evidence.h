/* SPDX-License-Identifier: Apache-2.0 */
/* What a client needs of a box's evidence, without judging it. */
#ifndef CBX_CLIENT_EVIDENCE_H
#define CBX_CLIENT_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include <confbox/span.h>
#include <trust/labels.h>

/** The key of a box's channel, and the claims a message is bound to. */
struct cbx_channel_to {
	uint8_t key[CBX_X25519_BYTES];
	struct cbx_span box; /* the map `box`, as it stands in the evidence */
};

/**
 * Find them in evidence of a monitor one trusts anyway: the service's own.
 * Nothing is verified; whoever has no reason to trust the monitor verifies
 * (confbox/verify.h).
 *
 * @param[out] to  spans point into @p evidence
 * @return false: it is not well-formed, or of no box
 */
bool cbx_evidence_channel(struct cbx_span evidence, struct cbx_channel_to *to);

#endif
