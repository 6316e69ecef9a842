/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for instructions a host kernel must not hold (sensitive.def), at
 * every byte offset: code can be entered anywhere.
 *
 * Bytes are fed in order, in pieces of any size; an instruction that lies
 * across two pieces is found like any other.  Bytes that follow each other in
 * the fed stream must be exactly those that follow each other in the address
 * space of the host.
 */
#ifndef CBX_HAL_PKS_VM_PURE_SCAN_H
#define CBX_HAL_PKS_VM_PURE_SCAN_H

#include <base/types.h>

#define CBX_SCAN_WINDOW 32

/** A scan that is going on; the scanner's own. */
struct cbx_scan {
	uint64_t base; /* name of the first byte */
	uint64_t fed;
	uint64_t judged; /* bytes before are done with */
	uint8_t window[CBX_SCAN_WINDOW];
};

/** An instruction that must not be there. */
struct cbx_scan_finding {
	uint64_t offset; /* where it begins: its mandatory prefix if it needs
			  * one, else its opcode */
	const char *name;
};

/** Begin.  @param base  what findings call the first byte */
void cbx_scan_start(struct cbx_scan *scan, uint64_t base);

/**
 * Look at bytes, up to the first finding.
 *
 * @param[in,out] bytes    moved past what was looked at
 * @param[in,out] size     bytes left
 * @param[out]    finding  set when true is returned
 *
 * @return whether there is a finding; call again for the rest
 */
bool cbx_scan_feed(struct cbx_scan *scan, const uint8_t **bytes, size_t *size,
	struct cbx_scan_finding *finding);

/**
 * No executable byte follows.
 *
 * @return whether there is a finding; call again until there is none
 */
bool cbx_scan_end(struct cbx_scan *scan, struct cbx_scan_finding *finding);

#endif
