/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged quotes and event logs: each is refused, and nobody reads past the end
 * (with sanitizers, that is seen).
 *
 * What may be changed without a refusal, because nothing vouches for it:
 *  - in the PEM text of certificates: line ends, and the bits of a last base64
 *    character that stand for nothing; the certificates are the same;
 *  - zero bytes behind the quote, or printable text;
 *  - s of an ECDSA signature into the order less s, which signs the same;
 *  - of an event log: the header's fields but its algorithms, the types and
 *    data of events (so the size of the last one's data may grow into the
 *    filling), events that are not extended, the filling behind it.
 */
#include "tdx_samples.h"

#include <mbedtls/bignum.h>

#include <verify/ccel.h>
#include <verify/chain.h>
#include <verify/pck.h>
#include <verify/tdx_quote.h>

#define NOW "2026-02-10T00:00:00Z"

static const struct sample {
	const char *file;
	size_t size; /* of the quote, without what follows */
	bool is_v5;
} samples[] = {
	{ "tdx/v4-spr-e4/quote.bin", SPR_SIZE, false },
	{ "tdx/v5-google/quote.bin", 5006, true },
	{ "tdx/ccel-cos113/quote.bin", 4935, false },
	{ "tdx/v4-qvl/quote.bin", 4936, false },
	{ "tdx/v5-qvl-outdated/quote.bin", 5006, true },
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))
#define ALIKE	3u /* the first: those of one version have parts of one size */

/* A quote that may be changed, in a block of its size. */
struct test {
	struct cbx_verdict *verdict;
	struct cbx_endorsements endorsements;
	uint8_t *quote;
	size_t size;
	size_t mutations;
};

static struct test open_test(
	struct cbx_verdict *verdict, const struct sample *sample)
{
	struct cbx_span file = evidence_load(sample->file);
	struct test test = {
		.verdict = verdict,
		.endorsements = tdx_collateral(NULL, 0),
		.quote = evidence_copy(file, sample->size),
		.size = sample->size,
	};

	evidence_free(file);
	return test;
}

static enum cbx_refusal run(struct test *test)
{
	const struct cbx_appraisal appraisal = tdx_appraisal(NOW);

	test->mutations++;
	return cbx_verify_tdx(test->verdict,
		(struct cbx_span){ test->quote, test->size },
		&test->endorsements, &appraisal);
}

/* Refused for that reason; ACCEPTED stands for any but INTERNAL. */
static void assert_refused(
	struct test *test, enum cbx_refusal reason, size_t at)
{
	enum cbx_refusal refusal = run(test);

	if (refusal == CBX_ACCEPTED || refusal == CBX_REFUSED_INTERNAL ||
		(reason != CBX_ACCEPTED && refusal != reason)) {
		print_error("byte 0x%zx: %s: %s\n", at,
			cbx_refusal_word(refusal),
			cbx_verdict_detail(test->verdict));
		fail();
	}
}

static void close_test(struct test *test, size_t least)
{
	assert_true(test->mutations >= least);
	assert_int_equal(run(test), CBX_ACCEPTED);
	free(test->quote);
}

/* Fields of a quote, one after another; sizes of those that differ are 0 and
 * come from the version. */
enum special {
	FIXED,
	ONLY_V5,
	REPORT,
	PEM
};

