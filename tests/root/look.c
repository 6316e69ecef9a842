/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANGES 1024

struct range {
	uint64_t start;
	uint64_t end;
};

static _Thread_local sigjmp_buf back;
static _Thread_local volatile bool looking;

bool look_is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, SPY_PAGE - 1) == 0;
}

void look_count(struct look *look, const uint8_t *page, bool read)
{
	look->pages++;
	if (!read) {
		look->refused++;
	} else if (!look_is_zero(page)) {
		look->found += spy_count(&look->text, page, SPY_PAGE);
		look->found_own += spy_count(&look->own, page, SPY_PAGE);
	}
}

void look_say(FILE *to, const char *what, const struct look *look)
{
	(void)fprintf(to,
		"%s: %" PRIu64 " pages, %" PRIu64 " refused, %" PRIu64
		" found, %" PRIu64 " own\n",
		what, look->pages, look->refused, look->found, look->found_own);
}

static void refused(int number)
{
	if (!looking) {
		_exit(128 + number);
	}
	siglongjmp(back, number);
}

bool look_text(const char *hex, struct spy_text *text)
{
	size_t size = strlen(hex);

	if (size == 0 || size % 2 != 0 || size > 2 * (size_t)SPY_MOST) {
		return false;
	}
	text->size = (uint32_t)(size / 2);
	for (uint32_t i = 0; i < text->size; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
		char *end;

		text->inverted[i] = (uint8_t)strtoul(two, &end, 16);
		if (*end != '\0') {
			return false;
		}
	}
	return true;
}

void *look_pointer(uint64_t va)
{
	return (void *)(uintptr_t)va; /* NOLINT(performance-no-int-to-ptr) */
}

void look_begin(void)
{
	struct sigaction act = { .sa_handler = refused,
		.sa_flags = SA_NODEFER };

	(void)sigaction(SIGSEGV, &act, NULL);
	(void)sigaction(SIGBUS, &act, NULL);
}

bool look_copy(uint8_t *to, const void *from)
{
	volatile bool copied = false;

	looking = true;
	if (sigsetjmp(back, 0) == 0) {
		memcpy(to, from, SPY_PAGE);
		copied = true;
	}
	looking = false;
	return copied;
}

/* @return how many; -1: no map */
static int read_map(const char *pid, struct range *ranges)
{
	char path[64];
	char line[512];
	FILE *file;
	int n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	file = fopen(path, "re");
	if (file == NULL) {
		return -1;
	}
	while (n < RANGES && fgets(line, sizeof(line), file) != NULL) {
		char *end;

		ranges[n].start = strtoull(line, &end, 16);
		if (*end == '-') {
			ranges[n++].end = strtoull(end + 1, NULL, 16);
		}
	}
	(void)fclose(file);
	return n;
}

bool look_through(
	const char *pid, void (*each)(void *arg, uint64_t va), void *arg)
{
	static struct range ranges[RANGES];
	int count = read_map(pid, ranges);

	for (int i = 0; i < count; i++) {
		for (uint64_t va = ranges[i].start; va < ranges[i].end;
			va += SPY_PAGE) {
			each(arg, va);
		}
	}
	return count > 0 && count < RANGES;
}
