/* SPDX-License-Identifier: Apache-2.0 */
/* A client's message on its way into a box: only all of it, in order, for this
 * box as its evidence showed it. */
#include <string.h>

#include "support/chain.h"
#include "support/client.h"

static struct client client;

/* A READY box whose policy has a channel. */
static void sealed_box(struct machine_box *box, uint32_t flags)
{
	struct cbx_policy policy = machine_policy();

	policy.flags = flags;
	machine_building(box, &policy);
	must(BOX_FINALIZE, box->handle);
}

static void assert_ready(const struct machine_box *box)
{
	assert_int_equal(must(BOX_QUERY, box->handle), CBX_DOMAIN_READY);
	assert_int_equal(gate(BOX_QUERY, box->handle).ret[6], 0);
}

static void a_sealed_message_reaches_the_box_alone(void **state)
{
	struct machine_box box;
	uint8_t got[sizeof(CLIENT_TEXT)];
	struct cbx_reply reply;

	(void)state;
	sealed_box(&box, 0);
	client_confine(&client, &box);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	reply = box.script[0].reply;
	assert_int_equal(reply.ret[0], sizeof(CLIENT_TEXT));
	for (uint32_t i = 0; i < sizeof(got); i += 8) {
		uint64_t word;

		assert_true(machine_read(&box, MACHINE_DATA + i, &word));
		memcpy(got + i, &word,
			sizeof(got) - i < 8 ? sizeof(got) - i : 8);
	}
	assert_memory_equal(got, CLIENT_TEXT, sizeof(got));
	machine_assert_sound();
	client_end(&client);
}

static void the_input_digest_holds_the_header_and_the_tags(void **state)
{
	uint8_t message[CBX_PAGE_SIZE];
	uint8_t log[sizeof(struct cbx_channel_header) + 2 * 16];
	struct chain chain = { { 0 } };
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	thread = client_await(&box);
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, "12345678", 8, false);
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ box.io }, 0, message, sizeof(message)));
	memcpy(log, message, sizeof(struct cbx_channel_header));
	memcpy(log + sizeof(struct cbx_channel_header), message + bytes - 16,
		16);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	chain_add(&chain, "channel", (struct chain_entry){ 0, 0, 8 }, log,
		sizeof(struct cbx_channel_header) + 16);
	chain_assert(&chain, box.handle, CBX_DIGEST_INPUT);
	bytes = client_seal(&client, &box, NULL, 0, true);
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ box.io }, 0, message, sizeof(message)));
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	chain_add(&chain, "channel", (struct chain_entry){ 1, 1, 0 },
		message + bytes - 16, 16);
	chain_assert(&chain, box.handle, CBX_DIGEST_INPUT);
	client_end(&client);
}

static void one_bit_that_is_wrong_confines_nobody(void **state)
{
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	thread = client_await(&box);
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	for (uint64_t at = 0; at < bytes; at++) {
		uint8_t *page = mock_page((struct cbx_pfn){ box.io });
		uint64_t status;

		page[at] ^= 0x10;
		status = gate(BOX_CONFINE, box.handle, thread, box.io, bytes)
				 .status;
		assert_true(status == CBX_E_DENIED || status == CBX_E_INVALID);
		page[at] ^= 0x10;
	}
	assert_ready(&box);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	client_end(&client);
}

static void a_message_that_is_cut_or_longer_is_refused(void **state)
{
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	thread = client_await(&box);
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	for (uint64_t n = 0; n < bytes + 40; n++) {
		if (n != bytes) {
			refuse(E_INVALID, BOX_CONFINE, box.handle, thread,
				box.io, n);
		}
	}
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io,
		CBX_IO_BYTES_MAX + 1);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, bytes,
		CBX_CONFINE_LAST);
	assert_ready(&box);
	client_end(&client);
}

static void replay_and_another_order_are_refused(void **state)
{
	uint8_t second[CBX_PAGE_SIZE];
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes[2];

	(void)state;
	sealed_box(&box, 0);
	thread = client_await(&box);
	client_meet(&client, &box);
	bytes[0] = client_seal(&client, &box, "12345678", 8, false);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes[0]);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, bytes[0]);
	bytes[1] = client_seal(&client, &box, "abcdefgh", 8, false);
	assert_true(mock_host_read(
		0, (struct cbx_pfn){ box.io }, 0, second, sizeof(second)));
	(void)client_seal(&client, &box, "ijklmnop", 8, true);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, bytes[1]);
	machine_put(box.io, second, sizeof(second));
	must(BOX_CONFINE, box.handle, thread, box.io, bytes[1]);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, bytes[1]);
	client_end(&client);
}

