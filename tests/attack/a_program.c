/* SPDX-License-Identifier: Apache-2.0 */
/* A program in a box against the policy of its box. */
#include <string.h>

#include "attack/attack.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)
#define RX (CBX_RIGHT_R | CBX_RIGHT_X)

/* A call that no rule allows: the host learns of it, and has no answer to
 * give. */
static void refused(struct machine_box *box, uint64_t number, uint64_t bytes)
{
	box->refused = (struct cbx_reply){ 0 };
	box_refuse(E_DENIED, box, FORWARD, number, MACHINE_DATA, bytes,
		MACHINE_DATA, 8);
	assert_int_equal((uint32_t)box->refused.ret[0], CBX_EXIT_REFUSED);
	assert_int_equal(box->refused.ret[2], number);
	refuse(E_STATE, BOX_REPLY, box->handle, box->refused.ret[1], 0, box->io,
		0);
}

#define NAME_AT sizeof(struct cbx_forward) /* behind the arguments */

/* Forward a call with a name, and with @p flags as its first argument.
 * @return the exit's reason, INTERRUPTED when there was none */
static uint32_t name_forwarded(
	struct machine_box *box, const char *name, size_t bytes, uint64_t flags)
{
	uint64_t argument[6] = { flags };

	ask_put(box->data, 0, argument, sizeof(argument));
	ask_put(box->data, NAME_AT, name, bytes);
	box->refused = (struct cbx_reply){ 0 };
	if (in_box(box, FORWARD, MACHINE_FORWARD, MACHINE_DATA, bytes,
		    MACHINE_DATA + 2048, 8)
			.status == CBX_E_DENIED) {
		return (uint32_t)box->refused.ret[0];
	}
	/* It waits: what the host has is what was checked. */
	assert_true(ask_host_read(box->io, 0, argument, sizeof(argument)));
	assert_int_equal(argument[0], flags);
	must(BOX_REPLY, box->handle, box->exit.ret[1], 0, box->io, 0);
	return (uint32_t)box->exit.ret[0];
}

/* No second spelling of a name, and no other argument, gets past its rule. */
static void names_have_one_spelling(void)
{
#define NAME(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
	static const struct {
		const char *name;
		size_t bytes;
	} bad[] = { NAME("/srv/datax"), NAME("/srv"), NAME("/etc/passwd"),
		NAME("/srv/data/.."), NAME("/srv/data/../../etc/passwd"),
		NAME("/srv/data/./a"), NAME("/srv/data//a"), NAME("//srv/data"),
		NAME("/srv/data/"), NAME("srv/data"), NAME("/srv/data\0/../x"),
		NAME("/srv/data/a\0"), NAME("") };
	struct cbx_policy policy = machine_policy();
	struct machine_box box;

	policy.rule[0] = (struct cbx_rule){
		.call = MACHINE_FORWARD, .text_bytes = 9, .mask = { ~3ull }
	};
	memcpy(policy.text, "/srv/data", 9);
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			name_forwarded(&box, bad[i].name, bad[i].bytes, 0),
			CBX_EXIT_REFUSED);
	}
	for (uint64_t bit = 2; bit < 64; bit++) {
		assert_int_equal(
			name_forwarded(&box, "/srv/data", 9, 1ull << bit),
			CBX_EXIT_REFUSED);
	}
	assert_int_equal(
		name_forwarded(&box, "/srv/data/a", 11, 3), CBX_EXIT_FORWARD);
}

void attack_a01_unlisted_call_is_not_forwarded(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;

	(void)state;
	attack_victim(&box);
	for (uint64_t number = 0; number < 500; number += 7) {
		if (number != MACHINE_FORWARD) {
			refused(&box, number, 0);
		}
	}
	refused(&box, MACHINE_FORWARD | 1ull << 32, 0);
	/* Nor does a system call get past the box: nobody takes it. */
	assert_false(machine_syscall(&box, 39));
	assert_true(attack_ended(&box));
	attack_unharmed(&box);
	/* A policy can say that to try is the end. */
	policy.flags |= CBX_POLICY_STRICT;
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	attack_hide(&box, ATTACK_SECRET_VA);
	assert_int_equal(in_box(&box, FORWARD, MACHINE_FORWARD + 1,
				 ATTACK_SECRET_VA, 0, MACHINE_DATA, 8)
				 .status,
		MACHINE_NO_ANSWER);
	assert_true(attack_ended(&box));
	assert_int_equal(box.exit.ret[2], CBX_END_VIOLATION);
	attack_unharmed(&box);
	names_have_one_spelling();
}

