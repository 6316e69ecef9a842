/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network card in loopback (RTL8139), which reads and writes memory where it
 * is told: what it sends it receives.  It is driven by ports alone.
 */
#ifndef TESTS_HOST_NIC_H
#define TESTS_HOST_NIC_H

#include <hal/pks-vm/pci.h>

#include "host.h"

#define NIC_BYTES 64u /* it copies */
#define NIC_SHIFT 4u  /* and writes a word of its own before */

/** Find one. @return whether there is one, and it may not access memory */
bool nic_find(void);

/** Let it access memory. */
bool nic_start(void);

/** Where it reads from and writes to, by the next nic_go. */
void nic_aim(uint64_t from, uint64_t to);

/** Copy. */
void nic_go(void);

#endif
