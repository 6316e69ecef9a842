/* SPDX-License-Identifier: Apache-2.0 */
/* The mock machine keeps the contracts of arch.h: spaces, contexts, their
 * programs. */
#include <string.h>

#include "support/check.h"

#define CODE  0x400000ull
#define DATA  0x600000ull
#define UPPER 0x700000ull /* the up-call entry */

#define RX (CBX_RIGHT_R | CBX_RIGHT_X)
#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

/* One space (META page 10) with code, data and an up-call page; one context
 * (META page 11).  Tables from page 20 on, box memory from page 40 on. */
struct box {
	struct cbx_arch_space *space;
	struct cbx_arch_vcpu *vcpu;
	uint64_t next_table;
};

static struct cbx_pfn page(uint64_t n)
{
	return (struct cbx_pfn){ n };
}

static struct cbx_va at(uint64_t va)
{
	return (struct cbx_va){ va };
}

static uint64_t take_page(uint64_t pfn)
{
	uint64_t done;

	assert_int_equal(cbx_hal_view_set(page(pfn), 1,
				 (struct cbx_view){ CBX_VIEW_NONE }, &done),
		CBX_OK);
	(void)cbx_hal_view_flush();
	cbx_hal_page_scrub(page(pfn), 1);
	return pfn;
}

static void map(struct box *box, uint64_t va, uint64_t pfn, uint8_t rights)
{
	uint64_t tables = cbx_arch_space_tables(box->space, at(va), 1);
	uint64_t done;

	while (tables-- != 0) {
		cbx_arch_space_table_give(
			box->space, page(take_page(box->next_table++)));
	}
	assert_int_equal(cbx_arch_space_map(box->space, at(va), page(pfn), 1,
				 (struct cbx_rights){ rights }, &done),
		CBX_OK);
}

static void unmap(struct box *box, uint64_t va)
{
	uint64_t done;

	assert_int_equal(
		cbx_arch_space_unmap(box->space, at(va), 1, &done), CBX_OK);
	assert_int_equal(done, 1);
}

static struct box make_space(uint32_t flags)
{
	struct box box = { .next_table = 20 };

	box.space = (struct cbx_arch_space *)mock_page(page(take_page(10)));
	assert_int_equal(
		cbx_arch_space_create(box.space, page(take_page(19)), flags),
		CBX_OK);
	map(&box, CODE, take_page(40), RX);
	map(&box, DATA, take_page(41), RW);
	map(&box, UPPER, take_page(42), RX);
	return box;
}

static struct box make_box(uint32_t flags, mock_program_fn *program, void *arg)
{
	struct box box = make_space(flags);
	const struct cbx_vcpu_start start = { .entry = CODE, .arg = 77 };

	mock_program(CODE, program, arg);
	box.vcpu = (struct cbx_arch_vcpu *)mock_page(page(take_page(11)));
	assert_int_equal(
		cbx_arch_vcpu_init(box.vcpu, box.space, &start), CBX_OK);
	return box;
}

static struct cbx_stop run(struct box *box, const struct cbx_reply *reply)
{
	struct cbx_stop stop;

	cbx_arch_vcpu_run(box->vcpu, reply, &stop);
	return stop;
}

/* ---- spaces ---- */

static void a_space_translates_what_is_mapped(void **state)
{
	struct box box = make_space(0);
	struct cbx_mapping mapping;
	struct cbx_va va = { 0 };

	(void)state;
	assert_true(cbx_arch_space_lookup(box.space, at(DATA), &mapping));
	assert_int_equal(mapping.pfn.n, 41);
	assert_int_equal(mapping.rights.bits, RW);
	assert_true(cbx_arch_space_next(box.space, &va, &mapping));
	assert_int_equal(va.a, CODE);
	assert_true(mock_space_may(box.space, DATA + 5, MOCK_WRITE));
	assert_false(mock_space_may(box.space, CODE, MOCK_WRITE));
	assert_false(mock_space_may(box.space, DATA + 4096, MOCK_READ));
	assert_true(mock_space_may_page(box.space, page(42), MOCK_EXECUTE));
	assert_false(mock_space_may_page(box.space, page(43), MOCK_READ));
	assert_true(mock_boxes_may(page(41)));
}

