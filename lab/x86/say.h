/* SPDX-License-Identifier: Apache-2.0 */
/* What the lab, and the guests of its tests, print; and their end. */
#ifndef LAB_SAY_H
#define LAB_SAY_H

#include <stddef.h>
#include <stdint.h>

/** Status of QEMU after lab_end(): twice this and one. */
enum lab_end {
	LAB_END_GOOD = 0x2a,
	LAB_END_BAD = 0x2b,
	LAB_END_GUEST = 0x2c, /* the guest asked for its end, or lost its way */
};

/**
 * Print a line's part to the serial port.
 *
 * @param format  %s a string, %u a uint64_t in decimal, %x one in hexadecimal
 */
void lab_say(const char *format, ...);

/** End the machine; where the port for it is missing, stop this CPU. */
_Noreturn void lab_end(enum lab_end end);

/** Say "lab: stopped: " and what, and end the machine. */
_Noreturn void lab_stop(const char *what, uint64_t value);

/** Stop unless something holds that only a defect here could break. */
#define LAB_ASSERT(condition)                                                  \
	do {                                                                   \
		if (!(condition)) {                                            \
			lab_stop(                                              \
				"assertion " #condition " at line", __LINE__); \
		}                                                              \
	} while (0)

/** What the compiler calls by itself; the C library's meaning. */
void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

#endif
