/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/sev/rmp.h>

#define RIGHTS_SHIFT 8

enum code {
	SUCCESS = 0,
	FAIL_INPUT = 1,
	FAIL_PERMISSION = 2,
	FAIL_INUSE = 3,
	FAIL_SIZEMISMATCH = 6,
};

/* The processor's bits are ours. */
_Static_assert(CBX_VIEW_R == 1 && CBX_VIEW_W == 2 && CBX_VIEW_UX == 4 &&
		       CBX_VIEW_SX == 8,
	"views");

uint64_t cbx_rmp_rights(uint8_t vmpl, struct cbx_view view)
{
	uint64_t bits = view.bits & CBX_VIEW_ALL;

	if ((bits & (CBX_VIEW_R | CBX_VIEW_W)) == CBX_VIEW_W) {
		bits = CBX_VIEW_NONE;
	}
	return bits << RIGHTS_SHIFT | vmpl;
}

enum cbx_status cbx_rmp_status(struct cbx_rmp_result result)
{
	switch (result.code) {
	case SUCCESS:
		return result.carry ? CBX_E_STATE : CBX_OK;
	case FAIL_PERMISSION:
		return CBX_E_DENIED;
	case FAIL_INUSE:
		return CBX_E_BUSY;
	case FAIL_SIZEMISMATCH:
		return CBX_E_HARDWARE;
	case FAIL_INPUT:
	default:
		return CBX_E_INVALID;
	}
}
