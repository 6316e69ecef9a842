/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR and COSE of an attacker.  What decodes deterministically is the same
 * bytes when it is written again, and what the items say stays inside the input.
 */
#include "fuzz.h"

#include <string.h>

#include <psa/crypto.h>

#include <trust/cose.h>

#define ITEMS 256

static void inside(struct cbx_span part, struct cbx_span whole)
{
	FUZZ_ASSERT(part.size == 0 ||
		    (part.bytes >= whole.bytes && part.size <= whole.size &&
			    (size_t)(part.bytes - whole.bytes) <=
				    whole.size - part.size));
}

/* Write one item's head, and a string's content. */
static void write_item(
	struct cbx_cbor_writer *writer, const struct cbx_cbor *item)
{
	switch (item->kind) {
	case CBX_CBOR_UINT:
		cbx_cbor_put_uint(writer, item->number);
		break;
	case CBX_CBOR_NINT:
		if (item->number > INT64_MAX) { /* beyond what we write */
			cbx_cbor_put_encoded(writer, item->whole);
			break;
		}
		cbx_cbor_put_int(writer, -1 - (int64_t)item->number);
		break;
	case CBX_CBOR_BYTES:
		cbx_cbor_put_bytes(writer, item->bytes.bytes, item->bytes.size);
		break;
	case CBX_CBOR_TEXT:
		cbx_cbor_put_encoded(writer, item->whole);
		break;
	case CBX_CBOR_ARRAY:
		cbx_cbor_put_array(writer, item->number);
		break;
	case CBX_CBOR_MAP:
		cbx_cbor_put_map(writer, item->number);
		break;
	case CBX_CBOR_TAG:
		cbx_cbor_put_tag(writer, item->number);
		break;
	case CBX_CBOR_FLAG:
		cbx_cbor_put_flag(writer, item->number != 0);
		break;
	case CBX_CBOR_NULL:
		cbx_cbor_put_null(writer);
		break;
	default:
		FUZZ_ASSERT(false);
	}
}

static void check_written(const struct cbx_cbor *items, struct cbx_span input)
{
	static uint8_t room[1u << 20];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };

	for (uint32_t i = 0; i < items->skip; i++) {
		write_item(&writer, &items[i]);
	}
	FUZZ_ASSERT(cbx_cbor_written(&writer).size == input.size);
	FUZZ_ASSERT(memcmp(room, input.bytes, input.size) == 0);
}

static void check_items(const struct cbx_cbor *items, struct cbx_span input)
{
	FUZZ_ASSERT(items->whole.size == input.size);
	for (uint32_t i = 0; i < items->skip; i++) {
		inside(items[i].whole, input);
		inside(items[i].bytes, items[i].whole);
		FUZZ_ASSERT(items[i].whole.size != 0);
		FUZZ_ASSERT(items[i].skip <= items->skip - i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct cbx_cbor items[ITEMS];
	static uint8_t point[CBX_COSE_POINT] = { 4 };
	const struct cbx_span whole = { input, size };
	struct cbx_cose_sign1 sign1;
	struct cbx_cose_key key;

	if (psa_crypto_init() != PSA_SUCCESS || size > 1u << 19) {
		return 0;
	}
	if (cbx_cbor_decode(whole, 0, items, ITEMS) == CBX_CBOR_FINE) {
		check_items(items, whole);
		(void)cbx_cose_key_read(items, &key);
	}
	if (cbx_cbor_decode(whole, CBX_CBOR_DETERMINISTIC, items, ITEMS) ==
		CBX_CBOR_FINE) {
		check_items(items, whole);
		check_written(items, whole);
	}
	if (cbx_cose_sign1_read(whole,
		    CBX_COSE_ACCEPT_ES256 | CBX_COSE_ACCEPT_ES384,
		    &sign1) == CBX_COSE_FINE) {
		inside(sign1.payload, whole);
		inside(sign1.protected_header, whole);
		inside(sign1.signature, whole);
		FUZZ_ASSERT(!cbx_cose_sign1_verify(
			&sign1, (struct cbx_span){ point, sizeof(point) }));
	}
	return 0;
}
