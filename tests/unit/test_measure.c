/* SPDX-License-Identifier: Apache-2.0 */
/* The measurement log and the log of input. */
#include <string.h>

#include "support/machine.h"

#include "support/chain.h"

static const uint64_t rw = CBX_RIGHT_R | CBX_RIGHT_W;

/* A BUILDING box with reserve and nothing else; its HOST page in *io. */
static uint64_t begin(struct chain *chain, uint64_t *io)
{
	const struct cbx_policy policy = machine_policy();
	const struct chain_entry none = { 0 };
	uint64_t box = machine_pool(2);

	*chain = (struct chain){ { 0 } };
	*io = machine_pages(4);
	machine_put(*io, &policy, sizeof(policy));
	must(BOX_CREATE, box, box + 1, *io);
	must(BOX_GRANT, box, machine_pool(16), 16);
	chain_add(chain, "policy", none, &policy, sizeof(policy));
	chain_assert(chain, box, CBX_DIGEST_MEASUREMENT);
	return box;
}

static void fill(uint64_t pfn, uint8_t byte)
{
	uint8_t bytes[CBX_PAGE_SIZE];

	memset(bytes, byte, sizeof(bytes));
	machine_put(pfn, bytes, sizeof(bytes));
}

static void chain_page(struct chain *chain, uint64_t va, uint8_t byte)
{
	const struct chain_entry entry = { .address = va, .info = rw };
	uint8_t bytes[CBX_PAGE_SIZE];

	memset(bytes, byte, sizeof(bytes));
	chain_add(chain, "page", entry, bytes, sizeof(bytes));
}

static void every_step_of_building_is_in_the_measurement(void **state)
{
	const struct chain_entry none = { 0 };
	const struct chain_entry thread = { 0x400000, 7, 8 };
	struct chain chain;
	uint64_t io;
	uint64_t box = begin(&chain, &io);

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		fill(io + i, (uint8_t)(i + 1));
		chain_page(&chain, MACHINE_DATA + i * 4096, (uint8_t)(i + 1));
	}
	must(BOX_ADD, box, MACHINE_DATA, machine_pool(3), 3, rw, io);
	chain_assert(&chain, box, CBX_DIGEST_MEASUREMENT);

	for (uint64_t i = 0; i < 2; i++) {
		const struct chain_entry zero = {
			.address = MACHINE_FREE + i * 4096,
			.info = CBX_RIGHT_R,
		};

		chain_add(&chain, "zero", zero, NULL, 0);
	}
	must(BOX_ADD, box, MACHINE_FREE, machine_pool(2), 2, CBX_RIGHT_R,
		CBX_NO_PAGE);
	chain_assert(&chain, box, CBX_DIGEST_MEASUREMENT);

	must(BOX_THREAD, box, 0x400000, 7, 8);
	chain_add(&chain, "thread", thread, NULL, 0);
	chain_assert(&chain, box, CBX_DIGEST_MEASUREMENT);

	must(BOX_FINALIZE, box);
	chain_add(&chain, "finalize", none, NULL, 0);
	chain_assert(&chain, box, CBX_DIGEST_MEASUREMENT);
	machine_assert_sound();
}

static void the_division_into_calls_does_not_matter(void **state)
{
	struct cbx_reply one;
	struct cbx_reply two;
	struct chain chain;
	uint64_t io;
	uint64_t box = begin(&chain, &io);

	(void)state;
	must(BOX_ADD, box, MACHINE_DATA, machine_pool(2), 2, rw, io);
	one = gate(BOX_DIGEST, box, CBX_DIGEST_MEASUREMENT);
	box = begin(&chain, &io);
	must(BOX_ADD, box, MACHINE_DATA, machine_pool(1), 1, rw, io);
	must(BOX_ADD, box, MACHINE_DATA + 4096, machine_pool(1), 1, rw, io + 1);
	two = gate(BOX_DIGEST, box, CBX_DIGEST_MEASUREMENT);
	/* The same bytes at the same addresses: all pages hold one pattern but
	 * for the policy at the beginning of the first. */
	assert_memory_equal(one.ret, two.ret, CBX_DIGEST_BYTES);
}

