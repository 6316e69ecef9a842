/* SPDX-License-Identifier: Apache-2.0 */
/* As much of a C library as the tests use, on the console and the clock of the
 * monitor. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arch/x86_64/console.h>
#include <hal/hal.h>

#include "support/bare/bare.h"
#include "support/bare/puppet.h"

#define LINE_BYTES 256u
#define HEAP_BYTES 0x180000u

size_t strlen(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0') {
		length++;
	}
	return length;
}

int strncmp(const char *a, const char *b, size_t most)
{
	for (size_t i = 0; i < most; i++) {
		if (a[i] != b[i] || a[i] == '\0') {
			return (uint8_t)a[i] - (uint8_t)b[i];
		}
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

/* ---- text ---- */

struct out {
	char *to;
	size_t room; /* with the zero byte */
	size_t length;
};

static void put(struct out *out, char c)
{
	if (out->length + 1 < out->room) {
		out->to[out->length] = c;
	}
	out->length++;
}

static void put_text(struct out *out, const char *text)
{
	for (; *text != '\0'; text++) {
		put(out, *text);
	}
}

static void put_number(
	struct out *out, uint64_t value, uint32_t base, uint32_t width)
{
	char digits[24];
	uint32_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	for (; width > count; width--) {
		put(out, '0');
	}
	while (count > 0) {
		put(out, digits[--count]);
	}
}

/* What the tests write: %s %c %d %u %x, with a width in zeros, l or j. */
static const char *put_one(struct out *out, const char *at, va_list *args)
{
	uint32_t width = 0;
	bool wide = false;
	int64_t number;

	for (; *at >= '0' && *at <= '9'; at++) {
		width = width * 10 + (uint32_t)(*at - '0');
	}
	for (; *at == 'l' || *at == 'j' || *at == 'z'; at++) {
		wide = true;
	}
	switch (*at) {
	case 's':
		put_text(out, va_arg(*args, const char *));
		break;
	case 'c':
		put(out, (char)va_arg(*args, int));
		break;
	case 'd':
		number = wide ? va_arg(*args, int64_t) : va_arg(*args, int);
		if (number < 0) {
			put(out, '-');
		}
		put_number(out,
			number < 0 ? 0 - (uint64_t)number : (uint64_t)number,
			10, width);
		break;
	case 'u':
	case 'x':
		put_number(out,
			wide ? va_arg(*args, uint64_t)
			     : va_arg(*args, uint32_t),
			*at == 'x' ? 16 : 10, width);
		break;
	default:
		put(out, *at);
		break;
	}
	return at + 1;
}

int vsnprintf(char *to, size_t room, const char *format, va_list given)
{
	struct out out = { .to = to, .room = room };
	va_list args;

	va_copy(args, given);
	while (*format != '\0') {
		if (*format == '%') {
			format = put_one(&out, format + 1, &args);
		} else {
			put(&out, *format++);
		}
	}
	va_end(args);
	if (room != 0) {
		to[out.length < room ? out.length : room - 1] = '\0';
	}
	return (int)out.length;
}

int snprintf(char *to, size_t room, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(to, room, format, args);
	va_end(args);
	return length;
}

int vprintf(const char *format, va_list args)
{
	char line[LINE_BYTES];
	int length = vsnprintf(line, sizeof(line), format, args);

	cbx_x86_console_put(line);
	return length;
}

int printf(const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vprintf(format, args);
	va_end(args);
	return length;
}

/* ---- memory: given out once, until a test has ended ---- */

static uint8_t heap[HEAP_BYTES] __attribute__((aligned(16)));
static size_t heap_used;

void *malloc(size_t size)
{
	void *at = heap + heap_used;

	if (size > sizeof(heap) - heap_used) {
		return NULL;
	}
	heap_used += (size + 15) & ~(size_t)15;
	return at;
}

void free(void *at)
{
	(void)at;
}

void bare_free_all(void)
{
	heap_used = 0;
}

/* ---- the system ---- */

_Noreturn void abort(void)
{
	cbx_hal_panic("abort", __FILE__, __LINE__);
}

/* A word name=value among the program's. */
char *getenv(const char *name)
{
	size_t length = strlen(name);

	for (char **word = bare_words; *word != NULL; word++) {
		if (strncmp(*word, name, length) == 0 &&
			(*word)[length] == '=') {
			return *word + length + 1;
		}
	}
	return NULL;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	uint64_t ticks = cbx_hal_ticks();

	(void)clock;
	time->tv_sec = (time_t)(ticks / 1000000000);
	time->tv_nsec = (long)(ticks % 1000000000);
	return 0;
}

int nanosleep(const struct timespec *pause, struct timespec *left)
{
	uint64_t end = cbx_hal_ticks() + (uint64_t)pause->tv_nsec +
		       (uint64_t)pause->tv_sec * 1000000000;

	(void)left;
	puppet_rest();
	while (cbx_hal_ticks() < end) {
		cbx_hal_cpu_relax();
	}
	return 0;
}
