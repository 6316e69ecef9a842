/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime's own memory: blocks of a power of two, from CBX_HEAP_MIN bytes.
 *
 * A block of a page or more begins on a page.  Large blocks go back to the
 * reserve when they are given back, small ones to a list of their size.
 */
#ifndef CBX_RUNTIME_HEAP_H
#define CBX_RUNTIME_HEAP_H

#include <base/types.h>

#define CBX_HEAP_MIN 32u
/** Where blocks lie. */
#define CBX_HEAP_VA	0x650000000000ull
#define CBX_HEAP_VA_END 0x700000000000ull

/** The block size that serves @p bytes; @p bytes is at most 2^40. */
uint64_t cbx_heap_size(uint64_t bytes);

/** A block of at least @p bytes, of any content; NULL when there is none. */
void *cbx_heap_take(uint64_t bytes);

/** The same, all zero. */
void *cbx_heap_take_zero(uint64_t bytes);

/** Give back what was taken as @p bytes; NULL is nothing. */
void cbx_heap_give(void *block, uint64_t bytes);

/**
 * Make an array larger, at least doubling it.
 *
 * @param[in,out] array     of *capacity elements; unchanged on failure
 * @param[in,out] capacity  becomes at least @p need
 *
 * @return false when there is no memory
 */
CBX_MUST_CHECK bool cbx_heap_grow(
	void **array, uint64_t *capacity, uint64_t need, uint64_t element);

#endif
