/* SPDX-License-Identifier: Apache-2.0 */
/* A box that holds a client's data against its own wish to tell. */
#include <string.h>

#include "attack/attack.h"

#define RW   (CBX_RIGHT_R | CBX_RIGHT_W)
#define STEP 20000000ull /* 20 ms */

/* A confined box with the secret, its policy's output @p pages long. */
static void confined(struct machine_box *box, uint32_t flags, uint32_t pages)
{
	struct cbx_policy policy = machine_policy();

	policy.flags |= flags;
	policy.output_pages = pages;
	policy.wake_step = STEP;
	machine_building(box, &policy);
	must(BOX_FINALIZE, box->handle);
	attack_hide(box, ATTACK_SECRET_VA);
	machine_confine(box);
}

void attack_x01_interrupt_tells_nothing_of_the_registers(void **state)
{
	const struct cbx_reply nothing = { .ret = { CBX_EXIT_INTERRUPTED } };
	static struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	memcpy(victim.script[0].call.arg, attack_secret, sizeof(attack_secret));
	attack_spin_on(1, &victim);
	must(BOX_KICK, victim.handle);
	cpus_join(1);
	assert_memory_equal(&victim.exit, &nothing, sizeof(nothing));
	attack_unharmed(&victim);
}

/* Calls a confined box may make, by hand. */
static bool allowed_confined(uint64_t id)
{
	return id == 0x000 || (id >= 0x100 && id <= 0x104) ||
	       (id >= 0x108 && id <= 0x10a) || (id >= 0x110 && id <= 0x113) ||
	       (id >= 0x118 && id <= 0x11a) || id == 0x131 || id == 0x138 ||
	       (id >= 0x139 && id <= 0x13c);
}

/* VERSION, END, EXIT, SWITCH and PARK do not come back, or mean nothing. */
static bool comes_back(uint64_t id)
{
	return id != 0x100 && id != 0x10a && id != 0x111 && id != 0x112;
}

static void call_confined(uint64_t id)
{
	uint64_t arg[CBX_CALL_ARGS] = { 0 };
	struct machine_box box;
	struct cbx_reply reply;

	confined(&box, 0, 1);
	if (id == CBX_CALL_THREAD_CREATE) { /* one that finds its code */
		arg[1] = MACHINE_CODE(&box);
		arg[3] = 1;
	}
	reply = machine_in_box(&box, 0, id, arg);
	if (!allowed_confined(id)) {
		assert_int_equal(reply.status, MACHINE_NO_ANSWER);
		assert_true(attack_ended(&box));
		assert_int_equal(machine_enter(&box), CBX_EXIT_ENDED);
		assert_true(attack_ended(&box));
	} else if (comes_back(id)) {
		assert_int_not_equal(reply.status, MACHINE_NO_ANSWER);
		assert_false(attack_ended(&box));
	}
	attack_unseen();
	machine_erase(&box);
}

void attack_x05_confined_box_ends_by_any_other_call(void **state)
{
	static const uint64_t ids[] = { 0x000, 0x001, 0x002, 0x00f, 0x010,
		0x012, 0x020, 0x021, 0x022, 0x026, 0x027, 0x028, 0x02a, 0x02d,
		0x02f, 0x0ff, 0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x108,
		0x109, 0x110, 0x113, 0x118, 0x119, 0x11a, 0x11b, 0x120, 0x121,
		0x122, 0x128, 0x130, 0x131, 0x138, 0x139, 0x13a, 0x13b, 0x13c,
		0x13d, 0x140, 0x141, 0xfff };

	(void)state;
	for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (i % 16 == 0) {
			attack_room();
		}
		call_confined(ids[i]);
	}
	attack_sound();
}

static void order_write(struct machine_box *box, uint64_t port, uint64_t size)
{
	box->script[0].access = 0;
	box->script[0].call = (struct cbx_call){
		.id = CBX_CALL_CHANNEL_WRITE,
		.arg = { port, MACHINE_DATA, size },
	};
	machine_begin(box, 0);
}

