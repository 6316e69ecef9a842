/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/cbor.h>

#include <string.h>

#include <cbor.h>

/* libcbor's encoders all look like this, and write their shortest form. */
static void put(struct cbx_cbor_writer *writer, size_t written)
{
	if (written == 0) {
		writer->full = true;
	}
	writer->used += written;
}

/* Where the next item goes.  After one found no room, none does. */
static uint8_t *at(const struct cbx_cbor_writer *writer)
{
	return writer->bytes + writer->used;
}

static size_t left(const struct cbx_cbor_writer *writer)
{
	return writer->full ? 0 : writer->size - writer->used;
}

void cbx_cbor_put_uint(struct cbx_cbor_writer *writer, uint64_t value)
{
	put(writer, cbor_encode_uint(value, at(writer), left(writer)));
}

void cbx_cbor_put_int(struct cbx_cbor_writer *writer, int64_t value)
{
	if (value >= 0) {
		cbx_cbor_put_uint(writer, (uint64_t)value);
		return;
	}
	put(writer, cbor_encode_negint((uint64_t) - (value + 1), at(writer),
			    left(writer)));
}

void cbx_cbor_put_encoded(
	struct cbx_cbor_writer *writer, struct cbx_span encoded)
{
	if (encoded.size > left(writer)) {
		writer->full = true;
		return;
	}
	if (encoded.size != 0) {
		memcpy(at(writer), encoded.bytes, encoded.size);
	}
	writer->used += encoded.size;
}

void cbx_cbor_put_bytes_head(struct cbx_cbor_writer *writer, size_t size)
{
	put(writer,
		cbor_encode_bytestring_start(size, at(writer), left(writer)));
}

void cbx_cbor_put_bytes(
	struct cbx_cbor_writer *writer, const void *bytes, size_t size)
{
	cbx_cbor_put_bytes_head(writer, size);
	cbx_cbor_put_encoded(writer, (struct cbx_span){ bytes, size });
}

void cbx_cbor_put_text(struct cbx_cbor_writer *writer, const char *text)
{
	size_t size = strlen(text);

	put(writer, cbor_encode_string_start(size, at(writer), left(writer)));
	cbx_cbor_put_encoded(
		writer, (struct cbx_span){ (const uint8_t *)text, size });
}

void cbx_cbor_put_array(struct cbx_cbor_writer *writer, size_t count)
{
	put(writer, cbor_encode_array_start(count, at(writer), left(writer)));
}

void cbx_cbor_put_map(struct cbx_cbor_writer *writer, size_t pairs)
{
	put(writer, cbor_encode_map_start(pairs, at(writer), left(writer)));
}

void cbx_cbor_put_tag(struct cbx_cbor_writer *writer, uint64_t tag)
{
	put(writer, cbor_encode_tag(tag, at(writer), left(writer)));
}

void cbx_cbor_put_flag(struct cbx_cbor_writer *writer, bool flag)
{
	put(writer, cbor_encode_bool(flag, at(writer), left(writer)));
}

void cbx_cbor_put_null(struct cbx_cbor_writer *writer)
{
	put(writer, cbor_encode_null(at(writer), left(writer)));
}

struct cbx_span cbx_cbor_written(const struct cbx_cbor_writer *writer)
{
	return writer->full ? (struct cbx_span){ 0 }
			    : (struct cbx_span){ writer->bytes, writer->used };
}