static void nothing_comes_after_the_last_record(void **state)
{
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	thread = client_await(&box);
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, "12345678", 8, true);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	bytes = client_seal(&client, &box, "12345678", 8, true);
	refuse(E_STATE, BOX_CONFINE, box.handle, thread, box.io, bytes);
	client_end(&client);
}

static void another_box_s_message_is_refused(void **state)
{
	struct machine_box box;
	struct machine_box other;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	sealed_box(&other, 0);
	thread = client_await(&box);
	(void)client_await(&other);
	client_meet(&client, &other);
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	refuse(E_DENIED, BOX_CONFINE, box.handle, thread, box.io, bytes);
	assert_ready(&box);
	client_end(&client);
}

static void a_second_client_is_refused(void **state)
{
	static struct client second;
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	thread = client_await(&box);
	client_meet(&client, &box);
	client_meet(&second, &box);
	bytes = client_seal(&client, &box, "12345678", 8, false);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	bytes = client_seal(&second, &box, "87654321", 8, true);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, bytes);
	client_end(&second);
	client_end(&client);
}

static void a_box_that_changed_since_its_evidence_is_not_confined(void **state)
{
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	client_meet(&client, &box);
	(void)in_box(&box, CHANNEL_READ, CBX_PORT_INPUT, MACHINE_DATA, 8);
	must(BOX_REPLY, box.handle, box.exit.ret[1], 8, box.io, 8);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	thread = client_await(&box);
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	refuse(E_DENIED, BOX_CONFINE, box.handle, thread, box.io, bytes);
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_READY);
	client_end(&client);
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, CLIENT_TEXT, 8, true);
	must(BOX_CONFINE, box.handle, thread, box.io, bytes);
	client_end(&client);
}

static void a_clean_policy_wants_a_box_nobody_touched(void **state)
{
	struct machine_box box;
	uint64_t thread;

	(void)state;
	sealed_box(&box, CBX_POLICY_PLAIN | CBX_POLICY_CLEAN);
	thread = client_await(&box);
	must(BOX_CONFINE, box.handle, thread, box.io, 8, 0);
	must(BOX_CONFINE, box.handle, thread, box.io, 8, CBX_CONFINE_LAST);
	sealed_box(&box, CBX_POLICY_CLEAN);
	(void)in_box(&box, CHANNEL_READ, CBX_PORT_INPUT, MACHINE_DATA, 8);
	must(BOX_REPLY, box.handle, box.exit.ret[1], 0, box.io, 0);
	assert_int_equal(machine_enter(&box), CBX_EXIT_INTERRUPTED);
	thread = client_await(&box);
	client_meet(&client, &box);
	refuse(E_DENIED, BOX_CONFINE, box.handle, thread, box.io,
		client_seal(&client, &box, CLIENT_TEXT, 8, true));
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_READY);
	client_end(&client);
}

static void data_that_does_not_fit_is_refused(void **state)
{
	static const uint8_t much[CBX_PAGE_SIZE + 1];
	struct machine_box box;
	uint64_t thread;
	uint64_t bytes;

	(void)state;
	sealed_box(&box, 0);
	thread = client_await(&box);
	client_meet(&client, &box);
	bytes = client_seal(&client, &box, much, sizeof(much), true);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, bytes);
	assert_ready(&box);
	client_end(&client);
}

#define T(name) cmocka_unit_test_setup_teardown(name, machine_up, machine_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_sealed_message_reaches_the_box_alone),
		T(the_input_digest_holds_the_header_and_the_tags),
		T(one_bit_that_is_wrong_confines_nobody),
		T(a_message_that_is_cut_or_longer_is_refused),
		T(replay_and_another_order_are_refused),
		T(nothing_comes_after_the_last_record),
		T(another_box_s_message_is_refused),
		T(a_second_client_is_refused),
		T(a_box_that_changed_since_its_evidence_is_not_confined),
		T(a_clean_policy_wants_a_box_nobody_touched),
		T(data_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
