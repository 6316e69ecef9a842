/* SPDX-License-Identifier: Apache-2.0 */
#include "iovec.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "user.h"

/* Check every range; what is over the largest transfer is cut off. */
static int64_t check(struct cbx_iovec *vector)
{
	for (uint64_t i = 0; i < vector->count; i++) {
		struct lx_iovec *range = &vector->at[i];

		if ((int64_t)range->bytes < 0) {
			return -LX_EINVAL;
		}
		if (!cbx_user_valid(range->base, range->bytes)) {
			return -LX_EFAULT;
		}
		range->bytes = cbx_min(range->bytes, LX_RW_MAX - vector->total);
		vector->total += range->bytes;
	}
	return 0;
}

int64_t cbx_iovec_get(struct cbx_iovec *vector, uint64_t va, uint64_t count)
{
	uint64_t bytes = count * sizeof(struct lx_iovec);
	int64_t status;

	if (count > LX_IOV_MAX) {
		return -LX_EINVAL;
	}
	vector->at = vector->small;
	vector->count = count;
	vector->total = 0;
	vector->next = 0;
	vector->in = 0;
	if (count > CBX_IOVEC_SMALL) {
		vector->at = cbx_heap_take(bytes);
		if (vector->at == NULL) {
			return -LX_ENOMEM;
		}
	}
	status = cbx_user_get(vector->at, va, bytes);
	if (status == 0) {
		status = check(vector);
	}
	if (status != 0) {
		cbx_iovec_drop(vector);
	}
	return status;
}

void cbx_iovec_one(struct cbx_iovec *vector, uint64_t va, uint64_t bytes)
{
	vector->at = vector->small;
	vector->small[0] = (struct lx_iovec){ va, bytes };
	vector->count = 1;
	vector->total = bytes;
	vector->next = 0;
	vector->in = 0;
}

void cbx_iovec_drop(struct cbx_iovec *vector)
{
	if (vector->at != vector->small) {
		cbx_heap_give(
			vector->at, vector->count * sizeof(vector->at[0]));
	}
}

/* Copy one piece, to the runtime or from it. */
static uint64_t copy(
	struct cbx_iovec *vector, uint8_t *runtime, uint64_t bytes, bool put)
{
	uint64_t done = 0;

	while (done < bytes && vector->next < vector->count) {
		const struct lx_iovec *range = &vector->at[vector->next];
		void *program = (void *)(range->base + vector->in);
		uint64_t part =
			cbx_min(bytes - done, range->bytes - vector->in);
		uint64_t left =
			put ? cbx_user_copy(program, runtime + done, part)
			    : cbx_user_copy(runtime + done, program, part);

		done += part - left;
		vector->in += part - left;
		if (left != 0) {
			break;
		}
		if (vector->in == range->bytes) {
			vector->next++;
			vector->in = 0;
		}
	}
	return done;
}

uint64_t cbx_iovec_take(struct cbx_iovec *vector, void *to, uint64_t bytes)
{
	return copy(vector, to, bytes, false);
}

uint64_t cbx_iovec_put(
	struct cbx_iovec *vector, const void *from, uint64_t bytes)
{
	return copy(vector, (uint8_t *)(uintptr_t)from, bytes, true);
}

uint64_t cbx_iovec_left(const struct cbx_iovec *vector)
{
	uint64_t left = 0;

	for (uint64_t i = vector->next; i < vector->count; i++) {
		left += vector->at[i].bytes;
	}
	return left - vector->in;
}
