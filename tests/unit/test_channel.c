/* SPDX-License-Identifier: Apache-2.0 */
/* What a box and its host, or its client, tell each other. */
#include <string.h>

#include "support/machine.h"

static struct cbx_pfn at(uint64_t pfn)
{
	return (struct cbx_pfn){ pfn };
}

static uint32_t reason(const struct machine_box *box)
{
	return (uint32_t)box->exit.ret[0];
}

/* Thread @number makes a call that waits. @return its handle, from the exit */
static uint64_t wait_in(struct machine_box *box, uint32_t number, uint64_t call,
	uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t arg[CBX_CALL_ARGS] = { a, b, c };

	assert_int_equal(machine_in_box(box, number, call, arg).status,
		MACHINE_NO_ANSWER);
	return box->exit.ret[1];
}

static uint64_t ask(struct machine_box *box, uint64_t port, uint64_t most)
{
	uint64_t thread = wait_in(
		box, 0, CBX_CALL_CHANNEL_READ, port, MACHINE_DATA, most);

	assert_int_equal(reason(box), CBX_EXIT_INPUT);
	return thread;
}

/* The answer thread 0 gets when it next runs. */
static struct cbx_reply answer(struct machine_box *box)
{
	assert_int_equal(machine_enter(box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(box->script[0].step, MACHINE_DONE);
	return box->script[0].reply;
}

/* ---- input ---- */

static void input_reaches_the_thread_that_asked(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;
	uint64_t thread;

	(void)state;
	machine_box(&box);
	thread = ask(&box, CBX_PORT_INPUT, 100);
	assert_int_equal(thread, box.thread);
	assert_int_equal(box.exit.ret[2], CBX_PORT_INPUT);
	assert_int_equal(box.exit.ret[3], 100);
	assert_int_equal(machine_enter(&box), CBX_EXIT_IDLE);
	assert_int_equal(box.exit.ret[1], 0);
	machine_put(box.io, "ping", 4);
	must(BOX_REPLY, box.handle, thread, 4, box.io, 4);
	reply = answer(&box);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], 4);
	assert_int_equal(reply.ret[1], 4);
	assert_memory_equal(mock_page(at(box.data)), "ping", 4);
	machine_assert_sound();
}

static void a_read_names_a_port_and_memory_it_may_write(void **state)
{
	static const struct {
		uint64_t port;
		uint64_t va;
		uint64_t size;
		enum cbx_status status;
	} rows[] = {
		{ CBX_PORT_INPUT, MACHINE_DATA, 0, CBX_E_INVALID },
		{ CBX_PORT_OUTPUT, MACHINE_DATA, 8, CBX_E_INVALID },
		{ CBX_PORT_ERROR, MACHINE_DATA, 8, CBX_E_INVALID },
		{ 4, MACHINE_DATA, 8, CBX_E_INVALID },
		{ UINT64_MAX, MACHINE_DATA, 8, CBX_E_INVALID },
		{ CBX_PORT_INPUT, MACHINE_FREE, 8, CBX_E_FAULT },
		{ CBX_PORT_CLIENT, MACHINE_FREE, 8, CBX_E_FAULT },
		{ CBX_PORT_INPUT, MACHINE_DATA + 8000, 193, CBX_E_FAULT },
		{ CBX_PORT_INPUT, UINT64_MAX, 8, CBX_E_FAULT },
		{ CBX_PORT_INPUT, MACHINE_DATA, UINT64_MAX, CBX_E_FAULT },
	};
	struct machine_box box;

	(void)state;
	machine_box(&box);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(in_box(&box, CHANNEL_READ, rows[i].port,
					 rows[i].va, rows[i].size)
					 .status,
			rows[i].status);
	}
	assert_int_equal(in_box(&box, CHANNEL_READ, CBX_PORT_INPUT,
				 MACHINE_CODE(&box), 8)
				 .status,
		CBX_E_FAULT);
	machine_assert_sound();
}

