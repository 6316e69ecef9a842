/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which features of SEV a machine may have switched on for the monitor.
 *
 * @source AMD 24593, MSR C001_0131 (SEV_STATUS) and VMSA offset 3B0h
 */
#ifndef CBX_ARCH_X86_64_SEV_FEATURES_H
#define CBX_ARCH_X86_64_SEV_FEATURES_H

#include <base/types.h>

#define CBX_MSR_SEV_STATUS 0xc0010131u

/**
 * Why the monitor does not start: one sentence.
 *
 * It needs SEV-SNP and restricted injection, without which the hypervisor
 * interrupts the monitor at any instruction.  What it does not know may undo
 * what it relies on.
 *
 * @param status  SEV_STATUS, which the processor answers itself
 *
 * @return NULL when nothing speaks against it
 */
const char *cbx_snp_refusal(uint64_t status);

/** SEV_FEATURES of the host's VMSAs: the monitor's, but injection as a stock
 * kernel expects it.  @param status  SEV_STATUS */
uint64_t cbx_snp_host_features(uint64_t status);

/** SEV_FEATURES of the monitor's own. @param status  SEV_STATUS */
uint64_t cbx_snp_own_features(uint64_t status);

#endif
