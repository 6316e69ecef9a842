/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: who may become one, what is borrowed, what is copied. */
#include <string.h>

#include "support/chain.h"
#include "support/machine.h"

#define R  CBX_RIGHT_R
#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

static void make_pair_of(struct machine_box *lender, struct machine_box *box)
{
	repeat(BOX_TEMPLATE, lender->handle, 0);
	machine_bare(box, NULL);
	repeat(BOX_BORROW, box->handle, lender->handle);
	must(BOX_FINALIZE, box->handle);
}

/* A template, and a box that borrows of it and runs. */
static void make_pair(struct machine_box *lender, struct machine_box *box)
{
	machine_lender(lender);
	make_pair_of(lender, box);
}

static uint64_t page_at(const struct machine_box *box, uint64_t va)
{
	struct cbx_mapping mapping;

	assert_true(cbx_arch_space_lookup(
		machine_space(box->space), (struct cbx_va){ va }, &mapping));
	return mapping.pfn.n;
}

static uint64_t word_at(struct machine_box *box, uint64_t va)
{
	uint64_t word = 0;

	assert_true(machine_read(box, va, &word));
	return word;
}

static void a_box_becomes_a_template_if_its_policy_says_so(void **state)
{
	struct mock_snapshot *before;
	struct machine_box box;

	(void)state;
	machine_box(&box);
	before = machine_snapshot();
	refuse(E_DENIED, BOX_TEMPLATE, box.handle);
	machine_assert_same(before);
}

static void a_template_never_runs_again(void **state)
{
	struct machine_box box;

	(void)state;
	machine_lender(&box);
	assert_int_equal(word_at(&box, MACHINE_LENT), MACHINE_WORD0);
	repeat(BOX_TEMPLATE, box.handle, 0);
	refuse(E_STATE, BOX_ENTER, box.handle, box.io, box.io_count);
	refuse(E_STATE, BOX_GRANT, box.handle, machine_pool(1), 1);
	assert_int_equal(machine_state(box.data), CBX_PAGE_COMMON);
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_TEMPLATE);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[1], CBX_BOX_TEMPLATE);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[4], 0);
	must(BOX_TEMPLATE, box.handle);
	machine_assert_sound();
	machine_erase(&box);
	machine_assert_sound();
}

static void windows_and_second_spaces_prevent_it(void **state)
{
	struct machine_box box;

	(void)state;
	machine_lender(&box);
	assert_int_equal(
		in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1).status, CBX_OK);
	refuse(E_STATE, BOX_TEMPLATE, box.handle);
	machine_lender(&box);
	assert_int_equal(in_box(&box, SPACE_CREATE).status, CBX_OK);
	refuse(E_STATE, BOX_TEMPLATE, box.handle);
	assert_int_equal(word_at(&box, MACHINE_LENT), MACHINE_WORD0);
	machine_assert_sound();
}

static void a_borrower_is_no_template(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	machine_lender(&lender);
	repeat(BOX_TEMPLATE, lender.handle, 0);
	policy.flags |= CBX_POLICY_TEMPLATE;
	machine_bare(&box, &policy);
	repeat(BOX_BORROW, box.handle, lender.handle);
	must(BOX_FINALIZE, box.handle);
	refuse(E_STATE, BOX_TEMPLATE, box.handle);
	machine_assert_sound();
}

static void what_a_host_had_a_window_into_taints_whoever_borrows_it(
	void **state)
{
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	machine_lender(&lender);
	assert_int_equal(
		in_box(&lender, WINDOW_SHARE, MACHINE_FREE, 1).status, CBX_OK);
	assert_int_equal(
		in_box(&lender, WINDOW_UNSHARE, MACHINE_FREE, 1).status,
		CBX_OK);
	make_pair_of(&lender, &box);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[1],
		CBX_BOX_CLONE | CBX_BOX_TAINTED);
	machine_assert_sound();
}