static void a_reply_fits_what_was_asked(void **state)
{
	struct machine_box box;
	uint64_t pool = machine_pool(1);
	uint64_t thread;
	struct machine_observed *before;

	(void)state;
	machine_box(&box);
	refuse(E_STATE, BOX_REPLY, box.handle, box.thread, 0, box.io, 0);
	thread = ask(&box, CBX_PORT_INPUT, 100);
	before = machine_observe();
	refuse(E_INVALID, BOX_REPLY, box.handle, thread, 0, box.io, 101);
	refuse(E_INVALID, BOX_REPLY, box.handle, thread, 0, box.io, UINT64_MAX);
	refuse(E_INVALID, BOX_REPLY, box.handle, box.space, 0, box.io, 1);
	refuse(E_INVALID, BOX_REPLY, box.handle, 0, 0, box.io, 1);
	refuse(E_DENIED, BOX_REPLY, box.handle, thread, 0, pool, 1);
	refuse(E_DENIED, BOX_REPLY, box.handle, thread, 0, UINT64_MAX, 1);
	refuse(E_STATE, BOX_CONFINE, box.handle, thread, box.io, 1, 1);
	machine_assert_unchanged(before);
	must(BOX_REPLY, box.handle, thread, 100, box.io, 100);
	refuse(E_STATE, BOX_REPLY, box.handle, thread, 100, box.io, 100);
	machine_assert_sound();
}

static void a_buffer_taken_away_gets_nothing(void **state)
{
	struct machine_box box;
	uint64_t thread;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	thread = ask(&box, CBX_PORT_INPUT, 100);
	assert_int_equal(
		in_thread(&box, 1, UNMAP, 0, MACHINE_DATA, 1).status, CBX_OK);
	refuse(E_FAULT, BOX_REPLY, box.handle, thread, 4, box.io, 4);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[6], 0);
	must(BOX_REPLY, box.handle, thread, (uint64_t)-14, box.io, 0);
	machine_assert_sound();
}

/* ---- output ---- */

static void output_is_in_the_host_s_buffer(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;
	uint64_t word;

	(void)state;
	machine_box(&box);
	assert_true(machine_write(&box, MACHINE_DATA, 0x6f6c6c6568));
	(void)wait_in(&box, 0, CBX_CALL_CHANNEL_WRITE, CBX_PORT_ERROR,
		MACHINE_DATA, 5);
	assert_int_equal(reason(&box), CBX_EXIT_OUTPUT);
	assert_int_equal(box.exit.ret[1], box.thread);
	assert_int_equal(box.exit.ret[2], CBX_PORT_ERROR);
	assert_int_equal(box.exit.ret[3], 5);
	assert_true(mock_host_read(0, at(box.io), 0, &word, 5));
	assert_memory_equal(&word, "hello", 5);
	reply = answer(&box);
	assert_int_equal(reply.status, CBX_OK);
	assert_int_equal(reply.ret[0], 5);
	machine_assert_sound();
}

static void output_is_cut_to_the_buffer(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	box.io_count = 1;
	(void)wait_in(&box, 0, CBX_CALL_CHANNEL_WRITE, CBX_PORT_OUTPUT,
		MACHINE_DATA, 8192);
	assert_int_equal(box.exit.ret[3], 4096);
	assert_int_equal(answer(&box).ret[0], 4096);
	box.io_count = 0;
	assert_int_equal(
		in_box(&box, CHANNEL_WRITE, CBX_PORT_OUTPUT, MACHINE_DATA, 10)
			.status,
		CBX_E_NOMEM);
	assert_int_equal(
		in_box(&box, CHANNEL_WRITE, CBX_PORT_OUTPUT, MACHINE_DATA, 0)
			.status,
		CBX_OK);
}

static void a_write_names_a_port_and_memory_it_may_read(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	for (uint64_t port = 0; port < 6; port++) {
		if (port == CBX_PORT_OUTPUT || port == CBX_PORT_ERROR) {
			continue;
		}
		assert_int_equal(
			in_box(&box, CHANNEL_WRITE, port, MACHINE_DATA, 8)
				.status,
			CBX_E_INVALID);
	}
	assert_int_equal(
		in_box(&box, CHANNEL_WRITE, CBX_PORT_OUTPUT, MACHINE_FREE, 8)
			.status,
		CBX_E_FAULT);
	assert_int_equal(in_box(&box, CHANNEL_WRITE, CBX_PORT_OUTPUT,
				 MACHINE_DATA, UINT64_MAX)
				 .status,
		CBX_E_FAULT);
	assert_int_equal(
		in_box(&box, PROTECT, 0, MACHINE_DATA, 1, CBX_RIGHT_X).status,
		CBX_OK);
	assert_int_equal(
		in_box(&box, CHANNEL_WRITE, CBX_PORT_OUTPUT, MACHINE_DATA, 8)
			.status,
		CBX_E_FAULT);
}

