/* SPDX-License-Identifier: Apache-2.0 */
/* The host's gates: what they take and what they tell. */
#include "support/machine.h"

static void version_and_capabilities(void **state)
{
	const struct mock_options options = {
		.pages = 300,
		.cpus = 3,
		.caps_given = true,
		.caps = CBX_CAP_DMA,
	};
	struct cbx_reply reply = gate(VERSION);

	(void)state;
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], CBX_ABI_MAJOR);
	assert_int_equal(reply.ret[1], CBX_ABI_MINOR);
	machine_again(&options, false);
	reply = gate(CAPS);
	assert_int_equal(reply.ret[0], CBX_CAP_DMA);
	assert_int_equal(reply.ret[1], CBX_BACKEND_MOCK);
	assert_int_equal(reply.ret[2], 300);
	assert_int_equal(reply.ret[3], 3);
}

static void a_page_query_tells_owner_and_view(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;
	uint64_t pool = machine_pool(1);

	(void)state;
	machine_box(&box);
	reply = gate(PAGE_QUERY, pool);
	assert_int_equal(reply.ret[0], CBX_PAGE_POOL);
	assert_int_equal(reply.ret[1], CBX_VIEW_NONE);
	assert_int_equal(reply.ret[2], 0);
	reply = gate(PAGE_QUERY, box.io);
	assert_int_equal(reply.ret[0], CBX_PAGE_HOST);
	assert_int_equal(reply.ret[1], CBX_VIEW_ALL);
	reply = gate(PAGE_QUERY, box.data);
	assert_int_equal(reply.ret[0], CBX_PAGE_PRIVATE);
	assert_int_equal(reply.ret[1], CBX_VIEW_NONE);
	assert_int_equal(reply.ret[2], box.handle);
	refuse(E_INVALID, PAGE_QUERY, MACHINE_PAGES);
	refuse(E_INVALID, PAGE_QUERY, UINT64_MAX);
}

/* Everything the host can ask about the pages of a box. */
static void ask_all(struct cbx_reply *replies)
{
	for (uint64_t i = 0; i < MACHINE_PAGES; i++) {
		replies[i] = gate(PAGE_QUERY, i);
	}
}

/* What a confined box does with its memory must not be visible: a program
 * could signal by it. */
static void a_confined_box_s_pages_tell_nothing(void **state)
{
	static struct cbx_reply before[MACHINE_PAGES];
	static struct cbx_reply after[MACHINE_PAGES];
	struct machine_box box;
	uint64_t space;

	(void)state;
	machine_box(&box);
	machine_confine(&box);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	ask_all(before);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(
		in_box(&box, MAP, space, MACHINE_FREE, 2, 3).status, CBX_OK);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	mock_flush_hold(2);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_DATA, 2).status, CBX_OK);
	ask_all(after);
	assert_memory_equal(before, after, sizeof(before));
}

static void a_box_query_counts(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_building(&box, NULL);
	reply = gate(BOX_QUERY, box.handle);
	assert_int_equal(reply.ret[0], CBX_DOMAIN_BUILDING);
	assert_int_equal(reply.ret[1], 0);
	/* Root, space, what was granted, code and data. */
	assert_int_equal(reply.ret[2], 2 + MACHINE_RESERVE + 2 + 2);
	assert_int_equal(reply.ret[4], 1);
	assert_int_equal(reply.ret[5], 1);
	assert_int_equal(reply.ret[6], 0);
	must(BOX_FINALIZE, box.handle);
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_READY);
	assert_int_equal(in_box(&box, SPACE_CREATE).status, CBX_OK);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[5], 2);
}

static void a_confined_box_is_not_counted(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	machine_confine(&box);
	reply = gate(BOX_QUERY, box.handle);
	assert_int_equal(reply.ret[0], CBX_DOMAIN_CONFINED);
	assert_int_equal(reply.ret[1], CBX_BOX_CONFINED);
	for (int i = 2; i < CBX_REPLY_RETS; i++) {
		assert_int_equal(reply.ret[i], 0);
	}
	must(BOX_KILL, box.handle);
	reply = gate(BOX_QUERY, box.handle);
	assert_int_equal(reply.ret[0], CBX_DOMAIN_DYING);
	for (int i = 2; i < CBX_REPLY_RETS; i++) {
		assert_int_equal(reply.ret[i], 0);
	}
}

