/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: pages a box lends to the host. */
#include "support/machine.h"

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

static uint64_t flags_of(const struct machine_box *box)
{
	return gate(BOX_QUERY, box->handle).ret[1];
}

static void box_and_host_see_the_same_bytes(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;
	uint64_t word = 0x7e57;

	(void)state;
	machine_box(&box);
	assert_int_equal(flags_of(&box) & CBX_BOX_TAINTED, 0);
	reply = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], 1);
	assert_int_equal(machine_state(reply.ret[1]), CBX_PAGE_SHARED);
	assert_true(mock_host_write(1, at(reply.ret[1]), 8, &word, 8));
	word = 0;
	assert_true(machine_read(&box, MACHINE_FREE + 8, &word));
	assert_int_equal(word, 0x7e57);
	assert_true(machine_write(&box, MACHINE_FREE, 0x1234));
	assert_true(mock_host_read(2, at(reply.ret[1]), 0, &word, 8));
	assert_int_equal(word, 0x1234);
	machine_assert_sound();
}

static void nobody_executes_a_window(void **state)
{
	const struct cbx_view execute = { CBX_VIEW_UX | CBX_VIEW_SX };
	struct machine_box box;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	pfn = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	assert_false(mock_host_may(at(pfn), execute));
	assert_false(mock_space_may(
		machine_space(box.space), MACHINE_FREE, MOCK_EXECUTE));
	assert_int_equal(in_box(&box, PROTECT, 0, MACHINE_FREE, 1,
				 CBX_RIGHT_R | CBX_RIGHT_X)
				 .status,
		CBX_E_DENIED);
}

static void a_window_taints_for_good(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, WINDOW_SHARE, MACHINE_FREE, 2).ret[0], 2);
	assert_int_equal(flags_of(&box), CBX_BOX_TAINTED);
	assert_int_equal(
		in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 2).ret[0], 2);
	assert_int_equal(flags_of(&box), CBX_BOX_TAINTED);
	machine_assert_sound();
}

static void a_window_prevents_confinement_until_it_is_gone(void **state)
{
	struct machine_box box;
	uint64_t thread;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	(void)in_thread(
		&box, 1, CHANNEL_READ, CBX_PORT_CLIENT, MACHINE_DATA, 64);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_INPUT);
	thread = box.exit.ret[1];
	refuse(E_STATE, BOX_CONFINE, box.handle, thread, box.io, 8, 1);
	mock_flush_hold(1);
	assert_int_equal(
		in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 1).status, CBX_OK);
	refuse(E_STATE, BOX_CONFINE, box.handle, thread, box.io, 8, 1);
	mock_flush_release(1);
	(void)in_box(&box, UNMAP, 0, MACHINE_FREE, 1);
	must(BOX_CONFINE, box.handle, thread, box.io, 8, 1);
	machine_assert_sound();
}

static void only_windows_are_unshared(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, WINDOW_UNSHARE, MACHINE_DATA, 1).status,
		CBX_E_STATE);
	assert_int_equal(in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 1).status,
		CBX_E_STATE);
	assert_int_equal(in_box(&box, WINDOW_UNSHARE, MACHINE_FREE, 0).status,
		CBX_E_INVALID);
	assert_int_equal(
		in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_FREE, 1).status, CBX_E_DENIED);
	assert_int_equal(in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).status,
		CBX_E_STATE);
	assert_int_equal(
		in_box(&box, WINDOW_SHARE, 1, 1).status, CBX_E_INVALID);
	machine_assert_sound();
}

static void without_enough_reserve_nothing_is_shared(void **state)
{
	struct machine_box box;
	struct machine_observed *before;

	(void)state;
	machine_box(&box);
	before = machine_observe();
	assert_int_equal(in_box(&box, WINDOW_SHARE, MACHINE_FREE, 100).status,
		CBX_E_NOMEM);
	machine_assert_unchanged(before);
}

static void a_window_half_shown_leaves_again(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	mock_halve_nth(1);
	reply = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1);
	assert_true(mock_refused());
	assert_int_equal(reply.status, CBX_E_BUSY);
	assert_int_equal(flags_of(&box), CBX_BOX_TAINTED);
	machine_assert_sound();
	assert_int_equal(
		in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).status, CBX_OK);
	machine_assert_sound();
	machine_erase(&box);
	machine_assert_sound();
}

/* The box's half is the second step: refused, the page must leave the host
 * again, and the box is tainted all the same. */
static void a_window_the_box_cannot_map_leaves_again(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	mock_refuse_nth(2);
	reply = in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1);
	assert_true(mock_refused());
	mock_refuse_nth(0);
	assert_int_equal(reply.status, CBX_E_HARDWARE);
	assert_int_equal(reply.ret[0], 0);
	machine_assert_sound();
	(void)in_box(&box, UNMAP, 0, MACHINE_FREE, 1);
	for (uint64_t i = 0; i < box.reserve_count; i++) {
		assert_int_not_equal(
			machine_state(box.reserve + i), CBX_PAGE_SHARED);
		assert_int_not_equal(
			machine_state(box.reserve + i), CBX_PAGE_LEAVING);
	}
	machine_assert_sound();
}

static void prepare(struct machine_box *box)
{
	machine_box(box);
	assert_int_equal(
		in_box(box, WINDOW_SHARE, MACHINE_FREE, 3).status, CBX_OK);
}

static struct cbx_reply act_unshare(struct machine_box *box, uint64_t done)
{
	return in_box(box, WINDOW_UNSHARE, MACHINE_FREE + done * CBX_PAGE_SIZE,
		3 - done);
}

static void every_refused_step_of_unsharing_is_accounted_for(void **state)
{
	(void)state;
	assert_true(machine_sweep(prepare, act_unshare) >= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(box_and_host_see_the_same_bytes),
		MACHINE(nobody_executes_a_window),
		MACHINE(a_window_taints_for_good),
		MACHINE(a_window_prevents_confinement_until_it_is_gone),
		MACHINE(only_windows_are_unshared),
		MACHINE(without_enough_reserve_nothing_is_shared),
		MACHINE(a_window_half_shown_leaves_again),
		MACHINE(a_window_the_box_cannot_map_leaves_again),
		MACHINE(every_refused_step_of_unsharing_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