/* Enter, @p pause ticks apart, until output comes. @return when it came */
static uint64_t await_output(struct machine_box *box, uint64_t pause)
{
	const struct cbx_reply output = { .ret = { CBX_EXIT_OUTPUT } };
	uint32_t reason;

	do {
		machine_wait(cbx_hal_ticks() + pause);
		reason = machine_enter(box);
		assert_true(reason == CBX_EXIT_IDLE ||
			    reason == CBX_EXIT_INTERRUPTED ||
			    reason == CBX_EXIT_OUTPUT);
	} while (reason != CBX_EXIT_OUTPUT);
	assert_memory_equal(&box->exit, &output, sizeof(output));
	return cbx_hal_ticks();
}

void attack_x08_confined_outputs_are_one_a_step(void **state)
{
	struct machine_box box;
	uint64_t last = 0;

	(void)state;
	confined(&box, 0, 1);
	for (uint32_t i = 0; i < 4; i++) {
		uint64_t step;

		order_write(&box, CBX_PORT_OUTPUT, 8);
		step = await_output(&box, STEP / 8) / STEP;
		assert_true(step > last);
		last = step;
	}
	attack_unharmed(&box);
}

void attack_x09_confined_output_waits_for_its_step(void **state)
{
	struct machine_box box;
	uint64_t now;
	uint64_t wake;

	(void)state;
	confined(&box, 0, 1);
	assert_true(machine_write(&box, MACHINE_DATA, 0x0123456789abcdef));
	now = cbx_hal_ticks();
	order_write(&box, CBX_PORT_OUTPUT, 8);
	while (machine_enter(&box) != CBX_EXIT_IDLE) {
	}
	wake = box.exit.ret[1];
	assert_int_equal(wake % STEP, 0);
	assert_true(wake > now);
	assert_false(ask_host_finds(&(uint64_t){ 0x0123456789abcdef }, 8));
	now = await_output(&box, STEP / 16);
	assert_true(now >= wake);
	assert_true(ask_host_finds(&(uint64_t){ 0x0123456789abcdef }, 8));
	attack_unharmed(&box);
}

#define PATTERN 0xaaaaaaaaaaaaaaaaull

static void fill_io(const struct machine_box *box)
{
	uint64_t page[CBX_PAGE_SIZE / 8];

	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		page[i] = PATTERN;
	}
	for (uint64_t i = 0; i < box->io_count; i++) {
		machine_put(box->io + i, page, sizeof(page));
	}
}

/* Exactly two pages are written: a header, size bytes, zeros. */
static void assert_two_pages(const struct machine_box *box, uint64_t size)
{
	uint64_t page[4][CBX_PAGE_SIZE / 8];
	uint64_t words = sizeof(page[0]) / 8;

	for (uint64_t i = 0; i < 4; i++) {
		assert_true(ask_host_read(
			box->io + i, 0, page[i], sizeof(page[i])));
	}
	for (uint64_t i = 4 + (size + 7) / 8; i < 2 * words; i++) {
		assert_int_equal(page[i / words][i % words], 0);
	}
	for (uint64_t i = 2 * words; i < 4 * words; i++) {
		assert_int_equal(page[i / words][i % words], PATTERN);
	}
}

void attack_x10_confined_outputs_have_one_size(void **state)
{
	static const uint64_t sizes[] = { 1, 8, 500, 0, 1000 };
	struct machine_box box;

	(void)state;
	confined(&box, 0, 2);
	for (uint32_t i = 0; i < 5; i++) {
		fill_io(&box);
		order_write(&box, i % 2 == 0 ? CBX_PORT_OUTPUT : CBX_PORT_ERROR,
			sizes[i]);
		(void)await_output(&box, STEP);
		assert_two_pages(&box, sizes[i]);
	}
	refuse(E_INVALID, BOX_ENTER, box.handle, box.io, 1);
	attack_unharmed(&box);
}

void attack_x11_confined_fault_tells_no_address(void **state)
{
	static const uint64_t addresses[] = { MACHINE_FREE,
		CBX_VA_MAX - CBX_PAGE_SIZE, 0, 1ull << 63 };
	uint64_t word;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		struct machine_box box;

		confined(&box, 0, 1);
		assert_false(machine_read(&box, addresses[i], &word));
		assert_true(attack_ended(&box));
		attack_unharmed(&box);
	}
}

