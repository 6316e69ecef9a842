/* SPDX-License-Identifier: Apache-2.0 */
/* What a box does with its own address spaces. */
#include "support/machine.h"

#define R  CBX_RIGHT_R
#define RW (CBX_RIGHT_R | CBX_RIGHT_W)
#define RX (CBX_RIGHT_R | CBX_RIGHT_X)

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

static uint64_t pfn_at(uint64_t space, uint64_t va)
{
	struct cbx_mapping mapping = { { 0 }, { 0 } };

	if (!cbx_arch_space_lookup(
		    machine_space(space), (struct cbx_va){ va }, &mapping)) {
		return CBX_NO_PAGE;
	}
	return mapping.pfn.n;
}

static uint64_t reserve_of(const struct machine_box *box)
{
	return gate(BOX_QUERY, box->handle).ret[3];
}

static void mapped_pages_are_zero_and_have_their_rights(void **state)
{
	struct machine_box box;
	const struct cbx_arch_space *space;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	reply = in_box(&box, MAP, 0, MACHINE_FREE, 3, RW);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], 3);
	space = machine_space(box.space);
	for (uint64_t i = 0; i < 3; i++) {
		uint64_t va = MACHINE_FREE + i * CBX_PAGE_SIZE;
		uint64_t pfn = pfn_at(box.space, va);

		assert_true(mock_is_zero(at(pfn)));
		assert_int_equal(machine_state(pfn), CBX_PAGE_PRIVATE);
		assert_true(mock_space_may(space, va, MOCK_WRITE));
		assert_false(mock_space_may(space, va, MOCK_EXECUTE));
	}
	assert_false(mock_space_may(
		space, MACHINE_FREE + 3 * CBX_PAGE_SIZE, MOCK_READ));
	machine_assert_sound();
}

static void malformed_ranges_and_rights_are_refused(void **state)
{
	static const struct {
		uint64_t va;
		uint64_t count;
		uint64_t rights;
	} rows[] = {
		{ MACHINE_FREE, 0, RW },
		{ MACHINE_FREE, CBX_RANGE_PAGES_MAX + 1, RW },
		{ MACHINE_FREE, UINT64_MAX, RW },
		{ MACHINE_FREE, 1ull << 52, RW },
		{ MACHINE_FREE + 1, 1, RW },
		{ 0, 1, RW },
		{ CBX_VA_MIN - CBX_PAGE_SIZE, 1, RW },
		{ CBX_VA_MAX, 1, RW },
		{ CBX_VA_MAX - CBX_PAGE_SIZE, 2, RW },
		{ UINT64_MAX - 4095, 1, RW },
		{ MACHINE_FREE, 1, 0 },
		{ MACHINE_FREE, 1, 8 },
		{ MACHINE_FREE, 1, RW | 1ull << 32 },
		{ MACHINE_FREE, 1, RW | 0x100 },
	};
	struct machine_box box;

	(void)state;
	machine_box(&box);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbx_reply reply = in_box(&box, MAP, 0, rows[i].va,
			rows[i].count, rows[i].rights);

		assert_int_equal(reply.status, CBX_E_INVALID);
		assert_int_equal(reply.ret[0], 0);
		assert_int_equal(in_box(&box, PROTECT, 0, rows[i].va,
					 rows[i].count, rows[i].rights)
					 .status,
			CBX_E_INVALID);
		if (rows[i].rights == RW) {
			assert_int_equal(in_box(&box, UNMAP, 0, rows[i].va,
						 rows[i].count)
						 .status,
				CBX_E_INVALID);
		}
		assert_int_equal(
			in_box(&box, MAP_ALIAS, 0, rows[i].va, rows[i].count,
				rows[i].rights, 0, MACHINE_DATA)
				.status,
			CBX_E_INVALID);
	}
	machine_assert_sound();
}

static void the_last_page_of_the_address_range_can_be_mapped(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, MAP, 0, CBX_VA_MAX - CBX_PAGE_SIZE, 1, RW).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, MAP, 0, CBX_VA_MIN, 1, RW).status, CBX_OK);
	machine_assert_sound();
}

