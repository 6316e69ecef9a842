/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Little-endian numbers in pages.
 */
#ifndef LAB_X86_SNP_BYTES_H
#define LAB_X86_SNP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @param size  1 to 8 */
static inline uint64_t snp_load(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--) {
		value = value << 8 | at[i - 1];
	}
	return value;
}

/** @param size  1 to 8 */
static inline void snp_store(uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		at[i] = (uint8_t)(value >> 8 * i);
	}
}

static inline void snp_copy(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		to[i] = from[i];
	}
}

static inline void snp_clear(uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		at[i] = 0;
	}
}

static inline bool snp_is_zero(const uint8_t *at, size_t size)
{
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++) {
		any |= at[i];
	}
	return any == 0;
}

#endif
