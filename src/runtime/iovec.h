/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vector of ranges of the program's memory, read once.
 */
#ifndef CBX_RUNTIME_IOVEC_H
#define CBX_RUNTIME_IOVEC_H

#include <base/types.h>

#include "linux_layout.h"

#define CBX_IOVEC_SMALL 8u

struct cbx_iovec {
	struct lx_iovec small[CBX_IOVEC_SMALL];
	struct lx_iovec *at; /* at[count]; small, or of the heap */
	uint64_t count;
	uint64_t total; /* bytes of all ranges; at most LX_RW_MAX */
	uint64_t next;	/* the range the next copy begins in */
	uint64_t in;	/* and where in it */
};

/**
 * Read a vector.
 *
 * @retval 0        and cbx_iovec_drop must be called
 * @retval -EFAULT  it, or what it names, is not the program's
 * @retval -EINVAL  too many or too long ranges
 * @retval -ENOMEM
 */
CBX_MUST_CHECK int64_t cbx_iovec_get(
	struct cbx_iovec *vector, uint64_t va, uint64_t count);

/** A vector of one range; cbx_iovec_drop is not needed. */
void cbx_iovec_one(struct cbx_iovec *vector, uint64_t va, uint64_t bytes);

/** Give back what cbx_iovec_get took. */
void cbx_iovec_drop(struct cbx_iovec *vector);

/** Copy the next @p bytes of the ranges to, or from, the runtime's memory.
 * @return bytes copied; fewer when the ranges end or are not mapped */
uint64_t cbx_iovec_take(struct cbx_iovec *vector, void *to, uint64_t bytes);
uint64_t cbx_iovec_put(
	struct cbx_iovec *vector, const void *from, uint64_t bytes);

/** Bytes not copied yet. */
uint64_t cbx_iovec_left(const struct cbx_iovec *vector);

#endif