static void a_template_waits_for_its_flush(void **state)
{
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	machine_lender(&lender);
	machine_bare(&box, NULL);
	mock_flush_hold(3);
	refuse(E_BUSY, BOX_TEMPLATE, lender.handle);
	refuse(E_STATE, BOX_BORROW, box.handle, lender.handle);
	refuse(E_STATE, BOX_ENTER, lender.handle, lender.io, 1);
	machine_assert_sound();
	mock_flush_release(3);
	repeat(BOX_TEMPLATE, lender.handle, 0);
	repeat(BOX_BORROW, box.handle, lender.handle);
	machine_assert_sound();
}

static void borrowed_pages_are_read_and_not_written(void **state)
{
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	make_pair(&lender, &box);
	assert_int_equal(word_at(&box, MACHINE_LENT), MACHINE_WORD0);
	assert_int_equal(page_at(&box, MACHINE_LENT), lender.data);
	assert_true(mock_space_may(
		machine_space(box.space), MACHINE_CODE(&lender), MOCK_EXECUTE));
	assert_false(mock_space_may(
		machine_space(box.space), MACHINE_LENT, MOCK_WRITE));
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[1], CBX_BOX_CLONE);
	machine_assert_sound();
	assert_false(machine_write(&box, MACHINE_LENT, 7));
	assert_int_equal(
		*(uint64_t *)mock_page((struct cbx_pfn){ lender.data }),
		MACHINE_WORD0);
}

static void what_is_to_be_written_is_copied(void **state)
{
	struct machine_box lender;
	struct machine_box box;
	uint64_t before;

	(void)state;
	make_pair(&lender, &box);
	before = must(BOX_QUERY, box.handle) +
		 gate(BOX_QUERY, box.handle).ret[3];
	assert_int_equal(
		in_box(&box, PROTECT, 0, MACHINE_LENT, 2, RW).status, CBX_OK);
	assert_int_equal(must(BOX_QUERY, box.handle) +
				 gate(BOX_QUERY, box.handle).ret[3],
		before - 2);
	assert_true(machine_write(&box, MACHINE_LENT, 0xbad));
	assert_int_equal(word_at(&box, MACHINE_LENT), 0xbad);
	assert_int_equal(
		word_at(&box, MACHINE_LENT + CBX_PAGE_SIZE), MACHINE_WORD1);
	assert_int_equal(
		machine_state(page_at(&box, MACHINE_LENT)), CBX_PAGE_PRIVATE);
	assert_int_equal(
		*(uint64_t *)mock_page((struct cbx_pfn){ lender.data }),
		MACHINE_WORD0);
	machine_assert_sound();
	machine_erase(&box);
	machine_erase(&lender);
	machine_assert_sound();
}

static void a_copy_counts_when_every_cpu_knows_it(void **state)
{
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	make_pair(&lender, &box);
	mock_flush_hold(2);
	assert_int_equal(in_box(&box, PROTECT, 0, MACHINE_LENT, 2, RW).status,
		CBX_E_BUSY);
	assert_int_equal(in_box(&box, PROTECT, 0, MACHINE_LENT, 2, RW).status,
		CBX_E_BUSY);
	mock_flush_release(2);
	assert_int_equal(
		in_box(&box, PROTECT, 0, MACHINE_LENT, 2, RW).status, CBX_OK);
	assert_int_equal(word_at(&box, MACHINE_LENT), MACHINE_WORD0);
	machine_assert_sound();
}

static void without_reserve_nothing_is_copied(void **state)
{
	struct machine_box lender;
	struct machine_box box;
	uint64_t left;

	(void)state;
	make_pair(&lender, &box);
	left = gate(BOX_QUERY, box.handle).ret[3];
	while (left > 1 &&
		in_box(&box, MAP, 0, MACHINE_FREE, left, RW).status != CBX_OK) {
		left--;
	}
	while (gate(BOX_QUERY, box.handle).ret[3] != 0) {
		assert_int_equal(in_box(&box, SPACE_CREATE).status, CBX_OK);
	}
	assert_int_equal(in_box(&box, PROTECT, 0, MACHINE_LENT, 2, RW).status,
		CBX_E_NOMEM);
	assert_int_equal(word_at(&box, MACHINE_LENT), MACHINE_WORD0);
	machine_assert_sound();
}