void attack_a03_policy_is_out_of_reach(void **state)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;
	uint64_t word;

	(void)state;
	machine_building(&box, NULL);
	policy.rule[0].call = 77;
	policy.flags |= CBX_POLICY_DEBUG;
	machine_put(box.io, &policy, sizeof(policy)); /* too late */
	must(BOX_FINALIZE, box.handle);
	attack_hide(&box, ATTACK_SECRET_VA);
	box_refuse(
		E_DENIED, &box, FORWARD, 77, MACHINE_DATA, 0, MACHINE_DATA, 8);
	refuse(E_DENIED, BOX_PEEK, box.handle, MACHINE_DATA, 8, box.io);
	box_refuse(E_INVALID, &box, MAP_ALIAS, 0, MACHINE_FREE, 1, RW,
		box.handle, MACHINE_DATA);
	assert_false(machine_read(
		&box, box.handle << CBX_PAGE_SHIFT | 1ull << 40, &word));
	assert_true(attack_ended(&box));
	attack_unharmed(&box);
}

void attack_a05_pointers_elsewhere_are_refused(void **state)
{
	static const uint64_t bad[] = { 0, 8, CBX_VA_MIN - 8, MACHINE_FREE,
		CBX_VA_MAX - 4, CBX_VA_MAX, 0x7e8000000000, 0x7e8100000000,
		0x7ffffffff000, 0xffff888000000000, 0xffffffffff600000,
		UINT64_MAX - 7,
		MACHINE_DATA + MACHINE_DATA_PAGES * CBX_PAGE_SIZE - 4 };
	struct machine_box box;

	(void)state;
	attack_victim(&box);
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		box_refuse(E_FAULT, &box, CHANNEL_WRITE, CBX_PORT_OUTPUT,
			bad[i], 8);
		box_refuse(
			E_FAULT, &box, CHANNEL_READ, CBX_PORT_INPUT, bad[i], 8);
		box_refuse(E_FAULT, &box, CHANNEL_READ, CBX_PORT_CLIENT, bad[i],
			8);
		box_refuse(E_FAULT, &box, FORWARD, MACHINE_FORWARD, bad[i], 0,
			MACHINE_DATA, 8);
		box_refuse(E_FAULT, &box, FORWARD, MACHINE_FORWARD,
			MACHINE_DATA, 0, bad[i], 8);
	}
	/* What it may read only is not written on its behalf. */
	box_refuse(E_FAULT, &box, CHANNEL_READ, CBX_PORT_INPUT,
		MACHINE_CODE(&box), 8);
	box_refuse(E_FAULT, &box, FORWARD, MACHINE_FORWARD, MACHINE_DATA, 0,
		MACHINE_CODE(&box), 8);
	attack_unharmed(&box);
}

void attack_a06_forwarded_arguments_are_a_snapshot(void **state)
{
	struct machine_box box;
	uint64_t block[7];
	uint64_t size = sizeof(block);

	(void)state;
	attack_victim(&box);
	box_must(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1);
	for (uint64_t i = 0; i < 7; i++) {
		assert_true(machine_write(&box, MACHINE_DATA + 8 * i, i + 1));
	}
	(void)in_thread(&box, 1, FORWARD, MACHINE_FORWARD, MACHINE_DATA,
		size - sizeof(struct cbx_forward), MACHINE_DATA + 512, 8);
	assert_int_equal((uint32_t)box.exit.ret[0], CBX_EXIT_FORWARD);
	assert_int_equal(box.exit.ret[3], size);
	for (uint64_t i = 0; i < 7; i++) {
		assert_true(
			machine_write(&box, MACHINE_DATA + 8 * i, 0xbad0bad0));
	}
	assert_true(ask_host_read(box.io, 0, block, sizeof(block)));
	for (uint64_t i = 0; i < 7; i++) {
		assert_int_equal(block[i], i + 1);
	}
	attack_unharmed(&box);
}

/* Text of a box whose policy says so is read by no instruction and no gate; a
 * machine that cannot keep it does not make the box. */
