/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbor's encoders, as far as evidence needs them, for the keeper's program:
 * a static one, and libcbor is packaged as a shared library only
 * (doc/adr/0024).  A test holds them against the library's.
 */
#include <cbor.h>

enum major {
	UINT = 0,
	NEGINT = 1,
	BYTES = 2,
	TEXT = 3,
	ARRAY = 4,
	MAP = 5,
	TAG = 6,
	SIMPLE = 7,
};

/* The shortest head of a value (RFC 8949 3); 0: it has no room. */
static size_t head(
	enum major major, uint64_t value, unsigned char *buffer, size_t room)
{
	size_t more = value < 24	    ? 0
		      : value <= UINT8_MAX  ? 1
		      : value <= UINT16_MAX ? 2
		      : value <= UINT32_MAX ? 4
					    : 8;
	unsigned int info = more == 0	? (unsigned int)value
			    : more == 1 ? 24
			    : more == 2 ? 25
			    : more == 4 ? 26
					: 27;

	if (room < 1 + more) {
		return 0;
	}
	buffer[0] = (unsigned char)((unsigned int)major << 5 | info);
	for (size_t i = 0; i < more; i++) {
		buffer[more - i] = (unsigned char)(value >> (8 * i));
	}
	return 1 + more;
}

size_t cbor_encode_uint(uint64_t value, unsigned char *buffer, size_t room)
{
	return head(UINT, value, buffer, room);
}

size_t cbor_encode_negint(uint64_t value, unsigned char *buffer, size_t room)
{
	return head(NEGINT, value, buffer, room);
}

size_t cbor_encode_bytestring_start(
	size_t length, unsigned char *buffer, size_t room)
{
	return head(BYTES, length, buffer, room);
}

size_t cbor_encode_string_start(
	size_t length, unsigned char *buffer, size_t room)
{
	return head(TEXT, length, buffer, room);
}

size_t cbor_encode_array_start(
	size_t length, unsigned char *buffer, size_t room)
{
	return head(ARRAY, length, buffer, room);
}

size_t cbor_encode_map_start(size_t length, unsigned char *buffer, size_t room)
{
	return head(MAP, length, buffer, room);
}

size_t cbor_encode_tag(uint64_t value, unsigned char *buffer, size_t room)
{
	return head(TAG, value, buffer, room);
}

size_t cbor_encode_bool(bool value, unsigned char *buffer, size_t room)
{
	return head(SIMPLE, value ? 21 : 20, buffer, room);
}

size_t cbor_encode_null(unsigned char *buffer, size_t room)
{
	return head(SIMPLE, 22, buffer, room);
}
