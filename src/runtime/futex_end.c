/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a task's futexes when it ends.  Nothing here fails: what the
 * program left in a bad state is left so. */
#include "futex.h"

#include "lib.h"
#include "user.h"

#define ENTRIES_MAX 2048u

/* A program's list of the robust mutexes it holds. */
struct list {
	uint64_t next;	  /* of the entry; the lowest bit: its lock is owned */
	uint64_t offset;  /* from an entry to its word */
	uint64_t pending; /* an entry being taken or given up, or 0 */
};

/* The word's next value, and its heir if there is one. */
static uint32_t inherit(
	struct cbx_futex_key key, uint32_t word, struct cbx_task **heir)
{
	bool only;

	*heir = cbx_futex_heir(key, &only);
	if (*heir == NULL) {
		return (word & LX_FUTEX_WAITERS) | LX_FUTEX_OWNER_DIED;
	}
	return (*heir)->tid | LX_FUTEX_OWNER_DIED |
	       (only ? 0 : LX_FUTEX_WAITERS);
}

/* Mark a word whose owner dies, and let the next one have it. */
static bool give_up(uint64_t va, uint32_t word)
{
	struct cbx_futex_key key = cbx_futex_key(va, false);
	struct cbx_task *heir;
	uint32_t was = word;

	if (cbx_user_exchange(va, &was, inherit(key, word, &heir)) != 0 ||
		was != word) {
		return false;
	}
	if (heir != NULL) {
		cbx_futex_give(key);
	} else if ((word & LX_FUTEX_WAITERS) != 0) {
		cbx_futex_wake(key, 1, CBX_FUTEX_ANY);
	}
	return true;
}

static void end_entry(const struct cbx_task *self, uint64_t va, bool pending)
{
	uint32_t word;

	do {
		if (va % sizeof(word) != 0 ||
			cbx_user_get(&word, va, sizeof(word)) != 0) {
			return;
		}
		if ((word & LX_FUTEX_TID) != self->tid) {
			if (pending && word == 0) {
				cbx_futex_wake(cbx_futex_key(va, false), 1,
					CBX_FUTEX_ANY);
			}
			return;
		}
	} while (!give_up(va, word));
}

static void end_list(const struct cbx_task *self)
{
	uint64_t pending;
	struct list list;
	uint64_t entry;

	if (cbx_user_get(&list, self->robust, sizeof(list)) != 0) {
		return;
	}
	pending = list.pending & ~1ull;
	entry = list.next & ~1ull;
	for (uint32_t i = 0; i < ENTRIES_MAX && entry != self->robust; i++) {
		uint64_t next;
		int64_t status = cbx_user_get(&next, entry, sizeof(next));

		if (entry != pending) {
			end_entry(self, entry + list.offset, false);
		}
		if (status != 0) {
			break;
		}
		entry = next & ~1ull;
	}
	if (pending != 0) {
		end_entry(self, pending + list.offset, true);
	}
}

void cbx_futex_end(struct cbx_task *self)
{
	const uint32_t none = 0;

	if (self->robust != 0) {
		end_list(self);
		self->robust = 0;
	}
	if (self->clear_tid != 0) {
		if (cbx_user_put(self->clear_tid, &none, sizeof(none)) == 0) {
			cbx_futex_wake(cbx_futex_key(self->clear_tid, false), 1,
				CBX_FUTEX_ANY);
		}
		self->clear_tid = 0;
	}
}
