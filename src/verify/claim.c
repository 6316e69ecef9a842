/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/verdict.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 96

struct cbx_span cbx_span_text(const char *text)
{
	return (struct cbx_span){ (const uint8_t *)text, strlen(text) };
}

/* A claim of @p size bytes, all zero, which the caller fills; NULL when there
 * is no room.  Name, value and a zero byte are one block. */
static uint8_t *add(struct cbx_verdict *verdict, size_t size,
	const char *format, va_list arguments)
{
	size_t index = verdict->claim_count;
	char name[NAME_MAX_BYTES];
	int length = vsnprintf(name, sizeof(name), format, arguments);
	char *block;

	if (index == CBX_VERDICT_CLAIMS || length < 0 ||
		(size_t)length >= sizeof(name)) {
		verdict->no_room = true;
		return NULL;
	}
	block = calloc(1, (size_t)length + 1 + size + 1);
	if (block == NULL) {
		verdict->no_room = true;
		return NULL;
	}
	memcpy(block, name, (size_t)length + 1);
	verdict->blocks[index] = block;
	verdict->claims[index] = (struct cbx_claim){
		.name = block,
		.value.span = { (uint8_t *)block + length + 1, size },
	};
	verdict->claim_count++;
	return (uint8_t *)block + length + 1;
}

/* The claim that was added last. */
static struct cbx_value *last(struct cbx_verdict *verdict)
{
	return &verdict->claims[verdict->claim_count - 1].value;
}

void cbx_claim_bytes(struct cbx_verdict *verdict, struct cbx_span bytes,
	const char *name, ...)
{
	va_list arguments;
	uint8_t *room;

	va_start(arguments, name);
	room = add(verdict, bytes.size, name, arguments);
	va_end(arguments);
	if (room == NULL) {
		return;
	}
	last(verdict)->kind = CBX_VALUE_BYTES;
	if (bytes.size != 0) {
		memcpy(room, bytes.bytes, bytes.size);
	}
}

void cbx_claim_text(struct cbx_verdict *verdict, struct cbx_span text,
	const char *name, ...)
{
	va_list arguments;
	uint8_t *room;

	va_start(arguments, name);
	room = add(verdict, text.size, name, arguments);
	va_end(arguments);
	if (room == NULL) {
		return;
	}
	last(verdict)->kind = CBX_VALUE_TEXT;
	for (size_t i = 0; i < text.size; i++) {
		bool plain = text.bytes[i] >= 0x20 && text.bytes[i] < 0x7f;

		room[i] = plain ? text.bytes[i] : '?';
	}
}

void cbx_claim_number(
	struct cbx_verdict *verdict, uint64_t number, const char *name, ...)
{
	va_list arguments;
	uint8_t *room;

	va_start(arguments, name);
	room = add(verdict, 0, name, arguments);
	va_end(arguments);
	if (room != NULL) {
		*last(verdict) = (struct cbx_value){ .kind = CBX_VALUE_NUMBER,
			.number = number };
	}
}

void cbx_claim_flag(
	struct cbx_verdict *verdict, bool flag, const char *name, ...)
{
	va_list arguments;
	uint8_t *room;

	va_start(arguments, name);
	room = add(verdict, 0, name, arguments);
	va_end(arguments);
	if (room != NULL) {
		*last(verdict) = (struct cbx_value){ .kind = CBX_VALUE_FLAG,
			.number = flag ? 1 : 0 };
	}
}

size_t cbx_verdict_claim_count(const struct cbx_verdict *verdict)
{
	return verdict->claim_count;
}

const struct cbx_claim *cbx_verdict_claim_at(
	const struct cbx_verdict *verdict, size_t index)
{
	return index < verdict->claim_count ? &verdict->claims[index] : NULL;
}

const struct cbx_claim *cbx_verdict_claim(
	const struct cbx_verdict *verdict, const char *name)
{
	for (size_t i = 0; i < verdict->claim_count; i++) {
		if (strcmp(verdict->claims[i].name, name) == 0) {
			return &verdict->claims[i];
		}
	}
	return NULL;
}
