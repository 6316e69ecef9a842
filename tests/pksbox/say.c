/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of at most 40 bytes. */
#include <host/host.h>
#include <pksbox/box.h>

#define LINE	   40u
#define LINE_BYTES 15u

static const char digits[] = "0123456789abcdef";

static uint32_t put_word(char *text, const char *word)
{
	uint32_t at = 0;

	for (; word[at] != '\0' && at < LINE / 5; at++) {
		text[at] = word[at];
	}
	return at;
}

static uint32_t put_number(char *text, uint32_t at, uint64_t value)
{
	int shift = 60;

	while (shift > 0 && value >> shift == 0) {
		shift -= 4;
	}
	text[at++] = ' ';
	for (; shift >= 0; shift -= 4) {
		text[at++] = digits[value >> shift & 15];
	}
	return at;
}

void say_numbers(const char *word, uint64_t a, uint64_t b)
{
	char text[LINE + 8] = { 0 };
	uint32_t at = put_word(text, word);

	at = put_number(text, at, a);
	(void)put_number(text, at, b);
	host_say(text);
}

void say_bytes(const char *word, const void *bytes, uint64_t count)
{
	const uint8_t *from = bytes;

	for (uint64_t done = 0; done < count; done += LINE_BYTES) {
		char text[LINE + 8] = { 0 };
		uint32_t at = put_word(text, word);

		text[at++] = ' ';
		for (uint64_t i = done; i < count && i < done + LINE_BYTES;
			i++) {
			text[at++] = digits[from[i] >> 4];
			text[at++] = digits[from[i] & 15];
		}
		host_say(text);
	}
}
