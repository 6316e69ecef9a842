/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public CCA tokens, changed: every change has to be refused.  In these tokens
 * there is no byte nobody signed but in the wrapping, whose encoding is the only
 * one that is accepted; so none of their bytes may be another.
 */
#include "cca_samples.h"

/* The samples whose tokens differ. */
static const size_t different[] = { 0, 2, 3 };
#define DIFFERENT (sizeof(different) / sizeof(different[0]))

/* A sample, and how many changes of it were refused. */
struct subject {
	struct cbx_verdict *verdict;
	struct cbx_span token;
	struct cbx_span key;
	const char *name;
	size_t refused;
};

static void begin(
	struct subject *subject, struct cbx_verdict *verdict, size_t i)
{
	*subject = (struct subject){ verdict,
		evidence_load(cca_samples[i].token),
		evidence_load(cca_samples[i].key), cca_samples[i].token, 0 };
}

static void end(struct subject *subject, size_t least)
{
	assert_true(subject->refused >= least);
	evidence_free(subject->token);
	evidence_free(subject->key);
}

static enum cbx_refusal verify(
	const struct subject *subject, struct cbx_span token)
{
	struct cbx_appraisal appraisal = cca_anything();
	struct cbx_endorsements endorsements = cca_by(subject->key);

	return cbx_verify_cca(
		subject->verdict, token, &endorsements, &appraisal);
}

/* A changed token in a block of its own size. */
static void refuse(struct subject *subject, struct cbx_span changed,
	const char *how, size_t at)
{
	struct cbx_span copy = { evidence_copy(changed, changed.size),
		changed.size };
	enum cbx_refusal reason = verify(subject, copy);

	evidence_free(copy);
	if (reason == CBX_ACCEPTED || reason == CBX_REFUSED_INTERNAL) {
		fail_msg("%s, %s at %zu: %s", subject->name, how, at,
			cbx_refusal_word(reason));
	}
	subject->refused++;
}

/* The token with @p size bytes from @p at replaced by others. */
static void refuse_spliced(struct subject *subject, size_t at, size_t size,
	struct cbx_span with, const char *how)
{
	static uint8_t room[8192];
	size_t rest = subject->token.size - at - size;

	if (cbx_span_equal(cbx_span_part(subject->token, at, size), with)) {
		return;
	}
	memcpy(room, subject->token.bytes, at);
	if (with.size != 0) {
		memcpy(room + at, with.bytes, with.size);
	}
	memcpy(room + at + with.size, subject->token.bytes + at + size, rest);
	refuse(subject, (struct cbx_span){ room, at + with.size + rest }, how,
		at);
}

/* Where something of a token begins. */
static size_t offset_of(const struct subject *subject, struct cbx_span part)
{
	return (size_t)(part.bytes - subject->token.bytes);
}

#define ITEMS 1024

/* Parts of a token that are CBOR of their own. */
#define PARTS 16
struct parts {
	struct cbx_span spans[PARTS];
	size_t count;
};

/* The byte strings among some items that hold a map or a COSE_Sign1. */
static void add_parts(
	struct parts *parts, const struct cbx_cbor *items, size_t count)
{
	for (size_t i = 0; i < count && parts->count < PARTS; i++) {
		struct cbx_span bytes = items[i].bytes;
		bool part = items[i].kind == CBX_CBOR_BYTES && bytes.size != 0;

		if (part && (bytes.bytes[0] >> 5 == CBX_CBOR_MAP ||
				    bytes.bytes[0] == 0xd2)) {
			parts->spans[parts->count++] = bytes;
		}
	}
}

/* Every item of the token: of its wrapping, of both signed parts, of their
 * headers and claims, of the realm's key. */
static size_t items_of(const struct subject *subject, struct cbx_cbor *items)
{
	struct parts parts = { { subject->token }, 1 };
	size_t count = 0;

	for (size_t i = 0; i < parts.count; i++) {
		if (cbx_cbor_decode(parts.spans[i], 0, items + count,
			    ITEMS - count) == CBX_CBOR_FINE) {
			add_parts(&parts, items + count, items[count].skip);
			count += items[count].skip;
		}
	}
	return count;
}

