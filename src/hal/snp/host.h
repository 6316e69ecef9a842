/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the host: a level of this CPU below the monitor.
 */
#ifndef CBX_HAL_SNP_HOST_H
#define CBX_HAL_SNP_HOST_H

#include <base/types.h>
#include <hal/snp/pure/svsm.h>
#include <hal/snp/pure/vmsa.h>

/** The host's level. */
#define CBX_SNP_HOST 1u

/** The host on one CPU: its registers, and its calling area, whose first byte
 * says that there is a call. */
struct cbx_snp_host {
	volatile struct cbx_vmsa *vmsa;
	_Atomic uint8_t *area;
	uint64_t vmsa_address;
	uint32_t apic;
};

/** Why it left. */
enum cbx_snp_why {
	CBX_SNP_NOTHING, /* or the hypervisor did not run it */
	CBX_SNP_CALL,	 /* registers */
	CBX_SNP_FAULT,	 /* pfn, access */
};
struct cbx_snp_left {
	enum cbx_snp_why why;
	struct cbx_svsm_registers registers;
	struct cbx_pfn pfn;
	struct cbx_view access;
};

/**
 * Make a page that the monitor filled the host's registers: nobody else can
 * write to it, and the hypervisor runs nothing else at that level.
 *
 * @param host      a page of the monitor's, mapped private, not running
 * @param features  SEV_FEATURES
 *
 * @retval CBX_OK          cbx_snp_host_run() may run it
 * @retval CBX_E_INVALID   the registers are not of that level, or have other
 *                         features, or lie at a multiple of 2 MiB, where
 *                         processors have an erratum; nothing changed
 * @retval CBX_E_HARDWARE  the hypervisor does not take it; the page is none of
 *                         registers
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_host_create(
	const struct cbx_snp_host *host, uint64_t features);

/**
 * Run the host until it leaves.  It can be run only in here: before and after
 * the processor takes its registers from nobody.
 *
 * @param[out] left  on CBX_OK
 *
 * @retval CBX_OK          this CPU's turn again
 * @retval CBX_E_HARDWARE  the hypervisor refused to run it
 * @retval CBX_E_BUSY      another CPU runs it, though it cannot be entered
 *                         again: the registers are not to be touched
 * @retval CBX_E_INVALID   the hypervisor's answer is malformed
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_host_run(
	const struct cbx_snp_host *host, struct cbx_snp_left *left);

/** Answer its call: what it finds when it runs again. */
void cbx_snp_host_answer(const struct cbx_snp_host *host,
	const struct cbx_svsm_registers *registers);

#endif
