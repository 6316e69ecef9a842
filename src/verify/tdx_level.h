/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the lists of levels in Intel's collateral.
 */
#ifndef CBX_VERIFY_TDX_LEVEL_H
#define CBX_VERIFY_TDX_LEVEL_H

#include <verify/tdx_tcb.h>

/** A level of tcbInfo: what has to be reached, and what it is worth. */
struct cbx_level {
	uint8_t sgx[CBX_PCK_COMPONENTS];
	uint8_t tdx[CBX_PCK_COMPONENTS];
	uint32_t pcesvn;
	enum cbx_tcb_status status;
};

/** @return false when it is not what Intel specifies; then @p wanted is
 * undefined */
bool cbx_level_read(const json_t *level, struct cbx_level *wanted);

/** The status in a level of a module or the QE; CBX_TCB_NONE when it has none
 * of the three there are for those. */
enum cbx_tcb_status cbx_level_part_status(const json_t *level);

/** The identity of TDX modules of that major version; NULL when tcbInfo has
 * none. */
const json_t *cbx_level_module(const json_t *tcb_info, uint8_t major);

/**
 * Whether a field, masked, is what an identity wants.
 *
 * @param name, mask_name  members of @p object, hexadecimal
 * @param have             at most 16 bytes
 * @param[out] readable    whether both members are there and of that size
 */
bool cbx_level_masked(const json_t *object, const char *name,
	const char *mask_name, struct cbx_span have, bool *readable);

#endif
