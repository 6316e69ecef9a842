/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of page state changes (SNP_EVENT_PAGE_STATE), and the #HV doorbell.
 *
 * A list lies in the shared buffer, and the host writes into it how far it has
 * come; it may stop anywhere and let the guest ask again.
 */
#ifndef LAB_X86_SNP_GHCB_PSC_H
#define LAB_X86_SNP_GHCB_PSC_H

#include <stdbool.h>
#include <stdint.h>

#include "ghcb_msr.h"

#define SNP_PSC_HEADER	8
#define SNP_PSC_ENTRIES 253

/** What an answer's INFO2 says of a list. */
#define SNP_PSC_DONE	   UINT64_C(0)
#define SNP_PSC_BAD_HEADER (UINT64_C(1) << 32 | 1)
#define SNP_PSC_BAD_ENTRY  (UINT64_C(1) << 32 | 2)
#define SNP_PSC_FAILED          \
	(                       \
		UINT64_C(0x100) \
		<< 32) /* the host could not; low bits are its reason */

/** The next change a list asks for. */
struct snp_psc_step {
	uint16_t entry; /* its number */
	uint16_t done;	/* 4 KiB pages of it that are done */
	uint64_t gpa;	/* the first page that is not */
	uint16_t pages; /* from there; 1, or 512 less those that are done */
	enum snp_state_op op;
	bool large; /* whole 2 MiB at a multiple of them */
};

/** How reading went. */
enum snp_psc {
	SNP_PSC_NEXT,	/* there is a step */
	SNP_PSC_END,	/* all is done: answer with SNP_PSC_DONE */
	SNP_PSC_REFUSE, /* answer with the error */
};

/**
 * Find the next step.  Reads header and entry once each, from @p list only.
 *
 * @param      list   a private copy of the scratch area
 * @param      bytes  of it (struct snp_nae, scratch_bytes)
 * @param[out] step   with SNP_PSC_NEXT
 * @param[out] error  with SNP_PSC_REFUSE; SNP_PSC_BAD_HEADER or _BAD_ENTRY
 */
enum snp_psc snp_psc_next(const uint8_t *list, uint16_t bytes,
	struct snp_psc_step *step, uint64_t *error);

/**
 * Write that @p pages more of the step are done, at most those it has; goes on
 * to the next entry when it is whole.  Write to the copy and to the guest's.
 */
void snp_psc_advance(
	uint8_t *list, const struct snp_psc_step *step, uint16_t pages);

/** The #HV doorbell page, from its start. */
enum {
	SNP_HV_VECTOR = 0,
	SNP_HV_FLAGS = 1,
	SNP_HV_NO_EOI = 2,
	SNP_HV_BYTES = 4096,
};
#define SNP_HV_NMI	 0x01
#define SNP_HV_MC	 0x02
#define SNP_HV_NO_SIGNAL 0x80 /* no further #HV until the guest has looked */

/** How a vector was left at the doorbell. */
enum snp_hv {
	SNP_HV_RING, /* inject #HV */
	SNP_HV_WAITS, /* it is there; the guest has yet to look at an earlier one */
	SNP_HV_FULL, /* another vector is there: keep it and try again later */
};

/**
 * Leave an interrupt for the guest, which does not run meanwhile on this CPU.
 *
 * @param page    the doorbell page; the two bytes are read once each
 * @param vector  31 to 255; 2 is the NMI
 */
enum snp_hv snp_hv_post(uint8_t *page, uint8_t vector);

#endif
