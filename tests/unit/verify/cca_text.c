/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "cca_text.h"

#include <ctype.h>

#include <jansson.h>

#define ROOM 8192

/* ---------------------------------------------------------- diagnostic -- */

struct text {
	const char *at;
	const char *end;
};

/* The next character that counts; 0 at the end. */
static char peek(struct text *text)
{
	while (text->at < text->end) {
		if (isspace((unsigned char)*text->at)) {
			text->at++;
		} else if (*text->at == '/') {
			do {
				text->at++;
				assert_true(text->at < text->end);
			} while (*text->at != '/');
			text->at++;
		} else {
			return *text->at;
		}
	}
	return 0;
}

static bool take(struct text *text, char c)
{
	if (peek(text) != c) {
		return false;
	}
	text->at++;
	return true;
}

static void expect(struct text *text, const char *characters)
{
	for (; *characters != '\0'; characters++) {
		assert_true(take(text, *characters));
	}
}

static void put_item(struct text *text, struct cbx_cbor_writer *writer);

/* h'..' */
static void put_hex(struct text *text, struct cbx_cbor_writer *writer)
{
	uint8_t bytes[256];
	size_t size = 0;

	expect(text, "h'");
	while (!take(text, '\'')) {
		char pair[3] = { text->at[0], text->at[1], '\0' };

		assert_true(text->end - text->at > 2);
		assert_true(size < sizeof(bytes));
		bytes[size++] = (uint8_t)strtoul(pair, NULL, 16);
		text->at += 2;
	}
	cbx_cbor_put_bytes(writer, bytes, size);
}

static void put_string(struct text *text, struct cbx_cbor_writer *writer)
{
	char string[256];
	size_t size = 0;

	expect(text, "\"");
	while (*text->at != '"') {
		assert_true(size < sizeof(string) - 1);
		string[size++] = *text->at++;
	}
	text->at++;
	string[size] = '\0';
	cbx_cbor_put_text(writer, string);
}

static void put_number(struct text *text, struct cbx_cbor_writer *writer)
{
	char *end;
	long long number = strtoll(text->at, &end, 10);

	assert_true(end > text->at);
	text->at = end;
	cbx_cbor_put_int(writer, number);
}

/* What is between brackets, into a buffer of its own: how much it is comes
 * first in CBOR. */
static void put_list(
	struct text *text, struct cbx_cbor_writer *writer, const char *brackets)
{
	uint8_t room[ROOM];
	struct cbx_cbor_writer inner = { .bytes = room, .size = sizeof(room) };
	size_t count = 0;

	expect(text, (char[]){ brackets[0], '\0' });
	while (!take(text, brackets[1])) {
		put_item(text, &inner);
		if (brackets[0] == '{') {
			expect(text, ":");
			put_item(text, &inner);
		}
		count++;
		(void)take(text, ',');
	}
	if (brackets[0] == '{') {
		cbx_cbor_put_map(writer, count);
	} else {
		cbx_cbor_put_array(writer, count);
	}
	assert_false(inner.full);
	cbx_cbor_put_encoded(writer, cbx_cbor_written(&inner));
}

/* << item >>: a byte string of its encoding. */
static void put_embedded(struct text *text, struct cbx_cbor_writer *writer)
{
	uint8_t room[ROOM];
	struct cbx_cbor_writer inner = { .bytes = room, .size = sizeof(room) };

	expect(text, "<<");
	put_item(text, &inner);
	expect(text, ">>");
	cbx_cbor_put_bytes(writer, room, inner.used);
}

static void put_item(struct text *text, struct cbx_cbor_writer *writer)
{
	switch (peek(text)) {
	case '{':
		put_list(text, writer, "{}");
		break;
	case '[':
		put_list(text, writer, "[]");
		break;
	case '<':
		put_embedded(text, writer);
		break;
	case 'h':
		put_hex(text, writer);
		break;
	case '"':
		put_string(text, writer);
		break;
	default:
		put_number(text, writer);
		break;
	}
}

void cca_from_diagnostic(struct cbx_span span, struct cbx_cbor_writer *writer)
{
	struct text text = { (const char *)span.bytes,
		(const char *)span.bytes + span.size };

	put_item(&text, writer);
	assert_int_equal(peek(&text), 0);
}

