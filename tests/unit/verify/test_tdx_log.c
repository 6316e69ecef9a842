/* SPDX-License-Identifier: Apache-2.0 */
/* Damaged event logs. */
#include "tdx_mutant.h"

#include <verify/ccel.h>

/* One event of the sample's log, which has one digest each. */
struct event {
	size_t at, digest, data, end;
};

static uint32_t number_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
	       (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

#define EVENTS 43u

static size_t find_events(const uint8_t *log, struct event events[EVENTS])
{
	size_t at = 32 + number_at(log + 28);

	for (size_t i = 0; i < EVENTS; i++) {
		events[i].at = at;
		events[i].digest = at + 14;
		events[i].data = events[i].digest + CBX_CCEL_DIGEST + 4;
		at = events[i].data + number_at(log + events[i].data - 4);
		events[i].end = at;
	}
	return at;
}

static struct tdx_mutant open_log_test(void **state, uint8_t **log)
{
	struct tdx_mutant test =
		tdx_mutant_open(*state, &tdx_mutant_samples[2]);

	test.endorsements.event_log =
		evidence_load("tdx/ccel-cos113/ccel_data.bin");
	*log = (uint8_t *)(uintptr_t)test.endorsements.event_log.bytes;
	return test;
}

static void close_log_test(struct tdx_mutant *test, size_t least)
{
	tdx_mutant_close(test, least);
	evidence_free(test->endorsements.event_log);
}

static void events_of_a_log_cannot_be_changed(void **state)
{
	struct event events[EVENTS];
	uint8_t *log;
	struct tdx_mutant test = open_log_test(state, &log);

	(void)find_events(log, events);
	for (size_t i = 0; i < EVENTS; i++) {
		const size_t places[] = {
			events[i].at,	       /* register */
			events[i].at + 3,      /* the same, far away */
			events[i].at + 8,      /* how many digests */
			events[i].at + 12,     /* which */
			events[i].digest,      /* its first */
			events[i].digest + 47, /* and last byte */
			events[i].data - 4,    /* size of the data */
			events[i].data - 1,    /* the same, past the end */
		};

		for (size_t j = 0; j < 8; j++) {
			uint8_t bit = (uint8_t)(j == 0 ? 0x07 : 1u << j);
			bool grows = i == EVENTS - 1 && j == 6;

			log[places[j]] ^= bit;
			if (grows) {
				assert_int_equal(
					tdx_mutant_run(&test), CBX_ACCEPTED);
			} else {
				tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG,
					places[j]);
			}
			log[places[j]] ^= bit;
		}
	}
	close_log_test(&test, 300);
}

static void events_of_a_log_cannot_be_left_out(void **state)
{
	static uint8_t room[1 << 16];
	struct event events[EVENTS];
	uint8_t *log;
	struct tdx_mutant test = open_log_test(state, &log);
	struct cbx_span whole = test.endorsements.event_log;
	size_t end = find_events(log, events);

	for (size_t i = 0; i < EVENTS; i++) {
		size_t size = events[i].end - events[i].at;

		/* Without it. */
		memcpy(room, log, events[i].at);
		memcpy(room + events[i].at, log + events[i].end,
			end - events[i].end);
		test.endorsements.event_log =
			(struct cbx_span){ room, end - size };
		tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		/* Twice. */
		memcpy(room, log, events[i].end);
		memcpy(room + events[i].end, log + events[i].at, size);
		memcpy(room + events[i].end + size, log + events[i].end,
			end - events[i].end);
		test.endorsements.event_log.size = end + size;
		tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		/* As if it were not extended. */
		memcpy(room, log, end);
		memcpy(room + events[i].at + 4, (const uint8_t[4]){ 3 }, 4);
		test.endorsements.event_log.size = end;
		tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		/* The log ends before it, or within it. */
		test.endorsements.event_log =
			(struct cbx_span){ log, events[i].at };
		tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		test.endorsements.event_log.size = events[i].end - 1;
		tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
	}
	test.endorsements.event_log = whole;
	close_log_test(&test, 200);
}

/* A log of our own: a header with @p count algorithms and one event of register
 * 1 with as many digests. */
static size_t write_log(uint8_t *room, const uint16_t (*banks)[2], size_t count,
	const uint16_t *algorithms)
{
	static const uint8_t signature[16] = "Spec ID Event03";
	uint8_t *at = room + 32;

	memset(room, 0, 1024);
	room[4] = 3;
	memcpy(at, signature, sizeof(signature));
	at[24] = (uint8_t)count;
	for (size_t i = 0; i < count; i++) {
		at[28 + 4 * i] = (uint8_t)banks[i][0];
		at[30 + 4 * i] = (uint8_t)banks[i][1];
	}
	room[28] = (uint8_t)(29 + 4 * count);
	at += room[28];
	at[0] = 1;
	at[4] = 4;
	at[8] = (uint8_t)count;
	at += 12;
	for (size_t i = 0; i < count; i++) {
		*at = (uint8_t)algorithms[i];
		memset(at + 2, 0x5a, banks[i][1]);
		at += 2 + banks[i][1];
	}
	return (size_t)(at - room) + 4;
}

