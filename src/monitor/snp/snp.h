/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up at VMPL0: the parts of one CPU's. */
#ifndef CBX_MONITOR_SNP_SNP_H
#define CBX_MONITOR_SNP_SNP_H

#include <arch/x86_64/boot.h>
#include <hal/snp/cpu.h>
#include <monitor/snp/boot.h>

/** What the loader and the firmware tell (boot.S): pages of the image. */
extern const struct cbx_boot cbx_snp_told;
extern uint8_t cbx_snp_secrets[CBX_PAGE_SIZE];

/** Talk to the hypervisor, or end here: in a window whose own page table, the
 * HAL's first page and the next are mapped. */
void cbx_snp_talk_start(void);

/** And be told by it. @pre #HV is taken */
void cbx_snp_bell_start_here(void);

/** Take VMPCK0 out of the secrets page, and begin with messages, once. */
void cbx_snp_mail_begin(void);

/** Give the host this CPU's gate area. */
void cbx_snp_gates_start(void);

/** Make this CPU's host, with registers as the loader left them on a page, if
 * there is any. */
void cbx_snp_host_start(uint64_t registers);

/** Memory for the registers of the monitor's on other CPUs; start it there. */
void cbx_snp_others_carve(uint32_t cpus);
void cbx_snp_others_start(const struct cbx_x86_boot *boot);

#endif