static void an_unmapped_page_stays_reachable_until_the_flush(void **state)
{
	struct box box = make_space(0);

	(void)state;
	unmap(&box, DATA);
	assert_true(mock_space_may(box.space, DATA, MOCK_WRITE));
	assert_true(mock_boxes_may(page(41)));
	expect_assert_failure(cbx_hal_page_scrub(page(41), 1));
	assert_true(cbx_arch_space_flushed(
		box.space, cbx_arch_space_flush(box.space)));
	assert_false(mock_space_may(box.space, DATA, MOCK_READ));
	assert_false(mock_boxes_may(page(41)));
	cbx_hal_page_scrub(page(41), 1);
}

static void a_space_s_flush_waits_for_the_cpu_that_holds(void **state)
{
	struct box box = make_space(0);
	uint64_t token;

	(void)state;
	mock_flush_hold(3);
	unmap(&box, DATA);
	token = cbx_arch_space_flush(box.space);
	assert_false(cbx_arch_space_flushed(box.space, token));
	expect_assert_failure(cbx_hal_page_scrub(page(41), 1));
	mock_flush_release(3);
	assert_true(cbx_arch_space_flushed(box.space, token));
	cbx_hal_page_scrub(page(41), 1);
	assert_true(mock_is_zero(page(41)));
}

static void rights_taken_away_last_until_the_flush(void **state)
{
	struct box box = make_space(0);
	uint64_t done;

	(void)state;
	assert_int_equal(cbx_arch_space_protect(box.space, at(DATA), 1,
				 (struct cbx_rights){ CBX_RIGHT_R }, &done),
		CBX_OK);
	assert_true(mock_space_may(box.space, DATA, MOCK_WRITE));
	(void)cbx_arch_space_flush(box.space);
	assert_false(mock_space_may(box.space, DATA, MOCK_WRITE));
	assert_true(mock_space_may(box.space, DATA, MOCK_READ));
}

static void scrub_stops_while_a_box_maps_the_page(void **state)
{
	(void)state;
	(void)make_space(0);
	expect_assert_failure(cbx_hal_page_scrub(page(41), 1));
	expect_assert_failure(cbx_hal_page_scrub(page(10), 1));
	expect_assert_failure(cbx_hal_page_scrub(page(19), 1));
	expect_assert_failure(cbx_hal_page_scrub(page(20), 1));
}

static void a_range_can_be_refused_half_way(void **state)
{
	struct box box = make_space(0);
	const struct cbx_rights rights = { CBX_RIGHT_R };
	uint64_t done;

	(void)state;
	mock_refuse_nth(3);
	assert_int_equal(cbx_arch_space_map(box.space, at(DATA + 4096),
				 page(50), 4, rights, &done),
		CBX_E_HARDWARE);
	assert_int_equal(done, 2);
	assert_true(mock_space_may(box.space, DATA + 2 * 4096, MOCK_READ));
	assert_false(mock_space_may(box.space, DATA + 3 * 4096, MOCK_READ));
	mock_refuse_nth(2);
	assert_int_equal(
		cbx_arch_space_protect(box.space, at(DATA), 2, rights, &done),
		CBX_E_HARDWARE);
	assert_int_equal(done, 1);
	mock_refuse_nth(2);
	assert_int_equal(cbx_arch_space_unmap(box.space, at(DATA), 3, &done),
		CBX_E_HARDWARE);
	assert_int_equal(done, 1);
	assert_true(mock_space_may(box.space, DATA + 4096, MOCK_READ));
}

static void making_spaces_and_contexts_can_be_refused(void **state)
{
	struct box box = make_space(0);
	const struct cbx_vcpu_start start = { .entry = CODE };
	struct cbx_arch_space *space;
	struct cbx_arch_vcpu *vcpu;

	(void)state;
	space = (struct cbx_arch_space *)mock_page(page(take_page(12)));
	vcpu = (struct cbx_arch_vcpu *)mock_page(page(take_page(13)));
	(void)take_page(14);
	mock_refuse_nth(1);
	assert_int_equal(
		cbx_arch_space_create(space, page(14), 0), CBX_E_HARDWARE);
	mock_refuse_nth(1);
	assert_int_equal(
		cbx_arch_vcpu_init(vcpu, box.space, &start), CBX_E_HARDWARE);
	assert_int_equal(mock_spaces(), 1);
	assert_int_equal(mock_vcpus(), 0);
	assert_true(mock_is_zero(page(12)));
	assert_true(mock_is_zero(page(13)));
}

