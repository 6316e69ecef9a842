/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime asks a host that lies in every way there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/forward.h"
#include "runtime/gate.h"
#include "runtime/heap.h"
#include "runtime/linux.h"
#include "runtime/lock.h"
#include "runtime/wait.h"

#define LIES 200000u

/* ---- the host ---- */

static uint64_t seed = 1;
static int64_t say;	      /* what it answers, unless it lies */
static uint64_t say_bytes;    /* bytes of answer */
static const void *say_these; /* or NULL: whatever comes */
static bool lying;
static bool held = true; /* the lock, by the caller */
static unsigned int asked;
static unsigned int closed;
static uint64_t closed_handle;

static uint64_t draw(uint64_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

/* A number that looks right, is at a border, or is anything. */
static int64_t near(uint64_t right)
{
	static const int64_t odd[] = { -1, -11, -133, -134, -4095, -4096,
		INT64_MIN, INT64_MAX, 1 << 16, 1023, 1024, -512 };

	switch (draw(4)) {
	case 0:
		return (int64_t)right;
	case 1:
		return (int64_t)draw(right + 3);
	case 2:
		return odd[draw(sizeof(odd) / sizeof(odd[0]))];
	default:
		return (int64_t)(draw(UINT32_MAX) << 32 | draw(UINT32_MAX));
	}
}

int64_t cbx_gate_forward(struct cbx_gate_asked *c)
{
	asked++;
	if (c->number == CBX_FORWARD_CLOSE) {
		closed++;
		closed_handle = c->block->arg[0];
	}
	if (!lying) {
		c->got = say_bytes;
		if (say_these != NULL) {
			memcpy(c->answer, say_these, say_bytes);
		}
		return say;
	}
	/* The monitor lets a host write no more than there is room for. */
	for (uint64_t i = 0; i < c->capacity; i++) {
		((uint8_t *)c->answer)[i] =
			(uint8_t)draw(draw(2) == 0 ? 256 : 4);
	}
	c->got = draw(2) == 0 ? c->capacity : draw(c->capacity + 1);
	return near(draw(2) == 0 ? c->most : c->got);
}

/* ---- what the runtime is beside it ---- */

void *cbx_heap_take(uint64_t bytes)
{
	assert_true(held);
	return malloc(bytes);
}

void cbx_heap_give(void *block, uint64_t bytes)
{
	(void)bytes;
	assert_true(held);
	free(block);
}

void cbx_runtime_lock(void)
{
	assert_false(held);
	held = true;
}

void cbx_runtime_unlock(void)
{
	assert_true(held);
	held = false;
}

uint64_t cbx_wait_wake(struct cbx_wait_queue *queue, uint64_t count)
{
	(void)queue;
	(void)count;
	assert_true(held);
	return 0;
}

void cbx_wait_deaf(struct cbx_wait_queue *queue)
{
	(void)queue;
	fail_msg("nobody else makes a call here");
}

/* ---- what must hold ---- */

static void assert_errno(int64_t result)
{
	assert_true(held);
	if (result < 0) {
		assert_in_range(-result, 1, 133);
	}
}

static void assert_stat(const struct cbx_forward_stat *told)
{
	assert_true((told->mode & LX_S_IFMT) != 0);
	assert_int_equal(told->mode & ~(uint64_t)(LX_S_IFMT | 07777), 0);
	assert_true(told->size <= (uint64_t)LX_FILE_MAX);
	assert_true(told->mtime_ns <= INT64_MAX);
	assert_true(told->error <= 133);
}

static const uint64_t flags_mode[2] = { 0, 0 };

static int setup(void **state)
{
	(void)state;
	lying = false;
	say = 0;
	say_bytes = 0;
	say_these = NULL;
	return 0;
}

static void an_honest_host_is_believed(void **state)
{
	const struct cbx_forward_stat file = { .mode = 0100644, .size = 5 };
	struct cbx_forward_stat told;
	char bytes[8] = { 0 };

	(void)state;
	say = 7;
	say_these = &file;
	say_bytes = sizeof(file);
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), 7);
	assert_memory_equal(&told, &file, sizeof(file));
	say = 5;
	say_these = "hello";
	say_bytes = 5;
	assert_int_equal(cbx_forward_read(7, 0, bytes, 8), 5);
	assert_string_equal(bytes, "hello");
	say = -LX_ENOENT;
	say_bytes = 0;
	assert_int_equal(
		cbx_forward_open("/b", 2, flags_mode, &told), -LX_ENOENT);
	say = 0;
	cbx_forward_close(7);
	assert_int_equal(closed_handle, 7);
}

