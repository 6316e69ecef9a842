/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages to the firmware: what the core and the host ask for (reports, the
 * root key), its way to the keeper, who seals and opens (base/letter.h), and to
 * the firmware by the hypervisor.
 *
 * One message is under way at a time.  The hypervisor may ask for the same bytes
 * again; anything else it does, or says, ends the key: no report is made from
 * then on.  Functions here may be called on any CPU; none waits for another one.
 */
#ifndef CBX_HAL_SNP_MAIL_H
#define CBX_HAL_SNP_MAIL_H

#include <base/letter.h>
#include <hal/hal.h>
#include <hal/snp/talk.h>

/** A report, certificates a hypervisor may lay behind it; and pages it sees: the
 * message, the answer, the certificates. */
#define CBX_SNP_REPORT_BYTES 0x4a0u
#define CBX_SNP_TABLE_BYTES  (4u * (uint32_t)CBX_PAGE_SIZE)
#define CBX_SNP_MAIL_SHARED  6u

/**
 * Share pages with the hypervisor, and take the key: the keeper gets it, and
 * the root key is asked for, at the first step.  Nobody goes on without.
 *
 * @param         pages  1 + CBX_SNP_MAIL_SHARED in a row, of the monitor's own,
 *                       validated; all but the first are shared
 * @param[in,out] key    VMPCK0, in the secrets page; zero afterwards
 *
 * @pre nobody has sent a message with that key
 */
void cbx_snp_mail_start(const struct cbx_snp_two_ways *pages,
	uint8_t key[CBX_LETTER_KEY_BYTES]);

/**
 * Do what can be done before the host runs on this CPU.
 *
 * @param      has_host  one that has none takes no letter up, as it may halt; it
 *                       ends what it has: hosts take each other's away
 * @param[out] letter    on true
 *
 * @return whether there is a letter for the keeper: cbx_hal_host_run returns
 *         CBX_EVENT_LETTER; this CPU's next step finds the answer in it
 */
bool cbx_snp_mail_step(uint32_t cpu, bool has_host, struct cbx_pfn *letter);

/**
 * The report that a host asks for by protocol 1: VMPL 0's, its data SHA-512 of
 * the nonce and CBX_LETTER_MANIFEST.  It is begun when the last one was for
 * another nonce.
 *
 * @param[out] made  made[*size], on success: CBX_SNP_REPORT_BYTES, and the
 *                   certificates.  It stays until another nonce is asked for
 *
 * @retval CBX_OK          it is made
 * @retval CBX_E_BUSY      it is not made yet
 * @retval CBX_E_HARDWARE  there will be none
 * @pre nobody else is in here: locked (use.h)
 *
 * @source AMD 58019, 7
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_attest(
	const uint8_t nonce[CBX_HAL_REPORT_DATA], const uint8_t **made,
	uint32_t *size);

#endif
