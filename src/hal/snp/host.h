/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running the host: a level of this CPU below the monitor, CBX_SNP_HOST, which
 * Meson's option snp_host_vmpl says.  Whatever rights a host gives to levels below
 * it, no registers of theirs are ever made.
 */
#ifndef CBX_HAL_SNP_HOST_H
#define CBX_HAL_SNP_HOST_H

#include <base/area.h>
#include <base/types.h>
#include <hal/snp/pure/svsm.h>
#include <arch/x86_64/sev/vmsa.h>

#define CBX_SNP_NO_VIEW ((struct cbx_view){ CBX_VIEW_NONE })

/** The host on one CPU: its registers; its calling area, whose first byte says
 * that there is a call, and its gate area, which is looked at first (a host may
 * have none of either); the flush before its last entry.  Or the monitor there,
 * which has registers only. */
struct cbx_snp_host {
	volatile struct cbx_vmsa *vmsa;
	_Atomic uint8_t *area;
	uint64_t vmsa_address;
	uint32_t apic;
	uint64_t flushed;
	struct cbx_area *gates;
};

/** Why it left. */
enum cbx_snp_why {
	CBX_SNP_NOTHING, /* or the hypervisor did not run it */
	CBX_SNP_GATE,	 /* what is in the gate area */
	CBX_SNP_CALL,	 /* registers */
	CBX_SNP_FAULT,	 /* pfn, access */
};
struct cbx_snp_left {
	enum cbx_snp_why why;
	struct cbx_svsm_registers registers;
	struct cbx_pfn pfn;
	struct cbx_view access;
};

/** What a level may do with a page, which is registers (CBX_RMP_VMSA) or not (0).
 * @retval ...  cbx_rmp_status; nothing changed unless CBX_OK */
CBX_MUST_CHECK enum cbx_status cbx_snp_adjust(const volatile void *page,
	uint8_t vmpl, struct cbx_view view, uint64_t vmsa);

/**
 * Make a page registers of a level, which the host sees as @p view says.  A host's
 * can be entered by nobody from before they are such.
 *
 * @pre nobody but the monitor can write to the page
 *
 * @retval CBX_OK          they are
 * @retval CBX_E_INVALID   they are not of that level, or have other features;
 *                         nothing changed
 * @retval CBX_E_HARDWARE  the processor does not take them
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_make_registers(
	volatile struct cbx_vmsa *vmsa, uint8_t vmpl, uint64_t features,
	struct cbx_view view);

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

/** The same for the monitor on another CPU (VMPL 0), which begins at once. */
CBX_MUST_CHECK enum cbx_status cbx_snp_own_create(
	const struct cbx_snp_host *own, uint64_t features);

/**
 * Run the host until it leaves, or not at all when #HV came that was not heard
 * of.  It can be run only in here: before and after the processor takes its
 * registers from nobody.
 *
 * @param[out] left  on CBX_OK
 *
 * @retval CBX_OK          this CPU's turn again
 * @retval CBX_E_HARDWARE  the hypervisor refused to run it
 * @retval CBX_E_BUSY      another CPU runs it, now or since the last time,
 *                         though it cannot be entered again: the registers
 *                         are not to be touched
 * @retval CBX_E_INVALID   the hypervisor's answer is malformed
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_host_run(
	struct cbx_snp_host *host, struct cbx_snp_left *left);

#endif
