/* SPDX-License-Identifier: Apache-2.0 */
/* Futex calls. */
#include "futex.h"
#include "lib.h"
#include "memory.h"
#include "linux.h"
#include "futex_lock.h"
#include "syscall.h"
#include "time.h"
#include "user.h"

#define PRIVATE	 128u
#define REALTIME 256u

enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAKE_OP = 5,
	LOCK_PI = 6,
	UNLOCK_PI = 7,
	TRYLOCK_PI = 8,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	LOCK_PI2 = 13,
};

struct cbx_futex_key cbx_futex_key(uint64_t va, bool private)
{
	const struct cbx_extent *e =
		private ? NULL : cbx_extent_at(cbx_memory_extents(), va);

	return e != NULL && e->shared && e->file != NULL
		       ? (struct cbx_futex_key){ e->file, va - e->origin }
		       : (struct cbx_futex_key){ cbx_map_self(), va };
}

/* One call's arguments. */
struct call {
	uint64_t va;
	uint64_t va2;
	struct cbx_futex_key key;
	struct cbx_futex_key key2;
	uint64_t value;
	uint64_t value2;
	uint32_t value3;
};

static int64_t read_word(uint64_t va, uint32_t *word)
{
	return cbx_user_get(word, va, sizeof(*word));
}

static int64_t later(int64_t ns)
{
	int64_t sum;

	return __builtin_add_overflow(cbx_time_monotonic(), ns, &sum)
		       ? CBX_WAIT_FOREVER
		       : sum;
}

/* The monotonic time a call waits until. */
static int64_t get_deadline(
	uint64_t va, bool absolute, bool real, int64_t *deadline)
{
	int64_t ns;
	int64_t status;

	*deadline = CBX_WAIT_FOREVER;
	if (va == 0) {
		return 0;
	}
	status = cbx_user_time(va, &ns);
	if (status != 0) {
		return status;
	}
	if (!absolute) {
		*deadline = later(ns);
	} else {
		*deadline = real ? later(ns - cbx_time_real()) : ns;
	}
	return 0;
}

static int64_t wait(const struct call *c, int64_t deadline, uint32_t bits)
{
	uint32_t word;

	if (bits == 0) {
		return -LX_EINVAL;
	}
	if (read_word(c->va, &word) != 0) {
		return -LX_EFAULT;
	}
	return word != (uint32_t)c->value
		       ? -LX_EAGAIN
		       : cbx_futex_wait(c->key, bits, deadline);
}

/* Linux wakes one even when asked for none. */
static uint64_t count_of(uint64_t value)
{
	return (int32_t)value < 1 ? 1 : (uint32_t)value;
}

static int64_t requeue(const struct call *c, bool compare)
{
	uint64_t woken;
	uint32_t word;

	if ((int32_t)c->value < 0 || (int32_t)c->value2 < 0) {
		return -LX_EINVAL;
	}
	if (compare) {
		if (read_word(c->va, &word) != 0) {
			return -LX_EFAULT;
		}
		if (word != c->value3) {
			return -LX_EAGAIN;
		}
	}
	woken = cbx_futex_wake(c->key, (uint32_t)c->value, CBX_FUTEX_ANY);
	return (int64_t)(woken +
			 cbx_futex_move(c->key, c->key2, (uint32_t)c->value2));
}

/* WAKE_OP's third value: an operation on the second word and a comparison. */
static int32_t sign_extend(uint32_t twelve_bits)
{
	return (int32_t)(twelve_bits << 20) >> 20;
}

static bool operate(uint32_t code, uint32_t old, uint32_t *word)
{
	uint32_t with = (uint32_t)sign_extend((code >> 12) & 0xfff);

	if ((code & 0x80000000u) != 0) {
		with = 1u << (with & 31);
	}
	switch ((code >> 28) & 7) {
	case 0:
		*word = with;
		return true;
	case 1:
		*word = old + with;
		return true;
	case 2:
		*word = old | with;
		return true;
	case 3:
		*word = old & ~with;
		return true;
	case 4:
		*word = old ^ with;
		return true;
	default:
		return false;
	}
}

static bool compare(uint32_t code, uint32_t old, bool *holds)
{
	int32_t a = (int32_t)old;
	int32_t b = sign_extend(code & 0xfff);
	const bool result[6] = { a == b, a != b, a<b, a <= b, a> b, a >= b };
	uint32_t which = (code >> 24) & 15;

	if (which >= 6) {
		return false;
	}
	*holds = result[which];
	return true;
}

