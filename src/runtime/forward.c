/* SPDX-License-Identifier: Apache-2.0 */
#include "forward.h"

#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "wait.h"

#define ERRNO_MAX     133 /* EHWPOISON */
#define STAGED_ANSWER 64u

static bool over;		       /* no call is made any more */
static uint64_t under_way;	       /* calls without the lock */
static struct cbx_wait_queue answered; /* one of them */

/* Handles the host gave us and has not got back. */
static uint64_t used[CBX_FORWARD_HANDLES / 64];

/* A result the call can have. */
static int64_t believe(int64_t result, const struct cbx_gate_asked *c)
{
	if (c->got > c->capacity || result < -ERRNO_MAX ||
		(result >= 0 && (uint64_t)result > c->most)) {
		return -LX_EIO;
	}
	return result;
}

/* The heap comes into a process's space when it is touched; the monitor only
 * looks. */
static void touch(struct cbx_gate_asked *c)
{
	volatile uint8_t *at = c->answer;

	for (uint64_t i = 0; i < c->capacity; i += CBX_PAGE_SIZE) {
		at[i] = 0;
	}
	if (c->capacity != 0) {
		at[c->capacity - 1] = 0;
	}
}

static int64_t ask_unlocked(struct cbx_gate_asked *c)
{
	int64_t result;

	touch(c);
	c->got = 0;
	result = cbx_gate_forward(c);
	return believe(result, c);
}

/* A call in memory that is the box's own: a backend's stacks are not.  What
 * is larger than this is not on a stack. */
struct staged {
	struct cbx_forward block;
	uint8_t payload[CBX_NAME_MAX];
	uint8_t answer[STAGED_ANSWER];
};

static int64_t ask_staged(
	struct cbx_gate_asked *c, struct staged *staged, bool locked)
{
	bool small = c->capacity <= sizeof(staged->answer);
	struct cbx_gate_asked there = *c;
	int64_t result;

	memcpy(staged, c->block, sizeof(*c->block) + c->payload);
	there.block = &staged->block;
	there.answer = small ? staged->answer : c->answer;
	if (!locked) {
		cbx_runtime_unlock();
	}
	result = ask_unlocked(&there);
	if (!locked) {
		cbx_runtime_lock();
	}
	c->got = there.got;
	if (small && result >= 0 && c->answer != NULL) {
		memcpy(c->answer, staged->answer, c->got);
	}
	return result;
}

/* @pre payload at most a name, or the block in memory of the box */
static int64_t ask_one(struct cbx_gate_asked *c)
{
	struct staged *staged;
	int64_t result;

	if (c->number == CBX_FORWARD_WRITE || c->number == CBX_FORWARD_DEBUG) {
		cbx_runtime_unlock();
		result = ask_unlocked(c);
		cbx_runtime_lock();
		return result;
	}
	staged = cbx_heap_take(sizeof(*staged));
	if (staged == NULL) {
		return -LX_ENOMEM;
	}
	result = ask_staged(c, staged, false);
	cbx_heap_give(staged, sizeof(*staged));
	return result;
}

int64_t cbx_forward_ask(struct cbx_gate_asked *c)
{
	int64_t result;

	if (over) {
		return -LX_EIO;
	}
	under_way++;
	result = ask_one(c);
	under_way--;
	cbx_wait_wake(&answered, UINT64_MAX);
	return result;
}

void cbx_forward_end(void)
{
	over = true;
	cbx_forward_init(NULL);
	while (under_way != 0) {
		cbx_wait_deaf(&answered);
	}
}

int64_t cbx_forward_whole(struct cbx_gate_asked *c)
{
	int64_t result = cbx_forward_ask(c);

	return result >= 0 && c->got != c->capacity ? -LX_EIO : result;
}

static int64_t ask_status(uint32_t number, uint64_t a, uint64_t b)
{
	struct cbx_forward block = { { a, b } };
	struct cbx_gate_asked c = { .number = number, .block = &block };

	return cbx_forward_ask(&c);
}

static bool is_used(uint64_t handle)
{
	return (used[handle / 64] & 1ull << handle % 64) != 0;
}

