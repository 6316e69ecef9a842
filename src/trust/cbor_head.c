/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/cbor_head.h>

#include <string.h>

#include <cbor.h>

#define MAJOR_TAG  0xc0u
#define MAJOR_MASK 0xe0u
#define HEAD_MAX   9u

/* What a callback said. */
struct said {
	struct cbx_cbor *item;
	enum cbx_cbor_error error;
};

static void say(void *context, enum cbx_cbor_kind kind, uint64_t number)
{
	struct said *said = context;

	said->item->kind = kind;
	said->item->number = number;
	said->error = CBX_CBOR_FINE;
}

static void refuse(void *context, enum cbx_cbor_error error)
{
	struct said *said = context;

	said->error = error;
}

static void on_uint8(void *context, uint8_t value)
{
	say(context, CBX_CBOR_UINT, value);
}

static void on_uint16(void *context, uint16_t value)
{
	say(context, CBX_CBOR_UINT, value);
}

static void on_uint32(void *context, uint32_t value)
{
	say(context, CBX_CBOR_UINT, value);
}

static void on_uint64(void *context, uint64_t value)
{
	say(context, CBX_CBOR_UINT, value);
}

static void on_nint8(void *context, uint8_t value)
{
	say(context, CBX_CBOR_NINT, value);
}

static void on_nint16(void *context, uint16_t value)
{
	say(context, CBX_CBOR_NINT, value);
}

static void on_nint32(void *context, uint32_t value)
{
	say(context, CBX_CBOR_NINT, value);
}

static void on_nint64(void *context, uint64_t value)
{
	say(context, CBX_CBOR_NINT, value);
}

static void string(void *context, enum cbx_cbor_kind kind, struct cbx_span span)
{
	struct said *said = context;

	say(context, kind, 0);
	said->item->bytes = span;
}

static void on_bytes(void *context, cbor_data bytes, size_t size)
{
	string(context, CBX_CBOR_BYTES, (struct cbx_span){ bytes, size });
}

static void on_text(void *context, cbor_data bytes, size_t size)
{
	string(context, CBX_CBOR_TEXT, (struct cbx_span){ bytes, size });
}

static void on_array(void *context, size_t count)
{
	say(context, CBX_CBOR_ARRAY, count);
}

static void on_map(void *context, size_t pairs)
{
	say(context, CBX_CBOR_MAP, pairs);
}

static void on_bool(void *context, bool flag)
{
	say(context, CBX_CBOR_FLAG, flag ? 1 : 0);
}

static void on_null(void *context)
{
	say(context, CBX_CBOR_NULL, 0);
}

static void on_indefinite(void *context)
{
	refuse(context, CBX_CBOR_INDEFINITE);
}

static void on_undefined(void *context)
{
	refuse(context, CBX_CBOR_UNSUPPORTED);
}

static void on_float(void *context, float value)
{
	(void)value;
	refuse(context, CBX_CBOR_UNSUPPORTED);
}

static void on_double(void *context, double value)
{
	(void)value;
	refuse(context, CBX_CBOR_UNSUPPORTED);
}

/* A tag's head is an unsigned integer's of another major type; libcbor before
 * 0.11 refuses some tags, 18 among them, so it sees the integer.  It is told of
 * no tag. */
static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_nint8,
	.negint16 = on_nint16,
	.negint32 = on_nint32,
	.negint64 = on_nint64,
	.byte_string_start = on_indefinite,
	.byte_string = on_bytes,
	.string = on_text,
	.string_start = on_indefinite,
	.indef_array_start = on_indefinite,
	.array_start = on_array,
	.indef_map_start = on_indefinite,
	.map_start = on_map,
	.float2 = on_float,
	.float4 = on_float,
	.float8 = on_double,
	.undefined = on_undefined,
	.null = on_null,
	.boolean = on_bool,
	.indef_break = on_indefinite,
};

/* Bytes of the shortest head for a number. */
static size_t shortest(uint64_t number)
{
	return number < 24	      ? 1
	       : number <= UINT8_MAX  ? 2
	       : number <= UINT16_MAX ? 3
	       : number <= UINT32_MAX ? 5
				      : 9;
}

/* The bytes a character takes that begins like this; 0: none does. */
static size_t utf8_size(uint8_t first)
{
	return first < 0x80		? 1
	       : (first & 0xe0) == 0xc0 ? 2
	       : (first & 0xf0) == 0xe0 ? 3
	       : (first & 0xf8) == 0xf0 ? 4
					: 0;
}

/* Whether a character of that many bytes is this code point: not longer than it
 * has to be, no surrogate, not past the last (RFC 3629). */
static bool utf8_point(size_t size, uint32_t point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return point >= least[size] && point <= 0x10ffff &&
	       (point < 0xd800 || point > 0xdfff);
}

static bool is_utf8(struct cbx_span text)
{
	size_t at = 0;

	while (at < text.size) {
		size_t size = utf8_size(text.bytes[at]);
		uint32_t point = text.bytes[at];

		if (size == 0 || size > text.size - at) {
			return false;
		}
		point &= size == 1 ? 0x7f : 0xffu >> (size + 1);
		for (size_t i = 1; i < size; i++) {
			if ((text.bytes[at + i] & 0xc0) != 0x80) {
				return false;
			}
			point = point << 6 | (text.bytes[at + i] & 0x3f);
		}
		if (!utf8_point(size, point)) {
			return false;
		}
		at += size;
	}
	return true;
}

/* Ask libcbor for the item here; false when it is not there. */
static bool ask(struct cbx_span rest, struct said *said, size_t *read)
{
	struct cbor_decoder_result result =
		cbor_stream_decode(rest.bytes, rest.size, &callbacks, said);

	*read = result.read;
	return result.status == CBOR_DECODER_FINISHED;
}

enum cbx_cbor_error cbx_cbor_head(struct cbx_span rest, struct cbx_cbor *item)
{
	struct said said = { item, CBX_CBOR_BROKEN };
	uint8_t tag[HEAD_MAX] = { 0 };
	struct cbx_span seen = rest;
	bool is_tag =
		rest.size != 0 && (rest.bytes[0] & MAJOR_MASK) == MAJOR_TAG;
	size_t read;

	*item = (struct cbx_cbor){ .skip = 1 };
	if (is_tag) {
		seen.bytes = tag;
		seen.size = rest.size < sizeof(tag) ? rest.size : sizeof(tag);
		memcpy(tag, rest.bytes, seen.size);
		tag[0] &= (uint8_t)~MAJOR_MASK;
	}
	if (rest.size == 0 || !ask(seen, &said, &read)) {
		return CBX_CBOR_BROKEN;
	}
	if (said.error != CBX_CBOR_FINE) {
		return said.error;
	}
	item->kind = is_tag ? CBX_CBOR_TAG : item->kind;
	item->whole = (struct cbx_span){ rest.bytes, read };
	if (item->kind == CBX_CBOR_TEXT && !is_utf8(item->bytes)) {
		return CBX_CBOR_NOT_UTF8;
	}
	if (item->kind == CBX_CBOR_FLAG || item->kind == CBX_CBOR_NULL) {
		return CBX_CBOR_FINE;
	}
	return read - item->bytes.size ==
			       shortest(item->kind == CBX_CBOR_BYTES ||
							item->kind ==
								CBX_CBOR_TEXT
						? item->bytes.size
						: item->number)
		       ? CBX_CBOR_FINE
		       : CBX_CBOR_LONG;
}