static void there_are_two_digests(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	must(BOX_DIGEST, box.handle, CBX_DIGEST_MEASUREMENT);
	must(BOX_DIGEST, box.handle, CBX_DIGEST_INPUT);
	refuse(E_INVALID, BOX_DIGEST, box.handle, 2);
	refuse(E_INVALID, BOX_DIGEST, box.handle, UINT64_MAX);
}

static void only_a_debug_box_can_be_peeked(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;
	uint64_t word = 0;

	(void)state;
	machine_box(&box);
	refuse(E_DENIED, BOX_PEEK, box.handle, MACHINE_DATA, 8, box.io);
	policy.flags |= CBX_POLICY_DEBUG;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[1], CBX_BOX_DEBUG);
	assert_true(machine_write(&box, MACHINE_DATA + 8, 0xdead));
	must(BOX_PEEK, box.handle, MACHINE_DATA + 8, 8, box.io);
	assert_true(mock_host_read(0, (struct cbx_pfn){ box.io }, 0, &word, 8));
	assert_int_equal(word, 0xdead);
	must(BOX_PEEK, box.handle, MACHINE_DATA, CBX_PAGE_SIZE, box.io);
	refuse(E_FAULT, BOX_PEEK, box.handle, MACHINE_FREE, 8, box.io);
	refuse(E_FAULT, BOX_PEEK, box.handle, UINT64_MAX, 8, box.io);
	refuse(E_INVALID, BOX_PEEK, box.handle, MACHINE_DATA, 4097, box.io);
	refuse(E_INVALID, BOX_PEEK, box.handle, MACHINE_DATA, UINT64_MAX,
		box.io);
	refuse(E_DENIED, BOX_PEEK, box.handle, MACHINE_DATA, 8, box.data);
	refuse(E_DENIED, BOX_PEEK, box.handle, MACHINE_DATA, 8, UINT64_MAX);
	machine_assert_sound();
}

static void a_debug_box_is_no_longer_peeked_when_confined(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;

	(void)state;
	policy.flags |= CBX_POLICY_DEBUG;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	machine_confine(&box);
	refuse(E_STATE, BOX_PEEK, box.handle, MACHINE_DATA, 8, box.io);
}

static void a_box_is_made_by_its_gate(void **state)
{
	const struct cbx_policy policy = machine_policy();
	struct cbx_policy bad = policy;
	uint64_t pfn = machine_pool(2);
	uint64_t io = machine_pages(1);

	(void)state;
	bad.wake_step = 0;
	machine_put(io, &bad, sizeof(bad));
	refuse(E_INVALID, BOX_CREATE, pfn, pfn + 1, io);
	machine_put(io, &policy, sizeof(policy));
	refuse(E_INVALID, BOX_CREATE, pfn, pfn, io);
	refuse(E_STATE, BOX_CREATE, io, pfn, io);
	assert_int_equal(must(BOX_CREATE, pfn, pfn + 1, io), pfn);
	refuse(E_STATE, BOX_CREATE, pfn, pfn + 1, io);
	machine_assert_sound();
}

static void pages_are_donated_and_returned_by_their_gates(void **state)
{
	uint64_t pfn = machine_pages(3);
	struct cbx_reply reply;

	(void)state;
	assert_int_equal(must(PAGE_DONATE, pfn, 3), 3);
	reply = gate(PAGE_DONATE, pfn - 1, 4);
	assert_int_not_equal(reply.status, CBX_OK);
	assert_int_equal(must(PAGE_RETURN, pfn, 3), 3);
	reply = gate(PAGE_RETURN, pfn, 1);
	assert_int_equal(reply.status, CBX_E_STATE);
	assert_int_equal(reply.ret[0], 0);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(version_and_capabilities),
		MACHINE(a_page_query_tells_owner_and_view),
		MACHINE(a_confined_box_s_pages_tell_nothing),
		MACHINE(a_box_query_counts),
		MACHINE(a_confined_box_is_not_counted),
		MACHINE(there_are_two_digests),
		MACHINE(only_a_debug_box_can_be_peeked),
		MACHINE(a_debug_box_is_no_longer_peeked_when_confined),
		MACHINE(a_box_is_made_by_its_gate),
		MACHINE(pages_are_donated_and_returned_by_their_gates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
