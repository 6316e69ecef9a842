/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR (RFC 8949) of an attacker, and our own.
 *
 * Decoding makes no tree and allocates nothing, whatever a head claims: one
 * pass over the bytes fills the caller's array, an item before what is inside
 * it.  The items point into the bytes, which have to stay as they are.
 * Encoding fills the caller's buffer, shortest heads and definite lengths.
 */
#ifndef CBX_TRUST_CBOR_H
#define CBX_TRUST_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/span.h>

/** Arrays, maps and tags inside each other, the outermost counted. */
#define CBX_CBOR_DEPTH 8u

enum cbx_cbor_kind {
	CBX_CBOR_UINT = 0,
	CBX_CBOR_NINT = 1, /* -1 - number */
	CBX_CBOR_BYTES = 2,
	CBX_CBOR_TEXT = 3, /* valid UTF-8 */
	CBX_CBOR_ARRAY = 4,
	CBX_CBOR_MAP = 5,
	CBX_CBOR_TAG = 6,
	CBX_CBOR_FLAG = 7, /* number is 0 or 1 */
	CBX_CBOR_NULL = 8,
};

/** An item, followed by what is inside it. */
struct cbx_cbor {
	enum cbx_cbor_kind kind;
	uint32_t skip;	       /* items: this one and all inside it */
	uint64_t number;       /* UINT, NINT, FLAG; the tag; entries of an
				* ARRAY; pairs of a MAP */
	struct cbx_span bytes; /* BYTES, TEXT: what it holds */
	struct cbx_span whole; /* as encoded, with all inside it */
};

enum cbx_cbor_error {
	CBX_CBOR_FINE = 0,
	CBX_CBOR_BROKEN = 1,	  /* not well-formed, or cut off */
	CBX_CBOR_DEEP = 2,	  /* deeper than CBX_CBOR_DEPTH */
	CBX_CBOR_MANY = 3,	  /* more items than the array takes */
	CBX_CBOR_INDEFINITE = 4,  /* an indefinite length */
	CBX_CBOR_LONG = 5,	  /* a head that is not the shortest */
	CBX_CBOR_UNSORTED = 6,	  /* keys of a map are not in order */
	CBX_CBOR_TWICE = 7,	  /* a map has a key twice */
	CBX_CBOR_TRAILING = 8,	  /* bytes after the item */
	CBX_CBOR_UNSUPPORTED = 9, /* a float, a simple value, a key that is
				    * neither a number nor a string */
	CBX_CBOR_NOT_UTF8 = 10,	  /* a text that is none */
};

/** Refuse what is not RFC 8949 4.2.1: heads that are not the shortest, keys
 * that are not in bytewise order. */
#define CBX_CBOR_DETERMINISTIC 1u
/** Refuse heads that are not the shortest. */
#define CBX_CBOR_SHORTEST 2u

/** What is wrong, in a few words; never NULL. */
const char *cbx_cbor_error_text(enum cbx_cbor_error error);

/**
 * Decode exactly one item.
 *
 * @param      encoded  may come from anybody; read once
 * @param      flags    CBX_CBOR_*, or 0
 * @param[out] items    items[room]; the outermost first; not to be used after
 *                      an error
 *
 * @retval CBX_CBOR_FINE  it is well-formed, and no map has a key twice
 * @return what is wrong otherwise: all values of enum cbx_cbor_error
 */
enum cbx_cbor_error cbx_cbor_decode(struct cbx_span encoded, uint32_t flags,
	struct cbx_cbor *items, size_t room);

/** The item after this one and all inside it.  Only where a parent says that
 * there is one. */
static inline const struct cbx_cbor *cbx_cbor_next(const struct cbx_cbor *item)
{
	return item + item->skip;
}

/** Entry @p index of an array; NULL when it is no array or has fewer. */
const struct cbx_cbor *cbx_cbor_at(const struct cbx_cbor *array, size_t index);

/** The value of a map's integer key, or text key; NULL when it is no map or has
 * no such key.  @p map may be NULL. */
const struct cbx_cbor *cbx_cbor_find(const struct cbx_cbor *map, int64_t key);
const struct cbx_cbor *cbx_cbor_find_text(
	const struct cbx_cbor *map, const char *key);

/** What is in a tag of that number; NULL when it is none. */
const struct cbx_cbor *cbx_cbor_tagged(
	const struct cbx_cbor *item, uint64_t tag);

/** An integer's value; false when it is none or does not fit. */
bool cbx_cbor_integer(const struct cbx_cbor *item, int64_t *value);

/** Whether it is that integer, or that text.  @p item may be NULL. */
bool cbx_cbor_is(const struct cbx_cbor *item, int64_t value);
bool cbx_cbor_is_text(const struct cbx_cbor *item, const char *text);

/** Whether two strings, numbers, flags or nulls are the same, however they are
 * encoded. */
bool cbx_cbor_same(const struct cbx_cbor *a, const struct cbx_cbor *b);

/** Where encoded items go.  Begins as { .bytes = buffer, .size = room }. */
struct cbx_cbor_writer {
	uint8_t *bytes;
	size_t size;
	size_t used;
	bool full; /* something found no room; stays */
};

/* Append an item, or the head of one whose parts follow: entries of an array,
 * keys and values of a map in bytewise order of the encoded keys, what a tag is
 * about. */
void cbx_cbor_put_uint(struct cbx_cbor_writer *writer, uint64_t value);
void cbx_cbor_put_int(struct cbx_cbor_writer *writer, int64_t value);
void cbx_cbor_put_bytes(
	struct cbx_cbor_writer *writer, const void *bytes, size_t size);
void cbx_cbor_put_bytes_head(struct cbx_cbor_writer *writer, size_t size);
void cbx_cbor_put_text(struct cbx_cbor_writer *writer, const char *text);
void cbx_cbor_put_array(struct cbx_cbor_writer *writer, size_t count);
void cbx_cbor_put_map(struct cbx_cbor_writer *writer, size_t pairs);
void cbx_cbor_put_tag(struct cbx_cbor_writer *writer, uint64_t tag);
void cbx_cbor_put_flag(struct cbx_cbor_writer *writer, bool flag);
void cbx_cbor_put_null(struct cbx_cbor_writer *writer);

/** Append bytes that are encoded already. */
void cbx_cbor_put_encoded(
	struct cbx_cbor_writer *writer, struct cbx_span encoded);

/** What was written; an empty span when it found no room. */
struct cbx_span cbx_cbor_written(const struct cbx_cbor_writer *writer);

#endif
