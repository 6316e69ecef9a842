/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the backend knows of the CPU it runs on: in the CPU's window, and so
 * nobody else's.
 */
#ifndef CBX_HAL_SNP_CPU_H
#define CBX_HAL_SNP_CPU_H

#include <arch/x86_64/state.h>
#include <hal/snp/host.h>
#include <hal/snp/talk.h>

struct cbx_snp_cpu {
	struct cbx_snp_ghcb ghcb;
	struct cbx_snp_host host; /* no gates: there is none */
	bool asks;		  /* the core, for a call of its (serve.h) */
	bool crashed;		  /* it has nowhere to take a fault */
};
_Static_assert(sizeof(struct cbx_snp_cpu) <= CBX_PAGE_SIZE, "its page");

static inline struct cbx_snp_cpu *cbx_snp_cpu(void)
{
	return CBX_CPU_HERE(CBX_CPU_HAL_PAGE);
}

#endif
