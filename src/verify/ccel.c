/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/ccel.h>

#include <psa/crypto.h>

#include <verify/span.h>

#define SHA_384 0x000cu
#define LOG_MAX (16u << 20)

static enum cbx_refusal refuse(struct cbx_verdict *verdict, const char *what)
{
	return cbx_refuse(verdict, CBX_REFUSED_EVENT_LOG, "%s", what);
}

/* What the header's event says; false when it is none. */
static bool read_banks(struct cbx_span header, struct cbx_event_log *log)
{
	static const uint8_t signature[16] = "Spec ID Event03";
	struct cbx_reader reader = cbx_reader_of(header);
	bool sha_384 = false;
	bool ours = cbx_span_equal(cbx_reader_take(&reader, sizeof(signature)),
		(struct cbx_span){ signature, sizeof(signature) });

	/* Platform class, version of the specification, size of a pointer. */
	(void)cbx_reader_take(&reader, 8);
	log->bank_count = (uint32_t)cbx_reader_le(&reader, 4);
	if (!ours || reader.failed || log->bank_count > CBX_EVENT_BANKS_MAX) {
		return false;
	}
	for (uint32_t i = 0; i < log->bank_count; i++) {
		log->bank[i].algorithm = (uint16_t)cbx_reader_le(&reader, 2);
		log->bank[i].size = (uint16_t)cbx_reader_le(&reader, 2);
		if (log->bank[i].algorithm == SHA_384) {
			if (sha_384 || log->bank[i].size != CBX_CCEL_DIGEST) {
				return false;
			}
			sha_384 = true;
		}
	}
	(void)cbx_reader_take(&reader, (size_t)cbx_reader_le(&reader, 1));
	return sha_384 && !reader.failed && reader.rest.size == 0;
}

/* A log begins with an event of the old form, which has one digest of 20
 * bytes. */
bool cbx_event_log_begin(struct cbx_event_log *log, struct cbx_span bytes)
{
	struct cbx_span event;
	uint64_t type;

	*log = (struct cbx_event_log){ .rest = cbx_reader_of(bytes) };
	(void)cbx_reader_le(&log->rest, 4);
	type = cbx_reader_le(&log->rest, 4);
	(void)cbx_reader_take(&log->rest, 20);
	event = cbx_reader_take(
		&log->rest, (size_t)cbx_reader_le(&log->rest, 4));
	return !log->rest.failed && type == CBX_EVENT_NO_ACTION &&
	       read_banks(event, log);
}

bool cbx_event_log_next(struct cbx_event_log *log, struct cbx_event *event)
{
	*event = (struct cbx_event){ 0 };
	event->index = (uint32_t)cbx_reader_le(&log->rest, 4);
	event->type = (uint32_t)cbx_reader_le(&log->rest, 4);
	if (cbx_reader_le(&log->rest, 4) != log->bank_count) {
		return false;
	}
	for (uint32_t i = 0; i < log->bank_count; i++) {
		uint64_t algorithm = cbx_reader_le(&log->rest, 2);
		struct cbx_span digest =
			cbx_reader_take(&log->rest, log->bank[i].size);

		if (algorithm != log->bank[i].algorithm) {
			return false;
		}
		if (algorithm == SHA_384) {
			event->digest = digest;
		}
	}
	event->data = cbx_reader_take(
		&log->rest, (size_t)cbx_reader_le(&log->rest, 4));
	return !log->rest.failed && event->digest.size == CBX_CCEL_DIGEST;
}

/* Nothing but filling follows. */
static bool at_end(struct cbx_span rest)
{
	for (size_t i = 0; i < rest.size; i++) {
		if (rest.bytes[i] != rest.bytes[0]) {
			return false;
		}
	}
	return rest.size == 0 || rest.bytes[0] == 0 || rest.bytes[0] == 0xff;
}

static bool extend(uint8_t value[CBX_CCEL_DIGEST], struct cbx_span digest)
{
	uint8_t both[2 * CBX_CCEL_DIGEST];
	size_t size;

	memcpy(both, value, CBX_CCEL_DIGEST);
	memcpy(both + CBX_CCEL_DIGEST, digest.bytes, CBX_CCEL_DIGEST);
	return psa_hash_compute(PSA_ALG_SHA_384, both, sizeof(both), value,
		       CBX_CCEL_DIGEST, &size) == PSA_SUCCESS;
}

enum cbx_refusal cbx_ccel_replay(
	struct cbx_verdict *verdict, struct cbx_span log, struct cbx_ccel *ccel)
{
	struct cbx_event_log reading;

	*ccel = (struct cbx_ccel){ 0 };
	if (log.size > LOG_MAX || !cbx_event_log_begin(&reading, log)) {
		return refuse(verdict, "no event log with SHA-384");
	}
	while (!at_end(reading.rest.rest)) {
		struct cbx_event event;

		if (!cbx_event_log_next(&reading, &event)) {
			return refuse(verdict, "a malformed event in the log");
		}
		if (event.type == CBX_EVENT_NO_ACTION) {
			continue;
		}
		if (event.index < 1 || event.index > CBX_CCEL_REGISTERS) {
			return refuse(verdict, "an event of no register");
		}
		if (!extend(ccel->registers[event.index - 1], event.digest)) {
			return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
				"SHA-384 could not be computed");
		}
		ccel->events[event.index - 1]++;
	}
	return CBX_ACCEPTED;
}
