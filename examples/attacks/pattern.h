/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The victim's secret: bytes that are computed, so that no program's file
 * holds them and whoever finds them found the victim's memory.
 */
#ifndef EXAMPLES_ATTACKS_PATTERN_H
#define EXAMPLES_ATTACKS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_BYTES 256u

static inline uint8_t pattern_at(size_t i)
{
	uint64_t x = 0x9e3779b97f4a7c15u * (uint64_t)(i + 1);

	return (uint8_t)(x >> 56);
}

static inline bool pattern_is(const volatile uint8_t *at)
{
	for (size_t i = 0; i < PATTERN_BYTES; i++) {
		if (at[i] != pattern_at(i)) {
			return false;
		}
	}
	return true;
}

#endif
