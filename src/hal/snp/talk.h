/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU's way of asking the hypervisor, and what it says of itself first.
 */
#ifndef CBX_HAL_SNP_TALK_H
#define CBX_HAL_SNP_TALK_H

#include <hal/snp/pure/ghcb.h>
#include <hal/snp/pure/psc.h>

/** The GHCB of a CPU; page is NULL until it is started. */
struct cbx_snp_ghcb {
	volatile struct cbx_ghcb *page; /* mapped shared */
	struct cbx_pfn pfn;
};

/** This CPU's: of its own memory, zeroed.  Whoever links the monitor has it. */
struct cbx_snp_ghcb *cbx_snp_ghcb(void);

/** A page of the monitor's own memory, and where it is mapped. */
struct cbx_snp_two_ways {
	struct cbx_pfn pfn;
	void *hidden;	       /* private: with the C bit */
	volatile void *shared; /* without it */
};

/**
 * Share a page with the hypervisor, and make it this CPU's GHCB.
 *
 * @param page   validated; its bytes are lost
 * @param c_bit  the C bit's number, from the CPUID page
 *
 * @return NULL, or one sentence: why there is none
 */
const char *cbx_snp_ghcb_start(
	const struct cbx_snp_two_ways *page, uint8_t c_bit);

/**
 * Ask by the page.
 *
 * @param      needed  words the answer must bring
 * @param[out] answer  as cbx_ghcb_read has it
 *
 * @retval CBX_OK, CBX_E_HARDWARE, CBX_E_FAULT, CBX_E_INVALID  as cbx_ghcb_read
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_ask(const struct cbx_ghcb_call *call,
	uint8_t needed, struct cbx_ghcb_answer *answer);

/**
 * Make pages private, up to where the hypervisor stops.
 *
 * @param[in,out] psc  what is to be done; what remains
 *
 * @retval CBX_OK          all of them
 * @retval CBX_E_HARDWARE  the first that remains was refused
 * @retval CBX_E_BUSY      it has not come to the first that remains, or does
 *                         not say how far it came
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_change(struct cbx_psc *psc);

/**
 * Send the firmware a message (pure/message.h).
 *
 * @param      request   page that is shared with the hypervisor; the message
 * @param      response  likewise; the answer
 * @param[out] info2     on CBX_OK what cbx_psp_sent wants
 *
 * @retval CBX_OK          it was handed on, or not yet
 * @retval CBX_E_HARDWARE  the hypervisor does not hand messages on
 * @retval CBX_E_INVALID   its answer is malformed: whether it handed it on is
 *                         not known
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_send(
	struct cbx_pfn request, struct cbx_pfn response, uint64_t *info2);

/** Say a sentence, and end: the machine is none for the monitor. */
_Noreturn void cbx_snp_refuse(const char *why);

#endif
