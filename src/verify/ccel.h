/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log of a TD's firmware and boot loader, replayed.
 *
 * The log is a claim of the TD's own software; what makes it true is that its
 * digests, extended one after another, give the registers of a quote.
 */
#ifndef CBX_VERIFY_CCEL_H
#define CBX_VERIFY_CCEL_H

#include <verify/span.h>
#include <verify/verdict.h>

#define CBX_EVENT_BANKS_MAX 8u /* TCG has five */
#define CBX_EVENT_NO_ACTION 3u /* a type: an event that is not extended */

#define CBX_CCEL_REGISTERS 4u
#define CBX_CCEL_DIGEST	   48u /* SHA-384 */

struct cbx_ccel {
	uint8_t registers[CBX_CCEL_REGISTERS][CBX_CCEL_DIGEST];
	uint32_t events[CBX_CCEL_REGISTERS]; /* how many were extended */
};

/** A log in the crypto-agile format, being read. */
struct cbx_event_log {
	struct cbx_reader rest;
	uint32_t bank_count;
	struct {
		uint16_t algorithm, size;
	} bank[CBX_EVENT_BANKS_MAX]; /* each event has these digests */
};

struct cbx_event {
	uint32_t index; /* register */
	uint32_t type;
	struct cbx_span digest; /* SHA-384 */
	struct cbx_span data;
};

/** Read the header, and event after event.
 * @return false: malformed, or without SHA-384 */
bool cbx_event_log_begin(struct cbx_event_log *log, struct cbx_span bytes);
bool cbx_event_log_next(struct cbx_event_log *log, struct cbx_event *event);

/**
 * Replay a log.
 *
 * @param log        the CCEL area: a header, events, then bytes that are all 0
 *                   or all 0xff, or nothing
 * @param[out] ccel  undefined after a refusal
 *
 * @retval CBX_ACCEPTED            the registers the log leads to
 * @retval CBX_REFUSED_EVENT_LOG   malformed, without SHA-384, or an event of
 *                                 no register
 * @retval CBX_REFUSED_INTERNAL    the digest could not be computed
 *
 * @source TCG PC Client Platform Firmware Profile 1.05, 10.2 (crypto agile
 *         log); UEFI 2.10, 38.4.1: measurement registers 1 to 4 are RTMR 0 to 3
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_ccel_replay(struct cbx_verdict *verdict,
	struct cbx_span log, struct cbx_ccel *ccel);

#endif
