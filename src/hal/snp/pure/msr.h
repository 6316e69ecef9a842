/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GHCB MSR protocol: requests that fit into the MSR, and their answers.
 *
 * An answer is the hypervisor's, read from the MSR once.  Reserved bits in it
 * must be zero and what is to be echoed must be, or it is malformed, and the
 * monitor does not know what happened.
 *
 * @source AMD 56421, 2.3.1
 */
#ifndef CBX_HAL_SNP_PURE_MSR_H
#define CBX_HAL_SNP_PURE_MSR_H

#include <base/types.h>

#define CBX_MSR_GHCB 0xc0010130u

/** The version of the page protocol that the monitor speaks. */
#define CBX_GHCB_VERSION 2u

/** What the hypervisor has; the monitor needs all of them. */
#define CBX_GHCB_HAS_SNP      0x01ull
#define CBX_GHCB_HAS_AP_START 0x02ull
#define CBX_GHCB_HAS_VMPLS    0x20ull

/** Reasons of the monitor's own to end the machine, in set CBX_GHCB_SET. */
#define CBX_GHCB_SET 3u
enum cbx_ghcb_reason {
	CBX_GHCB_REFUSED = 0, /* not on this machine */
	CBX_GHCB_PANIC = 1,
};

/** Requests. @param pfn  below 2^40 @param vmpl  below CBX_RMP_VMPLS */
#define CBX_GHCB_ASK_INFO     0x002ull
#define CBX_GHCB_ASK_FEATURES 0x080ull
uint64_t cbx_ghcb_ask_register(struct cbx_pfn pfn);
uint64_t cbx_ghcb_ask_state(struct cbx_pfn pfn, bool shared);
uint64_t cbx_ghcb_ask_run(uint8_t vmpl);
uint64_t cbx_ghcb_ask_end(enum cbx_ghcb_reason reason);

/**
 * Whether the hypervisor speaks CBX_GHCB_VERSION.
 *
 * @param[out] c_bit  on success the C bit's number it names, 32 to 51: to be
 *                    compared with the CPUID page's
 */
bool cbx_ghcb_info(uint64_t answer, uint8_t *c_bit);

/**
 * Whether what was asked for has happened.
 *
 * @retval CBX_OK          it says so
 * @retval CBX_E_HARDWARE  it was refused; nothing changed
 * @retval CBX_E_INVALID   the answer is malformed
 */
CBX_MUST_CHECK enum cbx_status cbx_ghcb_registered(
	uint64_t answer, struct cbx_pfn pfn);
CBX_MUST_CHECK enum cbx_status cbx_ghcb_state_set(uint64_t answer);
CBX_MUST_CHECK enum cbx_status cbx_ghcb_ran(uint64_t answer);

/** @param[out] features  on success, CBX_GHCB_HAS_ and bits without a name */
bool cbx_ghcb_features(uint64_t answer, uint64_t *features);

#endif