static int64_t wake_op(const struct call *c)
{
	uint32_t old = 0;
	uint32_t seen;
	uint32_t word;
	uint64_t woken;
	bool holds;

	do {
		if (!operate(c->value3, old, &word) ||
			!compare(c->value3, old, &holds)) {
			return -LX_ENOSYS;
		}
		seen = old;
		if (cbx_user_exchange(c->va2, &old, word) != 0) {
			return -LX_EFAULT;
		}
	} while (old != seen);
	woken = cbx_futex_wake(c->key, count_of(c->value), CBX_FUTEX_ANY);
	if (holds) {
		woken += cbx_futex_wake(
			c->key2, count_of(c->value2), CBX_FUTEX_ANY);
	}
	return (int64_t)woken;
}

static int64_t serve_wait(
	const struct call *c, const uint64_t *arg, uint32_t operation)
{
	bool bitset = operation == WAIT_BITSET;
	bool real = (arg[1] & REALTIME) != 0;
	int64_t deadline;
	int64_t status = get_deadline(arg[3], bitset, real, &deadline);

	if (status != 0) {
		return status;
	}
	return wait(c, deadline, bitset ? c->value3 : CBX_FUTEX_ANY);
}

static int64_t serve_lock(
	const struct call *c, const uint64_t *arg, uint32_t operation)
{
	bool real = operation == LOCK_PI || (arg[1] & REALTIME) != 0;
	int64_t deadline;
	int64_t status = get_deadline(arg[3], true, real, &deadline);

	return status != 0 ? status : cbx_futex_lock(c->key, c->va, deadline);
}

static int64_t serve(
	const struct call *c, const uint64_t *arg, uint32_t operation)
{
	switch (operation) {
	case WAIT:
	case WAIT_BITSET:
		return serve_wait(c, arg, operation);
	case WAKE:
		return (int64_t)cbx_futex_wake(
			c->key, count_of(c->value), CBX_FUTEX_ANY);
	case WAKE_BITSET:
		return c->value3 == 0 ? -LX_EINVAL
				      : (int64_t)cbx_futex_wake(c->key,
						count_of(c->value), c->value3);
	case REQUEUE:
	case CMP_REQUEUE:
		return requeue(c, operation == CMP_REQUEUE);
	case WAKE_OP:
		return wake_op(c);
	case LOCK_PI:
	case LOCK_PI2:
		return serve_lock(c, arg, operation);
	case TRYLOCK_PI:
		return cbx_futex_try_lock(c->key, c->va);
	case UNLOCK_PI:
		return cbx_futex_unlock(c->key, c->va);
	default:
		return -LX_ENOSYS;
	}
}

static bool has_second(uint32_t operation)
{
	return operation == REQUEUE || operation == CMP_REQUEUE ||
	       operation == WAKE_OP;
}

int64_t cbx_sys_futex(const uint64_t *arg)
{
	uint32_t operation = (uint32_t)arg[1] & ~(PRIVATE | REALTIME);
	bool private = (arg[1] & PRIVATE) != 0;
	struct call c = {
		.va = arg[0],
		.va2 = arg[4],
		.value = arg[2],
		.value2 = arg[3],
		.value3 = (uint32_t)arg[5],
	};

	if ((arg[1] & REALTIME) != 0 && operation != WAIT_BITSET &&
		operation != LOCK_PI2 && operation != WAIT) {
		return -LX_ENOSYS;
	}
	if (c.va % sizeof(uint32_t) != 0) {
		return -LX_EINVAL;
	}
	if (!cbx_user_valid(c.va, sizeof(uint32_t))) {
		return -LX_EFAULT;
	}
	c.key = cbx_futex_key(c.va, private);
	if (has_second(operation)) {
		if (c.va2 % sizeof(uint32_t) != 0) {
			return -LX_EINVAL;
		}
		c.key2 = cbx_futex_key(c.va2, private);
	}
	return serve(&c, arg, operation);
}

int64_t cbx_sys_set_robust_list(const uint64_t *arg)
{
	if (arg[1] != 3 * sizeof(uint64_t)) {
		return -LX_EINVAL;
	}
	cbx_task_self()->robust = arg[0];
	return 0;
}

int64_t cbx_sys_get_robust_list(const uint64_t *arg)
{
	const uint64_t bytes = 3 * sizeof(uint64_t);
	const struct cbx_task *task = (uint32_t)arg[0] == 0
					      ? cbx_task_self()
					      : cbx_task_find((uint32_t)arg[0]);

	if (task == NULL) {
		return -LX_ESRCH;
	}
	if (cbx_user_put(arg[2], &bytes, sizeof(bytes)) != 0 ||
		cbx_user_put(arg[1], &task->robust, sizeof(task->robust)) !=
			0) {
		return -LX_EFAULT;
	}
	return 0;
}
