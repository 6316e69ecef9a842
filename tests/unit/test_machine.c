/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of it: a box from donation to return, and what tests rely on. */
#include "support/machine.h"

static void a_machine_with_a_keeper_is_sound(void **state)
{
	(void)state;
	assert_true(cbx_keeper_ready());
	machine_assert_sound();
}

static void a_box_lives_and_leaves_nothing(void **state)
{
	struct machine_box box;
	uint64_t root;

	(void)state;
	machine_box(&box);
	machine_assert_sound();
	root = box.handle;
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	machine_assert_sound();
	machine_erase(&box);
	machine_assert_sound();
	assert_int_equal(machine_state(root), CBX_PAGE_HOST);
	assert_int_equal(mock_spaces(), 1);
	assert_int_equal(mock_vcpus(), 1);
}

static void a_box_makes_gate_calls(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	mock_ticks_set(1234);
	reply = in_box(&box, TIME);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], 1234);
	reply = in_box(&box, VERSION);
	assert_int_equal(reply.ret[0], CBX_ABI_MAJOR);
	machine_assert_sound();
}

static void a_box_touches_its_own_memory(void **state)
{
	struct machine_box box;
	uint64_t word;

	(void)state;
	machine_box(&box);
	assert_true(machine_write(&box, MACHINE_DATA + 16, 0xfeed));
	assert_true(machine_read(&box, MACHINE_DATA + 16, &word));
	assert_int_equal(word, 0xfeed);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 3, CBX_RIGHT_R).status,
		CBX_OK);
	assert_true(machine_read(&box, MACHINE_FREE + 8192, &word));
	assert_int_equal(word, 0);
	assert_false(machine_write(&box, MACHINE_FREE, 1));
	assert_int_equal(box.exit.ret[0], CBX_EXIT_ENDED);
	assert_int_equal(box.exit.ret[2], CBX_END_FAULT);
	machine_assert_sound();
}

static void a_box_can_be_confined(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	machine_confine(&box);
	machine_assert_sound();
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	reply = box.script[0].reply;
	assert_int_equal(box.script[0].step, MACHINE_DONE);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], sizeof("the client's data"));
}

/* ---- a whole life, with one step of it going wrong ---- */

#define RW    (CBX_RIGHT_R | CBX_RIGHT_W)
#define TRIES 6

/* Repeat a range call of the host from where it got to. */
static void host(uint64_t id, uint64_t box, uint64_t pfn, uint64_t count)
{
	uint64_t done = 0;

	for (int i = 0; i < TRIES; i++) {
		const uint64_t paged[CBX_CALL_ARGS] = { pfn + done,
			count - done };
		const uint64_t boxed[CBX_CALL_ARGS] = { box, pfn + done,
			count - done };
		struct cbx_reply reply =
			machine_gate(id, box == 0 ? paged : boxed);

		machine_assert_sound();
		done += reply.ret[0];
		if (reply.status == CBX_OK || done == count) {
			return;
		}
		/* Half returned, a page has to leave again. */
		if (id == CBX_CALL_PAGE_RETURN &&
			machine_state(pfn + done) == CBX_PAGE_LEAVING) {
			host(CBX_CALL_PAGE_DONATE, 0, pfn + done, 1);
		}
	}
	fail_msg("call %#jx does not end", (uintmax_t)id);
}

/* Repeat a range call of the box; the range begins at MACHINE_FREE. */
static void inside(struct machine_box *box, uint64_t id, uint64_t count)
{
	bool window =
		id == CBX_CALL_WINDOW_SHARE || id == CBX_CALL_WINDOW_UNSHARE;
	uint64_t done = 0;

	for (int i = 0; i < TRIES; i++) {
		uint64_t va = MACHINE_FREE + done * CBX_PAGE_SIZE;
		const uint64_t windowed[CBX_CALL_ARGS] = { va, count - done };
		const uint64_t mapped[CBX_CALL_ARGS] = { 0, va, count - done,
			id == CBX_CALL_UNMAP ? 0 : RW };
		struct cbx_reply reply =
			machine_in_box(box, 0, id, window ? windowed : mapped);

		machine_assert_sound();
		done += reply.ret[0];
		if (reply.status == CBX_OK) {
			return;
		}
		assert_true(reply.status == CBX_E_BUSY ||
			    reply.status == CBX_E_HARDWARE);
	}
	fail_msg("call %#jx does not end", (uintmax_t)id);
}

