/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports and device memory: of guests that ask by the GHCB's page, and what of them no
 * level has.
 *
 * PCI's configuration says where in memory the chipset has its windows.  What lies
 * under one is hidden, whosever it is; so all levels read it, and none writes it.
 */
#ifndef LAB_DEVICE_H
#define LAB_DEVICE_H

#include "cpu.h"
#include "snp/ghcb.h"

/** PCI's configuration: the word that the port before it chose. */
#define LAB_PCI_DATA	   0xcfcu
#define LAB_PCI_DATA_BYTES 4u

/** Leave no way to write the configuration but by those ports; before any guest
 * runs.  "lab.chipset=open" on the command line: leave all, for a test of it. */
void lab_device_start(void);

/** An access to a port that made a level exit: a blind one's is done, or dropped; any
 * other has to ask. */
void lab_exit_port(struct lab_cpu *cpu);

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
