/* SPDX-License-Identifier: Apache-2.0 */
/* What attacks of a host at VMPL1 share. */
#ifndef CBX_TESTS_ATTACK_SNP_ONLY_H
#define CBX_TESTS_ATTACK_SNP_ONLY_H

#include <stdint.h>

/** Words of what it executes, in and out (snp_host.S). */
#define SNP_WORDS 5u

/** The host executes what is between the labels, in that page of its own. */
void snp_execute(uint64_t page, const uint8_t *from, const uint8_t *to,
	uint64_t words[SNP_WORDS]);

#endif
