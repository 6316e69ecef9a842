/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI configuration and the ports that could undo what page tables do
 * (doc/pks-vm.md, "Ports").  The host reads configuration, and switches
 * devices on and off, by backend gates; a port access of its own to it stops
 * the machine.
 */
#ifndef CBX_HAL_PKS_VM_PCI_H
#define CBX_HAL_PKS_VM_PCI_H

#include <arch/x86_64/boot.h>
#include <hal/hal.h>

/** Backend gates for devices; a function's place is bus << 8 | device << 3 |
 * function. */
#define CBX_PKS_PCI_READ    0x1030 /* place, offset: ret 32 bits */
#define CBX_PKS_PCI_COMMAND 0x1031 /* place, bits of the command register */
#define CBX_PKS_REFUSED	    0x1032 /* ret count, address, record */

/** Switch off every device's accesses to memory, look for ways round the IOMMU
 * and round page tables, and say a line for each. */
void cbx_pks_pci_start(const struct cbx_x86_boot *boot);

/** From now on a port access to PCI configuration traps on this CPU. */
void cbx_pks_pci_watch(void);

/** Whether the #DB just taken tells of such an access; it has happened. */
bool cbx_pks_pci_touched(void);

/** CBX_CAP_DMA and CBX_CAP_HOST_KERNEL_OUT, as this machine can keep them. */
uint64_t cbx_pks_pci_caps(void);

/** The backend gates CBX_PKS_PCI_READ and CBX_PKS_PCI_COMMAND. */
enum cbx_status cbx_pks_pci_read(
	uint64_t place, uint64_t offset, uint64_t *word);
enum cbx_status cbx_pks_pci_command(uint64_t place, uint64_t bits);

#endif