static void a_destroyed_space_translates_until_its_flush(void **state)
{
	struct box box = make_space(0);

	(void)state;
	cbx_arch_space_destroy(box.space);
	assert_true(mock_space_may(box.space, DATA, MOCK_READ));
	(void)cbx_arch_space_flush(box.space);
	assert_false(mock_space_may(box.space, DATA, MOCK_READ));
	assert_false(mock_space_may_page(box.space, page(41), MOCK_READ));
	cbx_hal_page_scrub(page(41), 1);
}

static void a_destroyed_space_gives_its_tables_back(void **state)
{
	struct box box = make_space(0);
	struct cbx_mapping mapping;
	struct cbx_va va = { 0 };
	struct cbx_pfn table = { 0 };
	uint64_t count = 0;

	(void)state;
	cbx_arch_space_destroy(box.space);
	(void)cbx_arch_space_flush(box.space);
	while (cbx_arch_space_next(box.space, &va, &mapping)) {
		unmap(&box, va.a);
	}
	assert_false(mock_boxes_may(page(41)));
	while (cbx_arch_space_table_take(box.space, &table)) {
		cbx_hal_page_scrub(table, 1);
		count++;
	}
	assert_int_equal(table.n, 19);
	assert_int_equal(count, box.next_table - 19);
	assert_int_equal(mock_spaces(), 0);
	cbx_hal_page_scrub(page(10), 1);
}

static void tables_of_a_space_in_use_cannot_be_taken(void **state)
{
	struct box box = make_space(0);
	struct cbx_pfn table;

	(void)state;
	expect_assert_failure(cbx_arch_space_table_take(box.space, &table));
	mock_flush_hold(1);
	cbx_arch_space_destroy(box.space);
	(void)cbx_arch_space_flush(box.space);
	expect_assert_failure(cbx_arch_space_table_take(box.space, &table));
}

/* ---- contexts ---- */

static void make_gate(struct mock_box_cpu *box, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_TIME,
		.arg = { box->step++ } };

	*(uint64_t *)arg = box->reply != NULL ? box->reply->ret[0] : 0;
	assert_int_equal(box->start.arg, 77);
	mock_box_gate(box, &call);
}

static void a_gate_stops_and_its_reply_comes_back_once(void **state)
{
	uint64_t seen = 9;
	struct box box = make_box(0, make_gate, &seen);
	const struct cbx_reply reply = { .ret = { 5 } };
	struct cbx_stop stop = run(&box, NULL);

	(void)state;
	assert_int_equal(stop.kind, CBX_STOP_GATE);
	assert_int_equal(stop.call.id, CBX_CALL_TIME);
	assert_int_equal(stop.call.arg[0], 0);
	assert_int_equal(seen, 0);
	stop = run(&box, &reply);
	assert_int_equal(seen, 5);
	assert_int_equal(stop.call.arg[0], 1);
	(void)run(&box, NULL);
	assert_int_equal(seen, 0);
}

static void a_kick_interrupts_and_loses_no_reply(void **state)
{
	uint64_t seen = 9;
	struct box box = make_box(0, make_gate, &seen);
	const struct cbx_reply reply = { .ret = { 5 } };

	(void)state;
	(void)run(&box, NULL);
	cbx_hal_cpu_kick(0);
	assert_int_equal(run(&box, &reply).kind, CBX_STOP_INTERRUPTED);
	assert_int_equal(seen, 0);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_GATE);
	assert_int_equal(seen, 5);
}

static void touch_data(struct mock_box_cpu *box, void *arg)
{
	const uint64_t *va = arg;
	uint64_t word = 0x55;

	if (mock_box_write(box, *va, &word, sizeof(word)) &&
		mock_box_read(box, *va, &word, sizeof(word))) {
		box->reg[0] = word;
		mock_box_interrupted(box);
	}
}

static void a_program_reaches_what_its_space_maps(void **state)
{
	uint64_t va = DATA + 8;
	struct box box = make_box(0, touch_data, &va);

	(void)state;
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_INTERRUPTED);
	assert_int_equal(mock_page(page(41))[8], 0x55);
}

static void a_refused_access_is_a_fault(void **state)
{
	uint64_t va = CODE;
	struct box box = make_box(0, touch_data, &va);
	struct cbx_stop stop = run(&box, NULL);

	(void)state;
	assert_int_equal(stop.kind, CBX_STOP_FAULT);
	assert_int_equal(stop.fault, CBX_FAULT_WRITE);
	assert_int_equal(stop.address.a, CODE);
	va = DATA + 4092;
	stop = run(&box, NULL);
	assert_int_equal(stop.fault, CBX_FAULT_WRITE);
	assert_int_equal(stop.address.a, DATA + 4096);
	assert_int_equal(mock_page(page(41))[4092], 0x55);
}

