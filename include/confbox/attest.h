/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence: what a box is, and under which monitor on what machine it runs, so
 * that somebody elsewhere can tell.  confbox.h includes this.
 */
#ifndef CONFBOX_ATTEST_H
#define CONFBOX_ATTEST_H

#include <confbox/confbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What evidence is asked for. */
struct cbx_evidence_want {
	size_t size;	    /* sizeof(struct cbx_evidence_want) */
	const void *nonce;  /* nonce[nonce_bytes]: the client's, never used
			     * before */
	size_t nonce_bytes; /* 16 to 64 */
};

/** More than evidence ever takes. */
#define CBX_EVIDENCE_ROOM 65536u

/**
 * Get evidence of a box: what it is, under which monitor, on what machine, and
 * its channel's key (doc/evidence.md).  From any thread or callback.
 *
 * Evidence for a channel is asked for when the box waits for its client's data
 * (the run's input callback is called): what the box is told later changes it.
 *
 * @param[out]    evidence  COSE_Sign1; undefined on failure
 * @param[in,out] size      room; bytes.  Untouched on failure
 *
 * @retval CBX_OK          made
 * @retval CBX_E_INVALID   want has an unknown size, or the nonce's is out of
 *                         range
 * @retval CBX_E_NOMEM     no room, or no free pages in the context
 * @retval CBX_E_STATE     the box is BUILDING
 * @retval CBX_E_STALE     it has ended
 * @retval CBX_E_BUSY      the platform does not come to an answer
 * @retval CBX_E_HARDWARE  the monitor ended, or the platform refused
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_evidence(struct cbx_box *box,
	const struct cbx_evidence_want *want, void *evidence, size_t *size);

/** The same of the monitor alone. */
CBX_API CBX_CHECKED enum cbx_status cbx_monitor_evidence(
	struct cbx_context *context, const struct cbx_evidence_want *want,
	void *evidence, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
