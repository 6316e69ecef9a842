/* SPDX-License-Identifier: Apache-2.0 */
/* Ports and device memory, for guests that ask by the GHCB's page. */
#ifndef LAB_DEVICE_H
#define LAB_DEVICE_H

#include "cpu.h"
#include "snp/ghcb.h"

/**
 * Do what SNP_EVENT_IOIO asks for: one port, or as many of a string as lie in
 * the scratch area.
 *
 * @param page  a copy of the GHCB; a string that is read goes into it
 */
struct snp_nae_answer lab_device_port(uint8_t *page, const struct snp_nae *nae);

/**
 * Do what SNP_EVENT_MMIO_READ or _WRITE asks for: 1, 2, 4 or 8 bytes of device
 * memory, in one access.
 *
 * @param page  a copy of the GHCB, with the bytes in its scratch area
 */
struct snp_nae_answer lab_device_memory(
	struct lab_cpu *cpu, uint8_t *page, const struct snp_nae *nae);

#endif
