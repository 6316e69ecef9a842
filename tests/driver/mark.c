/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program for a box, and outside: it has a text in each page of its memory, and
 * computes there.
 *
 *   mark TEXT PAGES ROUNDS
 *
 * TEXT is in hexadecimal, each bit inverted, so that its image does not have it.  It
 * says that it has marked its memory, reads its input, goes over its memory ROUNDS
 * times (0: for ever), and says a number that depends on all of these.
 */
#include "root/look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS (SPY_PAGE / 8)
#define FIRST (SPY_MOST / 8) /* words of a page before it is for the text */
#define PRIME 0x100000001b3u

static void mark(const struct spy_text *text, uint64_t *page)
{
	uint8_t *at = (uint8_t *)page;

	for (uint32_t i = 0; i < text->size; i++) {
		at[i] = (uint8_t)~text->inverted[i];
	}
}

static uint64_t read_all(void)
{
	uint64_t sum = 1;
	int c;

	while ((c = getchar()) != EOF) {
		sum = (sum ^ (uint64_t)c) * PRIME;
	}
	return sum;
}

static uint64_t go_over(
	uint64_t *memory, uint64_t pages, uint64_t round, uint64_t sum)
{
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t *word = &memory[i * WORDS + FIRST +
					 (i + round) % (WORDS - FIRST)];

		*word = (*word ^ sum) * PRIME;
		sum = *word ^ sum >> 7;
	}
	return sum;
}

static uint64_t count(
	const struct spy_text *text, const uint64_t *memory, uint64_t pages)
{
	uint64_t found = 0;

	for (uint64_t i = 0; i < pages; i++) {
		found += spy_count(
			text, (const uint8_t *)&memory[i * WORDS], text->size);
	}
	return found;
}

int main(int argc, char **argv)
{
	struct spy_text text;
	uint64_t pages = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	uint64_t rounds = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
	uint64_t *memory = pages != 0 ? calloc(pages, SPY_PAGE) : NULL;
	uint64_t sum;

	if (memory == NULL || !look_text(argv[1], &text)) {
		(void)fprintf(stderr, "mark: see its first lines\n");
		return 2;
	}
	for (uint64_t i = 0; i < pages; i++) {
		mark(&text, &memory[i * WORDS]);
	}
	(void)puts("marked");
	(void)fflush(stdout);
	sum = read_all();
	for (uint64_t i = 0; rounds == 0 || i < rounds; i++) {
		sum = go_over(memory, pages, i, sum);
	}
	(void)printf("%016" PRIx64 "\n", sum);
	return count(&text, memory, pages) == pages ? 0 : 1;
}
