/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where choices come from: a seed, or a fuzzer's bytes.
 */
#ifndef CBX_TESTS_MODEL_CHOOSE_H
#define CBX_TESTS_MODEL_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** From now on choices follow from @p seed, without end. */
void choose_seed(uint64_t seed);

/** From now on choices are read off bytes[size]; they must stay. */
void choose_bytes(const uint8_t *bytes, size_t size);

/** Whether all bytes are used; every further choice is 0. */
bool choose_over(void);

/** A number less than @p n; @p n is 1 to 65536. */
uint32_t choose(uint32_t n);

/** Yes, once in @p n times. */
bool once_in(uint32_t n);

/** Any number at all. */
uint64_t choose_any(void);

#endif
