/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper as the core uses it. */
#include <string.h>

#include "support/machine.h"

#include "support/chain.h"

/* Where the mock's keeper begins (support/machine.c). */
#define KEEPER_CODE 0x300000ull

static void say_it_failed(struct mock_box_cpu *box, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_KEEPER_NEXT,
		.arg = { CBX_E_NOMEM } };

	(void)arg;
	mock_box_gate(box, &call);
}

static void say_ready(struct mock_box_cpu *box, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_KEEPER_NEXT };

	(void)arg;
	mock_box_gate(box, &call);
}

static void fall_asleep(struct mock_box_cpu *box, void *arg)
{
	const struct cbx_call call = { .id = CBX_CALL_THREAD_PARK };

	(void)arg;
	mock_box_gate(box, &call);
}

static void break_down(struct mock_box_cpu *box, void *arg)
{
	(void)arg;
	mock_box_trap(box, CBX_FAULT_BREAKPOINT, 0);
}

static void kick_self_then_ready(struct mock_box_cpu *box, void *arg)
{
	(void)arg;
	if (box->step++ < 3) {
		mock_box_interrupted(box);
	} else {
		say_ready(box, arg);
	}
}

static enum cbx_status adopt(uint64_t handle)
{
	enum cbx_status status;

	cbx_gate_lock_take();
	status = cbx_keeper_adopt(handle);
	cbx_gate_lock_drop();
	return status;
}

static const struct cbx_record record = { .kind = "thread", .address = 7 };

static void a_record_extends_the_digest(void **state)
{
	struct chain chain = { { 0 } };
	const struct chain_entry entry = { .address = 7 };
	struct cbx_digest digest = { { 0 } };

	(void)state;
	assert_int_equal(cbx_keeper_extend(&record, 1, 0, &digest), CBX_OK);
	chain_add(&chain, "thread", entry, NULL, 0);
	assert_memory_equal(&digest, chain.value, sizeof(digest));
	machine_assert_sound();
}

static enum cbx_status boot(const void *log, size_t size)
{
	enum cbx_status status;

	cbx_gate_lock_take();
	status = cbx_keeper_boot(log, size);
	cbx_gate_lock_drop();
	return status;
}

static void the_boot_log_is_measured_or_nobody_says_so(void **state)
{
	static const char log[] = "what was loaded";
	struct chain chain = { { 0 } };
	struct cbx_reply reply;

	(void)state;
	refuse(E_UNSUPPORTED, BOOT_DIGEST);
	mock_program(KEEPER_CODE, say_it_failed, NULL);
	assert_int_equal(boot(log, sizeof(log)), CBX_E_HARDWARE);
	refuse(E_UNSUPPORTED, BOOT_DIGEST);
	machine_again(NULL, true);
	assert_int_equal(boot(log, sizeof(log)), CBX_OK);
	chain_add(&chain, "boot", (struct chain_entry){ 0 }, log, sizeof(log));
	reply = gate(BOOT_DIGEST);
	assert_int_equal(reply.status, CBX_OK);
	assert_memory_equal(reply.ret, chain.value, sizeof(chain.value));
	machine_assert_sound();
}

static void a_keeper_that_refuses_changes_no_digest(void **state)
{
	struct cbx_digest digest = { { 1, 2, 3 } };
	const uint8_t before[CBX_DIGEST_BYTES] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(
		cbx_keeper_extend(&record, 0, 0, &digest), CBX_E_HARDWARE);
	assert_memory_equal(&digest, before, sizeof(digest));
	mock_program(KEEPER_CODE, say_it_failed, NULL);
	assert_int_equal(
		cbx_keeper_extend(&record, 1, 0, &digest), CBX_E_HARDWARE);
	assert_memory_equal(&digest, before, sizeof(digest));
	mock_program(KEEPER_CODE, say_ready, NULL);
	assert_int_equal(cbx_keeper_extend(&record, 1, 0, &digest), CBX_OK);
}

static void a_dead_keeper_stays_dead(void **state)
{
	struct cbx_digest digest = { { 0 } };

	(void)state;
	mock_program(KEEPER_CODE, break_down, NULL);
	assert_int_equal(
		cbx_keeper_extend(&record, 1, 0, &digest), CBX_E_HARDWARE);
	assert_non_null(strstr(mock_log_text(), "keeper"));
	mock_program(KEEPER_CODE, say_ready, NULL);
	assert_int_equal(
		cbx_keeper_extend(&record, 1, 0, &digest), CBX_E_HARDWARE);
	machine_assert_sound();
}

static void a_keeper_that_sleeps_is_lost(void **state)
{
	struct cbx_digest digest = { { 0 } };

	(void)state;
	mock_program(KEEPER_CODE, fall_asleep, NULL);
	assert_int_equal(
		cbx_keeper_extend(&record, 1, 0, &digest), CBX_E_HARDWARE);
	machine_assert_sound();
}