static void code_that_is_not_executable_does_not_run(void **state)
{
	uint64_t seen = 9;
	struct box box = make_box(0, make_gate, &seen);
	struct cbx_stop stop;

	(void)state;
	unmap(&box, CODE);
	(void)cbx_arch_space_flush(box.space);
	stop = run(&box, NULL);
	assert_int_equal(stop.kind, CBX_STOP_FAULT);
	assert_int_equal(stop.fault, CBX_FAULT_EXECUTE);
	assert_int_equal(seen, 9);
}

/* An up-call's program: notes what it got, then makes a gate call. */
static void take_upcall(struct mock_box_cpu *box, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_UPCALL_RESUME };
	struct cbx_upcall *got = arg;

	if (box->upcall != NULL) {
		*got = *box->upcall;
		mock_box_return(box);
	}
	mock_box_gate(box, &call);
}

static void a_fault_is_an_up_call_where_one_is_wanted(void **state)
{
	uint64_t va = CODE;
	struct cbx_upcall got = { 0 };
	struct box box = make_box(0, touch_data, &va);

	(void)state;
	mock_program(UPPER, take_upcall, &got);
	cbx_arch_vcpu_upcall_entry(box.vcpu, UPPER, 0);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_GATE);
	assert_int_equal(got.kind, CBX_UPCALL_FAULT);
	assert_int_equal(got.code, CBX_FAULT_WRITE);
	assert_int_equal(got.value, CODE);
	va = DATA;
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_INTERRUPTED);
}

static void an_up_call_that_faults_again_stops(void **state)
{
	uint64_t va = CODE;
	struct box box = make_box(0, touch_data, &va);

	(void)state;
	mock_program(UPPER, touch_data, &va);
	cbx_arch_vcpu_upcall_entry(box.vcpu, UPPER, 0);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_FAULT);
}

static void make_syscall(struct mock_box_cpu *box, void *arg)
{
	const struct cbx_call call = { .id = 39, .arg = { 1, 2 } };

	(void)arg;
	mock_box_syscall(box, &call);
}

static void a_system_call_is_an_up_call(void **state)
{
	struct cbx_upcall got = { 0 };
	struct box box = make_box(0, make_syscall, NULL);

	(void)state;
	mock_program(UPPER, take_upcall, &got);
	cbx_arch_vcpu_upcall_entry(box.vcpu, UPPER, 0);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_GATE);
	assert_int_equal(got.kind, CBX_UPCALL_SYSCALL);
	assert_int_equal(got.code, 39);
}

static void a_system_call_nobody_takes_is_a_fault(void **state)
{
	struct box box = make_box(0, make_syscall, NULL);
	struct cbx_stop stop = run(&box, NULL);

	(void)state;
	assert_int_equal(stop.kind, CBX_STOP_FAULT);
	assert_int_equal(stop.fault, CBX_FAULT_INSTRUCTION);
}

static void a_traced_system_call_stops_first(void **state)
{
	struct cbx_upcall got = { .kind = 99 };
	struct box box = make_box(CBX_SPACE_TRACE, make_syscall, NULL);
	struct cbx_stop stop;

	(void)state;
	mock_program(UPPER, take_upcall, &got);
	cbx_arch_vcpu_upcall_entry(box.vcpu, UPPER, 0);
	stop = run(&box, NULL);
	assert_int_equal(stop.kind, CBX_STOP_TRACE);
	assert_int_equal(stop.call.id, 39);
	assert_int_equal(stop.call.arg[1], 2);
	assert_int_equal(got.kind, 99);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_GATE);
	assert_int_equal(got.kind, CBX_UPCALL_SYSCALL);
}

static void a_traced_system_call_nobody_takes_is_a_fault_then(void **state)
{
	struct box box = make_box(CBX_SPACE_TRACE, make_syscall, NULL);

	(void)state;
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_TRACE);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_FAULT);
}

