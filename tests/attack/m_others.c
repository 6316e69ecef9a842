/* SPDX-License-Identifier: Apache-2.0 */
/* Views, races, and what must never be the same twice. */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "attack/attack.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

/* Calls of the host's, as many arguments of each. */
static const struct {
	uint64_t id;
	uint32_t nargs;
	bool box;
} host_calls[] = {
#define HOST   1
#define ANY    1
#define BOX    0
#define KEEPER 0
#define NONE   0
#define B      1
#define R      1
#define C      1
#define D      1
#define T      1
#define X(number, NAME, name, callers, nargs, states, repeat) \
	{ (callers) ? (number) : UINT64_MAX, (nargs), (states) != 0 },
#include <confbox/gate.def>
#undef X
#undef HOST
#undef ANY
#undef BOX
#undef KEEPER
#undef NONE
#undef B
#undef R
#undef C
#undef D
#undef T
};
#define HOST_CALLS (sizeof(host_calls) / sizeof(host_calls[0]))

/* One call with every combination of arguments that could name something of
 * the victim's.  The box named is the attacker's own. */
static void try_all(
	uint32_t row, const struct machine_box *victim, uint64_t own)
{
	const uint64_t value[] = { victim->data, victim->space, MACHINE_FREE,
		1 };
	const uint32_t first = host_calls[row].box ? 1 : 0;
	uint32_t combinations = 1;

	for (uint32_t i = first; i < host_calls[row].nargs; i++) {
		combinations *= 4;
	}
	for (uint32_t c = 0; c < combinations; c++) {
		uint64_t arg[CBX_CALL_ARGS] = { own };
		struct cbx_reply reply;
		uint32_t left = c;

		for (uint32_t i = first; i < host_calls[row].nargs; i++) {
			arg[i] = value[left % 4];
			left /= 4;
		}
		reply = machine_gate(host_calls[row].id, arg);
		assert_false(attack_tells(&reply));
	}
}

static void try_every_call(const struct machine_box *victim, uint64_t own)
{
	for (uint32_t row = 0; row < HOST_CALLS; row++) {
		if (host_calls[row].id != UINT64_MAX) {
			try_all(row, victim, own);
		}
	}
}

void attack_m19_no_host_call_changes_a_foreign_view(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	struct cbx_page before;

	(void)state;
	attack_victim(&victim);
	before = *cbx_page_at(victim.data);
	machine_building(&box, NULL);
	try_every_call(&victim, box.handle); /* ends it, too */
	try_every_call(&victim, box.handle);
	assert_memory_equal(cbx_page_at(victim.data), &before, sizeof(before));
	attack_untouchable(victim.data);
	attack_untouchable(victim.space);
	attack_untouchable(victim.handle);
	attack_unharmed(&victim);
}

/* ---- M22 ---- */

#define OVERLAPS 50u

/* The host on another CPU takes the buffer away and puts it back. */
struct taker {
	uint64_t pfn;
	atomic_bool stop;
	bool clean;
};

/* Let the other one get a turn, even on one processor. */
static void rest(void)
{
	const struct timespec pause = { .tv_nsec = 10000 };

	(void)nanosleep(&pause, NULL);
}

static void take_and_return(void *arg)
{
	struct taker *taker = arg;

	while (!atomic_load(&taker->stop) && !cpus_ending()) {
		struct cbx_reply reply;

		do {
			reply = gate(PAGE_DONATE, taker->pfn, 1);
		} while (reply.status == CBX_E_BUSY && !cpus_ending());
		rest();
		taker->clean = taker->clean && reply.status == CBX_OK &&
			       ask_zero(taker->pfn);
		reply = gate(PAGE_RETURN, taker->pfn, 1);
		taker->clean = taker->clean && reply.status == CBX_OK;
		rest();
	}
}