/* All of the first token, the others at every fifth byte: each costs two
 * signatures. */
static void a_bit_of_any_byte_counts(void **state)
{
	for (size_t i = 0; i < DIFFERENT; i++) {
		const size_t step = i == 0 ? 1 : 5;
		struct subject subject;

		begin(&subject, *state, different[i]);
		for (size_t at = 0; at < subject.token.size; at += step) {
			uint8_t flipped = subject.token.bytes[at] ^
					  (uint8_t)(1u << at % 8);

			refuse_spliced(&subject, at, 1,
				(struct cbx_span){ &flipped, 1 }, "a bit");
		}
		end(&subject, subject.token.size / step);
	}
}

static void no_end_but_the_last_is_an_end(void **state)
{
	static const uint8_t more[] = { 0x00, 0xf6, 0xff };

	for (size_t i = 0; i < DIFFERENT; i++) {
		struct subject subject;

		begin(&subject, *state, different[i]);
		for (size_t size = 0; size < subject.token.size; size++) {
			refuse(&subject,
				(struct cbx_span){ subject.token.bytes, size },
				"cut", size);
		}
		for (size_t k = 0; k < sizeof(more); k++) {
			refuse_spliced(&subject, subject.token.size, 0,
				(struct cbx_span){ &more[k], 1 }, "longer");
		}
		end(&subject, subject.token.size + sizeof(more));
	}
}

/* The head of an item, in other words: the same, longer; indefinite; one more
 * and one less than it says. */
static void lie(struct subject *subject, const struct cbx_cbor *item)
{
	size_t at = offset_of(subject, item->whole);
	uint8_t first = item->whole.bytes[0];
	uint8_t type = first & 0xe0;
	uint8_t other[2] = { (uint8_t)(type | 24), first & 31 };

	if ((first & 31) < 24 && type != 0xe0) {
		refuse_spliced(subject, at, 1, (struct cbx_span){ other, 2 },
			"a longer head");
	}
	other[0] = type | 31;
	refuse_spliced(subject, at, 1, (struct cbx_span){ other, 1 },
		"an indefinite head");
	other[0] = (uint8_t)(first + 1);
	refuse_spliced(subject, at, 1, (struct cbx_span){ other, 1 },
		"a head of one more");
	other[0] = (uint8_t)(first - 1);
	refuse_spliced(subject, at, 1, (struct cbx_span){ other, 1 },
		"a head of one less");
	refuse_spliced(subject, at, item->whole.size, (struct cbx_span){ 0 },
		"an item that is gone");
	refuse_spliced(subject, at, 0, item->whole, "an item that is twice");
	other[0] = 0xf6;
	refuse_spliced(subject, at, item->whole.size,
		(struct cbx_span){ other, 1 }, "null");
}

static void every_item_is_what_it_says(void **state)
{
	static struct cbx_cbor items[ITEMS];

	for (size_t i = 0; i < DIFFERENT; i++) {
		struct subject subject;
		size_t count;

		begin(&subject, *state, different[i]);
		count = items_of(&subject, items);
		assert_true(count >= 80);
		for (size_t k = 0; k < count; k++) {
			lie(&subject, &items[k]);
		}
		end(&subject, 6 * count);
	}
}

/* A token of the old wrapping, written anew: head number @p longer, of those
 * nobody signed, is not the shortest. */
struct rewriter {
	struct cbx_cbor_writer writer;
	size_t head;
	size_t longer;
};

static void put_head(struct rewriter *to, uint8_t type, uint64_t number)
{
	size_t at = to->writer.used;
	uint8_t *bytes = to->writer.bytes;

	cbx_cbor_put_uint(&to->writer, number);
	if (to->head++ == to->longer) {
		size_t size = number < 24 ? 1 : number < 256 ? 2 : 4;

		to->writer.used = at;
		bytes[to->writer.used++] = (uint8_t)(size == 1	 ? 24
						     : size == 2 ? 25
								 : 26);
		for (size_t i = size; i > 0; i--) {
			bytes[to->writer.used++] =
				(uint8_t)(number >> 8 * (i - 1));
		}
	}
	bytes[at] |= (uint8_t)(type << 5);
}

