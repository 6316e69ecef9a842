/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says, the clock, and the end. */
#include <host/os/os.h>

#define PORT_FIRST 0xe9u
#define PORT_EXIT  0xf4u
#define PART	   40u

#define TIMER_HZ   1193182ull
#define TIMER_WAIT 1193ull /* 1 ms */
#define TRIES	   10
#define SECOND_NS  1000000000ull

uint64_t os_epoch;

static uint64_t start;
static uint64_t scale; /* ns in one count, times 2^32 */

static void put(uint16_t port, const void *bytes, uint64_t count)
{
	__asm__ volatile("rep outsb"
			 : "+S"(bytes), "+c"(count)
			 : "d"(port)
			 : "memory");
}

static void put_record(char letter, const void *bytes, uint64_t count)
{
	char head[10] = { '\n', letter };

	for (uint32_t i = 0; i < 8; i++) {
		head[2 + i] = "0123456789abcdef"[count >> (28 - 4 * i) & 15];
	}
	put(PORT_FIRST, head, sizeof(head));
	put(PORT_FIRST, bytes, count);
}

void os_out(enum os_channel channel, const void *bytes, uint64_t count)
{
	struct os_bytes unused;

	if (os_archive_find("/init.port", &unused)) {
		put_record("OES"[channel], bytes, count);
	} else {
		put((uint16_t)(PORT_FIRST + channel), bytes, count);
	}
}

static uint8_t in(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
	return value;
}

static void out(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "d"(port));
}

static void add_text(char *line, uint64_t *at, const char *text)
{
	for (; *text != '\0' && *at < PART; text++) {
		line[(*at)++] = *text;
	}
}

static void add_number(char *line, uint64_t *at, uint64_t value)
{
	int shift = 60;

	while (shift > 0 && value >> shift == 0) {
		shift -= 4;
	}
	for (; shift >= 0 && *at < PART; shift -= 4) {
		line[(*at)++] = "0123456789abcdef"[value >> shift & 15];
	}
}

void os_say(const char *text, uint64_t a, uint64_t b)
{
	char line[PART];
	uint64_t at = 0;

	add_text(line, &at, text);
	add_number(line, &at, a);
	add_text(line, &at, " ");
	add_number(line, &at, b);
	os_machine_say(line, at);
}

static _Noreturn void stop(uint32_t code)
{
	for (;;) {
		__asm__ volatile("outl %0, %1"
				 :
				 : "a"(code), "d"((uint16_t)PORT_EXIT));
	}
}

_Noreturn void os_panic(const char *text, uint64_t a, uint64_t b)
{
	os_say(text, a, b);
	stop(3);
}

_Noreturn void os_exit(uint32_t status, uint32_t signal)
{
	char digits[8] = { 0 };
	uint32_t at = sizeof(digits) - 1;
	uint32_t value = signal != 0 ? signal : status;

	digits[at] = '\n';
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0 && at > 1);
	if (signal != 0) {
		digits[--at] = '-';
	}
	os_out(OS_CHANNEL_STATUS, &digits[at], sizeof(digits) - at);
	stop(0x2a);
}

static uint64_t counts(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* At least as many counts as there are in the wait: an emulator that does not
 * get its CPU adds some. */
static uint64_t measure(void)
{
	uint8_t gate = in(0x61) & 0xfcu;
	uint64_t from;

	out(0x61, gate);
	out(0x43, 0xb0);
	out(0x42, TIMER_WAIT & 0xff);
	out(0x42, TIMER_WAIT >> 8);
	from = counts();
	out(0x61, gate | 1);
	while ((in(0x61) & 0x20) == 0) {
	}
	return counts() - from;
}

/* The time stamp counter against channel 2 of the interval timer, and the time
 * of day from the archive. */
void os_clock_start(void)
{
	uint64_t least = UINT64_MAX;
	struct os_bytes now;
	uint64_t seconds = 0;

	for (int i = 0; i < TRIES; i++) {
		uint64_t count = measure();

		least = count < least ? count : least;
	}
	start = counts();
	scale = (TIMER_WAIT * SECOND_NS / TIMER_HZ << 32) / least;
	if (os_archive_find("/init.epoch", &now)) {
		for (uint64_t i = 0; i < now.size; i++) {
			seconds = seconds * 10 + (now.at[i] - '0') % 10u;
		}
	}
	os_epoch = seconds * SECOND_NS;
}

uint64_t os_now(void)
{
	unsigned __int128 count = counts() - start;

	return (uint64_t)(count * scale >> 32) + 1;
}