static void borrowed_pages_can_be_unmapped_and_aliased(void **state)
{
	struct machine_box lender;
	struct machine_box box;
	uint64_t alias = MACHINE_LENT + 0x10000;

	(void)state;
	make_pair(&lender, &box);
	assert_int_equal(
		in_box(&box, MAP_ALIAS, 0, alias, 2, RW, 0, MACHINE_LENT)
			.status,
		CBX_E_DENIED);
	assert_int_equal(
		in_box(&box, MAP_ALIAS, 0, alias, 2, R, 0, MACHINE_LENT).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, UNMAP, 0, MACHINE_LENT, 2).status, CBX_OK);
	assert_int_equal(word_at(&box, alias), MACHINE_WORD0);
	assert_int_equal(machine_state(lender.data), CBX_PAGE_COMMON);
	machine_assert_sound();
	machine_erase(&box);
	machine_erase(&lender);
	machine_assert_sound();
}

static void pages_outlive_the_template_until_the_last_borrower(void **state)
{
	struct machine_box lender;
	struct machine_box one;
	struct machine_box two;

	(void)state;
	make_pair(&lender, &one);
	machine_bare(&two, NULL);
	repeat(BOX_BORROW, two.handle, lender.handle);
	must(BOX_KILL, lender.handle);
	refuse(E_BUSY, BOX_RECLAIM, lender.handle, lender.data, 1);
	machine_erase(&one);
	refuse(E_BUSY, BOX_RECLAIM, lender.handle, lender.data, 1);
	machine_assert_sound();
	machine_erase(&two);
	assert_int_equal(must(BOX_RECLAIM, lender.handle, lender.data, 2), 2);
	assert_true(mock_is_zero((struct cbx_pfn){ lender.data }));
	machine_assert_sound();
}

static void what_is_no_template_lends_nothing(void **state)
{
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	machine_lender(&lender);
	machine_bare(&box, NULL);
	refuse(E_STATE, BOX_BORROW, box.handle, lender.handle);
	refuse(E_STATE, BOX_BORROW, box.handle, box.handle);
	refuse(E_INVALID, BOX_BORROW, box.handle, 0);
	refuse(E_INVALID, BOX_BORROW, box.handle, UINT64_MAX);
	refuse(E_INVALID, BOX_BORROW, box.handle, lender.data);
	repeat(BOX_TEMPLATE, lender.handle, 0);
	repeat(BOX_BORROW, box.handle, lender.handle);
	refuse(E_STATE, BOX_BORROW, box.handle, lender.handle);
	must(BOX_KILL, lender.handle);
	machine_bare(&box, NULL);
	refuse(E_STATE, BOX_BORROW, box.handle, lender.handle);
	machine_assert_sound();
}

static void a_conflict_leaves_a_box_that_cannot_be_finalized(void **state)
{
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	machine_lender(&lender);
	repeat(BOX_TEMPLATE, lender.handle, 0);
	machine_bare(&box, NULL);
	must(BOX_ADD, box.handle, MACHINE_LENT + CBX_PAGE_SIZE, machine_pool(1),
		1, R, CBX_NO_PAGE);
	refuse(E_STATE, BOX_BORROW, box.handle, lender.handle);
	refuse(E_STATE, BOX_FINALIZE, box.handle);
	machine_assert_sound();
	machine_erase(&box);
	machine_erase(&lender);
	machine_assert_sound();
}

static void a_hiding_box_borrows_no_readable_text(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	machine_lender(&lender);
	repeat(BOX_TEMPLATE, lender.handle, 0);
	policy.flags |= CBX_POLICY_EXECUTE_ONLY;
	machine_bare(&box, &policy);
	refuse(E_DENIED, BOX_BORROW, box.handle, lender.handle);
	machine_assert_sound();
}

