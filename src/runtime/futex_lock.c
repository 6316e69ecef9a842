/* SPDX-License-Identifier: Apache-2.0 */
#include "futex_lock.h"

#include "linux.h"
#include "user.h"

/* Take a lock nobody has. @retval 1 the word changed: look again */
static int64_t take(struct cbx_futex_key key, uint64_t va, uint32_t word)
{
	uint32_t tid = cbx_task_self()->tid;
	uint32_t was = word;
	bool only;

	if (cbx_futex_heir(key, &only) != NULL) {
		tid |= LX_FUTEX_WAITERS;
	}
	if (cbx_user_exchange(va, &was, tid | (word & LX_FUTEX_OWNER_DIED)) !=
		0) {
		return -LX_EFAULT;
	}
	return was == word ? 0 : 1;
}

/* Mark a lock somebody has, so that he gives it to us; then wait. */
static int64_t wait(
	struct cbx_futex_key key, uint64_t va, uint32_t word, int64_t deadline)
{
	uint32_t was = word;

	if (cbx_task_find(word & LX_FUTEX_TID) == NULL) {
		return -LX_ESRCH;
	}
	if (cbx_user_exchange(va, &was, word | LX_FUTEX_WAITERS) != 0) {
		return -LX_EFAULT;
	}
	return was == word ? cbx_futex_wait_owned(key, deadline) : 1;
}

static int64_t lock(
	struct cbx_futex_key key, uint64_t va, const int64_t *deadline)
{
	int64_t status;

	do {
		uint32_t word;

		if (cbx_user_get(&word, va, sizeof(word)) != 0) {
			return -LX_EFAULT;
		}
		if ((word & LX_FUTEX_TID) == cbx_task_self()->tid) {
			return -LX_EDEADLK;
		}
		if ((word & LX_FUTEX_TID) == 0) {
			status = take(key, va, word);
		} else {
			status = deadline == NULL
					 ? -LX_EAGAIN
					 : wait(key, va, word, *deadline);
		}
	} while (status > 0);
	return status;
}

int64_t cbx_futex_lock(struct cbx_futex_key key, uint64_t va, int64_t deadline)
{
	return lock(key, va, &deadline);
}

int64_t cbx_futex_try_lock(struct cbx_futex_key key, uint64_t va)
{
	return lock(key, va, NULL);
}

int64_t cbx_futex_unlock(struct cbx_futex_key key, uint64_t va)
{
	const struct cbx_task *heir;
	uint32_t next = 0;
	uint32_t word;
	uint32_t was;
	bool only;

	if (cbx_user_get(&word, va, sizeof(word)) != 0) {
		return -LX_EFAULT;
	}
	heir = cbx_futex_heir(key, &only);
	if (heir != NULL) {
		next = heir->tid | (only ? 0 : LX_FUTEX_WAITERS);
	}
	do {
		if ((word & LX_FUTEX_TID) != cbx_task_self()->tid) {
			return -LX_EPERM;
		}
		was = word;
		if (cbx_user_exchange(va, &word, next) != 0) {
			return -LX_EFAULT;
		}
	} while (was != word);
	if (heir != NULL) {
		cbx_futex_give(key);
	}
	return 0;
}
