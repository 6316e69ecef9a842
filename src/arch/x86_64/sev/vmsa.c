/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/sev/vmsa.h>

#define USER 3

bool cbx_vmsa_sound(
	const volatile struct cbx_vmsa *vmsa, uint8_t vmpl, uint64_t features)
{
	return vmsa->vmpl == vmpl && vmsa->features == features &&
	       (vmsa->efer & CBX_VMSA_SVME) != 0 &&
	       (vmsa->virtual_interrupt & CBX_VMSA_BUSY) == 0;
}

struct cbx_view cbx_vmsa_wanted(const volatile struct cbx_vmsa *vmsa)
{
	uint64_t info1 = vmsa->exit_info1;
	uint8_t bits = CBX_VIEW_R;

	if (vmsa->exit_code != CBX_VMSA_NPF ||
		(info1 & CBX_VMSA_NPF_VMPL) == 0) {
		bits = CBX_VIEW_NONE;
	} else if ((info1 & CBX_VMSA_NPF_FETCH) != 0) {
		bits = vmsa->cpl == USER ? CBX_VIEW_UX : CBX_VIEW_SX;
	} else if ((info1 & CBX_VMSA_NPF_WRITE) != 0) {
		bits = CBX_VIEW_W;
	}
	return (struct cbx_view){ bits };
}
