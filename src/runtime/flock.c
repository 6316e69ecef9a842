/* SPDX-License-Identifier: Apache-2.0 */
#include "flock.h"

#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "syscall.h"
#include "user.h"

#define CHAIN_MAX 64 /* owners followed when looking for a deadlock */

/* An owner that waits for another one's lock; on its stack. */
struct blocked {
	struct blocked *next;
	const void *owner;
	const void *by;
};

static struct blocked *blocked;

struct lx_flock {
	int16_t type, whence;
	int64_t start, length;
	int32_t pid;
};

static struct cbx_flock *locks_of(struct cbx_node *node)
{
	if (node->locks == NULL) {
		node->locks = cbx_heap_take_zero(sizeof(*node->locks));
	}
	return node->locks;
}

bool cbx_flock_is_command(uint64_t command)
{
	return (command >= LX_F_GETLK && command <= LX_F_SETLKW) ||
	       (command >= LX_F_OFD_GETLK && command <= LX_F_OFD_SETLKW);
}

static bool is_ofd(uint64_t command)
{
	return command >= LX_F_OFD_GETLK;
}

/* Where the program's offsets begin. */
static int64_t origin(const struct cbx_file *file, int16_t whence, int64_t *at)
{
	switch (whence) {
	case LX_SEEK_SET:
		*at = 0;
		return 0;
	case LX_SEEK_CUR:
		*at = (int64_t)file->position;
		return 0;
	case LX_SEEK_END:
		*at = cbx_node_is(file->node, LX_S_IFREG)
			      ? (int64_t)file->node->data.size
			      : 0;
		return 0;
	default:
		return -LX_EINVAL;
	}
}

/* The range a struct flock names. */
static int64_t read_range(const struct cbx_file *file,
	const struct lx_flock *in, struct cbx_range *range)
{
	int64_t start;
	int64_t last = INT64_MAX;
	int64_t status = origin(file, in->whence, &start);

	if (status != 0) {
		return status;
	}
	if (__builtin_add_overflow(start, in->start, &start)) {
		return -LX_EOVERFLOW;
	}
	if (start < 0) {
		return -LX_EINVAL;
	}
	if (in->length > 0 &&
		__builtin_add_overflow(start, in->length - 1, &last)) {
		return -LX_EOVERFLOW;
	}
	if (in->length < 0) {
		last = start - 1;
		if (__builtin_add_overflow(start, in->length, &start) ||
			start < 0) {
			return -LX_EINVAL;
		}
	}
	range->start = (uint64_t)start;
	range->last = last == INT64_MAX ? CBX_RANGE_LAST : (uint64_t)last;
	return 0;
}

/* Whether waiting for @p by would close a circle. */
static bool deadlock(const void *owner, const void *by)
{
	for (int i = 0; i < CHAIN_MAX && by != NULL; i++) {
		const struct blocked *b = blocked;

		if (by == owner) {
			return true;
		}
		while (b != NULL && b->owner != by) {
			b = b->next;
		}
		by = b == NULL ? NULL : b->by;
	}
	return false;
}

static int64_t wait(struct cbx_flock *locks, const void *owner, const void *by)
{
	struct blocked self = { blocked, owner, by };
	struct blocked **at = &blocked;
	int64_t status;

	blocked = &self;
	status = cbx_wait_on(&locks->queue, CBX_WAIT_FOREVER);
	while (*at != &self) {
		at = &(*at)->next;
	}
	*at = self.next;
	return status;
}

/* Wait until nobody's lock keeps @p want from being had. */
static int64_t wait_for(
	struct cbx_flock *locks, const struct cbx_range *want, bool records)
{
	for (;;) {
		const struct cbx_range *other = cbx_range_conflict(
			records ? locks->records : locks->whole, want);
		int64_t status;

		if (other == NULL) {
			return 0;
		}
		if (want->pid != 0 && deadlock(want->owner, other->owner)) {
			return -LX_EDEADLK;
		}
		status = wait(locks, want->owner, other->owner);
		if (status != 0) {
			return status;
		}
	}
}

static int64_t set(struct cbx_flock *locks, const struct cbx_range *want,
	bool unlock, bool patient)
{
	int64_t status = 0;

	if (unlock) {
		status = cbx_range_clear(&locks->records, want);
		cbx_wait_wake(&locks->queue, UINT64_MAX);
		return status;
	}
	if (patient) {
		status = wait_for(locks, want, true);
	} else if (cbx_range_conflict(locks->records, want) != NULL) {
		status = -LX_EAGAIN;
	}
	if (status == 0) {
		status = cbx_range_set(&locks->records, want);
		/* a lock made weaker may be what others wait for */
		cbx_wait_wake(&locks->queue, UINT64_MAX);
	}
	return status;
}

