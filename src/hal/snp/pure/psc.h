/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of page state changes, in the GHCB's buffer: pages in a row, 4 KiB
 * each, that become private.
 *
 * The hypervisor says how far it came, and may stop anywhere and be asked
 * again.  It may also lie: a page that is said to be private and is not cannot
 * be validated.
 *
 * @source AMD 56421, 4.1.6
 */
#ifndef CBX_HAL_SNP_PURE_PSC_H
#define CBX_HAL_SNP_PURE_PSC_H

#include <base/types.h>

#define CBX_PSC_MAX 253u

/** Pages that are still to be changed. */
struct cbx_psc {
	struct cbx_pfn first;
	uint64_t count;
};

/** Write a list of the first pages, up to CBX_PSC_MAX. @pre psc->count > 0
 * @return how many pages are on it */
uint64_t cbx_psc_write(volatile uint64_t *buffer, const struct cbx_psc *psc);

/**
 * Read how far the hypervisor came.
 *
 * @param         buffer  with the list of @p listed pages
 * @param         info2   of the answer to CBX_GHCB_STATES
 * @param[in,out] psc     what was asked; what remains
 *
 * @retval CBX_OK          the whole list is done
 * @retval CBX_E_BUSY      not yet; ask again for what remains
 * @retval CBX_E_HARDWARE  the first page that remains was refused
 * @retval CBX_E_INVALID   the answer is malformed: which pages changed is not
 *                         known, and @p psc is what it was
 */
CBX_MUST_CHECK enum cbx_status cbx_psc_read(const volatile uint64_t *buffer,
	uint64_t listed, uint64_t info2, struct cbx_psc *psc);

#endif
