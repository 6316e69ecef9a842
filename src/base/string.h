/* SPDX-License-Identifier: Apache-2.0 */
/* The four functions a compiler may call by itself.  Hosted programs get them
 * from libc; freestanding ones bring their own. */
#ifndef CBX_BASE_STRING_H
#define CBX_BASE_STRING_H

#include <stddef.h>

/** Copy @p size bytes between objects that do not overlap. @return dst */
void *memcpy(void *restrict dst, const void *restrict src, size_t size);

/** Copy @p size bytes; the objects may overlap. @return dst */
void *memmove(void *dst, const void *src, size_t size);

/** Set @p size bytes to the low byte of @p byte. @return dst */
void *memset(void *dst, int byte, size_t size);

/** Compare @p size bytes as unsigned. @return below, at or above 0 */
int memcmp(const void *a, const void *b, size_t size);

#endif