static void spaces_of_others_cannot_be_named(void **state)
{
	struct machine_box box;
	struct machine_box other;

	(void)state;
	machine_box(&box);
	machine_box(&other);

	const uint64_t handles[] = { other.space, other.handle, box.handle,
		box.thread, box.code, 1ull << 32 | box.space, UINT64_MAX };

	for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
		uint64_t h = handles[i];

		assert_int_equal(
			in_box(&box, MAP, h, MACHINE_FREE, 1, RW).status,
			CBX_E_INVALID);
		assert_int_equal(in_box(&box, UNMAP, h, MACHINE_DATA, 1).status,
			CBX_E_INVALID);
		assert_int_equal(
			in_box(&box, PROTECT, h, MACHINE_DATA, 1, R).status,
			CBX_E_INVALID);
		assert_int_equal(in_box(&box, MAP_ALIAS, h, MACHINE_FREE, 1, R,
					 0, MACHINE_DATA)
					 .status,
			CBX_E_INVALID);
		assert_int_equal(in_box(&box, MAP_ALIAS, 0, MACHINE_FREE, 1, R,
					 h, MACHINE_DATA)
					 .status,
			CBX_E_INVALID);
		assert_int_equal(
			in_box(&box, SPACE_DESTROY, h).status, CBX_E_INVALID);
		assert_int_equal(
			in_box(&box, THREAD_CREATE, h, MACHINE_CODE(&box), 0, 1)
				.status,
			CBX_E_INVALID);
	}
	assert_int_equal(in_box(&box, SPACE_DESTROY, 0).status, CBX_E_INVALID);
	machine_assert_sound();
}

static void nothing_is_mapped_over_what_is_there(void **state)
{
	struct machine_box box;
	struct machine_observed *before;

	(void)state;
	machine_box(&box);
	before = machine_observe();
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_DATA, 1, RW).status, CBX_E_STATE);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_DATA - 2 * CBX_PAGE_SIZE, 3, RW)
			.status,
		CBX_E_STATE);
	machine_assert_unchanged(before);
}

static void without_enough_reserve_nothing_is_mapped(void **state)
{
	struct machine_box box;
	struct machine_observed *before;
	uint64_t reserve;

	(void)state;
	machine_box(&box);
	reserve = reserve_of(&box);
	before = machine_observe();
	assert_int_equal(in_box(&box, MAP, 0, MACHINE_FREE, reserve, RW).status,
		CBX_E_NOMEM);
	machine_assert_unchanged(before);
	/* One leaf table is missing there, so one page less can be mapped. */
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, reserve - 1, RW).status,
		CBX_OK);
	assert_int_equal(reserve_of(&box), 0);
	machine_assert_sound();
}

static void what_a_flush_may_give_back_is_worth_waiting_for(void **state)
{
	struct machine_box box;
	uint64_t reserve;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, MAP_ALIAS, 0, MACHINE_FREE, 1, RW, 0, MACHINE_DATA)
			.status,
		CBX_OK);
	mock_flush_hold(MOCK_ALL_CPUS);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_FREE, 1).status, CBX_OK);
	reserve = reserve_of(&box);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, reserve + 1, RW).status,
		CBX_E_BUSY);
	mock_flush_release(MOCK_ALL_CPUS);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, reserve + 1, RW).status,
		CBX_E_NOMEM);
	assert_int_equal(reserve_of(&box), reserve);
	machine_assert_sound();
}

static uint64_t protect(struct machine_box *box, uint64_t rights)
{
	return in_box(box, PROTECT, 0, MACHINE_DATA, 1, rights).status;
}

static void a_right_is_gone_when_every_cpu_knows(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_flush_hold(2);
	assert_int_equal(protect(&box, CBX_RIGHT_R), CBX_E_BUSY);
	assert_int_equal(protect(&box, CBX_RIGHT_R), CBX_E_BUSY);
	mock_flush_release(2);
	assert_int_equal(protect(&box, CBX_RIGHT_R), CBX_OK);
	mock_flush_hold(2);
	assert_int_equal(protect(&box, RW), CBX_OK);
	mock_flush_release(2);
	machine_assert_sound();
}

static void unmapped_pages_come_back_zero(void **state)
{
	struct machine_box box;
	uint64_t reserve;
	uint64_t pfn;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 2, RW).status, CBX_OK);
	reserve = reserve_of(&box);
	assert_true(machine_write(&box, MACHINE_FREE, 0x5ec4e7));
	pfn = pfn_at(box.space, MACHINE_FREE);
	assert_int_equal(in_box(&box, UNMAP, 0, MACHINE_FREE, 2).ret[0], 2);
	assert_int_equal(reserve_of(&box), reserve + 2);
	assert_true(mock_is_zero(at(pfn)));
	assert_false(machine_write(&box, MACHINE_FREE, 1));
	machine_assert_sound();
}

