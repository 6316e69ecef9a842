/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/cbor.h>

#include <string.h>

#include <trust/cbor_head.h>

/* An array, map or tag whose parts are being read. */
struct open {
	size_t index;	/* of the item */
	uint64_t parts; /* that are still to come */
};

/* A decoding under way. */
struct decoder {
	struct cbx_span rest;
	uint32_t flags;
	struct cbx_cbor *items;
	size_t room;
	size_t count;
	struct open open[CBX_CBOR_DEPTH];
	size_t depth;
};

const char *cbx_cbor_error_text(enum cbx_cbor_error error)
{
	switch (error) {
	case CBX_CBOR_FINE:
		return "well-formed";
	case CBX_CBOR_BROKEN:
		return "not well-formed CBOR, or cut off";
	case CBX_CBOR_DEEP:
		return "CBOR nested too deep";
	case CBX_CBOR_MANY:
		return "too many CBOR items";
	case CBX_CBOR_INDEFINITE:
		return "CBOR of indefinite length";
	case CBX_CBOR_LONG:
		return "a CBOR head that is not the shortest";
	case CBX_CBOR_UNSORTED:
		return "CBOR map keys that are not in order";
	case CBX_CBOR_TWICE:
		return "a CBOR map key that is there twice";
	case CBX_CBOR_TRAILING:
		return "bytes after the CBOR item";
	case CBX_CBOR_UNSUPPORTED:
		return "a CBOR type that has no place here";
	case CBX_CBOR_NOT_UTF8:
		return "CBOR text that is not UTF-8";
	default:
		return "unknown";
	}
}

/* How many items have to follow a head. */
static uint64_t parts_of(const struct cbx_cbor *item)
{
	switch (item->kind) {
	case CBX_CBOR_ARRAY:
		return item->number;
	case CBX_CBOR_MAP:
		return item->number > UINT64_MAX / 2 ? UINT64_MAX
						     : 2 * item->number;
	case CBX_CBOR_TAG:
		return 1;
	case CBX_CBOR_UINT:
	case CBX_CBOR_NINT:
	case CBX_CBOR_BYTES:
	case CBX_CBOR_TEXT:
	case CBX_CBOR_FLAG:
	case CBX_CBOR_NULL:
	default:
		return 0;
	}
}

static bool is_key(const struct cbx_cbor *item)
{
	return item->kind == CBX_CBOR_UINT || item->kind == CBX_CBOR_NINT ||
	       item->kind == CBX_CBOR_BYTES || item->kind == CBX_CBOR_TEXT;
}

/* Whether a key's encoding comes before another's. */
static bool before(const struct cbx_cbor *a, const struct cbx_cbor *b)
{
	size_t both =
		a->whole.size < b->whole.size ? a->whole.size : b->whole.size;
	int order = memcmp(a->whole.bytes, b->whole.bytes, both);

	return order < 0 || (order == 0 && a->whole.size < b->whole.size);
}

/* A key that came before @p last in the map, and is the same. */
static bool seen_before(const struct cbx_cbor *map, const struct cbx_cbor *last)
{
	const struct cbx_cbor *key = map + 1;

	while (key != last) {
		if (cbx_cbor_same(key, last)) {
			return true;
		}
		key = cbx_cbor_next(cbx_cbor_next(key));
	}
	return false;
}

static enum cbx_cbor_error check_keys(
	const struct cbx_cbor *map, uint32_t flags)
{
	const struct cbx_cbor *previous = NULL;
	const struct cbx_cbor *key = map + 1;

	for (uint64_t i = 0; i < map->number; i++) {
		bool sorted = previous == NULL || before(previous, key);

		if (!is_key(key)) {
			return CBX_CBOR_UNSUPPORTED;
		}
		/* Sorted keys, all in their shortest form, are different. */
		if (((flags & CBX_CBOR_DETERMINISTIC) == 0 || !sorted) &&
			seen_before(map, key)) {
			return CBX_CBOR_TWICE;
		}
		if ((flags & CBX_CBOR_DETERMINISTIC) != 0 && !sorted) {
			return CBX_CBOR_UNSORTED;
		}
		previous = key;
		key = cbx_cbor_next(cbx_cbor_next(key));
	}
	return CBX_CBOR_FINE;
}

/* An item is complete: so may be what it is the last part of. */
static enum cbx_cbor_error close_parents(struct decoder *decoder)
{
	while (decoder->depth != 0) {
		struct open *open = &decoder->open[decoder->depth - 1];
		struct cbx_cbor *item = &decoder->items[open->index];
		enum cbx_cbor_error error = CBX_CBOR_FINE;

		if (--open->parts != 0) {
			break;
		}
		item->skip = (uint32_t)(decoder->count - open->index);
		item->whole.size =
			(size_t)(decoder->rest.bytes - item->whole.bytes);
		if (item->kind == CBX_CBOR_MAP) {
			error = check_keys(item, decoder->flags);
		}
		if (error != CBX_CBOR_FINE) {
			return error;
		}
		decoder->depth--;
	}
	return CBX_CBOR_FINE;
}

/* Read the next item. */
static enum cbx_cbor_error step(struct decoder *decoder)
{
	struct cbx_cbor *item = &decoder->items[decoder->count];
	enum cbx_cbor_error error;
	uint64_t parts;

	if (decoder->count == decoder->room || decoder->count == UINT32_MAX) {
		return CBX_CBOR_MANY;
	}
	error = cbx_cbor_head(decoder->rest, item);
	if (error == CBX_CBOR_LONG &&
		(decoder->flags &
			(CBX_CBOR_DETERMINISTIC | CBX_CBOR_SHORTEST)) == 0) {
		error = CBX_CBOR_FINE;
	}
	if (error != CBX_CBOR_FINE) {
		return error;
	}
	decoder->count++;
	decoder->rest.bytes += item->whole.size;
	decoder->rest.size -= item->whole.size;
	parts = parts_of(item);
	if (parts == 0) {
		return close_parents(decoder);
	}
	if (parts > decoder->rest.size) { /* each takes a byte */
		return CBX_CBOR_BROKEN;
	}
	if (decoder->depth == CBX_CBOR_DEPTH) {
		return CBX_CBOR_DEEP;
	}
	decoder->open[decoder->depth++] =
		(struct open){ decoder->count - 1, parts };
	return CBX_CBOR_FINE;
}

enum cbx_cbor_error cbx_cbor_decode(struct cbx_span encoded, uint32_t flags,
	struct cbx_cbor *items, size_t room)
{
	struct decoder decoder = {
		.rest = encoded,
		.flags = flags,
		.items = items,
		.room = room,
	};
	enum cbx_cbor_error error;

	do {
		error = step(&decoder);
	} while (error == CBX_CBOR_FINE && decoder.depth != 0);
	if (error == CBX_CBOR_FINE && decoder.rest.size != 0) {
		error = CBX_CBOR_TRAILING;
	}
	return error;
}