static void a_handle_is_given_once(void **state)
{
	const struct cbx_forward_stat file = { .mode = 0100644 };
	struct cbx_forward_stat told;

	(void)state;
	say = 3;
	say_these = &file;
	say_bytes = sizeof(file);
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), 3);
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), -LX_EIO);
	cbx_forward_close(3);
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), 3);
	cbx_forward_close(3);
	say = CBX_FORWARD_HANDLES;
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), -LX_EIO);
}

static void a_file_that_cannot_be_is_closed_again(void **state)
{
	struct cbx_forward_stat file = { .mode = 0100644, .size = UINT64_MAX };
	struct cbx_forward_stat told;
	unsigned int before = closed;

	(void)state;
	say = 4;
	say_these = &file;
	say_bytes = sizeof(file);
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), -LX_EIO);
	assert_int_equal(closed, before + 1);
	file.size = 1;
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), 4);
	cbx_forward_close(4);
	say_bytes = sizeof(file) - 1; /* half an answer is none */
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), -LX_EIO);
}

static void more_than_was_asked_is_not_believed(void **state)
{
	static struct cbx_forward_message message;
	char bytes[8];

	(void)state;
	say = 9;
	say_bytes = 8;
	assert_int_equal(cbx_forward_read(0, 0, bytes, 8), -LX_EIO);
	say = 8;
	say_bytes = 7;
	assert_int_equal(cbx_forward_read(0, 0, bytes, 8), -LX_EIO);
	say_bytes = 0;
	say = 101;
	assert_int_equal(cbx_forward_write(0, 0, &message, 100), -LX_EIO);
	say = 100;
	assert_int_equal(cbx_forward_write(0, 0, &message, 100), 100);
	say = -512; /* ERESTARTSYS is nobody's error */
	assert_int_equal(cbx_forward_write(0, 0, &message, 100), -LX_EIO);
}

static void names_of_a_listing_are_names(void **state)
{
	static uint8_t list[CBX_FORWARD_BYTES];
	struct {
		struct cbx_forward_entry entry;
		char name[8];
	} one = { { .type = 0100000, .name_bytes = 3 }, "a.b" };
	uint64_t bytes;

	(void)state;
	say = 1;
	say_these = &one;
	say_bytes = sizeof(one);
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), 1);
	memcpy(one.name, "../", 3);
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), -LX_EIO);
	memcpy(one.name, "a\0b", 3);
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), -LX_EIO);
	memcpy(one.name, "abc", 3);
	one.entry.name_bytes = 0;
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), -LX_EIO);
	one.entry.name_bytes = UINT32_MAX;
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), -LX_EIO);
	one.entry.name_bytes = 9; /* longer than what came */
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), -LX_EIO);
	one.entry.name_bytes = 3;
	say = 2; /* there is one */
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), -LX_EIO);
	say = 0; /* what follows the end */
	assert_int_equal(cbx_forward_list(0, 0, list, &bytes), -LX_EIO);
}

/* ---- any lie ---- */