static void a_reply_to_output_says_how_much_was_taken(void **state)
{
	struct machine_box box;
	uint64_t thread;

	(void)state;
	machine_box(&box);
	thread = wait_in(&box, 0, CBX_CALL_CHANNEL_WRITE, CBX_PORT_OUTPUT,
		MACHINE_DATA, 100);
	refuse(E_INVALID, BOX_REPLY, box.handle, thread, 7, box.io, 1);
	must(BOX_REPLY, box.handle, thread, 7, box.io, 0);
	assert_int_equal(answer(&box).ret[0], 7);
	refuse(E_STATE, BOX_REPLY, box.handle, thread, 8, box.io, 0);
	machine_assert_sound();
}

/* The host donates its buffer from another CPU while the box runs. */
static void donate_the_buffer(struct mock_box_cpu *cpu, void *arg)
{
	struct machine_box *box = arg;
	const struct cbx_call write = { .id = CBX_CALL_CHANNEL_WRITE,
		.arg = { CBX_PORT_OUTPUT, MACHINE_DATA, 8 } };

	if (cpu->step++ == 0) {
		mock_cpu_set(1);
		must(PAGE_DONATE, box->io, 1);
		mock_cpu_set(0);
		mock_box_gate(cpu, &write);
		return;
	}
	box->script[0].reply = *cpu->reply;
	mock_box_interrupted(cpu);
}

static void output_does_not_go_to_a_page_that_was_donated(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	mock_program(MACHINE_CODE(&box), donate_the_buffer, &box);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(box.script[0].reply.status, CBX_E_DENIED);
	assert_true(mock_is_zero(at(box.io)));
	machine_assert_sound();
}

/* ---- forwarded calls ---- */

static void a_listed_call_is_forwarded_with_its_bytes(void **state)
{
	struct machine_box box;
	uint64_t thread;
	uint64_t block[7];

	(void)state;
	machine_box(&box);
	assert_true(machine_write(&box, MACHINE_DATA, 0x11));
	assert_true(machine_write(&box, MACHINE_DATA + 48, 0x77));
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD, MACHINE_DATA, 8,
				 MACHINE_DATA + 4096, 100)
				 .status,
		MACHINE_NO_ANSWER);
	assert_int_equal(reason(&box), CBX_EXIT_FORWARD);
	thread = box.exit.ret[1];
	assert_int_equal(box.exit.ret[2], MACHINE_FORWARD);
	assert_int_equal(box.exit.ret[3], 56);
	assert_int_equal(box.exit.ret[4], 100);
	assert_true(mock_host_read(0, at(box.io), 0, block, sizeof(block)));
	assert_int_equal(block[0], 0x11);
	assert_int_equal(block[6], 0x77);
	refuse(E_INVALID, BOX_REPLY, box.handle, thread, 3, box.io, 101);
	machine_put(box.io, "pong", 4);
	must(BOX_REPLY, box.handle, thread, 3, box.io, 4);
	assert_int_equal(answer(&box).ret[0], 3);
	assert_memory_equal(mock_page(at(box.data + 1)), "pong", 4);
	machine_assert_sound();
}

static void other_calls_are_not_forwarded(void **state)
{
	struct machine_box box;
	const uint64_t most = CBX_IO_BYTES_MAX;

	(void)state;
	machine_box(&box);
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD + 1,
				 MACHINE_DATA, 0, MACHINE_DATA, 0)
				 .status,
		CBX_E_DENIED);
	assert_int_equal(
		in_box(&box, FORWARD, 0, MACHINE_DATA, 0, MACHINE_DATA, 0)
			.status,
		CBX_E_DENIED);
	assert_int_equal(in_box(&box, FORWARD, 1ull << 32 | MACHINE_FORWARD,
				 MACHINE_DATA, 0, MACHINE_DATA, 0)
				 .status,
		CBX_E_DENIED);
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD, MACHINE_DATA,
				 most, MACHINE_DATA, 0)
				 .status,
		CBX_E_INVALID);
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD, MACHINE_DATA,
				 UINT64_MAX - 40, MACHINE_DATA, 0)
				 .status,
		CBX_E_INVALID);
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD, MACHINE_DATA, 0,
				 MACHINE_DATA, most + 1)
				 .status,
		CBX_E_INVALID);
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD, MACHINE_FREE, 0,
				 MACHINE_DATA, 0)
				 .status,
		CBX_E_FAULT);
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD, MACHINE_DATA, 0,
				 MACHINE_CODE(&box), 8)
				 .status,
		CBX_E_FAULT);
	box.io_count = 0;
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD, MACHINE_DATA, 0,
				 MACHINE_DATA, 8)
				 .status,
		CBX_E_NOMEM);
	machine_assert_sound();
}