static int64_t take_handle(int64_t handle)
{
	if (handle < 0) {
		return handle;
	}
	if (is_used((uint64_t)handle)) {
		return -LX_EIO;
	}
	used[handle / 64] |= 1ull << handle % 64;
	return handle;
}

static bool can_be(const struct cbx_forward_stat *told)
{
	uint64_t kind = told->mode & LX_S_IFMT;

	return (told->mode & ~(uint64_t)(LX_S_IFMT | LX_PERMISSIONS)) == 0 &&
	       (kind == LX_S_IFREG || kind == LX_S_IFDIR ||
		       kind == LX_S_IFLNK || kind == LX_S_IFCHR ||
		       kind == LX_S_IFBLK || kind == LX_S_IFIFO ||
		       kind == LX_S_IFSOCK) &&
	       told->size <= (uint64_t)LX_FILE_MAX &&
	       told->links <= INT32_MAX && told->mtime_ns <= INT64_MAX &&
	       told->error <= ERRNO_MAX;
}

void cbx_forward_close(uint64_t handle)
{
	(void)ask_status(CBX_FORWARD_CLOSE, handle, 0);
	used[handle / 64] &= ~(1ull << handle % 64);
}

struct named {
	struct cbx_forward block;
	char name[CBX_NAME_MAX];
};

static int64_t ask_named(
	struct cbx_gate_asked *c, struct named *named, const char *name)
{
	memcpy(named->name, name, c->payload);
	c->block = &named->block;
	return cbx_forward_whole(c);
}

int64_t cbx_forward_open(const char *name, uint64_t bytes,
	const uint64_t flags_mode[2], struct cbx_forward_stat *told)
{
	struct named named = { .block = { { flags_mode[0], flags_mode[1] } } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_OPEN,
		.payload = bytes,
		.answer = told,
		.capacity = sizeof(*told),
		.most = CBX_FORWARD_HANDLES - 1 };
	int64_t handle = take_handle(ask_named(&c, &named, name));

	if (handle >= 0 && !can_be(told)) {
		cbx_forward_close((uint64_t)handle);
		return -LX_EIO;
	}
	return handle;
}

int64_t cbx_forward_stat(const char *name, uint64_t bytes, bool follow,
	struct cbx_forward_stat *told)
{
	struct named named = { .block = { { follow ? 0 : 1 } } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_STAT,
		.payload = bytes,
		.answer = told,
		.capacity = sizeof(*told) };
	int64_t status = ask_named(&c, &named, name);

	return status == 0 && !can_be(told) ? -LX_EIO : status;
}

int64_t cbx_forward_query(uint64_t handle, struct cbx_forward_stat *told)
{
	struct cbx_forward block = { { handle } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_QUERY,
		.block = &block,
		.answer = told,
		.capacity = sizeof(*told) };
	int64_t status = cbx_forward_whole(&c);

	return status == 0 && !can_be(told) ? -LX_EIO : status;
}

int64_t cbx_forward_resize(uint64_t handle, uint64_t bytes)
{
	return ask_status(CBX_FORWARD_RESIZE, handle, bytes);
}

int64_t cbx_forward_shutdown(uint64_t handle, uint64_t how)
{
	return ask_status(CBX_FORWARD_SHUTDOWN, handle, how);
}

int64_t cbx_forward_read(
	uint64_t handle, uint64_t offset, void *to, uint64_t bytes)
{
	struct cbx_forward block = { { handle, offset } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_READ,
		.block = &block,
		.answer = to,
		.capacity = bytes,
		.most = bytes };
	int64_t result = cbx_forward_ask(&c);

	return result >= 0 && (uint64_t)result != c.got ? -LX_EIO : result;
}

int64_t cbx_forward_write(uint64_t handle, uint64_t offset,
	struct cbx_forward_message *message, uint64_t bytes)
{
	struct cbx_gate_asked c = { .number = CBX_FORWARD_WRITE,
		.block = &message->block,
		.payload = bytes,
		.answer = message, /* none, but an address */
		.most = bytes };

	message->block = (struct cbx_forward){ { handle, offset } };
	return cbx_forward_ask(&c);
}