/* The box writes output into the host's buffer. @return whether it arrived */
static bool write_output(struct machine_box *box)
{
	struct machine_script *script = &box->script[0];

	script->access = 0;
	script->call = (struct cbx_call){
		.id = CBX_CALL_CHANNEL_WRITE,
		.arg = { CBX_PORT_OUTPUT, MACHINE_DATA, 64 },
	};
	machine_begin(box, 0);
	do {
		box->exit = gate(BOX_ENTER, box->handle, box->io, 1);
		if (box->exit.status == CBX_OK &&
			(uint32_t)box->exit.ret[0] == CBX_EXIT_OUTPUT) {
			return true;
		}
		assert_true(box->exit.status == CBX_OK ||
			    box->exit.status == CBX_E_DENIED);
	} while (!machine_finished(box, 0));
	return false;
}

void attack_m22_taking_a_buffer_races_with_a_copy(void **state)
{
	struct machine_box victim;
	static struct taker taker;
	struct timespec start;
	struct timespec now;
	uint32_t outputs = 0;
	uint32_t refusals = 0;

	(void)state;
	attack_victim(&victim);
	assert_true(machine_write(&victim, MACHINE_DATA, 0x1111111111111111));
	taker.pfn = machine_pages(1);
	taker.clean = true;
	atomic_store(&taker.stop, false);
	victim.io = taker.pfn;
	cpus_run(1, take_and_return, &taker);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (write_output(&victim)) {
			outputs++;
		} else {
			refusals++;
		}
		rest();
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		/* A busy machine may let one side run for seconds. */
	} while ((outputs < OVERLAPS || refusals < OVERLAPS) &&
		 now.tv_sec - start.tv_sec <
			 (outputs != 0 && refusals != 0 ? 8 : 60));
	atomic_store(&taker.stop, true);
	cpus_join(1);
	assert_true(taker.clean);
	assert_true(outputs != 0 && refusals != 0);
	attack_unharmed(&victim);
}

/* ---- */

void attack_m23_box_reaches_only_its_own_pages(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	uint64_t word = 0;
	uint64_t va[4];

	(void)state;
	attack_victim(&victim);
	va[0] = MACHINE_CODE(&victim);
	va[1] = victim.data << CBX_PAGE_SHIFT;
	va[2] = (victim.data << CBX_PAGE_SHIFT) + (1ull << 46);
	va[3] = CBX_VA_MAX - CBX_PAGE_SIZE;
	for (uint32_t i = 0; i < 4; i++) {
		machine_box(&box);
		attack_translates_own(box.handle, box.space);
		assert_false(machine_read(&box, va[i], &word));
		assert_true(attack_ended(&box));
		machine_erase(&box);
	}
	attack_unharmed(&victim);
}

/* A template that the host told something, or nothing. */
static void template_of(struct machine_box *lender, bool told)
{
	machine_lender(lender);
	if (told) {
		(void)in_box(lender, CHANNEL_READ, CBX_PORT_INPUT,
			MACHINE_LENT + 64, 8);
		must(BOX_REPLY, lender->handle, lender->exit.ret[1], 8,
			lender->io, 8);
		assert_int_equal(machine_enter(lender), CBX_EXIT_INTERRUPTED);
	}
	repeat(BOX_TEMPLATE, lender->handle, 0);
}

/* A READY clone, the host being its client. */
static void clone_of(const struct machine_box *lender, struct machine_box *box,
	uint32_t flags)
{
	struct cbx_policy policy = machine_policy();

	policy.flags = CBX_POLICY_PLAIN | flags;
	machine_building(box, &policy);
	repeat(BOX_BORROW, box->handle, lender->handle);
	must(BOX_FINALIZE, box->handle);
}

/* Whether the host told it nothing after it was measured. */
static bool told_nothing(const struct machine_box *box)
{
	static const uint8_t zero[CBX_DIGEST_BYTES];
	const struct cbx_reply digest =
		gate(BOX_DIGEST, box->handle, CBX_DIGEST_INPUT);

	assert_int_equal(digest.status, CBX_OK);
	return memcmp(digest.ret, zero, sizeof(zero)) == 0;
}

