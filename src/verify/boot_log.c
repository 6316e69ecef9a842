/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/boot_log.h>

#include <psa/crypto.h>

#include <confbox/abi.h>
#include <trust/labels.h>

#define RECORD_BYTES 40u /* kind, address, info, info2, length */
#define RECORD_KIND  "boot"
#define RECORD_AT    (CBX_DIGEST_BYTES + RECORD_BYTES - 8)
#define PCR_MONITOR  8u
#define PCR_HOST     9u

static enum cbx_refusal refuse(struct cbx_verdict *verdict, const char *what)
{
	return cbx_refuse(verdict, CBX_REFUSED_EVENT_LOG, "monitor: %s", what);
}

/* SHA-384 of 48 zero bytes, the record that says how long it is, the log. */
static bool digest_of(struct cbx_span log, uint8_t digest[CBX_DIGEST_BYTES])
{
	uint8_t input[CBX_DIGEST_BYTES + RECORD_BYTES +
		      CBX_BOOT_LOG_BYTES_MAX] = { 0 };
	size_t size = 0;

	memcpy(input + CBX_DIGEST_BYTES, RECORD_KIND, sizeof(RECORD_KIND));
	input[RECORD_AT] = (uint8_t)log.size;
	input[RECORD_AT + 1] = (uint8_t)(log.size >> 8);
	memcpy(input + CBX_DIGEST_BYTES + RECORD_BYTES, log.bytes, log.size);
	return psa_hash_compute(PSA_ALG_SHA_384, input,
		       CBX_DIGEST_BYTES + RECORD_BYTES + log.size, digest,
		       CBX_DIGEST_BYTES, &size) == PSA_SUCCESS;
}

/* Where the digest of an event belongs; NULL: it is of something else. */
static struct cbx_span *place_of(
	struct cbx_boot_log *boot, const struct cbx_event *event)
{
	const struct {
		uint32_t index;
		const char *name;
		struct cbx_span *place;
	} known[] = {
		{ PCR_MONITOR, "monitor", &boot->monitor },
		{ PCR_HOST, "host", &boot->host },
		{ PCR_HOST, "options", &boot->options },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (event->index == known[i].index &&
			cbx_span_equal(
				event->data, cbx_span_text(known[i].name))) {
			return known[i].place;
		}
	}
	return NULL;
}

static enum cbx_refusal read_events(struct cbx_verdict *verdict,
	struct cbx_span log, struct cbx_boot_log *boot)
{
	struct cbx_boot_log said = { 0 };
	struct cbx_event_log reading;
	struct cbx_event event;

	if (!cbx_event_log_begin(&reading, log)) {
		return refuse(verdict, "no boot log with SHA-384");
	}
	while (reading.rest.rest.size != 0) {
		struct cbx_span *place;

		if (!cbx_event_log_next(&reading, &event)) {
			return refuse(verdict, "a malformed event in the log");
		}
		place = place_of(&said, &event);
		if (place != NULL && place->size != 0) {
			return refuse(verdict, "a boot log that says it twice");
		}
		if (place != NULL) {
			*place = event.digest;
		}
		said.events++;
	}
	*boot = said;
	return said.monitor.size != 0
		       ? CBX_ACCEPTED
		       : refuse(verdict, "a boot log without a monitor");
}

enum cbx_refusal cbx_boot_log_read(struct cbx_verdict *verdict,
	struct cbx_span log, struct cbx_span digest, struct cbx_boot_log *boot)
{
	uint8_t made[CBX_DIGEST_BYTES];

	*boot = (struct cbx_boot_log){ 0 };
	if (log.size > CBX_BOOT_LOG_BYTES_MAX) {
		return refuse(verdict, "a boot log of more than a page");
	}
	if (!digest_of(log, made)) {
		return cbx_refuse(
			verdict, CBX_REFUSED_INTERNAL, "no cryptography");
	}
	if (!cbx_span_equal(digest, (struct cbx_span){ made, sizeof(made) })) {
		return refuse(verdict, "the boot digest is of another log");
	}
	return read_events(verdict, log, boot);
}

void cbx_boot_log_claims(
	struct cbx_verdict *verdict, const struct cbx_boot_log *boot)
{
	cbx_claim_bytes(verdict, boot->monitor, "monitor.image");
	if (boot->host.size != 0) {
		cbx_claim_bytes(verdict, boot->host, "monitor.boot.host");
	}
	if (boot->options.size != 0) {
		cbx_claim_bytes(verdict, boot->options, "monitor.boot.options");
	}
	cbx_claim_number(verdict, boot->events, "monitor.boot.events");
}