static void put_span(struct rewriter *to, struct cbx_span span)
{
	put_head(to, CBX_CBOR_BYTES, span.size);
	cbx_cbor_put_encoded(&to->writer, span);
}

static void put_sign1(struct rewriter *to, struct cbx_span half)
{
	static uint8_t room[4096];
	struct rewriter inner = { { .bytes = room, .size = sizeof(room) },
		to->head + 1, to->longer };
	struct cbx_cbor items[16];
	const struct cbx_cbor *array = items + 1;

	assert_int_equal(cbx_cbor_decode(half, 0, items, 16), CBX_CBOR_FINE);
	put_head(&inner, CBX_CBOR_TAG, 18);
	put_head(&inner, CBX_CBOR_ARRAY, 4);
	put_span(&inner, cbx_cbor_at(array, 0)->bytes);
	put_head(&inner, CBX_CBOR_MAP, 0);
	put_span(&inner, cbx_cbor_at(array, 2)->bytes);
	put_span(&inner, cbx_cbor_at(array, 3)->bytes);
	put_span(to, (struct cbx_span){ room, inner.writer.used });
	to->head = inner.head;
}

static struct cbx_span rewrite(
	const struct subject *subject, size_t longer, size_t *heads)
{
	static uint8_t room[8192];
	struct rewriter to = { { .bytes = room, .size = sizeof(room) }, 0,
		longer };
	struct cbx_cbor items[16];

	assert_int_equal(
		cbx_cbor_decode(subject->token, 0, items, 16), CBX_CBOR_FINE);
	put_head(&to, CBX_CBOR_TAG, 399);
	put_head(&to, CBX_CBOR_MAP, 2);
	put_head(&to, CBX_CBOR_UINT, 44234);
	put_sign1(&to, cbx_cbor_find(items + 1, 44234)->bytes);
	put_head(&to, CBX_CBOR_UINT, 44241);
	put_sign1(&to, cbx_cbor_find(items + 1, 44241)->bytes);
	*heads = to.head;
	return (struct cbx_span){ room, to.writer.used };
}

static void what_nobody_signed_is_written_in_one_way(void **state)
{
	for (size_t i = 0; i < DIFFERENT; i++) {
		struct subject subject;
		size_t heads = 0;

		begin(&subject, *state, different[i]);
		assert_true(cbx_span_equal(
			rewrite(&subject, SIZE_MAX, &heads), subject.token));
		assert_int_equal(heads, 18);
		for (size_t k = 0; k < 18; k++) {
			refuse(&subject, rewrite(&subject, k, &heads),
				"a longer head", k);
		}
		end(&subject, 18);
	}
}

/* The two signatures of a token. */
static size_t signatures_of(
	const struct subject *subject, struct cbx_span signatures[2])
{
	static struct cbx_cbor items[ITEMS];
	size_t count = items_of(subject, items);
	size_t found = 0;

	for (size_t i = 0; i < count && found < 2; i++) {
		if (items[i].kind == CBX_CBOR_TAG && items[i].number == 18) {
			signatures[found++] =
				cbx_cbor_at(&items[i + 1], 3)->bytes;
		}
	}
	return found;
}

static void refuse_number(struct subject *subject, struct cbx_span half,
	const uint8_t *number, const char *how)
{
	refuse_spliced(subject, offset_of(subject, half), half.size,
		(struct cbx_span){ number, half.size }, how);
}