static void unmapping_stops_where_nothing_is(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	machine_box(&box);
	reply = in_box(&box, UNMAP, 0, MACHINE_DATA, 3);
	assert_int_equal(reply.status, CBX_E_STATE);
	assert_int_equal(reply.ret[0], MACHINE_DATA_PAGES);
	assert_int_equal(pfn_at(box.space, MACHINE_DATA), CBX_NO_PAGE);
	machine_assert_sound();
}

static void an_alias_is_the_same_page(void **state)
{
	struct machine_box box;
	uint64_t space;
	uint64_t word;

	(void)state;
	machine_box(&box);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(in_box(&box, MAP_ALIAS, space, MACHINE_FREE, 2, R, 0,
				 MACHINE_DATA)
				 .ret[0],
		2);
	assert_int_equal(pfn_at(space, MACHINE_FREE), box.data);
	assert_int_equal(
		pfn_at(space, MACHINE_FREE + CBX_PAGE_SIZE), box.data + 1);
	assert_false(
		mock_space_may(machine_space(space), MACHINE_FREE, MOCK_WRITE));
	assert_int_equal(
		in_box(&box, MAP_ALIAS, 0, MACHINE_FREE, 1, R, 0, MACHINE_DATA)
			.status,
		CBX_OK);
	assert_true(machine_write(&box, MACHINE_DATA, 0xabc));
	assert_true(machine_read(&box, MACHINE_FREE, &word));
	assert_int_equal(word, 0xabc);
	assert_int_equal(cbx_page_at(box.data)->mappings, 3);
	machine_assert_sound();
}

static void an_aliased_page_stays_until_its_last_mapping_goes(void **state)
{
	struct machine_box box;
	uint64_t reserve;
	uint64_t space;

	(void)state;
	machine_box(&box);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(in_box(&box, MAP_ALIAS, space, MACHINE_FREE, 1, RW, 0,
				 MACHINE_DATA)
				 .status,
		CBX_OK);
	reserve = reserve_of(&box);
	assert_true(machine_write(&box, MACHINE_DATA, 7));
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_DATA, 1).status, CBX_OK);
	assert_int_equal(machine_state(box.data), CBX_PAGE_PRIVATE);
	assert_false(mock_is_zero(at(box.data)));
	assert_int_equal(reserve_of(&box), reserve);
	assert_int_equal(
		in_box(&box, UNMAP, space, MACHINE_FREE, 1).status, CBX_OK);
	assert_true(mock_is_zero(at(box.data)));
	assert_int_equal(reserve_of(&box), reserve + 1);
	machine_assert_sound();
}

/* Space A forgets the page while a CPU still remembers; then space B lets go
 * of it.  It must not be used again before both flushes. */
static void an_aliased_page_waits_for_every_space(void **state)
{
	struct machine_box box;
	uint64_t space;

	(void)state;
	machine_box(&box);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(in_box(&box, MAP_ALIAS, space, MACHINE_FREE, 1, RW, 0,
				 MACHINE_DATA)
				 .status,
		CBX_OK);
	mock_flush_hold(3);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_DATA, 1).status, CBX_OK);
	assert_int_equal(
		in_box(&box, UNMAP, space, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(machine_state(box.data), CBX_PAGE_LEAVING);
	machine_assert_sound();
	mock_flush_release(3);
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 1, RW).status, CBX_OK);
	machine_assert_sound();
}

/* The same, with the second space destroyed rather than unmapped. */
static void a_destroyed_space_s_aliases_wait_for_the_others(void **state)
{
	struct machine_box box;
	uint64_t space;

	(void)state;
	machine_box(&box);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(in_box(&box, MAP_ALIAS, space, MACHINE_FREE, 1, RW, 0,
				 MACHINE_DATA)
				 .status,
		CBX_OK);
	mock_flush_hold(3);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_DATA, 1).status, CBX_OK);
	assert_int_equal(in_box(&box, SPACE_DESTROY, space).status, CBX_E_BUSY);
	machine_assert_sound();
	mock_flush_release(3);
	assert_int_equal(in_box(&box, SPACE_DESTROY, space).status, CBX_OK);
	assert_true(mock_is_zero(at(box.data)));
	machine_assert_sound();
}

