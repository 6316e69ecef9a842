/* SPDX-License-Identifier: Apache-2.0 */
/* What a stock kernel finds in place of the firmware's secrets page. */
#ifndef CBX_MONITOR_SNP_TELL_H
#define CBX_MONITOR_SNP_TELL_H

#include <monitor/snp/boot.h>

/**
 * Write the host's secrets page where it looks for it, if it does: with the keys of
 * its own level and lower ones, and with where the monitor is.
 *
 * @param secrets  the monitor's own
 * @param area     the calling area of its first CPU
 */
void cbx_snp_tell(
	const struct cbx_boot *boot, const void *secrets, struct cbx_pfn area);

#endif