static const struct {
	uint16_t size;
	enum special special;
	enum cbx_refusal reason; /* ACCEPTED: by value */
} fields[] = {
	{ 2, FIXED, CBX_ACCEPTED }, /* version: 4 and 5 are both known */
	{ 2, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 4, FIXED, CBX_REFUSED_WRONG_TYPE },
	{ 4, FIXED, CBX_REFUSED_SIGNATURE },
	{ 16, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 20, FIXED, CBX_REFUSED_SIGNATURE },
	{ 2, ONLY_V5, CBX_ACCEPTED },
	{ 4, ONLY_V5, CBX_REFUSED_MALFORMED },
	{ 0, REPORT, CBX_REFUSED_SIGNATURE },
	{ 4, FIXED, CBX_REFUSED_MALFORMED },
	{ 64, FIXED, CBX_REFUSED_SIGNATURE },
	{ 64, FIXED, CBX_REFUSED_BINDING },
	{ 2, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 4, FIXED, CBX_REFUSED_MALFORMED },
	{ 384, FIXED, CBX_REFUSED_SIGNATURE },
	{ 64, FIXED, CBX_REFUSED_SIGNATURE },
	{ 2, FIXED, CBX_ACCEPTED },
	{ 32, FIXED, CBX_REFUSED_BINDING },
	{ 2, FIXED, CBX_REFUSED_UNSUPPORTED },
	{ 4, FIXED, CBX_REFUSED_MALFORMED },
	{ 0, PEM, CBX_ACCEPTED },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Where each field begins; at the end, the quote's. */
static void locate(const struct sample *sample, size_t at[FIELDS + 1])
{
	size_t next = 0;

	for (size_t i = 0; i < FIELDS; i++) {
		at[i] = next;
		if (fields[i].special == FIXED ||
			(fields[i].special == ONLY_V5 && sample->is_v5)) {
			next += fields[i].size;
		} else if (fields[i].special == REPORT) {
			next += sample->is_v5 ? CBX_TD_SIZE_1_5
					      : CBX_TD_SIZE_1_0;
		} else if (fields[i].special == PEM) {
			next = sample->size;
		}
	}
	at[FIELDS] = next;
}

/* Every byte of a short field; of a long one the first, the last and every
 * fourth. */
static void a_flipped_bit_of_every_field_is_refused(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct test test = open_test(*state, &samples[i]);
		size_t at[FIELDS + 1];

		locate(&samples[i], at);
		for (size_t j = 0; j + 1 < FIELDS; j++) {
			bool is_long = at[j + 1] - at[j] > 8;

			for (size_t k = at[j]; k < at[j + 1]; k++) {
				uint8_t bit = (uint8_t)(1u << (k * 5 + 3) % 8);

				if (is_long && k != at[j] &&
					k + 1 != at[j + 1] && k % 4 != 0) {
					continue;
				}
				test.quote[k] ^= bit;
				assert_refused(&test, fields[j].reason, k);
				test.quote[k] ^= bit;
			}
		}
		close_test(&test, 200);
	}
}

/* Whether this flip leaves the certificate what it is: see above. */
static bool means_nothing(const struct test *test, size_t at, uint8_t bit)
{
	uint8_t was = test->quote[at] ^ bit;

	if (was == '\0') {
		return false; /* nothing but zeros may follow the text */
	}
	return was == '\n' ||
	       (at + 1 < test->size && test->quote[at + 1] == '=');
}

static void certificates_with_a_flipped_bit_are_refused(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct test test = open_test(*state, &samples[i]);
		size_t at[FIELDS + 1];
		size_t meant_nothing = 0;

		locate(&samples[i], at);
		for (size_t k = at[FIELDS - 1]; k < test.size; k += 11) {
			uint8_t bit = (uint8_t)(1u << (k * 3 + 1) % 8);
			enum cbx_refusal refusal;

			test.quote[k] ^= bit;
			refusal = run(&test);
			if (refusal == CBX_ACCEPTED) {
				assert_true(means_nothing(&test, k, bit));
				meant_nothing++;
			}
			assert_int_not_equal(refusal, CBX_REFUSED_INTERNAL);
			test.quote[k] ^= bit;
		}
		assert_true(meant_nothing <= 5);
		close_test(&test, 300);
	}
}

/* All of these end within the quote. */
static void a_truncated_quote_is_malformed(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct test test = open_test(*state, &samples[i]);
		const size_t whole = test.size;
		uint8_t *quote = test.quote;
		size_t at[FIELDS + 1];

		locate(&samples[i], at);
		for (size_t j = 0; j < 3 * FIELDS + whole / 32; j++) {
			size_t size = j < 3 * FIELDS
					      ? at[j / 3] + j % 3
					      : 32 * (j - 3 * FIELDS) + 1;

			size -= size != 0; /* one less, even, one more */
			test.quote = evidence_copy(
				(struct cbx_span){ quote, whole }, size);
			test.size = size;
			assert_refused(&test, CBX_REFUSED_MALFORMED, size);
			free(test.quote);
		}
		test.quote = quote;
		test.size = whole;
		close_test(&test, 200);
	}
}

/* Bytes that are no text, among zeros; text among zeros. */
static void nothing_but_zeros_or_text_follows_a_quote(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		struct test test = open_test(*state, &samples[i]);
		uint8_t *quote = test.quote;
		const size_t whole = test.size;

		for (size_t more = 1; more <= 64; more += 9) {
			test.size = whole + more;
			test.quote = evidence_copy(
				(struct cbx_span){ quote, whole }, test.size);
			assert_int_equal(run(&test), CBX_ACCEPTED);
			for (size_t k = whole; k < test.size; k++) {
				test.quote[k] = (uint8_t)(0x80 | 1u << k % 8);
				assert_refused(&test, CBX_REFUSED_MALFORMED, k);
				test.quote[k] = more == 1 ? 0x1f : 'a';
				assert_refused(&test, CBX_REFUSED_MALFORMED, k);
				test.quote[k] = 0;
			}
			memset(test.quote + whole, 'a', more);
			assert_int_equal(run(&test), CBX_ACCEPTED);
			free(test.quote);
		}
		test.quote = quote;
		test.size = whole;
		close_test(&test, 200);
	}
}