static void aliases_of_what_is_not_private_are_denied(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(in_box(&box, MAP_ALIAS, 0, MACHINE_FREE + 0x10000, 1,
				 RW, 0, MACHINE_FREE)
				 .status,
		CBX_E_DENIED);
	assert_int_equal(in_box(&box, MAP_ALIAS, 0, MACHINE_FREE + 0x10000, 1,
				 RW, 0, MACHINE_FREE + 0x20000)
				 .status,
		CBX_E_STATE);
	machine_assert_sound();
}

static void the_number_of_mappings_has_an_end(void **state)
{
	struct machine_box box;
	struct cbx_page *page;

	(void)state;
	machine_box(&box);
	page = cbx_page_at(box.data);
	page->mappings = CBX_PAGE_MAPPINGS_MAX;
	assert_int_equal(
		in_box(&box, MAP_ALIAS, 0, MACHINE_FREE, 1, R, 0, MACHINE_DATA)
			.status,
		CBX_E_STATE);
	page->mappings = CBX_PAGE_MAPPINGS_MAX - 1;
	assert_int_equal(
		in_box(&box, MAP_ALIAS, 0, MACHINE_FREE, 1, R, 0, MACHINE_DATA)
			.status,
		CBX_OK);
	assert_int_equal(page->mappings, CBX_PAGE_MAPPINGS_MAX);
	machine_assert_sound();
}

static void protect_changes_what_the_box_may(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	const struct cbx_arch_space *space;

	(void)state;
	machine_box(&box);
	space = machine_space(box.space);
	assert_int_equal(
		in_box(&box, PROTECT, 0, MACHINE_DATA, 2, R).ret[0], 2);
	assert_false(mock_space_may(space, MACHINE_DATA, MOCK_WRITE));
	assert_int_equal(
		in_box(&box, PROTECT, 0, MACHINE_DATA, 1, RX).status, CBX_OK);
	assert_true(mock_space_may(space, MACHINE_DATA, MOCK_EXECUTE));
	assert_false(mock_space_may(
		space, MACHINE_DATA + CBX_PAGE_SIZE, MOCK_EXECUTE));
	reply = in_box(&box, PROTECT, 0, MACHINE_DATA, 3, RW);
	assert_int_equal(reply.status, CBX_E_STATE);
	assert_int_equal(reply.ret[0], 2);
	machine_assert_sound();
}

/* Under such a policy nothing is mapped executable and anything else. */
static void text_of_a_hiding_box_has_no_other_right(void **state)
{
	struct cbx_policy policy = machine_policy();
	const struct cbx_arch_space *space;
	struct machine_box box;

	(void)state;
	policy.flags |= CBX_POLICY_EXECUTE_ONLY;
	machine_building(&box, &policy);
	refuse(E_DENIED, BOX_ADD, box.handle, MACHINE_FREE, machine_pool(1), 1,
		RX, CBX_NO_PAGE);
	must(BOX_FINALIZE, box.handle);
	for (uint64_t rights = 5; rights <= 7; rights++) {
		assert_int_equal(
			in_box(&box, MAP, 0, MACHINE_FREE, 1, rights).status,
			CBX_E_DENIED);
		assert_int_equal(
			in_box(&box, PROTECT, 0, MACHINE_CODE(&box), 1, rights)
				.status,
			CBX_E_DENIED);
		assert_int_equal(in_box(&box, MAP_ALIAS, 0, MACHINE_FREE, 1,
					 rights, 0, MACHINE_CODE(&box))
					 .status,
			CBX_E_DENIED);
	}
	space = machine_space(box.space);
	assert_true(mock_space_may(space, MACHINE_CODE(&box), MOCK_EXECUTE));
	assert_false(mock_space_may(space, MACHINE_CODE(&box), MOCK_READ));
	assert_int_equal(
		in_box(&box, MAP, 0, MACHINE_FREE, 1, CBX_RIGHT_X).status,
		CBX_OK);
	assert_false(mock_space_may(space, MACHINE_FREE, MOCK_READ));
	machine_assert_sound();
}

