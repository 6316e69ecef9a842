/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU's way of asking the hypervisor, and what it says of itself first.
 */
#ifndef CBX_HAL_SNP_TALK_H
#define CBX_HAL_SNP_TALK_H

#include <hal/snp/pure/ghcb.h>
#include <hal/snp/pure/psc.h>

/** The GHCB of a CPU; page is NULL until it is started.  Its doorbell: what #HV
 * is about (vector, flags, no EOI required, levels with events), and how often
 * #HV was taken here and how often that was heard of, in a row. */
struct cbx_snp_ghcb {
	volatile struct cbx_ghcb *page; /* mapped shared */
	struct cbx_pfn pfn;
	volatile _Atomic uint32_t *bell; /* mapped shared */
	volatile uint64_t *rung;
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
 * Share a page with the hypervisor, and make it this CPU's doorbell.
 *
 * @param page  validated; its bytes are lost
 * @param rung  rung[2], equal; the stub of #HV, which is installed, adds to the
 *              first
 *
 * @return NULL, or one sentence: why there is none
 */
const char *cbx_snp_bell_start(
	const struct cbx_snp_two_ways *page, volatile uint64_t *rung);

/**
 * Hear of what came by #HV; stop, if the monitor does.
 *
 * Restricted injection leaves the hypervisor #HV alone, which may come at any
 * instruction.  The stub counts it and goes back: into a box, which is left
 * then; to where cbx_snp_enter fails, if it was about to let the host run; or
 * to whatever it was.
 */
void cbx_snp_bell_take(void);

/** No other CPU runs a box or the host any more, once it hears of it. */
void cbx_snp_stop_others(void);

/**
 * Ask by the page.
 *
 * @param      needed  words the answer must bring
 * @param[out] answer  as cbx_ghcb_read has it
 *
 * @retval CBX_OK, CBX_E_HARDWARE, CBX_E_INVALID  as cbx_ghcb_read
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

/** Say a sentence, and end: the machine is none for the monitor. */
_Noreturn void cbx_snp_refuse(const char *why);

#endif