static void what_was_lent_is_measured(void **state)
{
	const struct chain_entry none = { 0 };
	struct cbx_policy policy = machine_policy();
	struct chain chain = { { 0 } };
	uint8_t both[2 * CBX_DIGEST_BYTES];
	struct machine_box lender;
	uint64_t box = machine_pool(2);
	uint64_t io = machine_pages(1);

	(void)state;
	machine_lender(&lender);
	repeat(BOX_TEMPLATE, lender.handle, 0);
	memcpy(both, gate(BOX_DIGEST, lender.handle, 0).ret, CBX_DIGEST_BYTES);
	memcpy(both + CBX_DIGEST_BYTES, gate(BOX_DIGEST, lender.handle, 1).ret,
		CBX_DIGEST_BYTES);
	machine_put(io, &policy, sizeof(policy));
	must(BOX_CREATE, box, box + 1, io);
	refuse(E_NOMEM, BOX_BORROW, box, lender.handle);
	must(BOX_GRANT, box, machine_pool(8), 8);
	refuse(E_INVALID, BOX_DIGEST, box, CBX_DIGEST_LENDER);
	repeat(BOX_BORROW, box, lender.handle);
	chain_add(&chain, "policy", none, &policy, sizeof(policy));
	chain_add(&chain, "template", none, both, sizeof(both));
	chain_assert(&chain, box, CBX_DIGEST_MEASUREMENT);
	assert_memory_equal(gate(BOX_DIGEST, box, CBX_DIGEST_LENDER).ret, both,
		CBX_DIGEST_BYTES);
	assert_memory_equal(gate(BOX_DIGEST, box, CBX_DIGEST_LENDER_INPUT).ret,
		both + CBX_DIGEST_BYTES, CBX_DIGEST_BYTES);
	refuse(E_INVALID, BOX_DIGEST, box, 4);
	refuse(E_INVALID, BOX_DIGEST, box, UINT64_MAX);
	machine_assert_sound();
}

static void a_box_borrows_of_eight(void **state)
{
	struct machine_box box;
	struct machine_box lender[CBX_LENDERS_MAX + 1];

	(void)state;
	machine_bare(&box, NULL);
	for (uint32_t i = 0; i <= CBX_LENDERS_MAX; i++) {
		struct cbx_policy policy = machine_policy();

		policy.flags |= CBX_POLICY_TEMPLATE;
		machine_bare(&lender[i], &policy);
		must(BOX_FINALIZE, lender[i].handle);
		repeat(BOX_TEMPLATE, lender[i].handle, 0);
		if (i < CBX_LENDERS_MAX) {
			repeat(BOX_BORROW, box.handle, lender[i].handle);
		}
	}
	refuse(E_NOMEM, BOX_BORROW, box.handle, lender[CBX_LENDERS_MAX].handle);
	machine_assert_sound();
}

static void prepare(struct machine_box *box)
{
	struct machine_box lender;

	make_pair(&lender, box);
}

static struct cbx_reply act_read_only(struct machine_box *box, uint64_t done)
{
	return in_box(box, PROTECT, 0, MACHINE_LENT + done * CBX_PAGE_SIZE,
		2 - done, CBX_RIGHT_R | CBX_RIGHT_X);
}

static struct cbx_reply act_copy(struct machine_box *box, uint64_t done)
{
	return in_box(box, PROTECT, 0, MACHINE_LENT + done * CBX_PAGE_SIZE,
		2 - done, RW);
}

static void every_refused_step_is_accounted_for(void **state)
{
	(void)state;
	assert_int_equal(machine_sweep(prepare, act_copy), 2);
	assert_int_equal(machine_sweep(prepare, act_read_only), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_box_becomes_a_template_if_its_policy_says_so),
		MACHINE(a_template_never_runs_again),
		MACHINE(windows_and_second_spaces_prevent_it),
		MACHINE(a_borrower_is_no_template),
		MACHINE(what_a_host_had_a_window_into_taints_whoever_borrows_it),
		MACHINE(a_template_waits_for_its_flush),
		MACHINE(borrowed_pages_are_read_and_not_written),
		MACHINE(what_is_to_be_written_is_copied),
		MACHINE(a_copy_counts_when_every_cpu_knows_it),
		MACHINE(without_reserve_nothing_is_copied),
		MACHINE(borrowed_pages_can_be_unmapped_and_aliased),
		MACHINE(pages_outlive_the_template_until_the_last_borrower),
		MACHINE(what_is_no_template_lends_nothing),
		MACHINE(a_conflict_leaves_a_box_that_cannot_be_finalized),
		MACHINE(a_hiding_box_borrows_no_readable_text),
		MACHINE(what_was_lent_is_measured),
		MACHINE(a_box_borrows_of_eight),
		MACHINE(every_refused_step_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