static void an_ended_space_takes_no_orders(void **state)
{
	struct machine_box box;
	uint64_t space;

	(void)state;
	machine_box(&box);
	space = in_box(&box, SPACE_CREATE).ret[0];
	assert_int_equal(
		in_box(&box, MAP, space, MACHINE_FREE, 2, RW).status, CBX_OK);
	mock_flush_hold(3);
	assert_int_equal(in_box(&box, SPACE_DESTROY, space).status, CBX_E_BUSY);
	assert_int_equal(
		in_box(&box, MAP, space, MACHINE_FREE + 0x10000, 1, RW).status,
		CBX_E_STATE);
	assert_int_equal(
		in_box(&box, PROTECT, space, MACHINE_FREE, 1, R).status,
		CBX_E_STATE);
	assert_int_equal(in_box(&box, MAP_ALIAS, space, MACHINE_FREE + 0x10000,
				 1, RW, 0, MACHINE_DATA)
				 .status,
		CBX_E_STATE);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, space, MACHINE_CODE(&box), 0, 1)
			.status,
		CBX_E_STATE);
	assert_int_equal(
		in_box(&box, SPACE_SWITCH, space, MACHINE_CODE(&box), 0, 1)
			.status,
		CBX_E_STATE);
	machine_assert_sound();
	mock_flush_release(3);
	assert_int_equal(in_box(&box, SPACE_DESTROY, space).status, CBX_OK);
	machine_assert_sound();
}

/* ---- every step refused ---- */

/* With the table pages that MACHINE_FREE needs already there. */
static void prepare(struct machine_box *box)
{
	machine_box(box);
	assert_int_equal(
		in_box(box, MAP, 0, MACHINE_FREE, 1, RW).status, CBX_OK);
	assert_int_equal(in_box(box, UNMAP, 0, MACHINE_FREE, 1).status, CBX_OK);
}

static void prepare_mapped(struct machine_box *box)
{
	machine_box(box);
	assert_int_equal(
		in_box(box, MAP, 0, MACHINE_FREE, 4, RW).status, CBX_OK);
}

static struct cbx_reply act_map(struct machine_box *box, uint64_t done)
{
	return in_box(
		box, MAP, 0, MACHINE_FREE + done * CBX_PAGE_SIZE, 4 - done, RW);
}

static struct cbx_reply act_unmap(struct machine_box *box, uint64_t done)
{
	return in_box(
		box, UNMAP, 0, MACHINE_FREE + done * CBX_PAGE_SIZE, 4 - done);
}

static struct cbx_reply act_protect(struct machine_box *box, uint64_t done)
{
	return in_box(box, PROTECT, 0, MACHINE_FREE + done * CBX_PAGE_SIZE,
		4 - done, R);
}

static struct cbx_reply act_alias(struct machine_box *box, uint64_t done)
{
	return in_box(box, MAP_ALIAS, 0, MACHINE_FREE + done * CBX_PAGE_SIZE,
		2 - done, R, 0, MACHINE_DATA + done * CBX_PAGE_SIZE);
}

static void every_refused_step_is_accounted_for(void **state)
{
	(void)state;
	assert_int_equal(machine_sweep(prepare, act_map), 4);
	assert_int_equal(machine_sweep(prepare_mapped, act_unmap), 4);
	assert_int_equal(machine_sweep(prepare_mapped, act_protect), 4);
	assert_int_equal(machine_sweep(prepare, act_alias), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(mapped_pages_are_zero_and_have_their_rights),
		MACHINE(malformed_ranges_and_rights_are_refused),
		MACHINE(the_last_page_of_the_address_range_can_be_mapped),
		MACHINE(spaces_of_others_cannot_be_named),
		MACHINE(nothing_is_mapped_over_what_is_there),
		MACHINE(without_enough_reserve_nothing_is_mapped),
		MACHINE(what_a_flush_may_give_back_is_worth_waiting_for),
		MACHINE(unmapped_pages_come_back_zero),
		MACHINE(unmapping_stops_where_nothing_is),
		MACHINE(an_alias_is_the_same_page),
		MACHINE(an_aliased_page_stays_until_its_last_mapping_goes),
		MACHINE(an_aliased_page_waits_for_every_space),
		MACHINE(a_destroyed_space_s_aliases_wait_for_the_others),
		MACHINE(aliases_of_what_is_not_private_are_denied),
		MACHINE(the_number_of_mappings_has_an_end),
		MACHINE(a_right_is_gone_when_every_cpu_knows),
		MACHINE(protect_changes_what_the_box_may),
		MACHINE(text_of_a_hiding_box_has_no_other_right),
		MACHINE(an_ended_space_takes_no_orders),
		MACHINE(every_refused_step_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
