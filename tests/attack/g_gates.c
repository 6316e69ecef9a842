/* SPDX-License-Identifier: Apache-2.0 */
/* Gates: who calls, with what, and when. */
#include "attack/attack.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

/* The gate table, by hand. */
static const uint64_t host_ids[] = { 0x001, 0x002, 0x003, 0x004, 0x032, 0x033,
	0x010, 0x011, 0x012, 0x020, 0x021, 0x022, 0x030, 0x031, 0x024, 0x025,
	0x026, 0x027, 0x028, 0x029, 0x02a, 0x02b, 0x02c, 0x02d, 0x02e, 0x02f };
static const uint64_t box_ids[] = { 0x100, 0x101, 0x102, 0x103, 0x104, 0x108,
	0x109, 0x10a, 0x110, 0x111, 0x112, 0x113, 0x118, 0x119, 0x11a, 0x120,
	0x121, 0x128, 0x130, 0x131, 0x138, 0x139, 0x13a, 0x13b, 0x13c, 0x140 };
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- G06 ---- */

/* Every map is made once: a second one would be E_STATE, a missing one would
 * be a fault. */
void attack_g06_kicks_between_gates_lose_and_double_nothing(void **state)
{
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	attack_kicks(1, victim.handle);
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t word;

		box_must(&victim, MAP, 0, MACHINE_FREE, 1, RW);
		assert_true(machine_write(&victim, MACHINE_FREE, i));
		assert_true(machine_read(&victim, MACHINE_FREE, &word));
		assert_int_equal(word, i);
		box_must(&victim, UNMAP, 0, MACHINE_FREE, 1);
	}
	attack_kicks_end(1);
	attack_unharmed(&victim);
}

/* ---- G07 ---- */

/* A box whose thread waits for the host's bytes. */
static uint64_t waiting_box(struct machine_box *box, uint64_t port)
{
	struct cbx_policy policy = machine_policy();
	struct cbx_reply reply;

	policy.flags |= CBX_POLICY_DEBUG;
	machine_building(box, &policy);
	must(BOX_FINALIZE, box->handle);
	reply = in_box(box, CHANNEL_READ, port, MACHINE_DATA, 64);
	assert_int_equal(reply.status, MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)box->exit.ret[0], CBX_EXIT_INPUT);
	return box->exit.ret[1];
}

