/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of PVALIDATE and RMPADJUST: what is asked for, and what came of it.
 *
 * @source AMD 24594, PVALIDATE and RMPADJUST; AMD 24593, 15.36
 */
#ifndef CBX_ARCH_X86_64_SEV_RMP_H
#define CBX_ARCH_X86_64_SEV_RMP_H

#include <base/types.h>

/** Levels there are; 0 is the monitor's. */
#define CBX_RMP_VMPLS 4u

/** RMPADJUST: the page is a VMSA from now on. */
#define CBX_RMP_VMSA 0x10000ull

/** EAX, and CF, which only PVALIDATE sets: nothing changed. */
struct cbx_rmp_result {
	uint32_t code;
	bool carry;
};

/**
 * RDX of RMPADJUST: all a level may do with a page, whatever it could before.
 *
 * A level that may write may read, so a view that has W without R is none.
 *
 * @param vmpl  1 to 3
 */
uint64_t cbx_rmp_rights(uint8_t vmpl, struct cbx_view view);

/**
 * What came of RMPADJUST, or of PVALIDATE.
 *
 * @retval CBX_OK          done
 * @retval CBX_E_STATE     PVALIDATE: the page was so before.  If it was to be
 *                         validated, the hypervisor shows one page at two
 *                         addresses, or the monitor asked twice
 * @retval CBX_E_DENIED    the level is not below this one, or would get more
 *                         than this one has; nothing changed
 * @retval CBX_E_BUSY      another CPU has the entry, or runs the VMSA; nothing
 *                         changed
 * @retval CBX_E_HARDWARE  the hypervisor has it as a page of another size;
 *                         nothing changed
 * @retval CBX_E_INVALID   the address or a bit of the request is none; or the
 *                         code is none that is known
 */
CBX_MUST_CHECK enum cbx_status cbx_rmp_status(struct cbx_rmp_result result);

#endif
