/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices' accesses to memory, and the messages they send: what the direct map
 * lets the host do with a page is what all its devices may do with it, for the
 * IOMMU walks the direct map's own tables.
 *
 * Without an IOMMU each of these does nothing, and says so where it answers.
 */
#ifndef CBX_HAL_PKS_VM_IOMMU_H
#define CBX_HAL_PKS_VM_IOMMU_H

#include <arch/x86_64/boot.h>

/** Look at the one that start-up found, and carve for its tables; before the
 * host's memory is opened. */
void cbx_pks_iommu_carve(const struct cbx_x86_boot *boot);

/** Switch it on; every device is refused what the direct map does not have. */
void cbx_pks_iommu_start(void);

/** Whether it is on. */
bool cbx_pks_iommu_on(void);

/** Start forgetting stale translations, for a token of the caller's; tokens
 * grow. */
void cbx_pks_iommu_flush(uint64_t token);

/** Whether the flush for @p token, and all before it, completed; true without
 * an IOMMU. */
bool cbx_pks_iommu_flushed(uint64_t token);

/**
 * Let a line of the I/O interrupt controller reach a CPU.  Only lines given
 * here reach any: a device's own messages do not.
 *
 * @param line   less than 256
 * @param entry  the controller's entry, were there no IOMMU: fixed delivery of
 *               a vector from 32 on to the CPU of a number
 * @return the entry to write
 */
uint64_t cbx_pks_iommu_line(uint32_t line, uint64_t entry);

/** The backend gate CBX_PKS_REFUSED.
 * @param[out] ret  how often (a burst may count once), and the last one's
 *                  address and record: requester, reason, whether it read */
enum cbx_status cbx_pks_iommu_refused(uint64_t *ret);

#endif