/* ---- the client's data ---- */

static void the_client_s_data_confines(void **state)
{
	static const char secret[] = "the client's secret, part one";
	struct machine_box box;
	uint64_t thread;

	(void)state;
	machine_box(&box);
	thread = ask(&box, CBX_PORT_CLIENT, 4096);
	assert_int_equal(box.exit.ret[2], CBX_PORT_CLIENT);
	machine_put(box.io, secret, sizeof(secret));
	must(BOX_CONFINE, box.handle, thread, box.io, sizeof(secret), 0);
	machine_put(box.io, "and two", 8);
	assert_int_equal(
		gate(BOX_QUERY, box.handle).ret[0], CBX_DOMAIN_CONFINED);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[1], CBX_BOX_CONFINED);
	assert_int_equal(machine_enter(&box), CBX_EXIT_IDLE);
	must(BOX_CONFINE, box.handle, thread, box.io, 8, CBX_CONFINE_LAST);
	refuse(E_STATE, BOX_CONFINE, box.handle, thread, box.io, 1, 0);
	assert_int_equal(answer(&box).ret[0], sizeof(secret) + 8);
	assert_memory_equal(mock_page(at(box.data)), secret, sizeof(secret));
	assert_memory_equal(
		mock_page(at(box.data)) + sizeof(secret), "and two", 8);
	assert_false(mock_host_can_find(secret, sizeof(secret)));
	machine_assert_sound();
}

static void malformed_deliveries_change_nothing(void **state)
{
	struct machine_box box;
	uint64_t pool = machine_pool(1);
	uint64_t thread;
	struct machine_observed *before;

	(void)state;
	machine_box(&box);
	thread = ask(&box, CBX_PORT_CLIENT, 100);
	before = machine_observe();
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, 101, 0);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, UINT64_MAX,
		0);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, 1, 2);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, 1,
		1ull << 63);
	refuse(E_INVALID, BOX_CONFINE, box.handle, box.handle, box.io, 1, 0);
	refuse(E_DENIED, BOX_CONFINE, box.handle, thread, pool, 1, 0);
	refuse(E_STATE, BOX_REPLY, box.handle, thread, 0, box.io, 1);
	machine_assert_unchanged(before);
	must(BOX_CONFINE, box.handle, thread, box.io, 100, 0);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, 1, 0);
	machine_assert_sound();
}

static void one_thread_at_a_time_waits_for_the_client(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	(void)ask(&box, CBX_PORT_CLIENT, 100);
	assert_int_equal(in_thread(&box, 1, CHANNEL_READ, CBX_PORT_CLIENT,
				 MACHINE_DATA, 8)
				 .status,
		CBX_E_STATE);
	machine_assert_sound();
}

static void an_open_question_prevents_confinement(void **state)
{
	struct machine_box box;
	uint64_t reader;
	uint64_t thread;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	reader = wait_in(&box, 1, CBX_CALL_CHANNEL_READ, CBX_PORT_INPUT,
		MACHINE_DATA, 8);
	thread = ask(&box, CBX_PORT_CLIENT, 100);
	refuse(E_STATE, BOX_CONFINE, box.handle, thread, box.io, 8, 1);
	must(BOX_REPLY, box.handle, reader, 0, box.io, 0);
	must(BOX_CONFINE, box.handle, thread, box.io, 8, 1);
	machine_assert_sound();
}

/* Thread 1 runs; from another CPU the host tries to confine the box. */
static void confine_from_outside(struct mock_box_cpu *cpu, void *arg)
{
	struct machine_box *box = arg;

	mock_cpu_set(1);
	refuse(E_BUSY, BOX_CONFINE, box->handle, box->thread, box->io, 8, 1);
	assert_int_equal(mock_kicks(0), 1);
	mock_cpu_set(0);
	mock_box_interrupted(cpu);
}

static void a_running_box_is_not_confined(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	(void)ask(&box, CBX_PORT_CLIENT, 100);
	mock_program(MACHINE_CODE(&box), confine_from_outside, &box);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[0], CBX_DOMAIN_READY);
	must(BOX_CONFINE, box.handle, box.thread, box.io, 8, 1);
}

/* ---- confined output ---- */