/* R and S: zero, one, the order of the curve, all ones, the other. */
static void numbers_of_a_signature_are_in_their_range(void **state)
{
	static const uint8_t zero[48];
	static const uint8_t one[2][48] = { { [31] = 1 }, { [47] = 1 } };
	static const uint8_t ones[48] = { [0 ... 47] = 0xff };
	static const uint8_t order[2][48] = {
		{ 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
			0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
			0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
			0xfc, 0x63, 0x25, 0x51 },
		{ [0 ... 23] = 0xff,
			0xc7,
			0x63,
			0x4d,
			0x81,
			0xf4,
			0x37,
			0x2d,
			0xdf,
			0x58,
			0x1a,
			0x0d,
			0xb2,
			0x48,
			0xb0,
			0xa7,
			0x7a,
			0xec,
			0xec,
			0x19,
			0x6a,
			0xcc,
			0xc5,
			0x29,
			0x73 }
	};

	for (size_t i = 0; i < DIFFERENT; i++) {
		struct cbx_span signatures[2];
		struct subject subject;

		begin(&subject, *state, different[i]);
		assert_int_equal(signatures_of(&subject, signatures), 2);
		for (size_t k = 0; k < 4; k++) {
			size_t size = signatures[k / 2].size / 2;
			struct cbx_span half = cbx_span_part(
				signatures[k / 2], k % 2 * size, size);
			struct cbx_span rest = cbx_span_part(
				signatures[k / 2], (1 - k % 2) * size, size);

			refuse_number(&subject, half, zero, "zero");
			refuse_number(&subject, half, one[size == 48], "one");
			refuse_number(
				&subject, half, order[size == 48], "the order");
			refuse_number(&subject, half, ones, "ones");
			refuse_number(&subject, half, rest.bytes, "the other");
		}
		end(&subject, 20);
	}
}

/* Each half in the other's place, each half twice. */
static void halves_stand_where_they_belong(void **state)
{
	for (size_t i = 0; i < DIFFERENT; i++) {
		static uint8_t room[8192];
		struct cbx_cbor items[16];
		const struct cbx_cbor *half[2];
		struct subject subject;

		begin(&subject, *state, different[i]);
		assert_int_equal(cbx_cbor_decode(subject.token, 0, items, 16),
			CBX_CBOR_FINE);
		half[0] = cbx_cbor_find(items + 1, 44234);
		half[1] = cbx_cbor_find(items + 1, 44241);
		for (size_t k = 1; k < 4; k++) {
			struct cbx_cbor_writer writer = { .bytes = room,
				.size = sizeof(room) };

			cbx_cbor_put_tag(&writer, 399);
			cbx_cbor_put_map(&writer, 2);
			cbx_cbor_put_int(&writer, 44234);
			cbx_cbor_put_encoded(&writer, half[k & 1]->whole);
			cbx_cbor_put_int(&writer, 44241);
			cbx_cbor_put_encoded(&writer, half[k == 3]->whole);
			refuse(&subject, cbx_cbor_written(&writer), "halves",
				k);
		}
		end(&subject, 3);
	}
}

/* The order of the two halves is nobody's word: it is no change. */
static void halves_come_in_any_order(void **state)
{
	static uint8_t room[8192];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };
	struct cbx_cbor items[16];
	struct subject subject;

	begin(&subject, *state, 2);
	assert_int_equal(
		cbx_cbor_decode(subject.token, 0, items, 16), CBX_CBOR_FINE);
	cbx_cbor_put_tag(&writer, 399);
	cbx_cbor_put_map(&writer, 2);
	cbx_cbor_put_int(&writer, 44241);
	cbx_cbor_put_encoded(&writer, cbx_cbor_find(items + 1, 44241)->whole);
	cbx_cbor_put_int(&writer, 44234);
	cbx_cbor_put_encoded(&writer, cbx_cbor_find(items + 1, 44234)->whole);
	assert_int_equal(
		verify(&subject, cbx_cbor_written(&writer)), CBX_ACCEPTED);
	end(&subject, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cca_make, cca_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bit_of_any_byte_counts),
		TEST(no_end_but_the_last_is_an_end),
		TEST(every_item_is_what_it_says),
		TEST(what_nobody_signed_is_written_in_one_way),
		TEST(numbers_of_a_signature_are_in_their_range),
		TEST(halves_stand_where_they_belong),
		TEST(halves_come_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
