/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/cbor.h>

#include <string.h>

const struct cbx_cbor *cbx_cbor_at(const struct cbx_cbor *array, size_t index)
{
	const struct cbx_cbor *item;

	if (array == NULL || array->kind != CBX_CBOR_ARRAY ||
		index >= array->number) {
		return NULL;
	}
	item = array + 1;
	for (size_t i = 0; i < index; i++) {
		item = cbx_cbor_next(item);
	}
	return item;
}

bool cbx_cbor_integer(const struct cbx_cbor *item, int64_t *value)
{
	bool integer =
		item->kind == CBX_CBOR_UINT || item->kind == CBX_CBOR_NINT;

	if (!integer || item->number > INT64_MAX) {
		return false;
	}
	*value = item->kind == CBX_CBOR_UINT ? (int64_t)item->number
					     : -1 - (int64_t)item->number;
	return true;
}

bool cbx_cbor_same(const struct cbx_cbor *a, const struct cbx_cbor *b)
{
	return a->kind == b->kind && a->number == b->number &&
	       a->bytes.size == b->bytes.size &&
	       (a->bytes.size == 0 || memcmp(a->bytes.bytes, b->bytes.bytes,
					      a->bytes.size) == 0);
}

bool cbx_cbor_is(const struct cbx_cbor *item, int64_t value)
{
	int64_t found;

	return item != NULL && cbx_cbor_integer(item, &found) && found == value;
}

bool cbx_cbor_is_text(const struct cbx_cbor *item, const char *text)
{
	return item != NULL && item->kind == CBX_CBOR_TEXT &&
	       item->bytes.size == strlen(text) &&
	       memcmp(item->bytes.bytes, text, item->bytes.size) == 0;
}

/* The value whose key is the number, or the text if there is one. */
static const struct cbx_cbor *find(
	const struct cbx_cbor *map, int64_t number, const char *text)
{
	const struct cbx_cbor *key;

	if (map == NULL || map->kind != CBX_CBOR_MAP) {
		return NULL;
	}
	key = map + 1;
	for (uint64_t i = 0; i < map->number; i++) {
		const struct cbx_cbor *value = cbx_cbor_next(key);

		if (text != NULL ? cbx_cbor_is_text(key, text)
				 : cbx_cbor_is(key, number)) {
			return value;
		}
		key = cbx_cbor_next(value);
	}
	return NULL;
}

const struct cbx_cbor *cbx_cbor_find(const struct cbx_cbor *map, int64_t key)
{
	return find(map, key, NULL);
}

const struct cbx_cbor *cbx_cbor_find_text(
	const struct cbx_cbor *map, const char *key)
{
	return find(map, 0, key);
}

const struct cbx_cbor *cbx_cbor_tagged(
	const struct cbx_cbor *item, uint64_t tag)
{
	bool is = item != NULL && item->kind == CBX_CBOR_TAG &&
		  item->number == tag;

	return is ? item + 1 : NULL;
}