static void a_log_has_the_algorithms_it_says(void **state)
{
	static const struct {
		uint16_t banks[9][2]; /* algorithm, size */
		size_t count;
		uint16_t algorithms[9]; /* of the event */
		enum cbx_refusal expected;
	} rows[] = {
		{ { { 12, 48 } }, 1, { 12 }, CBX_ACCEPTED },
		{ { { 11, 32 }, { 12, 48 } }, 2, { 11, 12 }, CBX_ACCEPTED },
		{ { { 12, 48 }, { 11, 32 } }, 2, { 12, 11 }, CBX_ACCEPTED },
		{ { { 11, 32 }, { 12, 48 } }, 2, { 12, 12 },
			CBX_REFUSED_EVENT_LOG },
		{ { { 11, 32 }, { 12, 48 } }, 2, { 4, 12 },
			CBX_REFUSED_EVENT_LOG },
		{ { { 12, 48 }, { 12, 48 } }, 2, { 12, 12 },
			CBX_REFUSED_EVENT_LOG },
		{ { { 12, 32 } }, 1, { 12 }, CBX_REFUSED_EVENT_LOG },
		{ { { 11, 32 } }, 1, { 11 }, CBX_REFUSED_EVENT_LOG },
		{ { { 0 } }, 0, { 0 }, CBX_REFUSED_EVENT_LOG },
		{ { { 1 }, { 2 }, { 3 }, { 4 }, { 5 }, { 6 }, { 7 }, { 8 },
			  { 12, 48 } },
			9, { 1, 2, 3, 4, 5, 6, 7, 8, 12 },
			CBX_REFUSED_EVENT_LOG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t log[1024];
		size_t size = write_log(
			log, rows[i].banks, rows[i].count, rows[i].algorithms);
		struct cbx_ccel ccel;

		assert_int_equal(cbx_ccel_replay(*state,
					 (struct cbx_span){ log, size }, &ccel),
			rows[i].expected);
		if (rows[i].expected == CBX_ACCEPTED) {
			assert_int_equal(ccel.events[0], 1);
			assert_int_equal(ccel.events[1], 0);
		}
	}
}

static void a_logs_header_is_one(void **state)
{
	uint8_t *log;
	struct tdx_mutant test = open_log_test(state, &log);
	struct cbx_span whole = test.endorsements.event_log;

	for (size_t i = 0; i < 65; i++) {
		/* Index, the digest that is none, class, version. */
		bool nobodys =
			i < 4 || (i >= 8 && i < 28) || (i >= 48 && i < 56);

		log[i] ^= 1;
		if (nobodys) {
			assert_int_equal(tdx_mutant_run(&test), CBX_ACCEPTED);
		} else {
			tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, i);
		}
		log[i] ^= 1;
		test.endorsements.event_log.size = i + 1;
		tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, i);
		test.endorsements.event_log = whole;
	}
	close_log_test(&test, 130);
}

static void nothing_but_filling_follows_a_log(void **state)
{
	struct event events[EVENTS];
	uint8_t *log;
	struct tdx_mutant test = open_log_test(state, &log);
	struct cbx_span whole = test.endorsements.event_log;
	size_t end = find_events(log, events);

	for (size_t i = end; i < whole.size; i += 2477) {
		log[i] ^= 0x10;
		tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, i);
		log[i] ^= 0x10;
	}
	test.endorsements.event_log.size = end;
	assert_int_equal(tdx_mutant_run(&test), CBX_ACCEPTED);
	memset(log + end, 0, whole.size - end);
	test.endorsements.event_log = whole;
	assert_int_equal(tdx_mutant_run(&test), CBX_ACCEPTED);
	memset(log + end, 0x55, whole.size - end);
	tdx_mutant_refused(&test, CBX_REFUSED_EVENT_LOG, end);
	memset(log + end, 0xff, whole.size - end);
	close_log_test(&test, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SENTENCE(events_of_a_log_cannot_be_changed),
		SENTENCE(events_of_a_log_cannot_be_left_out),
		SENTENCE(a_log_has_the_algorithms_it_says),
		SENTENCE(a_logs_header_is_one),
		SENTENCE(nothing_but_filling_follows_a_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