static void lie_about_files(void)
{
	static uint8_t list[CBX_FORWARD_BYTES];
	static struct cbx_forward_message message;
	struct cbx_forward_stat told;
	uint8_t bytes[64];
	uint64_t got;
	int64_t result = cbx_forward_open("/a", 2, flags_mode, &told);

	assert_errno(result);
	if (result >= 0) {
		assert_stat(&told);
		assert_in_range(result, 0, CBX_FORWARD_HANDLES - 1);
		cbx_forward_close((uint64_t)result);
	}
	result = cbx_forward_stat("/a", 2, true, &told);
	assert_errno(result);
	if (result >= 0) {
		assert_int_equal(result, 0);
		assert_stat(&told);
	}
	result = cbx_forward_query(1, &told);
	assert_errno(result);
	if (result >= 0) {
		assert_stat(&told);
	}
	result = cbx_forward_read(1, 0, bytes, sizeof(bytes));
	assert_errno(result);
	assert_true(result <= (int64_t)sizeof(bytes));
	result = cbx_forward_write(1, 0, &message, 100);
	assert_errno(result);
	assert_true(result <= 100);
	result = cbx_forward_resize(1, 5);
	assert_errno(result);
	assert_true(result <= 0);
	result = draw(50) == 0 ? cbx_forward_list(1, 0, list, &got) : 0;
	assert_errno(result);
	assert_true(result <= CBX_FORWARD_BYTES / 16);
}

static void lie_about_sockets(void)
{
	static const uint64_t peer[CBX_RULE_ARGS] = { 80, 0, 1 };
	static struct cbx_forward_polls polls;
	struct cbx_forward_end ends[2];
	int64_t result = draw(2) == 0 ? cbx_forward_connect(peer, ends)
				      : cbx_forward_accept(1, ends);

	assert_errno(result);
	if (result >= 0) {
		assert_true(ends[0].port <= UINT16_MAX);
		assert_true(ends[1].port <= UINT16_MAX);
		cbx_forward_close((uint64_t)result);
	}
	for (uint64_t i = 0; i < 3; i++) {
		polls.poll[i] = (struct cbx_forward_poll){ .handle = i,
			.events = LX_POLLIN };
	}
	held = false; /* POLL is asked without the lock */
	result = cbx_forward_poll(&polls, 3);
	held = true;
	assert_errno(result);
	assert_true(result <= 3);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(polls.poll[i].handle, i);
		assert_int_equal(polls.poll[i].ready &
					 ~(uint32_t)(LX_POLLIN | LX_POLLERR |
						     LX_POLLHUP),
			0);
	}
	cbx_forward_wake();
}

static void no_lie_makes_a_result_that_cannot_be(void **state)
{
	(void)state;
	lying = true;
	for (unsigned int i = 0; i < LIES; i++) {
		lie_about_files();
		lie_about_sockets();
	}
	assert_true(asked > LIES);
	lying = false;
}

static void nothing_is_asked_after_the_end(void **state)
{
	static struct cbx_policy policy = { .rule_count = 1,
		.rule = { { .call = CBX_FORWARD_OPEN, .text_bytes = 2 } },
		.text = "/a" };
	struct cbx_forward_stat told;
	unsigned int before;

	(void)state;
	cbx_forward_init(&policy);
	assert_true(cbx_forward_names("/a/b", 4));
	assert_false(cbx_forward_names("/ab", 3));
	cbx_forward_end();
	before = asked;
	assert_false(cbx_forward_names("/a/b", 4));
	assert_int_equal(cbx_forward_open("/a", 2, flags_mode, &told), -LX_EIO);
	assert_int_equal(cbx_forward_resize(1, 2), -LX_EIO);
	cbx_forward_close(1);
	assert_int_equal(asked, before);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(an_honest_host_is_believed),
		T(a_handle_is_given_once),
		T(a_file_that_cannot_be_is_closed_again),
		T(more_than_was_asked_is_not_believed),
		T(names_of_a_listing_are_names),
		T(no_lie_makes_a_result_that_cannot_be),
		T(nothing_is_asked_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