/* Repeat a call until it succeeds. @return its first result */
static uint64_t until_ok(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	for (int i = 0; i < TRIES; i++) {
		struct cbx_reply reply = machine_gate(id, arg);

		machine_assert_sound();
		if (reply.status == CBX_OK) {
			return reply.ret[0];
		}
	}
	fail_msg("call %#jx does not end", (uintmax_t)id);
	return 0;
}
#define retry(NAME, ...)          \
	until_ok(CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/* Windows, mappings, a space: what the box does while it lives. */
static void live(struct machine_box *box)
{
	uint64_t space;

	inside(box, CBX_CALL_WINDOW_SHARE, 2);
	inside(box, CBX_CALL_WINDOW_UNSHARE, 2);
	inside(box, CBX_CALL_MAP, 3);
	inside(box, CBX_CALL_PROTECT, 3);
	inside(box, CBX_CALL_UNMAP, 3);
	space = in_box(box, SPACE_CREATE).ret[0];
	if (space != 0) {
		struct cbx_reply reply =
			in_box(box, MAP, space, MACHINE_FREE, 2, RW);

		machine_assert_sound();
		for (int i = 0; reply.status != CBX_OK || i == 0; i++) {
			assert_true(i < TRIES);
			reply = in_box(box, SPACE_DESTROY, space);
			machine_assert_sound();
		}
	}
	inside(box, CBX_CALL_WINDOW_SHARE, 2);
}

static void live_and_die(void)
{
	struct machine_box box;
	uint64_t root;
	uint64_t first;
	uint64_t end;

	machine_box(&box);
	live(&box);
	root = box.handle;
	first = machine_pages(8);
	host(CBX_CALL_PAGE_DONATE, 0, first, 8);
	host(CBX_CALL_BOX_GRANT, root, first, 8);
	retry(BOX_KILL, root);
	end = first + 8;
	for (uint64_t i = 1; i < end; i++) {
		if (gate(PAGE_QUERY, i).ret[2] == root && i != root) {
			host(CBX_CALL_BOX_RECLAIM, root, i, 1);
		}
	}
	retry(BOX_DESTROY, root);
	for (uint64_t i = 1; i < end; i++) {
		if (machine_state(i) == CBX_PAGE_POOL) {
			host(CBX_CALL_PAGE_RETURN, 0, i, 1);
		}
		assert_int_equal(machine_state(i), CBX_PAGE_HOST);
	}
	assert_int_equal(mock_spaces(), 1);
	assert_int_equal(mock_vcpus(), 1);
}

/* The steps before the box is there are not what is tried here. */
static void sweep(void (*arm)(uint64_t n))
{
	const struct mock_options options = { .pages = MACHINE_PAGES };
	uint64_t building;
	uint64_t all;

	machine_again(&options, true);
	building = mock_steps();
	{
		struct machine_box box;

		machine_box(&box);
		building = mock_steps() - building;
	}
	machine_again(&options, true);
	all = mock_steps();
	live_and_die();
	all = mock_steps() - all;
	for (uint64_t n = building + 1; n <= all; n++) {
		machine_again(&options, true);
		arm(n);
		live_and_die();
		assert_true(mock_refused());
		arm(0);
	}
}

static void a_life_survives_the_refusal_of_every_step(void **state)
{
	(void)state;
	sweep(mock_refuse_nth);
}

static void a_life_survives_every_half_step(void **state)
{
	(void)state;
	sweep(mock_halve_nth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_machine_with_a_keeper_is_sound),
		MACHINE(a_box_lives_and_leaves_nothing),
		MACHINE(a_box_makes_gate_calls),
		MACHINE(a_box_touches_its_own_memory),
		MACHINE(a_box_can_be_confined),
		MACHINE(a_life_survives_the_refusal_of_every_step),
		MACHINE(a_life_survives_every_half_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
