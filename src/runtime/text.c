/* SPDX-License-Identifier: Apache-2.0 */
#include "lib.h"

void cbx_text_put_bytes(struct cbx_text *text, const char *at, size_t bytes)
{
	if (text->used < text->size) {
		memcpy(text->at + text->used, at,
			cbx_min(bytes, text->size - text->used));
	}
	text->used += bytes;
}

void cbx_text_put(struct cbx_text *text, const char *string)
{
	cbx_text_put_bytes(text, string, strlen(string));
}

static void put_digits(
	struct cbx_text *text, uint64_t number, unsigned base, unsigned digits)
{
	char digit[20];
	size_t at = sizeof(digit);

	do {
		digit[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0);
	while (at > 0 && sizeof(digit) - at < digits) {
		digit[--at] = '0';
	}
	cbx_text_put_bytes(text, digit + at, sizeof(digit) - at);
}

void cbx_text_put_number(struct cbx_text *text, uint64_t number)
{
	put_digits(text, number, 10, 1);
}

void cbx_text_put_hex(struct cbx_text *text, uint64_t number, unsigned digits)
{
	put_digits(text, number, 16, digits);
}

void cbx_text_pad(struct cbx_text *text, size_t column)
{
	while (text->used < column) {
		cbx_text_put_bytes(text, " ", 1);
	}
}

bool cbx_text_number(const char *text, size_t bytes, uint64_t *number)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++) {
		if (text[i] < '0' || text[i] > '9' ||
			__builtin_mul_overflow(value, 10u, &value) ||
			__builtin_add_overflow(
				value, (uint64_t)(text[i] - '0'), &value)) {
			return false;
		}
	}
	*number = value;
	return bytes != 0;
}
