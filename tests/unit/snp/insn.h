/* SPDX-License-Identifier: Apache-2.0 */
/* In place of src/hal/snp/insn.h (included before it, by -include): a processor
 * and a hypervisor that are models. */
#ifndef CBX_HAL_SNP_INSN_H
#define CBX_HAL_SNP_INSN_H

#include <hal/snp/pure/msr.h>
#include <arch/x86_64/sev/rmp.h>
#include <hal/snp/talk.h>

struct cbx_rmp_result cbx_snp_pvalidate(const void *page, bool valid);
struct cbx_rmp_result cbx_snp_rmpadjust(const void *page, uint64_t rights);
uint64_t cbx_snp_exchange(uint64_t request);
uint64_t cbx_snp_enter(const volatile uint64_t *rung);
void cbx_snp_quiet(void);

#endif