static void lengths_that_lie_are_malformed(void **state)
{
	/* Index of the field, its size. */
	static const size_t lengths[] = { 7, 9, 13, 16, 19 };
	static const uint32_t lies[] = { 0, 1, 63, 64, 134, 584, 585, 647, 649,
		4096, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
		0xfffffffe, 0xffffffff };

	for (size_t i = 0; i < SAMPLES; i++) {
		struct test test = open_test(*state, &samples[i]);
		size_t at[FIELDS + 1];

		locate(&samples[i], at);
		for (size_t j = 0; j < 5 * 22; j++) {
			size_t field = lengths[j % 5];
			size_t size = at[field + 1] - at[field];
			uint8_t was[4];
			uint32_t value = 0;

			memcpy(was, test.quote + at[field], size);
			memcpy(&value, was, size);
			value = j / 5 < 18 ? lies[j / 5]
					   : value + (uint32_t)(j / 5) - 20u +
						     (j / 5 >= 20);
			memcpy(test.quote + at[field], &value, size);
			if (size != 0 && memcmp(was, &value, size) != 0) {
				assert_refused(&test,
					field == 16 ? CBX_ACCEPTED
						    : CBX_REFUSED_MALFORMED,
					at[field]);
			}
			memcpy(test.quote + at[field], was, size);
		}
		close_test(&test, 80);
	}
}

/* The order of P-256. */
static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
	0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

static void negate(uint8_t *s)
{
	mbedtls_mpi n;
	mbedtls_mpi number;

	mbedtls_mpi_init(&n);
	mbedtls_mpi_init(&number);
	assert_int_equal(mbedtls_mpi_read_binary(&n, order, 32), 0);
	assert_int_equal(mbedtls_mpi_read_binary(&number, s, 32), 0);
	assert_int_equal(mbedtls_mpi_sub_mpi(&number, &n, &number), 0);
	assert_int_equal(mbedtls_mpi_write_binary(&number, s, 32), 0);
	mbedtls_mpi_free(&n);
	mbedtls_mpi_free(&number);
}

static void r_and_s_are_in_range(void **state)
{
	uint8_t above[32];

	memcpy(above, order, sizeof(above));
	above[31]++;
	for (size_t i = 0; i < SAMPLES; i++) {
		struct test test = open_test(*state, &samples[i]);
		size_t at[FIELDS + 1];

		locate(&samples[i], at);
		for (size_t j = 0; j < 2 * 2 * 4; j++) {
			size_t here =
				at[j % 2 == 0 ? 10 : 15] + (j / 2 % 2) * 32;
			uint8_t was[32];

			memcpy(was, test.quote + here, 32);
			memset(test.quote + here, j / 4 == 0 ? 0 : 0xff, 32);
			if (j / 4 >= 2) {
				memcpy(test.quote + here,
					j / 4 == 2 ? order : above, 32);
			}
			assert_refused(&test, CBX_REFUSED_SIGNATURE, here);
			memcpy(test.quote + here, was, 32);
		}
		negate(test.quote + at[10] + 32);
		negate(test.quote + at[15] + 32);
		assert_int_equal(run(&test), CBX_ACCEPTED);
		negate(test.quote + at[10]);
		assert_refused(&test, CBX_REFUSED_SIGNATURE, at[10]);
		negate(test.quote + at[10]);
		close_test(&test, 16);
	}
}

/* Parts of one genuine quote in another. */
static void parts_of_two_quotes_make_none(void **state)
{
	static const struct {
		size_t from, to; /* fields */
		enum cbx_refusal reason;
	} parts[] = {
		{ 0, 6, CBX_ACCEPTED }, /* a header: of another version, or
					 * with other user data */
		{ 8, 9, CBX_REFUSED_SIGNATURE },
		{ 10, 11, CBX_REFUSED_SIGNATURE },
		{ 11, 12, CBX_REFUSED_BINDING },
		{ 14, 15, CBX_REFUSED_SIGNATURE },
		{ 14, 16, CBX_REFUSED_SIGNATURE },
		{ 15, 16, CBX_REFUSED_SIGNATURE },
		{ 20, 21, CBX_REFUSED_SIGNATURE }, /* whose PCK is another */
	};

	for (size_t i = 0; i < ALIKE * ALIKE; i++) {
		const struct sample *into = &samples[i / ALIKE];
		const struct sample *from = &samples[i % ALIKE];
		size_t here[FIELDS + 1];
		size_t there[FIELDS + 1];
		struct test test;
		struct test other;

		locate(into, here);
		locate(from, there);
		if (into == from || into->is_v5 != from->is_v5) {
			continue;
		}
		test = open_test(*state, into);
		other = open_test(*state, from);
		for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++) {
			size_t at = here[parts[j].from];
			size_t size = here[parts[j].to] - at;
			uint8_t was[4096];

			assert_int_equal(size,
				there[parts[j].to] - there[parts[j].from]);
			assert_true(size <= sizeof(was));
			memcpy(was, test.quote + at, size);
			memcpy(test.quote + at,
				other.quote + there[parts[j].from], size);
			assert_refused(&test, parts[j].reason, at);
			memcpy(test.quote + at, was, size);
		}
		close_test(&test, 8);
		free(other.quote);
	}
}