/* Whether the listing is @p count entries and nothing else. */
static bool is_listing(const uint8_t *at, uint64_t bytes, uint64_t count)
{
	struct cbx_forward_entry entry;
	uint64_t next = 0;

	while (count != 0 && bytes - next >= sizeof(entry)) {
		const uint8_t *name = at + next + sizeof(entry);

		memcpy(&entry, at + next, sizeof(entry));
		if (entry.name_bytes == 0 || entry.name_bytes > LX_NAME_MAX ||
			entry.name_bytes > bytes - next - sizeof(entry) ||
			memchr(name, '/', entry.name_bytes) != NULL ||
			memchr(name, '\0', entry.name_bytes) != NULL) {
			return false;
		}
		next = cbx_forward_next(next, &entry);
		if (next > bytes) {
			return false;
		}
		count--;
	}
	return count == 0 && next == bytes;
}

int64_t cbx_forward_list(
	uint64_t handle, uint64_t skip, uint8_t *to, uint64_t *bytes)
{
	struct cbx_forward block = { { handle, skip } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_LIST,
		.block = &block,
		.answer = to,
		.capacity = CBX_FORWARD_BYTES,
		.most = CBX_FORWARD_BYTES / sizeof(struct cbx_forward_entry) };
	int64_t count = cbx_forward_ask(&c);

	*bytes = c.got;
	return count >= 0 && !is_listing(to, c.got, (uint64_t)count) ? -LX_EIO
								     : count;
}

static int64_t ask_socket(
	struct cbx_gate_asked *c, struct cbx_forward_end *ends, uint64_t count)
{
	int64_t handle;

	c->answer = ends;
	c->capacity = count * sizeof(*ends);
	c->most = CBX_FORWARD_HANDLES - 1;
	handle = take_handle(cbx_forward_whole(c));
	for (uint64_t i = 0; handle >= 0 && i < count; i++) {
		if (ends[i].port > UINT16_MAX) {
			cbx_forward_close((uint64_t)handle);
			handle = -LX_EIO;
		}
	}
	return handle;
}

int64_t cbx_forward_connect(
	const uint64_t peer[CBX_RULE_ARGS], struct cbx_forward_end ends[2])
{
	struct cbx_forward block = { { peer[0], peer[1], peer[2] } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_CONNECT,
		.block = &block };

	return ask_socket(&c, ends, 2);
}

int64_t cbx_forward_listen(const uint64_t peer[CBX_RULE_ARGS], uint64_t backlog,
	struct cbx_forward_end *end)
{
	struct cbx_forward block = { { peer[0], peer[1], peer[2], backlog } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_LISTEN,
		.block = &block };

	return ask_socket(&c, end, 1);
}

int64_t cbx_forward_accept(uint64_t handle, struct cbx_forward_end ends[2])
{
	struct cbx_forward block = { { handle } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_ACCEPT,
		.block = &block };

	return ask_socket(&c, ends, 2);
}

int64_t cbx_forward_poll(struct cbx_forward_polls *polls, uint64_t count)
{
	static struct cbx_forward_poll answer[CBX_FORWARD_HANDLES];
	struct cbx_gate_asked c = { .number = CBX_FORWARD_POLL,
		.block = &polls->block,
		.payload = count * sizeof(answer[0]),
		.answer = answer,
		.capacity = count * sizeof(answer[0]),
		.most = count };
	int64_t ready = 0;
	int64_t status;

	polls->block = (struct cbx_forward){ { UINT64_MAX } };
	status = ask_unlocked(&c);
	if (status < 0 || c.got != c.capacity) {
		return status < 0 ? status : -LX_EIO;
	}
	for (uint64_t i = 0; i < count; i++) {
		struct cbx_forward_poll *p = &polls->poll[i];

		p->ready =
			answer[i].ready & (p->events | LX_POLLERR | LX_POLLHUP);
		ready += p->ready != 0;
	}
	return ready;
}

void cbx_forward_wake(void)
{
	static struct staged staged;
	struct cbx_forward block = { { 0 } };
	struct cbx_gate_asked c = { .number = CBX_FORWARD_WAKE,
		.block = &block };

	(void)ask_staged(&c, &staged, true);
}