static void a_deadline_is_delivered_at_the_next_run(void **state)
{
	uint64_t seen = 9;
	struct cbx_upcall got = { 0 };
	struct box box = make_box(0, make_gate, &seen);
	const struct cbx_reply reply = { .ret = { 5 } };

	(void)state;
	mock_program(UPPER, take_upcall, &got);
	cbx_arch_vcpu_upcall(box.vcpu, CBX_UPCALL_DEADLINE, 1);
	(void)run(&box, NULL);
	assert_int_equal(got.kind, 0);
	cbx_arch_vcpu_upcall_entry(box.vcpu, UPPER, 0);
	cbx_arch_vcpu_upcall(box.vcpu, CBX_UPCALL_DEADLINE, 1234);
	assert_int_equal(run(&box, &reply).call.id, CBX_CALL_UPCALL_RESUME);
	assert_int_equal(got.kind, CBX_UPCALL_DEADLINE);
	assert_int_equal(got.value, 1234);
	assert_int_equal(seen, 0);
	assert_int_equal(run(&box, NULL).call.id, CBX_CALL_TIME);
	assert_int_equal(seen, 5);
}

static void lose(struct mock_box_cpu *box, void *arg)
{
	(void)arg;
	mock_box_lost(box);
}

static void a_context_can_be_lost(void **state)
{
	struct box box = make_box(0, lose, NULL);

	(void)state;
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_LOST);
}

/* Runs its own context again, as a second CPU would. */
static void run_again(struct mock_box_cpu *box, void *arg)
{
	struct box *self = arg;

	expect_assert_failure(run(self, NULL));
	expect_assert_failure(cbx_arch_vcpu_fini(self->vcpu));
	expect_assert_failure(cbx_arch_space_destroy(self->space));
	mock_box_interrupted(box);
}

static void a_running_context_is_nobody_else_s(void **state)
{
	struct box box = make_box(0, run_again, &box);

	(void)state;
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_INTERRUPTED);
}

static void an_ended_context_leaves_nothing(void **state)
{
	uint64_t seen;
	struct box box = make_box(0, make_gate, &seen);

	(void)state;
	(void)run(&box, NULL);
	expect_assert_failure(cbx_hal_page_scrub(page(11), 1));
	cbx_arch_vcpu_fini(box.vcpu);
	assert_true(mock_is_zero(page(11)));
	assert_int_equal(mock_vcpus(), 0);
	expect_assert_failure(run(&box, NULL));
	cbx_arch_space_destroy(box.space);
}

static void a_stale_translation_is_used(void **state)
{
	uint64_t va = DATA;
	struct box box = make_box(0, touch_data, &va);

	(void)state;
	mock_flush_hold(0);
	unmap(&box, DATA);
	mock_cpu_set(1);
	(void)cbx_arch_space_flush(box.space);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_FAULT);
	mock_cpu_set(0);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_INTERRUPTED);
	mock_flush_release(0);
	assert_int_equal(run(&box, NULL).kind, CBX_STOP_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(a_space_translates_what_is_mapped),
		CHECK(an_unmapped_page_stays_reachable_until_the_flush),
		CHECK(a_space_s_flush_waits_for_the_cpu_that_holds),
		CHECK(rights_taken_away_last_until_the_flush),
		CHECK(scrub_stops_while_a_box_maps_the_page),
		CHECK(a_range_can_be_refused_half_way),
		CHECK(making_spaces_and_contexts_can_be_refused),
		CHECK(a_destroyed_space_translates_until_its_flush),
		CHECK(a_destroyed_space_gives_its_tables_back),
		CHECK(tables_of_a_space_in_use_cannot_be_taken),
		CHECK(a_gate_stops_and_its_reply_comes_back_once),
		CHECK(a_kick_interrupts_and_loses_no_reply),
		CHECK(a_program_reaches_what_its_space_maps),
		CHECK(a_refused_access_is_a_fault),
		CHECK(code_that_is_not_executable_does_not_run),
		CHECK(a_fault_is_an_up_call_where_one_is_wanted),
		CHECK(an_up_call_that_faults_again_stops),
		CHECK(a_system_call_is_an_up_call),
		CHECK(a_system_call_nobody_takes_is_a_fault),
		CHECK(a_traced_system_call_stops_first),
		CHECK(a_traced_system_call_nobody_takes_is_a_fault_then),
		CHECK(a_deadline_is_delivered_at_the_next_run),
		CHECK(a_context_can_be_lost),
		CHECK(a_running_context_is_nobody_else_s),
		CHECK(an_ended_context_leaves_nothing),
		CHECK(a_stale_translation_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
