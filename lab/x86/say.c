/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>

#include "asm.h"
#include "say.h"

#define PORT	   0x3f8
#define PORT_STATE (PORT + 5)
#define IDLE	   0x20u
#define END_PORT   0xf4

static void put(char c)
{
	while ((lab_in8(PORT_STATE) & IDLE) == 0) {
	}
	lab_out8(PORT, (uint8_t)c);
}

static void put_number(uint64_t value, uint64_t base)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	while (count > 0) {
		put(digits[--count]);
	}
}

static void put_string(const char *s)
{
	for (; *s != '\0'; s++) {
		put(*s);
	}
}

void lab_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (const char *c = format; *c != '\0'; c++) {
		if (*c != '%') {
			put(*c);
			continue;
		}
		c++;
		if (*c == 's') {
			put_string(va_arg(args, const char *));
		} else {
			put_number(va_arg(args, uint64_t), *c == 'x' ? 16 : 10);
		}
	}
	va_end(args);
}

_Noreturn void lab_end(enum lab_end end)
{
	lab_out32(END_PORT, end);
	lab_halt();
}

_Noreturn void lab_stop(const char *what, uint64_t value)
{
	lab_say("lab: stopped: %s %x\n", what, value);
	lab_end(LAB_END_BAD);
}

void *memcpy(void *to, const void *from, size_t bytes)
{
	void *d = to;
	size_t words = bytes / 8;
	size_t rest = bytes % 8;

	__asm__ volatile("rep movsq; mov %3, %2; rep movsb"
			 : "+D"(d), "+S"(from), "+c"(words)
			 : "r"(rest)
			 : "memory");
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	void *d = to;
	size_t words = bytes / 8;
	size_t rest = bytes % 8;

	__asm__ volatile(
		"rep stosq; mov %3, %1; rep stosb"
		: "+D"(d), "+c"(words)
		: "a"((uint8_t)value * 0x0101010101010101ull), "r"(rest)
		: "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (size_t i = 0; i < bytes; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}
