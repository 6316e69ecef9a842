/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few C library functions the compiler and the runtime need, with their
 * usual contracts, and a text writer.
 */
#ifndef CBX_RUNTIME_LIB_H
#define CBX_RUNTIME_LIB_H

#include <base/string.h>
#include <base/types.h>

/** Bytes of a text before its zero byte. */
size_t strlen(const char *text);

/** The first such byte, or NULL. */
void *memchr(const void *in, int byte, size_t bytes);

/** Text being written into at[size]; what does not fit is counted in used
 * and dropped. */
struct cbx_text {
	char *at;
	size_t size;
	size_t used;
};

/** Write a string. */
void cbx_text_put(struct cbx_text *text, const char *string);

/** Write bytes at[bytes]. */
void cbx_text_put_bytes(struct cbx_text *text, const char *at, size_t bytes);

/** Write a decimal number. */
void cbx_text_put_number(struct cbx_text *text, uint64_t number);

/** Hexadecimal, at least @p digits digits. */
void cbx_text_put_hex(struct cbx_text *text, uint64_t number, unsigned digits);
/** Spaces up to @p column characters in all. */
void cbx_text_pad(struct cbx_text *text, size_t column);

/** The number a decimal text says; false when it is none or too large. */
bool cbx_text_number(const char *text, size_t bytes, uint64_t *number);

static inline uint64_t cbx_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t cbx_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t cbx_page_floor(uint64_t address)
{
	return address & ~(uint64_t)(CBX_PAGE_SIZE - 1);
}

/** @pre address is at most 2^63 */
static inline uint64_t cbx_page_ceil(uint64_t address)
{
	return cbx_page_floor(address + CBX_PAGE_SIZE - 1);
}

#endif
