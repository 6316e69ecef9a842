/* SPDX-License-Identifier: Apache-2.0 */
/* Building a box, step by step, each refused once. */
#include <string.h>

#include "support/machine.h"

static const uint64_t rw = CBX_RIGHT_R | CBX_RIGHT_W;

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

static void digest_of(const struct machine_box *box, uint8_t *digest)
{
	struct cbx_reply reply =
		gate(BOX_DIGEST, box->handle, CBX_DIGEST_MEASUREMENT);

	assert_int_equal(reply.status, CBX_OK);
	memcpy(digest, reply.ret, CBX_DIGEST_BYTES);
}

static void malformed_additions_are_refused(void **state)
{
	struct machine_box box;
	uint64_t pfn;
	uint64_t h;
	uint64_t io;
	struct mock_snapshot *before;

	(void)state;
	machine_building(&box, NULL);
	pfn = machine_pool(2);
	h = box.handle;
	io = box.io;
	before = machine_snapshot();
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn, 0, rw, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn, 1, 0, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn, 1, 8, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn, 1, 0x100, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn, 1, rw | 0x200, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn, UINT64_MAX, rw, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, UINT64_MAX, 1, rw, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, MACHINE_PAGES, 1, rw, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE + 1, pfn, 1, rw, io);
	refuse(E_INVALID, BOX_ADD, h, 0, pfn, 1, rw, io);
	refuse(E_INVALID, BOX_ADD, h, CBX_VA_MAX, pfn, 1, rw, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn, CBX_IO_PAGES_MAX + 1,
		rw, io);
	refuse(E_INVALID, BOX_ADD, h, MACHINE_FREE, pfn,
		CBX_RANGE_PAGES_MAX + 1, rw, CBX_NO_PAGE);
	refuse(E_STATE, BOX_ADD, h, MACHINE_FREE, io, 1, rw, io);
	refuse(E_STATE, BOX_ADD, h, MACHINE_FREE, pfn, 3, rw, io);
	refuse(E_STATE, BOX_ADD, h, MACHINE_FREE, box.data, 1, rw, io);
	refuse(E_STATE, BOX_ADD, h, MACHINE_DATA, pfn, 1, rw, io);
	refuse(E_DENIED, BOX_ADD, h, MACHINE_FREE, pfn, 1, rw, pfn + 1);
	refuse(E_DENIED, BOX_ADD, h, MACHINE_FREE, pfn, 1, rw, box.data);
	refuse(E_DENIED, BOX_ADD, h, MACHINE_FREE, pfn, 1, rw, 0);
	refuse(E_DENIED, BOX_ADD, h, MACHINE_FREE, pfn, 1, rw, MACHINE_PAGES);
	refuse(E_DENIED, BOX_ADD, h, MACHINE_FREE, pfn, 1, rw, UINT64_MAX - 1);
	machine_assert_same(before);
}

static void an_open_page_is_no_source(void **state)
{
	struct machine_box box;
	uint64_t open = machine_pages(1);
	uint64_t done;

	(void)state;
	machine_building(&box, NULL);
	assert_int_equal(cbx_page_open(open, 1, true, &done), CBX_OK);
	refuse(E_DENIED, BOX_ADD, box.handle, MACHINE_FREE, machine_pool(1), 1,
		rw, open);
}

static void an_added_page_holds_the_source_and_is_out_of_reach(void **state)
{
	static const char text[] = "what the box begins with";
	struct machine_box box;
	uint64_t pfn = machine_pool(1);
	uint64_t count;

	(void)state;
	machine_building(&box, NULL);
	count = gate(BOX_QUERY, box.handle).ret[2];
	machine_put(box.io, text, sizeof(text));
	assert_int_equal(must(BOX_ADD, box.handle, MACHINE_FREE, pfn, 1,
				 CBX_RIGHT_R, box.io),
		1);
	assert_int_equal(machine_state(pfn), CBX_PAGE_PRIVATE);
	assert_memory_equal(mock_page(at(pfn)), text, sizeof(text));
	assert_false(mock_host_may(at(pfn), (struct cbx_view){ CBX_VIEW_ALL }));
	assert_true(mock_space_may(
		machine_space(box.space), MACHINE_FREE, MOCK_READ));
	assert_false(mock_space_may(
		machine_space(box.space), MACHINE_FREE, MOCK_WRITE));
	/* One page added; the tables came out of the reserve. */
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[2], count + 1);
	machine_assert_sound();
}

