/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined box says: frames of one size, one a time step, for its
 * client alone. */
#include <string.h>

#include "support/ask.h"
#include "support/client.h"

#define STEP 1000u

static struct client client;
static uint8_t plain[2 * CBX_PAGE_SIZE];

static struct cbx_output header_of(const uint8_t *frame)
{
	struct cbx_output header;

	memcpy(&header, frame, sizeof(header));
	return header;
}

static void confined(struct machine_box *box, uint32_t pages)
{
	struct cbx_policy policy = machine_policy();

	policy.flags = 0;
	policy.output_pages = pages;
	policy.wake_step = STEP;
	machine_building(box, &policy);
	must(BOX_FINALIZE, box->handle);
	client_confine(&client, box);
	assert_int_equal(machine_enter(box), CBX_EXIT_INTERRUPTED);
}

/* Thread 0 writes, and the host waits for the frame. */
static void say(struct machine_box *box, uint64_t port, uint64_t bytes)
{
	const uint64_t arg[CBX_CALL_ARGS] = { port, MACHINE_DATA, bytes };

	assert_int_equal(
		machine_in_box(box, 0, CBX_CALL_CHANNEL_WRITE, arg).status,
		MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)box->exit.ret[0], CBX_EXIT_IDLE);
	machine_wait(box->exit.ret[1]);
	assert_int_equal(machine_enter(box), CBX_EXIT_OUTPUT);
}

static void a_frame_opens_for_its_client_alone(void **state)
{
	struct machine_box box;
	struct cbx_output header;

	(void)state;
	confined(&box, 2);
	say(&box, CBX_PORT_ERROR, 17);
	assert_false(ask_host_finds(CLIENT_TEXT, 17));
	assert_true(client_open(&client, &box, 2, plain));
	header = header_of(plain);
	assert_int_equal(header.bytes, 17);
	assert_int_equal(header.kind, CBX_OUTPUT_DATA);
	assert_int_equal(header.port, CBX_PORT_ERROR);
	assert_int_equal(header.status | header.reason, 0);
	assert_memory_equal(plain + sizeof(header), CLIENT_TEXT, 17);
	for (size_t i = sizeof(header) + 17; i < sizeof(plain) - 16; i++) {
		assert_int_equal(plain[i], 0);
	}
	client_end(&client);
}

static void frames_are_numbered(void **state)
{
	static uint8_t first[CBX_PAGE_SIZE];
	struct machine_box box;

	(void)state;
	confined(&box, 1);
	say(&box, CBX_PORT_OUTPUT, 8);
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ box.io }, 0, first, sizeof(first)));
	assert_true(client_open(&client, &box, 1, plain));
	assert_false(client_open(&client, &box, 1, plain)); /* replayed */
	say(&box, CBX_PORT_OUTPUT, 8);
	say(&box, CBX_PORT_OUTPUT, 8);
	assert_false(client_open(&client, &box, 1, plain)); /* one is missing */
	client_end(&client);
}

static void two_threads_share_the_steps(void **state)
{
	struct machine_box box;
	uint64_t last = 0;

	(void)state;
	struct cbx_policy policy = machine_policy();

	policy.wake_step = STEP;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	assert_int_equal(
		in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1).status,
		CBX_OK);
	machine_confine(&box);
	for (uint32_t i = 0; i < 2; i++) {
		box.script[i].access = 0;
		box.script[i].call =
			(struct cbx_call){ .id = CBX_CALL_CHANNEL_WRITE,
				.arg = { CBX_PORT_OUTPUT, MACHINE_DATA, 8 } };
		machine_begin(&box, i);
	}
	for (uint32_t frames = 0; frames < 2;) {
		uint32_t reason = machine_enter(&box);

		if (reason == CBX_EXIT_IDLE) {
			machine_wait(box.exit.ret[1]);
		} else if (reason == CBX_EXIT_INTERRUPTED) {
			mock_ticks_advance(STEP / 10);
		} else if (reason == CBX_EXIT_OUTPUT) {
			assert_true(cbx_hal_ticks() / STEP > last);
			last = cbx_hal_ticks() / STEP;
			frames++;
		}
	}
}

static void the_end_comes_at_a_step_in_the_last_frame(void **state)
{
	const struct cbx_reply ended = { .ret = { CBX_EXIT_ENDED } };
	static uint8_t again[CBX_PAGE_SIZE];
	struct machine_box box;
	struct cbx_output header;
	uint64_t wake;

	(void)state;
	confined(&box, 1);
	(void)in_box(&box, END, 42);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_IDLE);
	wake = box.exit.ret[1];
	assert_int_equal(wake % STEP, 0);
	mock_ticks_set(wake - 1);
	assert_int_equal(machine_enter(&box), CBX_EXIT_IDLE);
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_CONFINED);
	mock_ticks_set(wake);
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_memory_equal(&box.exit, &ended, sizeof(ended));
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ box.io }, 0, again, sizeof(again)));
	assert_true(client_open(&client, &box, 1, plain));
	header = header_of(plain);
	assert_int_equal(header.kind, CBX_OUTPUT_END);
	assert_int_equal(header.bytes | header.port, 0);
	assert_int_equal(header.status, 42);
	assert_int_equal(header.reason, CBX_END_EXIT);
	/* Asked again, it says the same. */
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ box.io }, 0, plain, sizeof(again)));
	assert_memory_equal(plain, again, sizeof(again));
	refuse(E_INVALID, BOX_ENTER, box.handle, box.io, 0);
	client_end(&client);
}

static void a_kill_is_told_as_well(void **state)
{
	struct machine_box box;

	(void)state;
	confined(&box, 1);
	while (gate(BOX_KILL, box.handle).status == CBX_E_BUSY) {
	}
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_true(client_open(&client, &box, 1, plain));
	assert_int_equal(header_of(plain).reason, CBX_END_KILLED);
	client_end(&client);
}

static void the_first_end_is_the_one_that_is_told(void **state)
{
	struct machine_box box;

	(void)state;
	confined(&box, 1);
	(void)in_box(&box, END, 9);
	while (gate(BOX_KILL, box.handle).status == CBX_E_BUSY) {
	}
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_true(client_open(&client, &box, 1, plain));
	assert_int_equal(header_of(plain).reason, CBX_END_EXIT);
	assert_int_equal(header_of(plain).status, 9);
	client_end(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(a_frame_opens_for_its_client_alone),
		MACHINE(frames_are_numbered),
		MACHINE(two_threads_share_the_steps),
		MACHINE(the_end_comes_at_a_step_in_the_last_frame),
		MACHINE(a_kill_is_told_as_well),
		MACHINE(the_first_end_is_the_one_that_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