static void what_was_copied_is_what_was_measured(void **state)
{
	struct machine_box box;
	uint64_t word;

	(void)state;
	machine_box(&box);
	assert_true(machine_read(&box, MACHINE_DATA + CBX_PAGE_SIZE, &word));
	assert_memory_equal(mock_page((struct cbx_pfn){ box.data + 1 }),
		mock_page((struct cbx_pfn){ box.io + 1 }), CBX_PAGE_SIZE);
}

/* Thread 0 asks for input. @return its handle */
static uint64_t ask(struct machine_box *box, uint64_t port, uint64_t most)
{
	(void)in_box(box, CHANNEL_READ, port, MACHINE_DATA, most);
	assert_int_equal((uint32_t)box->exit.ret[0], CBX_EXIT_INPUT);
	return box->exit.ret[1];
}

static void every_reply_is_in_the_input_digest(void **state)
{
	static const char text[] = "hello, box";
	struct chain_entry entry = { .address = 0, .info = 10 };
	struct chain chain = { { 0 } };
	struct machine_box box;

	(void)state;
	machine_box(&box);
	chain_assert(&chain, box.handle, CBX_DIGEST_INPUT);
	machine_put(box.io, text, 10);
	must(BOX_REPLY, box.handle, ask(&box, CBX_PORT_INPUT, 100), 10, box.io,
		10);
	chain_add(&chain, "input", entry, text, 10);
	chain_assert(&chain, box.handle, CBX_DIGEST_INPUT);
	assert_int_equal(gate(BOX_QUERY, box.handle).ret[6], 10);
	(void)machine_enter(&box);

	/* End of file counts, too. */
	entry = (struct chain_entry){ .address = 10 };
	must(BOX_REPLY, box.handle, ask(&box, CBX_PORT_INPUT, 100), 0, box.io,
		0);
	chain_add(&chain, "input", entry, NULL, 0);
	chain_assert(&chain, box.handle, CBX_DIGEST_INPUT);
	machine_assert_sound();
}

static void long_input_is_measured_page_by_page(void **state)
{
	struct chain_entry entry = { .address = 0, .info = 5 };
	struct chain chain = { { 0 } };
	struct machine_box box;

	(void)state;
	machine_box(&box);
	fill(box.io, 0x11);
	fill(box.io + 1, 0x22);
	must(BOX_REPLY, box.handle, ask(&box, CBX_PORT_INPUT, 8192), 5, box.io,
		4096 + 100);
	chain_add(&chain, "input", entry, mock_page((struct cbx_pfn){ box.io }),
		4096);
	entry.address = 4096;
	chain_add(&chain, "input", entry,
		mock_page((struct cbx_pfn){ box.io + 1 }), 100);
	chain_assert(&chain, box.handle, CBX_DIGEST_INPUT);
	assert_memory_equal(mock_page((struct cbx_pfn){ box.data }),
		mock_page((struct cbx_pfn){ box.io }), 4096);
	machine_assert_sound();
}

static void input_does_not_change_the_measurement(void **state)
{
	struct cbx_reply before;
	struct cbx_reply after;
	struct machine_box box;

	(void)state;
	machine_box(&box);
	before = gate(BOX_DIGEST, box.handle, CBX_DIGEST_MEASUREMENT);
	must(BOX_REPLY, box.handle, ask(&box, CBX_PORT_INPUT, 64), 1, box.io,
		1);
	after = gate(BOX_DIGEST, box.handle, CBX_DIGEST_MEASUREMENT);
	assert_memory_equal(before.ret, after.ret, CBX_DIGEST_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(every_step_of_building_is_in_the_measurement),
		MACHINE(the_division_into_calls_does_not_matter),
		MACHINE(what_was_copied_is_what_was_measured),
		MACHINE(every_reply_is_in_the_input_digest),
		MACHINE(long_input_is_measured_page_by_page),
		MACHINE(input_does_not_change_the_measurement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