static void the_longest_additions_are_made(void **state)
{
	const struct mock_options options = { .pages = 2048 };
	struct machine_box box;
	uint64_t source;

	(void)state;
	machine_again(&options, true);
	machine_building(&box, NULL);
	source = machine_pages(CBX_IO_PAGES_MAX);
	assert_int_equal(must(BOX_ADD, box.handle, MACHINE_FREE,
				 machine_pool(CBX_IO_PAGES_MAX),
				 CBX_IO_PAGES_MAX, rw, source),
		CBX_IO_PAGES_MAX);
	assert_int_equal(must(BOX_ADD, box.handle, MACHINE_FREE + 0x1000000,
				 machine_pool(CBX_RANGE_PAGES_MAX),
				 CBX_RANGE_PAGES_MAX, rw, CBX_NO_PAGE),
		CBX_RANGE_PAGES_MAX);
	must(BOX_FINALIZE, box.handle);
	machine_assert_sound();
}

static void without_reserve_for_tables_nothing_is_added(void **state)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t box = machine_pool(2);
	uint64_t io = machine_pages(1);
	uint64_t pfn = machine_pool(1);

	(void)state;
	machine_put(io, &policy, sizeof(policy));
	must(BOX_CREATE, box, box + 1, io);
	refuse(E_NOMEM, BOX_ADD, box, MACHINE_FREE, pfn, 1, rw, io);
	refuse(E_NOMEM, BOX_THREAD, box, MACHINE_FREE, 0, 0);
	must(BOX_GRANT, box, machine_pool(3), 3);
	refuse(E_NOMEM, BOX_ADD, box, MACHINE_FREE, pfn, 1, rw, io);
	must(BOX_GRANT, box, machine_pool(1), 1);
	must(BOX_ADD, box, MACHINE_FREE, pfn, 1, rw, io);
	assert_int_equal(gate(BOX_QUERY, box).ret[3], 0);
	machine_assert_sound();
}

/* With the table pages the address needs already there. */
static void prepare(struct machine_box *box)
{
	machine_building(box, NULL);
	must(BOX_ADD, box->handle, MACHINE_FREE, machine_pool(1), 1, rw,
		CBX_NO_PAGE);
	box->script[7].word = machine_pool(3);
}

static struct cbx_reply act_add(struct machine_box *box, uint64_t done)
{
	return gate(BOX_ADD, box->handle, MACHINE_FREE + (1 + done) * 4096,
		box->script[7].word + done, 3 - done, rw, box->io + done);
}

static struct cbx_reply act_thread(struct machine_box *box, uint64_t done)
{
	(void)done;
	return gate(BOX_THREAD, box->handle, MACHINE_CODE(box), 0, 1);
}

static struct cbx_reply act_finalize(struct machine_box *box, uint64_t done)
{
	(void)done;
	return gate(BOX_FINALIZE, box->handle);
}

static void every_refused_step_is_accounted_for(void **state)
{
	(void)state;
	assert_int_equal(machine_sweep(prepare, act_add), 3);
	assert_int_equal(machine_sweep(prepare, act_thread), 1);
	assert_int_equal(machine_sweep(prepare, act_finalize), 0);
}

/* However often it was interrupted, the same box measures the same. */
static void a_box_built_in_spite_of_refusals_measures_the_same(void **state)
{
	uint8_t expected[CBX_DIGEST_BYTES];

	(void)state;
	for (uint64_t n = 0; n <= 3; n++) {
		const struct mock_options options = { .pages = MACHINE_PAGES };
		struct machine_box box;
		struct cbx_reply reply;
		uint8_t digest[CBX_DIGEST_BYTES];

		machine_again(&options, true);
		prepare(&box);
		mock_refuse_nth(n);
		reply = act_add(&box, 0);
		if (n != 0) {
			assert_int_equal(reply.status, CBX_E_HARDWARE);
			assert_int_equal(reply.ret[0], n - 1);
			assert_int_equal(act_add(&box, n - 1).status, CBX_OK);
		}
		must(BOX_FINALIZE, box.handle);
		digest_of(&box, digest);
		if (n == 0) {
			memcpy(expected, digest, sizeof(digest));
		}
		assert_memory_equal(digest, expected, sizeof(digest));
	}
}