/* Certification data the manifest of samples names: all other types. */
static void other_types_are_unsupported(void **state)
{
	struct test test = open_test(*state, &samples[1]);
	size_t at[FIELDS + 1];

	locate(&samples[1], at);
	for (uint8_t type = 0; type < 16; type++) {
		const struct {
			size_t field;
			uint8_t known;
			enum cbx_refusal reason;
		} rows[] = {
			{ 1, 2, CBX_REFUSED_UNSUPPORTED },
			{ 12, 6, CBX_REFUSED_UNSUPPORTED },
			{ 18, 5, CBX_REFUSED_UNSUPPORTED },
			{ 6, 3,
				type == 1   ? CBX_REFUSED_WRONG_TYPE
				: type == 2 ? CBX_REFUSED_MALFORMED
					    : CBX_REFUSED_UNSUPPORTED },
			{ 0, 5,
				type == 3   ? CBX_REFUSED_WRONG_TYPE
				: type == 4 ? CBX_REFUSED_MALFORMED
					    : CBX_REFUSED_UNSUPPORTED },
		};

		for (size_t i = 0; i < 5; i++) {
			uint8_t *field = test.quote + at[rows[i].field];

			if (type != rows[i].known) {
				*field = type;
				assert_refused(&test, rows[i].reason,
					at[rows[i].field]);
				*field = rows[i].known;
			}
		}
	}
	close_test(&test, 75);
}

/* Everything in it, one after another. */
static size_t flatten(const struct cbx_pck *pck, uint8_t room[512])
{
	const struct cbx_span parts[] = { pck->ppid, pck->cpusvn, pck->pceid,
		pck->fmspc, pck->instance, pck->configuration };
	size_t size = sizeof(pck->components);

	memcpy(room, pck->components, size);
	room[size++] = (uint8_t)(pck->pcesvn >> 8);
	room[size++] = (uint8_t)pck->pcesvn;
	room[size++] = pck->sgx_type;
	for (size_t i = 0; i < 6; i++) {
		assert_true(parts[i].size < 80);
		memcpy(room + size, parts[i].bytes, parts[i].size);
		size += parts[i].size;
	}
	return size;
}

/* The extension is signed, but by whom?  What it says, it says in one way. */
static void a_pcks_extension_has_one_form(void **state)
{
	struct test test = open_test(*state, &samples[0]);
	struct cbx_chain *chain = cbx_chain_create();
	struct cbx_tdx_quote quote;
	struct cbx_pck pck;
	uint8_t whole[512];
	size_t whole_size;
	size_t refused = 0;
	mbedtls_x509_buf *extensions;

	assert_int_equal(
		cbx_tdx_quote_parse(*state,
			(struct cbx_span){ test.quote, test.size }, &quote),
		CBX_ACCEPTED);
	assert_int_equal(
		cbx_chain_add(*state, chain, quote.certificates), CBX_ACCEPTED);
	assert_int_equal(
		cbx_pck_read(*state, &chain->given[0], &pck), CBX_ACCEPTED);
	whole_size = flatten(&pck, whole);
	extensions = &chain->given[0].v3_ext;
	/* The SGX extension, which is the last one, without its head. */
	for (size_t i = extensions->len - 554; i < extensions->len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			uint8_t other[512];
			enum cbx_refusal refusal;

			extensions->p[i] ^= (unsigned char)(1u << bit);
			refusal = cbx_pck_read(*state, &chain->given[0], &pck);
			if (refusal == CBX_ACCEPTED) {
				assert_false(
					flatten(&pck, other) == whole_size &&
					memcmp(whole, other, whole_size) == 0);
			} else {
				assert_int_equal(
					refusal, CBX_REFUSED_CERTIFICATE);
				refused++;
			}
			extensions->p[i] ^= (unsigned char)(1u << bit);
		}
	}
	assert_true(refused > 2000);
	cbx_chain_destroy(chain);
	close_test(&test, 0);
}