void attack_x12_confined_box_writes_nothing_common(void **state)
{
	struct machine_box lender;
	struct machine_box box;

	(void)state;
	attack_borrow(&lender, &box);
	must(BOX_FINALIZE, box.handle);
	attack_hide(&box, ATTACK_SECRET_VA);
	machine_confine(&box);
	box_must(&box, PROTECT, 0, MACHINE_LENT + CBX_PAGE_SIZE, 1, RW);
	assert_true(machine_write(
		&box, MACHINE_LENT + CBX_PAGE_SIZE, attack_secret[0]));
	assert_false(machine_write(&box, MACHINE_LENT, attack_secret[0]));
	assert_true(attack_ended(&box));
	attack_lent_unchanged(&lender);
	attack_unharmed(&box);
}

void attack_x13_second_client_is_refused(void **state)
{
	struct machine_box box;
	struct cbx_reply reply;

	(void)state;
	confined(&box, 0, 1);
	refuse(E_STATE, BOX_CONFINE, box.handle, box.thread, box.io, 8,
		CBX_CONFINE_LAST);
	refuse(E_STATE, BOX_CONFINE, box.handle, box.thread, box.io, 8, 0);
	refuse(E_STATE, BOX_REPLY, box.handle, box.thread, 0, box.io, 8);
	reply = in_box(&box, CHANNEL_READ, CBX_PORT_CLIENT, MACHINE_DATA, 64);
	assert_int_equal(reply.status, MACHINE_NO_ANSWER);
	assert_true(attack_ended(&box));
	attack_unharmed(&box);
}

/* ---- X16 ---- */

enum end {
	EXIT_0,
	EXIT_7,
	EXIT_AFTER_WORK,
	LAST_THREAD,
	KILLED,
	VIOLATION,
	FAULT,
	SYSTEM_CALL,
	ENDS
};

static void bring_to_end(struct machine_box *box, enum end end)
{
	uint64_t word;

	switch (end) {
	case EXIT_0:
		(void)in_box(box, END, 0);
		break;
	case EXIT_7:
		(void)in_box(box, END, 7);
		break;
	case EXIT_AFTER_WORK:
		box_must(box, MAP, 0, MACHINE_FREE, 3, RW);
		box_must(box, SPACE_CREATE);
		(void)in_box(box, END, UINT64_MAX);
		break;
	case LAST_THREAD:
		(void)in_box(box, THREAD_EXIT);
		break;
	case KILLED:
		while (gate(BOX_KILL, box->handle).status == CBX_E_BUSY) {
		}
		(void)machine_enter(box);
		break;
	case VIOLATION:
		(void)in_box(box, WINDOW_SHARE, MACHINE_FREE, 1);
		break;
	case FAULT:
		assert_false(machine_read(box, MACHINE_FREE, &word));
		break;
	case SYSTEM_CALL:
		assert_false(machine_syscall(box, 39));
		break;
	case ENDS:
	default:
		fail();
	}
}

#define ANSWERS 7u

/* Whatever the host may ask about a box that ended. */
static void ask_about(struct machine_box *box, struct cbx_reply *answer)
{
	const uint64_t h = box->handle;

	assert_true(machine_ended(box));
	answer[0] = box->exit;
	(void)machine_enter(box);
	answer[1] = box->exit;
	answer[2] = gate(BOX_QUERY, h);
	answer[3] = gate(BOX_DIGEST, h, CBX_DIGEST_INPUT);
	answer[4] = gate(BOX_KICK, h);
	answer[5] = gate(BOX_REPLY, h, box->thread, 0, box->io, 0);
	while (gate(BOX_KILL, h).status == CBX_E_BUSY) {
	}
	answer[6] = gate(BOX_QUERY, h);
}

void attack_x16_confined_ends_look_alike(void **state)
{
	const struct cbx_reply ended = { .ret = { CBX_EXIT_ENDED } };
	struct cbx_reply first[ANSWERS];
	struct cbx_reply answer[ANSWERS];

	(void)state;
	attack_room();
	for (uint32_t end = 0; end < ENDS; end++) {
		struct machine_box box;

		confined(&box, 0, 1);
		bring_to_end(&box, (enum end)end);
		ask_about(&box, end == 0 ? first : answer);
		if (end == 0) {
			assert_memory_equal(&first[0], &ended, sizeof(ended));
			assert_memory_equal(&first[1], &ended, sizeof(ended));
		} else {
			assert_memory_equal(answer, first, sizeof(first));
		}
		attack_unseen();
		machine_erase(&box);
	}
	attack_sound();
}

