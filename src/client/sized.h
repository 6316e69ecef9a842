/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable structs: the first member, a size_t, says how much of it the caller
 * was compiled against.
 */
#ifndef CBX_CLIENT_SIZED_H
#define CBX_CLIENT_SIZED_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Copy a caller's struct.
 *
 * @param[out] to     to[known]; what the caller does not know is zero
 * @param      known  bytes this library knows
 * @param      first  bytes of the struct's first version
 *
 * @return false when the caller's size is below @p first or absurd, or its
 *         tail past @p known is not zero
 */
bool cbx_sized_read(void *to, size_t known, const void *from, size_t first);

/** Whether the caller's struct at @p to has a size cbx_sized_write takes. */
bool cbx_sized_valid(const void *to, size_t first);

/** Fill a caller's struct from @p from[known], its size member excepted; what
 * it has beyond @p known becomes zero.  @pre cbx_sized_valid(to, ...) */
void cbx_sized_write(void *to, const void *from, size_t known);

#endif
