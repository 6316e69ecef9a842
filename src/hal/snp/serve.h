/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a stock kernel at the host's level asks by SVSM calls, on each of its CPUs.
 *
 * Whose a page is, is the core's to say: PVALIDATE of the host's comes out as
 * events, page by page.  All else is about pages that are the host's own and stay
 * so (use.h).
 */
#ifndef CBX_HAL_SNP_SERVE_H
#define CBX_HAL_SNP_SERVE_H

#include <hal/hal.h>
#include <hal/snp/host.h>

/**
 * The first registers and calling area of a CPU: pages of the monitor's that no
 * call moves, or pages that the host has wholly.
 *
 * @param features  SEV_FEATURES of every CPU of the host's
 */
void cbx_snp_serve_start(uint32_t cpu, struct cbx_pfn vmsa, struct cbx_pfn area,
	uint64_t features);

/**
 * cbx_snp_host_run, by the registers and area the host has given this CPU.
 *
 * @param host  of which those two do not matter
 *
 * @retval CBX_E_STATE  it has given none, or takes them away
 * @retval ...          as cbx_snp_host_run; CBX_E_HARDWARE, too, as long as
 *                      the host has not told the hypervisor of them
 */
CBX_MUST_CHECK enum cbx_status cbx_snp_serve_run(
	uint32_t cpu, struct cbx_snp_host *host, struct cbx_snp_left *left);

/**
 * Serve the call this CPU left for.
 *
 * @param[out] event  CBX_EVENT_PAGE_STATE, if true
 *
 * @retval true   the core has a say: cbx_snp_serve_more() with its answer
 * @retval false  it is answered
 */
bool cbx_snp_serve(uint32_t cpu, const struct cbx_svsm_registers *call,
	struct cbx_event *event);

/** Go on with what the core said of the event; as cbx_snp_serve(). */
bool cbx_snp_serve_more(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event);

/**
 * Serve a call of protocol 1.
 *
 * @param[in,out] r  but for RAX, the answer: bytes of manifest, certificates and
 *                   report, also when a buffer is too small for them
 *
 * @return RAX; CBX_SVSM_INCOMPLETE until the report is made
 * @pre locked (use.h)
 */
uint32_t cbx_snp_serve_attest(uint32_t cpu, const struct cbx_svsm_request *q,
	struct cbx_svsm_registers *r);

#endif