/* ---- */

/* The client's data is refused. */
static void confine_refused(struct machine_box *box)
{
	struct cbx_reply reply =
		in_box(box, CHANNEL_READ, CBX_PORT_CLIENT, MACHINE_DATA, 64);

	assert_int_equal(reply.status, MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)box->exit.ret[0], CBX_EXIT_INPUT);
	refuse(E_STATE, BOX_CONFINE, box->handle, box->exit.ret[1], box->io, 8,
		CBX_CONFINE_LAST);
	assert_int_equal(must(BOX_QUERY, box->handle), CBX_DOMAIN_READY);
}

void attack_x17_no_window_survives_confinement(void **state)
{
	struct machine_box window;
	struct machine_box asking;
	struct machine_box box;

	(void)state;
	attack_victim(&window);
	box_must(&window, WINDOW_SHARE, MACHINE_FREE, 1);
	confine_refused(&window);
	machine_box(&asking);
	box_must(&asking, THREAD_CREATE, 0, MACHINE_CODE(&asking), 0, 1);
	assert_int_equal(in_thread(&asking, 1, FORWARD, MACHINE_FORWARD,
				 MACHINE_DATA, 8, MACHINE_DATA, 8)
				 .status,
		MACHINE_NO_ANSWER);
	assert_int_equal((uint32_t)asking.exit.ret[0], CBX_EXIT_FORWARD);
	confine_refused(&asking);
	confined(&box, 0, 1);
	(void)in_box(&box, WINDOW_SHARE, MACHINE_FREE, 1);
	assert_true(attack_ended(&box));
	attack_unharmed(&window);
}

/* Ask to be woken at @p ticks. @return when the host is told to come back; 0
 * when the box asked too late, because the machine is busy */
static uint64_t idle_until(struct machine_box *box, uint64_t ticks)
{
	uint64_t wake;
	bool late;

	box->script[0].access = 0;
	box->script[0].call = (struct cbx_call){
		.id = CBX_CALL_THREAD_PARK,
		.arg = { ticks },
	};
	machine_begin(box, 0);
	do { /* on linux it may first have to wake to see the order */
		while (machine_enter(box) != CBX_EXIT_IDLE) {
		}
		wake = box->exit.ret[1];
		late = cbx_hal_ticks() > ticks;
		(void)machine_finished(box, 0);
		if (box->script[0].step == MACHINE_CALL) {
			machine_wait(wake);
		}
	} while (box->script[0].step == MACHINE_CALL);
	machine_wait(wake);
	while (!machine_finished(box, 0)) {
		(void)machine_enter(box);
	}
	return late ? 0 : wake;
}

static void assert_rounded(struct machine_box *box, uint64_t bits)
{
	uint64_t base;
	uint64_t wake;
	uint32_t tries = 0;

	do {
		assert_true(tries++ < 10);
		base = (cbx_hal_ticks() / STEP + 8) * STEP;
		wake = idle_until(box, base + bits);
	} while (wake == 0);
	assert_int_equal(wake, base + STEP);
}

void attack_x19_wake_times_are_rounded(void **state)
{
	struct machine_box box;

	(void)state;
	confined(&box, 0, 1);
	assert_rounded(&box, 1);
	assert_rounded(&box, 12345);
	assert_rounded(&box, STEP / 2);
	assert_rounded(&box, STEP - 1);
	attack_unharmed(&box);
}

void attack_x20_looking_into_a_box_is_refused(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	uint64_t got[ATTACK_SECRET_WORDS];

	(void)state;
	attack_victim(&victim);
	refuse(E_DENIED, BOX_PEEK, victim.handle, ATTACK_SECRET_VA, 32,
		victim.io);
	attack_unharmed(&victim);
	confined(&box, CBX_POLICY_DEBUG | CBX_POLICY_TRACE, 1);
	refuse(E_STATE, BOX_PEEK, box.handle, ATTACK_SECRET_VA, 32, box.io);
	assert_true(ask_host_read(box.io, 0, got, sizeof(got)));
	assert_memory_not_equal(got, attack_secret, sizeof(got));
	assert_false(machine_syscall(&box, 39)); /* no TRACE exit */
	assert_true(attack_ended(&box));
	attack_unharmed(&box);
}