static void hidden_text(void)
{
	struct cbx_policy policy = machine_policy();
	struct machine_box box;
	uint64_t pool = machine_pool(2);
	uint64_t word;

	policy.flags |= CBX_POLICY_EXECUTE_ONLY;
	if ((must(CAPS) & CBX_CAP_BOX_EXECUTE_ONLY) == 0) {
		uint64_t page = machine_pages(1);

		machine_put(page, &policy, sizeof(policy));
		refuse(E_UNSUPPORTED, BOX_CREATE, pool, pool + 1, page);
		return;
	}
	machine_building(&box, &policy);
	must(BOX_FINALIZE, box.handle);
	attack_hide(&box, ATTACK_SECRET_VA); /* it runs */
	box_refuse(E_DENIED, &box, PROTECT, 0, MACHINE_CODE(&box), 1, RX);
	box_refuse(E_DENIED, &box, MAP, 0, MACHINE_FREE, 1, RW | CBX_RIGHT_X);
	box_refuse(E_FAULT, &box, CHANNEL_WRITE, CBX_PORT_OUTPUT,
		MACHINE_CODE(&box), 8);
	box_refuse(E_FAULT, &box, FORWARD, MACHINE_FORWARD, MACHINE_CODE(&box),
		0, MACHINE_DATA, 8);
	assert_false(machine_read(&box, MACHINE_CODE(&box), &word));
	assert_true(attack_ended(&box));
	attack_unharmed(&box);
}

void attack_a08_text_is_not_read_nor_data_executed(void **state)
{
	static const uint8_t come_back[] = { 0x41, 0xff, 0xe6 }; /* jmp *%r14 */
	struct machine_box box;

	(void)state;
	attack_victim(&box);
	ask_put(box.data, 0, come_back, sizeof(come_back));
	assert_false(machine_execute(&box, MACHINE_DATA));
	assert_true(attack_ended(&box));
	attack_unharmed(&box);
	attack_victim(&box);
	box_must(&box, MAP, 0, MACHINE_FREE, 1, RW);
	assert_false(machine_execute(&box, MACHINE_FREE));
	assert_true(attack_ended(&box));
	hidden_text();
}

void attack_a12_box_makes_no_box(void **state)
{
	struct machine_box victim;
	struct machine_box box;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	box_refuse(E_DENIED, &box, BOX_CREATE, box.reserve + 8, box.reserve + 9,
		box.io);
	box_refuse(E_DENIED, &box, BOX_GRANT, box.handle, box.io, 1);
	box_refuse(E_DENIED, &box, BOX_ADD, box.handle, MACHINE_FREE,
		victim.data, 1, RW, CBX_NO_PAGE);
	box_refuse(E_DENIED, &box, BOX_TEMPLATE, victim.handle);
	box_refuse(E_DENIED, &box, BOX_BORROW, box.handle, victim.handle);
	box_refuse(E_DENIED, &box, BOX_THREAD, box.handle, MACHINE_CODE(&box),
		0, 1);
	attack_unharmed(&victim);
}

void attack_a13_threads_and_spaces_have_a_limit(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	uint32_t threads = 1;
	uint32_t spaces = 1;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	must(BOX_GRANT, box.handle, machine_pool(64), 64);
	while (in_box(&box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, threads)
			.status == CBX_OK) {
		threads++;
	}
	assert_int_equal(threads, MACHINE_THREADS);
	box_refuse(E_NOMEM, &box, THREAD_CREATE, 0, MACHINE_CODE(&box), 0, 1);
	while (in_box(&box, SPACE_CREATE).status == CBX_OK) {
		spaces++;
	}
	assert_int_equal(spaces, MACHINE_THREADS);
	box_refuse(E_NOMEM, &box, SPACE_CREATE);
	box_must(&victim, TIME);
	machine_erase(&box);
	attack_unharmed(&victim);
}

void attack_a14_box_ends_no_peer(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	uint64_t word;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	box_refuse(E_DENIED, &box, BOX_KILL, victim.handle);
	box_refuse(E_DENIED, &box, BOX_KICK, victim.handle);
	box_refuse(E_DENIED, &box, BOX_DESTROY, victim.handle);
	box_refuse(E_DENIED, &box, BOX_RECLAIM, victim.handle, victim.data, 1);
	box_refuse(E_INVALID, &box, SPACE_DESTROY, victim.space);
	box_refuse(E_INVALID, &box, UNMAP, victim.space, MACHINE_DATA, 1);
	assert_true(machine_read(&victim, ATTACK_SECRET_VA, &word));
	assert_int_equal(word, attack_secret[0]);
	attack_unharmed(&victim);
}