static void confined_output_is_padded_and_comes_at_its_time(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;
	uint8_t page[CBX_PAGE_SIZE];
	uint64_t header[4];

	(void)state;
	policy.output_pages = 2;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	machine_confine(&box);
	(void)answer(&box);
	memset(page, 0xff, sizeof(page));
	machine_put(box.io, page, sizeof(page));
	machine_put(box.io + 1, page, sizeof(page));
	mock_ticks_set(2500);
	(void)wait_in(&box, 0, CBX_CALL_CHANNEL_WRITE, CBX_PORT_OUTPUT,
		MACHINE_DATA, 17);
	assert_int_equal(reason(&box), CBX_EXIT_IDLE);
	assert_int_equal(box.exit.ret[1], 3000);
	mock_ticks_set(2999);
	assert_int_equal(machine_enter(&box), CBX_EXIT_IDLE);
	mock_ticks_set(3000);
	assert_int_equal(machine_enter(&box), CBX_EXIT_OUTPUT);
	for (int i = 1; i < CBX_REPLY_RETS; i++) {
		assert_int_equal(box.exit.ret[i], 0);
	}
	assert_true(mock_host_read(0, at(box.io), 0, page, sizeof(page)));
	memcpy(header, page, sizeof(header));
	assert_int_equal(header[0], 17);
	assert_int_equal(
		header[1], (uint64_t)CBX_PORT_OUTPUT << 32 | CBX_OUTPUT_DATA);
	assert_int_equal(header[2] | header[3], 0);
	assert_memory_equal(page + 32, "the client's data", 17);
	for (size_t i = 32 + 17; i < sizeof(page); i++) {
		assert_int_equal(page[i], 0);
	}
	assert_true(mock_is_zero(at(box.io + 1)));
	assert_int_equal(answer(&box).ret[0], 17);
	machine_assert_sound();
}

static void a_confined_box_is_entered_with_the_whole_buffer(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;

	(void)state;
	policy.output_pages = 2;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	machine_confine(&box);
	refuse(E_INVALID, BOX_ENTER, box.handle, box.io, 1);
	refuse(E_INVALID, BOX_ENTER, box.handle, box.io, 0);
	must(BOX_ENTER, box.handle, box.io, 2);
}

static void confined_output_is_cut_to_the_policy(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	machine_confine(&box);
	(void)answer(&box);
	(void)wait_in(&box, 0, CBX_CALL_CHANNEL_WRITE, CBX_PORT_OUTPUT,
		MACHINE_DATA, 8192);
	mock_ticks_advance(1000);
	assert_int_equal(machine_enter(&box), CBX_EXIT_OUTPUT);
	assert_int_equal(answer(&box).ret[0], 4096 - 32 - 16);
}

static void held_output_whose_memory_went_is_an_error(void **state)
{
	struct machine_box box;

	(void)state;
	machine_box(&box);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	machine_confine(&box);
	while (box.script[0].step != MACHINE_DONE) {
		(void)machine_enter(&box);
	}
	(void)wait_in(&box, 0, CBX_CALL_CHANNEL_WRITE, CBX_PORT_OUTPUT,
		MACHINE_DATA + 4096, 8);
	assert_int_equal(
		in_thread(&box, 1, UNMAP, 0, MACHINE_DATA + 4096, 1).status,
		CBX_OK);
	mock_ticks_advance(1000);
	for (int i = 0; i < 4 && box.script[0].step != MACHINE_DONE; i++) {
		assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	}
	assert_int_equal(box.script[0].reply.status, CBX_E_FAULT);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(input_reaches_the_thread_that_asked),
		MACHINE(a_read_names_a_port_and_memory_it_may_write),
		MACHINE(a_reply_fits_what_was_asked),
		MACHINE(a_buffer_taken_away_gets_nothing),
		MACHINE(output_is_in_the_host_s_buffer),
		MACHINE(output_is_cut_to_the_buffer),
		MACHINE(a_write_names_a_port_and_memory_it_may_read),
		MACHINE(a_reply_to_output_says_how_much_was_taken),
		MACHINE(output_does_not_go_to_a_page_that_was_donated),
		MACHINE(a_listed_call_is_forwarded_with_its_bytes),
		MACHINE(other_calls_are_not_forwarded),
		MACHINE(the_client_s_data_confines),
		MACHINE(malformed_deliveries_change_nothing),
		MACHINE(one_thread_at_a_time_waits_for_the_client),
		MACHINE(an_open_question_prevents_confinement),
		MACHINE(a_running_box_is_not_confined),
		MACHINE(confined_output_is_padded_and_comes_at_its_time),
		MACHINE(a_confined_box_is_entered_with_the_whole_buffer),
		MACHINE(confined_output_is_cut_to_the_policy),
		MACHINE(held_output_whose_memory_went_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