/* ---------------------------------------------------------- event logs -- */

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

static struct test open_log_test(void **state, uint8_t **log)
{
	struct test test = open_test(*state, &samples[2]);

	test.endorsements.event_log =
		evidence_load("tdx/ccel-cos113/ccel_data.bin");
	*log = (uint8_t *)(uintptr_t)test.endorsements.event_log.bytes;
	return test;
}

static void close_log_test(struct test *test, size_t least)
{
	close_test(test, least);
	evidence_free(test->endorsements.event_log);
}

static void events_of_a_log_cannot_be_changed(void **state)
{
	struct event events[EVENTS];
	uint8_t *log;
	struct test test = open_log_test(state, &log);

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
				assert_int_equal(run(&test), CBX_ACCEPTED);
			} else {
				assert_refused(&test, CBX_REFUSED_EVENT_LOG,
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
	struct test test = open_log_test(state, &log);
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
		assert_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		/* Twice. */
		memcpy(room, log, events[i].end);
		memcpy(room + events[i].end, log + events[i].at, size);
		memcpy(room + events[i].end + size, log + events[i].end,
			end - events[i].end);
		test.endorsements.event_log.size = end + size;
		assert_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		/* As if it were not extended. */
		memcpy(room, log, end);
		memcpy(room + events[i].at + 4, (const uint8_t[4]){ 3 }, 4);
		test.endorsements.event_log.size = end;
		assert_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		/* The log ends before it, or within it. */
		test.endorsements.event_log =
			(struct cbx_span){ log, events[i].at };
		assert_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
		test.endorsements.event_log.size = events[i].end - 1;
		assert_refused(&test, CBX_REFUSED_EVENT_LOG, events[i].at);
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
	struct test test = open_log_test(state, &log);
	struct cbx_span whole = test.endorsements.event_log;

	for (size_t i = 0; i < 65; i++) {
		/* Index, the digest that is none, class, version. */
		bool nobodys =
			i < 4 || (i >= 8 && i < 28) || (i >= 48 && i < 56);

		log[i] ^= 1;
		if (nobodys) {
			assert_int_equal(run(&test), CBX_ACCEPTED);
		} else {
			assert_refused(&test, CBX_REFUSED_EVENT_LOG, i);
		}
		log[i] ^= 1;
		test.endorsements.event_log.size = i + 1;
		assert_refused(&test, CBX_REFUSED_EVENT_LOG, i);
		test.endorsements.event_log = whole;
	}
	close_log_test(&test, 130);
}

static void nothing_but_filling_follows_a_log(void **state)
{
	struct event events[EVENTS];
	uint8_t *log;
	struct test test = open_log_test(state, &log);
	struct cbx_span whole = test.endorsements.event_log;
	size_t end = find_events(log, events);

	for (size_t i = end; i < whole.size; i += 2477) {
		log[i] ^= 0x10;
		assert_refused(&test, CBX_REFUSED_EVENT_LOG, i);
		log[i] ^= 0x10;
	}
	test.endorsements.event_log.size = end;
	assert_int_equal(run(&test), CBX_ACCEPTED);
	memset(log + end, 0, whole.size - end);
	test.endorsements.event_log = whole;
	assert_int_equal(run(&test), CBX_ACCEPTED);
	memset(log + end, 0x55, whole.size - end);
	assert_refused(&test, CBX_REFUSED_EVENT_LOG, end);
	memset(log + end, 0xff, whole.size - end);
	close_log_test(&test, 80);
}

int main(void)
{
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, tdx_make, tdx_drop)
	const struct CMUnitTest tests[] = {
		SENTENCE(a_flipped_bit_of_every_field_is_refused),
		SENTENCE(certificates_with_a_flipped_bit_are_refused),
		SENTENCE(a_truncated_quote_is_malformed),
		SENTENCE(nothing_but_zeros_or_text_follows_a_quote),
		SENTENCE(lengths_that_lie_are_malformed),
		SENTENCE(r_and_s_are_in_range),
		SENTENCE(parts_of_two_quotes_make_none),
		SENTENCE(other_types_are_unsupported),
		SENTENCE(a_pcks_extension_has_one_form),
		SENTENCE(events_of_a_log_cannot_be_changed),
		SENTENCE(events_of_a_log_cannot_be_left_out),
		SENTENCE(a_log_has_the_algorithms_it_says),
		SENTENCE(a_logs_header_is_one),
		SENTENCE(nothing_but_filling_follows_a_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