void attack_m28_poisoned_template_shows(void **state)
{
	struct machine_box fine;
	struct machine_box poisoned;
	struct machine_box box;

	(void)state;
	template_of(&fine, false);
	template_of(&poisoned, true);
	assert_true(told_nothing(&fine));
	assert_false(told_nothing(&poisoned));
	/* Who takes any clone takes this one, and sees that it is one (T04: and
	 * of what); a clean policy takes none. */
	clone_of(&poisoned, &box, 0);
	assert_int_not_equal(
		gate(BOX_QUERY, box.handle).ret[1] & CBX_BOX_CLONE, 0);
	machine_confine(&box);
	clone_of(&poisoned, &box, CBX_POLICY_CLEAN);
	(void)in_box(&box, CHANNEL_READ, CBX_PORT_CLIENT, MACHINE_DATA, 64);
	refuse(E_DENIED, BOX_CONFINE, box.handle, box.exit.ret[1], box.io, 8,
		CBX_CONFINE_LAST);
	assert_int_equal(must(BOX_QUERY, box.handle), CBX_DOMAIN_READY);
	attack_sound();
}

void attack_m29_two_boxes_of_one_image_differ(void **state)
{
	struct machine_box twin[2];
	struct cbx_reply a;
	struct cbx_reply b;
	struct cbx_reply again;

	(void)state;
	machine_box(&twin[0]);
	machine_box(&twin[1]);
	a = in_box(&twin[0], RANDOM);
	b = in_box(&twin[1], RANDOM);
	again = in_box(&twin[0], RANDOM);
	assert_int_equal(a.status, CBX_OK);
	assert_int_equal(b.status, CBX_OK);
	for (uint32_t i = 0; i < CBX_REPLY_RETS; i++) {
		assert_int_not_equal(a.ret[i], b.ret[i]);
		assert_int_not_equal(a.ret[i], again.ret[i]);
		assert_false(ask_host_finds(&a.ret[i], 8));
	}
	assert_int_not_equal(twin[0].handle, twin[1].handle);
	assert_int_not_equal(twin[0].thread, twin[1].thread);
	attack_sound();
}

/* The one box that is the keeper, and its space. */
static uint64_t find_keeper(uint64_t *space)
{
	uint64_t keeper = 0;

	for (uint64_t i = 1; keeper == 0; i++) {
		const struct cbx_domain *d = cbx_domain_hold(i);

		assert_true(i < cbx_hal_page_count());
		if (d != NULL) {
			keeper = d->keeper ? i : 0;
			cbx_domain_drop(d);
		}
	}
	*space = UINT64_MAX;
	do {
		*space = attack_next_page(keeper, CBX_PAGE_META, *space);
	} while (cbx_page_at(*space)->detail != CBX_META_SPACE);
	return keeper;
}

static void assert_pages_untouchable(
	uint64_t handle, enum cbx_page_state page_state)
{
	uint64_t pfn = UINT64_MAX;

	while ((pfn = attack_next_page(handle, page_state, pfn)) !=
		UINT64_MAX) {
		attack_untouchable(pfn);
		refuse(E_STATE, PAGE_RETURN, pfn, 1);
	}
}

void attack_m30_keeper_is_out_of_reach(void **state)
{
	struct machine_box victim;
	uint64_t space;
	uint64_t keeper = find_keeper(&space);

	(void)state;
	attack_victim(&victim);
	for (uint32_t row = 0; row < HOST_CALLS; row++) {
		uint64_t arg[CBX_CALL_ARGS] = { keeper };

		if (host_calls[row].id != UINT64_MAX && host_calls[row].box) {
			assert_int_equal(
				machine_gate(host_calls[row].id, arg).status,
				CBX_E_DENIED);
		}
	}
	assert_pages_untouchable(keeper, CBX_PAGE_PRIVATE);
	assert_pages_untouchable(keeper, CBX_PAGE_META);
	box_refuse(E_INVALID, &victim, MAP_ALIAS, 0, MACHINE_FREE, 1, RW, space,
		CBX_DESK_VA);
	box_refuse(E_INVALID, &victim, MAP, space, MACHINE_FREE, 1, RW);
	attack_translates_own(keeper, space);
	attack_translates_own(victim.handle, victim.space);
	attack_unharmed(&victim);
}
