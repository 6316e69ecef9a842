/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reaching the program's memory: what is not mapped is an error, not a crash.
 *
 * The program is not an adversary of the runtime; the copies are fault-safe
 * so that a wrong pointer is EFAULT as on Linux.
 */
#ifndef CBX_RUNTIME_USER_H
#define CBX_RUNTIME_USER_H

#include <base/types.h>

/** End of what a program's pointer may point to. */
#define CBX_USER_TOP 0x600000000000ull

/** Whether a program may name [va, va + bytes) at all. */
static inline bool cbx_user_valid(uint64_t va, uint64_t bytes)
{
	return va <= CBX_USER_TOP && bytes <= CBX_USER_TOP - va;
}

/** Copy, from or to memory that may not be mapped.
 * @return bytes not copied; 0 when all were */
uint64_t cbx_user_copy(void *to, const void *from, uint64_t bytes);

/** The same for a string and its zero byte, at most @p size bytes with it.
 * @return its length; size when it is longer; -EFAULT */
int64_t cbx_user_copy_string(char *to, const char *from, uint64_t size);

/** Set memory that may not be mapped to zero.  @return bytes not set */
uint64_t cbx_user_zero(void *to, uint64_t bytes);

/** Copy in or out a whole object at a program's address.
 * @retval 0        done
 * @retval -EFAULT  not all of it is mapped */
CBX_MUST_CHECK int64_t cbx_user_get(void *to, uint64_t va, uint64_t bytes);
CBX_MUST_CHECK int64_t cbx_user_put(
	uint64_t va, const void *from, uint64_t bytes);

/**
 * Compare and swap a word of the program's, at a multiple of four.
 *
 * @param[in,out] expected  becomes what the word was
 *
 * @retval 0        done, if *expected is what it was
 * @retval -EFAULT  it cannot be written
 */
CBX_MUST_CHECK int64_t cbx_user_exchange(
	uint64_t va, uint32_t *expected, uint32_t desired);

/**
 * Copy in a struct timespec.
 *
 * @param[out] ns  at most INT64_MAX
 *
 * @retval -EFAULT
 * @retval -EINVAL  negative, or a second or more of nanoseconds
 */
CBX_MUST_CHECK int64_t cbx_user_time(uint64_t va, int64_t *ns);

/** Copy out what nobody is told of when it cannot be. */
void cbx_user_try_put(uint64_t va, const void *from, uint64_t bytes);

/**
 * Copy in a path.
 *
 * @param[out] to  to[LX_PATH_MAX]
 *
 * @retval 0               done
 * @retval -ENAMETOOLONG, -EFAULT
 */
CBX_MUST_CHECK int64_t cbx_user_path(char *to, uint64_t va);

/** Where the copies may fault, and where they then go on; 0 when @p rip is
 * none of them. */
uint64_t cbx_user_fixup(uint64_t rip);

#endif