void attack_g07_host_buffers_that_are_not_its_own_are_refused(void **state)
{
	struct machine_box victim;
	struct machine_box reader;
	struct machine_box client;
	struct machine_box young;
	uint64_t other = machine_pool(2);
	uint64_t page[6];
	uint64_t input;
	uint64_t private;

	(void)state;
	attack_victim(&victim);
	input = waiting_box(&reader, CBX_PORT_INPUT);
	private = waiting_box(&client, CBX_PORT_CLIENT);
	machine_building(&young, NULL);
	page[0] = victim.data;
	page[1] = victim.handle;
	page[2] = machine_pool(1);
	page[3] = in_box(&victim, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	page[4] = machine_pages(1);
	assert_int_equal(attack_page_state(page[4], 1, true).status, CBX_OK);
	page[5] = 0;
	for (uint32_t i = 0; i < COUNT(page); i++) {
		refuse(E_DENIED, BOX_ENTER, victim.handle, page[i], 1);
		refuse(E_DENIED, BOX_CREATE, other, other + 1, page[i]);
		refuse(E_DENIED, BOX_ADD, young.handle, MACHINE_FREE, other, 1,
			RW, page[i]);
		refuse(E_DENIED, BOX_REPLY, reader.handle, input, 8, page[i],
			8);
		refuse(E_DENIED, BOX_CONFINE, client.handle, private, page[i],
			8, CBX_CONFINE_LAST);
		refuse(E_DENIED, BOX_PEEK, reader.handle, MACHINE_DATA, 64,
			page[i]);
	}
	attack_unharmed(&victim);
}

/* ---- G08 ---- */

#define SAME_PAGES 4u

struct caller {
	uint64_t first;
	uint64_t donated;
	uint64_t returned;
	bool strange;
};

static bool expected(uint64_t status)
{
	return status == CBX_OK || status == CBX_E_STATE ||
	       status == CBX_E_BUSY;
}

static void call_the_same(void *arg)
{
	struct caller *caller = arg;

	for (uint32_t i = 0; i < 500; i++) {
		struct cbx_reply reply =
			gate(PAGE_DONATE, caller->first, SAME_PAGES);

		caller->donated += reply.ret[0];
		caller->strange |= !expected(reply.status);
		reply = gate(PAGE_RETURN, caller->first, SAME_PAGES);
		caller->returned += reply.ret[0];
		caller->strange |= !expected(reply.status);
		caller->strange |= gate(VERSION).status != CBX_OK;
	}
}

void attack_g08_same_call_from_all_cpus(void **state)
{
	struct machine_box victim;
	static struct caller caller[4];
	uint64_t first = machine_pages(SAME_PAGES);
	uint64_t pool = 0;
	uint64_t balance = 0;
	uint64_t donated = 0;

	(void)state;
	attack_victim(&victim);
	for (uint32_t i = 0; i < 4; i++) {
		caller[i] = (struct caller){ .first = first };
	}
	for (uint32_t i = 0; i < 3; i++) {
		cpus_run(i + 1, call_the_same, &caller[i]);
	}
	call_the_same(&caller[3]);
	for (uint32_t i = 0; i < 3; i++) {
		cpus_join(i + 1);
	}
	for (uint32_t i = 0; i < 4; i++) {
		assert_false(caller[i].strange);
		donated += caller[i].donated;
		balance += caller[i].donated - caller[i].returned;
	}
	for (uint32_t i = 0; i < SAME_PAGES; i++) {
		pool += machine_state(first + i) == CBX_PAGE_POOL;
	}
	assert_true(donated != 0);
	assert_int_equal(balance, pool);
	attack_unharmed(&victim);
}

/* ---- G09 ---- */

/* A backend has gates of its own, which do things; on snp the program serves the
 * puppet with three of those. */
static bool is_backends(uint64_t id)
{
	if (cbx_hal_caps().backend == CBX_BACKEND_SNP) {
		return id == 0x1000 || id == 0x1001 || id == 0x1010;
	}
	return cbx_hal_caps().backend == CBX_BACKEND_PKS_VM && id >= 0x1000 &&
	       id < 0x1100;
}

static bool is_call(uint64_t id)
{
	for (uint32_t i = 0; i < COUNT(host_ids); i++) {
		if (host_ids[i] == id) {
			return true;
		}
	}
	for (uint32_t i = 0; i < COUNT(box_ids); i++) {
		if (box_ids[i] == id) {
			return true;
		}
	}
	return id == 0 || is_backends(id);
}

static void refuse_id(uint64_t id)
{
	const uint64_t arg[CBX_CALL_ARGS] = { 0 };

	assert_int_equal(machine_gate(id, arg).status, CBX_E_UNKNOWN_CALL);
}

/* Every argument of every host call is what the kernel would call a pointer,
 * or one bit too many. */
static void refuse_arguments(uint64_t value)
{
	for (uint32_t i = 0; i < COUNT(host_ids); i++) {
		uint64_t arg[CBX_CALL_ARGS];

		for (uint32_t j = 0; j < CBX_CALL_ARGS; j++) {
			arg[j] = value;
		}
		assert_int_not_equal(
			machine_gate(host_ids[i], arg).status, CBX_OK);
	}
}

void attack_g09_malformed_calls_are_refused(void **state)
{
	struct cbx_call call = { .id = CBX_CALL_VERSION, .reserved = 1 };
	struct machine_box victim;
	struct cbx_reply reply;

	(void)state;
	attack_victim(&victim);
	for (uint64_t id = 0; id < 0x2000; id++) {
		if (!is_call(id)) {
			refuse_id(id);
		}
		if (id < 0x200) { /* where those are that there are */
			refuse_id(id | 1ull << 32);
			refuse_id(id | 1ull << 63);
		}
	}
	refuse_arguments(0xffff888000000000);
	refuse_arguments(UINT64_MAX);
	refuse_arguments(0x7fffffffe001);
	cbx_gate_host(&call, &reply);
	assert_int_equal(reply.status, CBX_E_INVALID);
	refuse(E_INVALID, VERSION, 0, 0, 0, 0, 0, 1);
	refuse(E_INVALID, BOX_QUERY, victim.handle, 1);
	refuse(E_INVALID, PAGE_DONATE, victim.io, 1, 1);
	box_refuse(E_INVALID, &victim, TIME, 1);
	box_refuse(E_INVALID, &victim, THREAD_PARK, 0, 1);
	for (uint64_t id = 5; id < 0x10; id++) {
		const uint64_t arg[CBX_CALL_ARGS] = { 0 };

		assert_int_equal(machine_in_box(&victim, 0, id, arg).status,
			CBX_E_UNKNOWN_CALL);
	}
	attack_unharmed(&victim);
}

/* ---- G10 ---- */

void attack_g10_caller_is_who_the_hardware_says(void **state)
{
	struct machine_box victim;
	struct machine_box box;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	for (uint32_t i = 0; i < COUNT(box_ids); i++) {
		const uint64_t arg[CBX_CALL_ARGS] = { victim.handle };

		assert_int_equal(
			machine_gate(box_ids[i], arg).status, CBX_E_DENIED);
	}
	for (uint32_t i = 0; i < COUNT(host_ids); i++) {
		const uint64_t arg[CBX_CALL_ARGS] = { victim.handle };

		assert_int_equal(
			machine_in_box(&box, 0, host_ids[i], arg).status,
			CBX_E_DENIED);
	}
	box_refuse(E_DENIED, &box, KEEPER_NEXT, 0);
	attack_unharmed(&victim);
}

/* ---- G12 ---- */

void attack_g12_handles_of_another_box_are_refused(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	uint64_t thread;

	(void)state;
	thread = waiting_box(&victim, CBX_PORT_INPUT);
	ask_put(victim.data, ATTACK_SECRET_OFFSET, attack_secret,
		sizeof(attack_secret));
	machine_box(&box);
	refuse(E_INVALID, BOX_REPLY, box.handle, thread, 8, box.io, 8);
	refuse(E_INVALID, BOX_CONFINE, box.handle, thread, box.io, 8, 1);
	box_refuse(E_INVALID, &box, THREAD_UNPARK, thread);
	box_refuse(E_INVALID, &box, THREAD_UNPARK, victim.handle);
	box_refuse(E_INVALID, &box, UPCALL_DEADLINE, 1, thread);
	box_refuse(E_INVALID, &box, UPCALL_DEADLINE, 1, victim.handle);
	box_refuse(E_INVALID, &box, SPACE_DESTROY, victim.space);
	box_refuse(E_INVALID, &box, THREAD_CREATE, victim.space,
		MACHINE_CODE(&victim), 0, 0);
	while (gate(BOX_KILL, box.handle).status == CBX_E_BUSY) {
	}
	refuse(E_OWNER, BOX_RECLAIM, box.handle, victim.data, 1);
	refuse(E_OWNER, BOX_RECLAIM, box.handle, victim.handle, 1);
	must(BOX_REPLY, victim.handle, thread, 8, victim.io, 8);
	attack_unharmed(&victim);
}

/* ---- G13 ---- */

void attack_g13_dying_box_takes_no_call(void **state)
{
	static struct machine_box box;
	uint64_t page = machine_pool(1);

	(void)state;
	attack_victim(&box);
	attack_spin_on(1, &box);
	while (gate(BOX_KILL, box.handle).status == CBX_E_BUSY) {
		attack_untouchable(box.data);
	}
	cpus_join(1);
	assert_true(attack_ended(&box));
	refuse(E_STALE, BOX_GRANT, box.handle, page, 1);
	refuse(E_STALE, BOX_ADD, box.handle, MACHINE_FREE, page, 1, RW,
		CBX_NO_PAGE);
	refuse(E_STALE, BOX_TEMPLATE, box.handle);
	refuse(E_STALE, BOX_BORROW, box.handle, page);
	refuse(E_STALE, BOX_THREAD, box.handle, MACHINE_CODE(&box), 0, 1);
	refuse(E_STALE, BOX_FINALIZE, box.handle);
	refuse(E_STALE, BOX_REPLY, box.handle, box.thread, 0, box.io, 8);
	refuse(E_STALE, BOX_CONFINE, box.handle, box.thread, box.io, 8, 1);
	refuse(E_STALE, BOX_DIGEST, box.handle, 0);
	refuse(E_STALE, BOX_PEEK, box.handle, MACHINE_DATA, 8, box.io);
	assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
	assert_int_equal(machine_state(page), CBX_PAGE_POOL);
	attack_unharmed(&box);
}