static void a_box_without_a_thread_is_not_finished(void **state)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t box = machine_pool(2);
	uint64_t io = machine_pages(1);

	(void)state;
	machine_put(io, &policy, sizeof(policy));
	must(BOX_CREATE, box, box + 1, io);
	refuse(E_STATE, BOX_FINALIZE, box);
	must(BOX_GRANT, box, machine_pool(4), 4);
	refuse(E_STATE, BOX_FINALIZE, box);
	must(BOX_THREAD, box, MACHINE_FREE, 0, 0);
	must(BOX_FINALIZE, box);
}

static void a_policy_is_read_from_a_host_page_only(void **state)
{
	uint64_t box = machine_pool(3);
	struct mock_snapshot *before = machine_snapshot();

	(void)state;
	refuse(E_DENIED, BOX_CREATE, box, box + 1, box + 2);
	refuse(E_DENIED, BOX_CREATE, box, box + 1, 0);
	refuse(E_DENIED, BOX_CREATE, box, box + 1, MACHINE_PAGES);
	refuse(E_DENIED, BOX_CREATE, box, box + 1, UINT64_MAX);
	machine_assert_same(before);
}

/* ---- without a keeper ---- */

static void break_down(struct mock_box_cpu *box, void *arg)
{
	(void)arg;
	mock_box_trap(box, CBX_FAULT_BREAKPOINT, 0);
}

/* The mock's keeper begins at this address (support/machine.c). */
#define KEEPER_CODE 0x300000ull

static void without_a_keeper_nothing_is_built(void **state)
{
	struct machine_box box;
	uint64_t pfn = machine_pool(4);
	uint64_t io;
	struct machine_observed *before;
	uint8_t digest[CBX_DIGEST_BYTES];
	uint8_t now[CBX_DIGEST_BYTES];

	(void)state;
	prepare(&box);
	io = machine_pages(1);
	machine_put(io, &(struct cbx_policy){ 0 }, 0);
	mock_program(KEEPER_CODE, break_down, NULL);
	digest_of(&box, digest);
	refuse(E_HARDWARE, BOX_ADD, box.handle, MACHINE_FREE + 4096, pfn, 1, rw,
		box.io);
	before = machine_observe();
	refuse(E_HARDWARE, BOX_ADD, box.handle, MACHINE_FREE + 4096, pfn, 1, rw,
		CBX_NO_PAGE);
	refuse(E_HARDWARE, BOX_THREAD, box.handle, MACHINE_CODE(&box), 0, 1);
	refuse(E_HARDWARE, BOX_FINALIZE, box.handle);
	refuse(E_HARDWARE, BOX_CREATE, pfn + 2, pfn + 3, io);
	machine_assert_unchanged(before);
	digest_of(&box, now);
	assert_memory_equal(digest, now, sizeof(now));
	assert_non_null(strstr(mock_log_text(), "keeper"));
	machine_assert_sound();
	must(BOX_KILL, box.handle);
}

/* The hardware stops half way and the keeper dies before it can measure what
 * is there: such a box is never finished. */
static void a_box_that_lost_its_measurement_is_never_finished(void **state)
{
	struct machine_box box;
	struct cbx_domain *d;

	(void)state;
	prepare(&box);
	d = cbx_domain_hold(box.handle);
	d->spoiled = true;
	cbx_domain_drop(d);
	refuse(E_STATE, BOX_FINALIZE, box.handle);
	must(BOX_KILL, box.handle);
	machine_erase(&box);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(malformed_additions_are_refused),
		MACHINE(an_open_page_is_no_source),
		MACHINE(an_added_page_holds_the_source_and_is_out_of_reach),
		MACHINE(the_longest_additions_are_made),
		MACHINE(without_reserve_for_tables_nothing_is_added),
		MACHINE(every_refused_step_is_accounted_for),
		MACHINE(a_box_built_in_spite_of_refusals_measures_the_same),
		MACHINE(a_box_without_a_thread_is_not_finished),
		MACHINE(a_policy_is_read_from_a_host_page_only),
		MACHINE(without_a_keeper_nothing_is_built),
		MACHINE(a_box_that_lost_its_measurement_is_never_finished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
