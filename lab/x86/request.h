/* SPDX-License-Identifier: Apache-2.0 */
/* The host's part of what a guest asks its chip for. */
#ifndef LAB_REQUEST_H
#define LAB_REQUEST_H

#include "cpu.h"
#include "snp/ghcb.h"

/** SNP_EVENT_REQUEST and SNP_EVENT_EXTENDED_REQUEST. */
struct snp_nae_answer lab_request(
	struct lab_cpu *cpu, const struct snp_nae *nae);

#endif
