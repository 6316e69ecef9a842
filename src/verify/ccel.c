/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/ccel.h>

#include <psa/crypto.h>

#include <verify/span.h>

#define NO_ACTION      3u /* an event that is not extended */
#define SHA_384	       0x000cu
#define ALGORITHMS_MAX 8u /* TCG has five */
#define LOG_MAX	       (16u << 20)

/* The digests each event has, in this order. */
struct banks {
	uint32_t count;
	uint16_t algorithm[ALGORITHMS_MAX];
	uint16_t size[ALGORITHMS_MAX];
};

struct event {
	uint32_t index; /* 1 to 4: a register */
	uint32_t type;
	struct cbx_span digest; /* SHA-384 */
};

static enum cbx_refusal refuse(struct cbx_verdict *verdict, const char *what)
{
	return cbx_refuse(verdict, CBX_REFUSED_EVENT_LOG, "%s", what);
}

/* What the header's event says; false when it is none. */
static bool read_banks(struct cbx_span header, struct banks *banks)
{
	static const uint8_t signature[16] = "Spec ID Event03";
	struct cbx_reader reader = cbx_reader_of(header);
	bool sha_384 = false;
	bool ours = cbx_span_equal(cbx_reader_take(&reader, sizeof(signature)),
		(struct cbx_span){ signature, sizeof(signature) });

	/* Platform class, version of the specification, size of a pointer. */
	(void)cbx_reader_take(&reader, 8);
	banks->count = (uint32_t)cbx_reader_le(&reader, 4);
	if (!ours || reader.failed || banks->count > ALGORITHMS_MAX) {
		return false;
	}
	for (uint32_t i = 0; i < banks->count; i++) {
		banks->algorithm[i] = (uint16_t)cbx_reader_le(&reader, 2);
		banks->size[i] = (uint16_t)cbx_reader_le(&reader, 2);
		if (banks->algorithm[i] == SHA_384) {
			if (sha_384 || banks->size[i] != CBX_CCEL_DIGEST) {
				return false;
			}
			sha_384 = true;
		}
	}
	(void)cbx_reader_take(&reader, (size_t)cbx_reader_le(&reader, 1));
	return sha_384 && !reader.failed && reader.rest.size == 0;
}

/* The log begins with an event of the old form, which has one digest of 20
 * bytes. */
static bool read_header(struct cbx_reader *log, struct banks *banks)
{
	struct cbx_span event;
	uint64_t type;

	(void)cbx_reader_le(log, 4);
	type = cbx_reader_le(log, 4);
	(void)cbx_reader_take(log, 20);
	event = cbx_reader_take(log, (size_t)cbx_reader_le(log, 4));
	return !log->failed && type == NO_ACTION && read_banks(event, banks);
}

static bool read_event(
	struct cbx_reader *log, const struct banks *banks, struct event *event)
{
	*event = (struct event){ 0 };
	event->index = (uint32_t)cbx_reader_le(log, 4);
	event->type = (uint32_t)cbx_reader_le(log, 4);
	if (cbx_reader_le(log, 4) != banks->count) {
		return false;
	}
	for (uint32_t i = 0; i < banks->count; i++) {
		uint64_t algorithm = cbx_reader_le(log, 2);
		struct cbx_span digest = cbx_reader_take(log, banks->size[i]);

		if (algorithm != banks->algorithm[i]) {
			return false;
		}
		if (algorithm == SHA_384) {
			event->digest = digest;
		}
	}
	(void)cbx_reader_take(log, (size_t)cbx_reader_le(log, 4));
	return !log->failed && event->digest.size == CBX_CCEL_DIGEST;
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
	struct cbx_reader reader = cbx_reader_of(log);
	struct banks banks;

	*ccel = (struct cbx_ccel){ 0 };
	if (log.size > LOG_MAX || !read_header(&reader, &banks)) {
		return refuse(verdict, "no event log with SHA-384");
	}
	while (!at_end(reader.rest)) {
		struct event event;

		if (!read_event(&reader, &banks, &event)) {
			return refuse(verdict, "a malformed event in the log");
		}
		if (event.type == NO_ACTION) {
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
