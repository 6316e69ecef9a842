/* SPDX-License-Identifier: Apache-2.0 */
#include "futex.h"

#include "linux.h"

#define BUCKETS 256u

struct waiter {
	struct cbx_waiter waiter; /* first */
	struct cbx_futex_key key;
	uint32_t bits; /* 0: waits to be given a lock */
};

static struct cbx_wait_queue bucket[BUCKETS];

static struct cbx_wait_queue *bucket_of(struct cbx_futex_key key)
{
	uint64_t word = (uint64_t)key.object ^ (key.at >> 2);

	return &bucket[word * 0x9e3779b97f4a7c15ull >> 56];
}

static struct waiter *waiter_of(struct cbx_waiter *waiter)
{
	return (struct waiter *)(void *)waiter;
}

static bool same(struct cbx_futex_key a, struct cbx_futex_key b)
{
	return a.object == b.object && a.at == b.at;
}

static int64_t wait(struct waiter *w, int64_t deadline)
{
	int64_t status = 0;

	cbx_wait_add(&w->waiter, bucket_of(w->key));
	while (status == 0 && !w->waiter.woken) {
		status = cbx_wait_sleep(deadline);
	}
	cbx_wait_remove(&w->waiter);
	return w->waiter.woken ? 0 : status;
}

int64_t cbx_futex_wait(
	struct cbx_futex_key key, uint32_t bits, int64_t deadline)
{
	struct waiter w = { .key = key, .bits = bits };

	return wait(&w, deadline);
}

uint64_t cbx_futex_wake(struct cbx_futex_key key, uint64_t count, uint32_t bits)
{
	struct cbx_waiter *at = bucket_of(key)->first;
	uint64_t woken = 0;

	while (at != NULL && woken < count) {
		struct cbx_waiter *next = at->next;
		struct waiter *w = waiter_of(at);

		if (same(w->key, key) && (w->bits & bits) != 0) {
			cbx_wait_wake_one(at);
			woken++;
		}
		at = next;
	}
	return woken;
}

uint64_t cbx_futex_move(
	struct cbx_futex_key from, struct cbx_futex_key to, uint64_t count)
{
	struct cbx_waiter *at = bucket_of(from)->first;
	uint64_t moved = 0;

	if (same(from, to)) {
		return 0;
	}
	while (at != NULL && moved < count) {
		struct cbx_waiter *next = at->next;
		struct waiter *w = waiter_of(at);

		if (same(w->key, from) && w->bits != 0) {
			w->key = to;
			cbx_wait_move(at, bucket_of(to));
			moved++;
		}
		at = next;
	}
	return moved;
}

int64_t cbx_futex_wait_owned(struct cbx_futex_key key, int64_t deadline)
{
	struct waiter w = { .key = key };

	return wait(&w, deadline);
}

static struct cbx_waiter *first_heir(struct cbx_futex_key key, bool *only)
{
	struct cbx_waiter *found = NULL;

	*only = true;
	for (struct cbx_waiter *at = bucket_of(key)->first; at != NULL;
		at = at->next) {
		struct waiter *w = waiter_of(at);

		if (!same(w->key, key) || w->bits != 0) {
			continue;
		}
		if (found != NULL) {
			*only = false;
			break;
		}
		found = at;
	}
	return found;
}

struct cbx_task *cbx_futex_heir(struct cbx_futex_key key, bool *only)
{
	struct cbx_waiter *found = first_heir(key, only);

	return found == NULL ? NULL : found->task;
}

void cbx_futex_give(struct cbx_futex_key key)
{
	bool only;

	cbx_wait_wake_one(first_heir(key, &only));
}
