/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot log in a monitor's evidence (doc/measurement.md): what was loaded,
 * as whoever measured it says.
 */
#ifndef CBX_VERIFY_BOOT_LOG_H
#define CBX_VERIFY_BOOT_LOG_H

#include <verify/ccel.h>

/** What it says; spans point into the log, and are empty where it is silent. */
struct cbx_boot_log {
	struct cbx_span monitor; /* digests */
	struct cbx_span host;
	struct cbx_span options;
	uint64_t events;
};

/**
 * Read a boot log.
 *
 * @param digest     the boot digest
 * @param[out] boot  on success
 *
 * @retval CBX_ACCEPTED            the digest is that of this log, which says
 *                                 once what the monitor is
 * @retval CBX_REFUSED_EVENT_LOG   or not
 * @retval CBX_REFUSED_INTERNAL    no cryptography
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_boot_log_read(
	struct cbx_verdict *verdict, struct cbx_span log,
	struct cbx_span digest, struct cbx_boot_log *boot);

/** Add claims "monitor.image", "monitor.boot.*". */
void cbx_boot_log_claims(
	struct cbx_verdict *verdict, const struct cbx_boot_log *boot);

#endif