static void an_interrupted_keeper_goes_on(void **state)
{
	struct cbx_digest digest = { { 0 } };

	(void)state;
	cbx_hal_cpu_kick(0);
	assert_int_equal(cbx_keeper_extend(&record, 1, 0, &digest), CBX_OK);
	mock_program(KEEPER_CODE, kick_self_then_ready, NULL);
	assert_int_equal(cbx_keeper_extend(&record, 1, 0, &digest), CBX_OK);
}

static void there_is_one_keeper(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(adopt(box.handle), CBX_E_STATE);
	assert_int_equal(adopt(box.space), CBX_E_STATE);
	assert_int_equal(adopt(0), CBX_E_STATE);
	machine_assert_sound();
}

/* A box built before there is a keeper, with a desk of some pages. */
static uint64_t build(uint64_t desk_pages, mock_program_fn *program)
{
	const struct mock_options options = { .pages = MACHINE_PAGES };
	const struct cbx_policy policy = machine_policy();
	uint64_t box;
	uint64_t io;

	machine_again(&options, false);
	box = machine_pool(2);
	io = machine_pages(1);
	machine_put(io, &policy, sizeof(policy));
	must(BOX_CREATE, box, box + 1, io);
	must(BOX_GRANT, box, machine_pool(16), 16);
	must(BOX_ADD, box, KEEPER_CODE, machine_pool(1), 1,
		CBX_RIGHT_R | CBX_RIGHT_X, CBX_NO_PAGE);
	must(BOX_ADD, box, CBX_DESK_VA, machine_pool(desk_pages), desk_pages,
		CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE);
	must(BOX_THREAD, box, KEEPER_CODE, 0, 0);
	mock_program(KEEPER_CODE, program, NULL);
	return box;
}

static void only_a_box_that_works_becomes_the_keeper(void **state)
{
	uint64_t box = build(CBX_DESK_PAGES, say_ready);

	(void)state;
	assert_false(cbx_keeper_ready());
	assert_int_equal(adopt(box), CBX_E_STATE);
	must(BOX_FINALIZE, box);
	assert_int_equal(adopt(box), CBX_OK);
	assert_true(cbx_keeper_ready());
	refuse(E_DENIED, BOX_QUERY, box);

	box = build(CBX_DESK_PAGES - 1, say_ready);
	must(BOX_FINALIZE, box);
	assert_int_equal(adopt(box), CBX_E_STATE);
	assert_false(cbx_keeper_ready());

	box = build(CBX_DESK_PAGES, break_down);
	must(BOX_FINALIZE, box);
	assert_int_equal(adopt(box), CBX_E_HARDWARE);
	assert_false(cbx_keeper_ready());

	box = build(CBX_DESK_PAGES, say_it_failed);
	must(BOX_FINALIZE, box);
	assert_int_not_equal(adopt(box), CBX_OK);
	assert_false(cbx_keeper_ready());
	machine_assert_sound();
}

static void the_keeper_in_the_making_is_not_measured(void **state)
{
	uint64_t box = build(CBX_DESK_PAGES, say_ready);
	const uint8_t zeros[CBX_DIGEST_BYTES] = { 0 };
	struct cbx_reply reply = gate(BOX_DIGEST, box, 0);

	(void)state;
	assert_int_equal(reply.status, CBX_OK);
	assert_memory_equal(reply.ret, zeros, sizeof(zeros));
	assert_int_equal(gate(BOX_QUERY, box).ret[1], CBX_BOX_KEEPER);
	machine_assert_sound();
}

static void the_desk_has_an_end(void **state)
{
	(void)state;
	cbx_hal_page_unmap(cbx_keeper_data(CBX_DESK_DATA_PAGES - 1));
	expect_assert_failure(cbx_keeper_data(CBX_DESK_DATA_PAGES));
	expect_assert_failure(cbx_keeper_copy(
		(struct cbx_pfn){ 1 }, CBX_DESK_DATA_PAGES + 1));
	build(CBX_DESK_PAGES, say_ready);
	expect_assert_failure(cbx_keeper_data(0));
	expect_assert_failure(cbx_keeper_copy((struct cbx_pfn){ 1 }, 0));
}

static void a_box_that_is_not_the_keeper_does_not_ask_for_work(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, KEEPER_NEXT, 0).status, CBX_E_DENIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_record_extends_the_digest),
		MACHINE(the_boot_log_is_measured_or_nobody_says_so),
		MACHINE(a_keeper_that_refuses_changes_no_digest),
		MACHINE(a_dead_keeper_stays_dead),
		MACHINE(a_keeper_that_sleeps_is_lost),
		MACHINE(an_interrupted_keeper_goes_on),
		MACHINE(there_is_one_keeper),
		MACHINE(only_a_box_that_works_becomes_the_keeper),
		MACHINE(the_keeper_in_the_making_is_not_measured),
		MACHINE(the_desk_has_an_end),
		MACHINE(a_box_that_is_not_the_keeper_does_not_ask_for_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