static int64_t test(const struct cbx_flock *locks, struct lx_flock *in,
	const struct cbx_range *want)
{
	const struct cbx_range *other =
		cbx_range_conflict(locks->records, want);

	if (other == NULL) {
		in->type = LX_F_UNLCK;
		return 0;
	}
	in->type = other->exclusive ? LX_F_WRLCK : LX_F_RDLCK;
	in->whence = LX_SEEK_SET;
	in->start = (int64_t)other->start;
	in->length = other->last == CBX_RANGE_LAST
			     ? 0
			     : (int64_t)(other->last - other->start + 1);
	in->pid = other->pid == 0 ? -1 : (int32_t)other->pid;
	return 0;
}

static int64_t check(const struct cbx_file *file, uint64_t command,
	const struct lx_flock *in)
{
	uint32_t mode = file->flags & LX_O_ACCMODE;
	bool get = command == LX_F_GETLK || command == LX_F_OFD_GETLK;

	if (is_ofd(command) && in->pid != 0) {
		return -LX_EINVAL;
	}
	if (in->type != LX_F_RDLCK && in->type != LX_F_WRLCK &&
		(in->type != LX_F_UNLCK || command == LX_F_GETLK)) {
		return -LX_EINVAL;
	}
	if (get) {
		return 0;
	}
	return (in->type == LX_F_RDLCK && mode == LX_O_WRONLY) ||
			       (in->type == LX_F_WRLCK && mode == LX_O_RDONLY)
		       ? -LX_EBADF
		       : 0;
}

int64_t cbx_flock_fcntl(struct cbx_file *file, uint64_t command, uint64_t va)
{
	const struct cbx_process *self = cbx_process_self();
	struct cbx_range want = {
		.owner = is_ofd(command) ? (const void *)file : self->fds,
		.pid = is_ofd(command) ? 0 : self->pid,
	};
	struct cbx_flock *locks = locks_of(file->node);
	struct lx_flock in;
	int64_t status = cbx_user_get(&in, va, sizeof(in));

	if (status == 0) {
		status = check(file, command, &in);
	}
	if (status == 0) {
		status = read_range(file, &in, &want);
	}
	if (status == 0 && locks == NULL) {
		status = -LX_ENOLCK;
	}
	if (status != 0) {
		return status;
	}
	want.exclusive = in.type == LX_F_WRLCK;
	if (command == LX_F_GETLK || command == LX_F_OFD_GETLK) {
		test(locks, &in, &want);
		return cbx_user_put(va, &in, sizeof(in));
	}
	cbx_file_hold(file);
	status = set(locks, &want, in.type == LX_F_UNLCK,
		command == LX_F_SETLKW || command == LX_F_OFD_SETLKW);
	cbx_file_drop(file);
	return status;
}

static int64_t lock_whole(
	struct cbx_flock *locks, const struct cbx_range *want, bool patient)
{
	int64_t status = 0;

	/* to change a lock's kind is to give it up first */
	if (cbx_range_clear_all(&locks->whole, want->owner)) {
		cbx_wait_wake(&locks->queue, UINT64_MAX);
	}
	if (patient) {
		status = wait_for(locks, want, false);
	} else if (cbx_range_conflict(locks->whole, want) != NULL) {
		status = -LX_EAGAIN;
	}
	return status == 0 ? cbx_range_set(&locks->whole, want) : status;
}

int64_t cbx_sys_flock(const uint64_t *arg)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	uint64_t operation = (uint32_t)arg[1] & ~(uint64_t)LX_LOCK_NB;
	bool patient = (arg[1] & LX_LOCK_NB) == 0;
	struct cbx_range want = { .owner = file, .last = CBX_RANGE_LAST };
	struct cbx_flock *locks;
	int64_t status = 0;

	if (file == NULL || file->ops == &cbx_path_ops) {
		return -LX_EBADF;
	}
	if (operation != LX_LOCK_SH && operation != LX_LOCK_EX &&
		operation != LX_LOCK_UN) {
		return -LX_EINVAL;
	}
	locks = locks_of(file->node);
	if (locks == NULL) {
		return -LX_ENOLCK;
	}
	cbx_file_hold(file);
	want.exclusive = operation == LX_LOCK_EX;
	if (operation != LX_LOCK_UN) {
		status = lock_whole(locks, &want, patient);
	} else if (cbx_range_clear_all(&locks->whole, file)) {
		cbx_wait_wake(&locks->queue, UINT64_MAX);
	}
	cbx_file_drop(file);
	return status;
}

void cbx_flock_table_close(
	struct cbx_node *node, const struct cbx_fd_table *table)
{
	struct cbx_flock *locks = node->locks;

	if (locks != NULL && cbx_range_clear_all(&locks->records, table)) {
		cbx_wait_wake(&locks->queue, UINT64_MAX);
	}
}

void cbx_flock_file_close(const struct cbx_file *file)
{
	struct cbx_flock *locks = file->node->locks;
	bool any;

	if (locks == NULL) {
		return;
	}
	any = cbx_range_clear_all(&locks->records, file);
	any |= cbx_range_clear_all(&locks->whole, file);
	if (any) {
		cbx_wait_wake(&locks->queue, UINT64_MAX);
	}
}

void cbx_flock_free(struct cbx_node *node)
{
	cbx_heap_give(node->locks, sizeof(*node->locks));
	node->locks = NULL;
}
