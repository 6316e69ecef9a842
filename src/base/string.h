/* SPDX-License-Identifier: Apache-2.0 */
/* The four functions a compiler may call by itself.  Hosted programs get them
 * from libc; freestanding ones bring their own. */
#ifndef CBX_BASE_STRING_H
#define CBX_BASE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t size);
void *memmove(void *dst, const void *src, size_t size);
void *memset(void *dst, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