/* ----------------------------------------------------------------- JSON -- */

enum form {
	TEXT,
	NUMBER,
	BASE64,
	LIST,
	COMPONENTS,
};

static const struct member {
	const char *name;
	int64_t key;
	enum form form;
} members[] = {
	{ "cca-platform-profile", 265, TEXT },
	{ "cca-platform-challenge", 10, BASE64 },
	{ "cca-platform-implementation-id", 2396, BASE64 },
	{ "cca-platform-instance-id", 256, BASE64 },
	{ "cca-platform-config", 2401, BASE64 },
	{ "cca-platform-lifecycle", 2395, NUMBER },
	{ "cca-platform-sw-components", 2399, COMPONENTS },
	{ "cca-platform-service-indicator", 2400, TEXT },
	{ "cca-platform-hash-algo-id", 2402, TEXT },
	{ "measurement-value", 2, BASE64 },
	{ "signer-id", 5, BASE64 },
	{ "cca-realm-challenge", 10, BASE64 },
	{ "cca-realm-personalization-value", 44235, BASE64 },
	{ "cca-realm-initial-measurement", 44238, BASE64 },
	{ "cca-realm-extensible-measurements", 44239, LIST },
	{ "cca-realm-hash-algo-id", 44236, TEXT },
	{ "cca-realm-public-key", 44237, BASE64 },
	{ "cca-realm-public-key-hash-algo-id", 44240, TEXT },
	/* Of another kind of token: claims nobody knows here. */
	{ "psa-implementation-id", -1, BASE64 },
	{ "psa-boot-seed", -2, BASE64 },
	{ "psa-software-components", -3, COMPONENTS },
	{ "measurement-type", 1, TEXT },
};

static const struct member *member_of(const char *name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(members[i].name, name) == 0) {
			return &members[i];
		}
	}
	fail_msg("no claim is called %s", name);
	return NULL;
}

/* Some samples hold what is no base64: all that can be read is taken. */
static void put_base64(const json_t *value, struct cbx_cbor_writer *writer)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/";
	const char *text = json_string_value(value);
	uint8_t bytes[256];
	size_t size = 0;
	uint32_t bits = 0;
	int held = 0;

	assert_non_null(text);
	for (; *text != '\0'; text++) {
		const char *digit = strchr(alphabet, *text);

		if (digit == NULL) {
			continue;
		}
		bits = bits << 6 | (uint32_t)(digit - alphabet);
		held += 6;
		if (held >= 8) {
			held -= 8;
			assert_true(size < sizeof(bytes));
			bytes[size++] = (uint8_t)(bits >> held);
		}
	}
	cbx_cbor_put_bytes(writer, bytes, size);
}

static void put_object(json_t *object, struct cbx_cbor_writer *writer);

static void put_value(
	enum form form, json_t *value, struct cbx_cbor_writer *writer)
{
	switch (form) {
	case TEXT:
		cbx_cbor_put_text(writer, json_string_value(value));
		break;
	case NUMBER:
		cbx_cbor_put_int(writer, json_integer_value(value));
		break;
	case BASE64:
		put_base64(value, writer);
		break;
	case LIST:
	case COMPONENTS:
		assert_true(json_is_array(value));
		cbx_cbor_put_array(writer, json_array_size(value));
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (form == LIST) {
				put_base64(json_array_get(value, i), writer);
			} else {
				put_object(json_array_get(value, i), writer);
			}
		}
		break;
	}
}

static void put_object(json_t *object, struct cbx_cbor_writer *writer)
{
	const char *name;
	json_t *value;

	cbx_cbor_put_map(writer, json_object_size(object));
	json_object_foreach(object, name, value)
	{
		const struct member *member = member_of(name);

		cbx_cbor_put_int(writer, member->key);
		put_value(member->form, value, writer);
	}
}

void cca_from_json(struct cbx_span text, struct cbx_cbor_writer *writer)
{
	json_t *object =
		json_loadb((const char *)text.bytes, text.size, 0, NULL);

	assert_non_null(object);
	put_object(object, writer);
	json_decref(object);
}
