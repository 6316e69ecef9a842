/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's steps.
 */
#include <model/steps.h>

#include <string.h>

#include <model/choose.h>
#include <model/judge.h>
#include <model/pick.h>

/* Most boxes and pages a walk uses: small enough that they meet. */
#define BOXES 4u

static uint32_t live_boxes(void)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		n += spec.box[i].life != LIFE_NONE;
	}
	return n;
}

/* ---- the policy page ---- */

static struct cbx_policy make_policy(void)
{
	struct cbx_policy policy = {
		.version = CBX_POLICY_VERSION,
		.flags = choose(4) | (once_in(5) ? 4 : 0) |
			 (once_in(5) ? 8 : 0) | (once_in(2) ? 16 : 0) |
			 (once_in(10) ? 0 : 32) | (once_in(10) ? 64 : 0),
		.features = once_in(20) ? choose(18) : 0,
		.output_pages = 1 + choose(2),
		.threads_max = 1 + choose(5),
		.wake_step = 1 + choose(50),
		.rule_count = choose(4),
		.rule = { { .call = PICK_FORWARD },
			{ .call = PICK_FORWARD + 1,
				.mask = { once_in(2) ? 1 : 0 } },
			{ .call = PICK_FORWARD + 2,
				.text = (uint16_t)choose(3),
				.text_bytes = (uint16_t)(1 + choose(2)) } },
		.text = "/a/b",
	};

	if (once_in(16)) {
		((uint8_t *)&policy)[choose(sizeof(policy))] ^= 1;
	}
	return policy;
}

static void make_create(struct cbx_call *call)
{
	const struct cbx_policy policy = make_policy();

	call->arg[0] = pick_page(IS_FREE);
	call->arg[1] = pick_page(IS_FREE);
	call->arg[2] = pick_page(IS_HOST);
	if (live_boxes() >= BOXES) {
		call->arg[0] = pick_page(IS_HOST);
	}
	if (call->arg[2] < spec.pages) {
		world_put((uint32_t)call->arg[2], &policy, sizeof(policy));
	}
}

/* ---- calls on pages ---- */

static void make_range(struct cbx_call *call, unsigned int at, enum spec_is is)
{
	call->arg[at] = pick_page(is);
	call->arg[at + 1] = pick_count(call->arg[at], is, 4);
}

static void make_question(struct cbx_call *call)
{
	static const uint64_t id[] = { CBX_CALL_PAGE_QUERY, CBX_CALL_PAGE_QUERY,
		CBX_CALL_VERSION, CBX_CALL_CAPS, CBX_CALL_BOOT_DIGEST };

	call->id = id[choose(5)];
	if (call->id == CBX_CALL_PAGE_QUERY) {
		call->arg[0] = choose(spec.pages + 2);
	}
}

static uint32_t pages_that_are(enum spec_is is)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < spec.pages; i++) {
		n += spec.page[i].is == is;
	}
	return n;
}

static void make_page_call(struct cbx_call *call)
{
	bool plenty =
		pages_that_are(IS_FREE) > 16 || pages_that_are(IS_HOST) < 12;

	switch (choose(8)) {
	case 0:
	case 1:
	case 2:
	case 3:
		call->id = plenty ? CBX_CALL_PAGE_RETURN : CBX_CALL_PAGE_DONATE;
		make_range(call, 0, plenty ? IS_FREE : IS_HOST);
		break;
	case 4:
		/* What is going, and its neighbours. */
		call->id = CBX_CALL_PAGE_DONATE;
		call->arg[0] = pick_page(IS_GOING) - choose(3);
		call->arg[1] = 1 + choose(5);
		break;
	case 5:
		make_question(call);
		break;
	default:
		call->id = CBX_CALL_BOX_CREATE;
		make_create(call);
		break;
	}
}

/* ---- calls on a box in the making ---- */

static void make_add(const struct spec_box *box, struct cbx_call *call)
{
	bool code = once_in(2);

	call->id = CBX_CALL_BOX_ADD;
	call->arg[1] = code ? WORLD_CODE(choose(2)) : pick_va();
	make_range(call, 2, IS_FREE);
	call->arg[4] = code ? pick_code_rights(box) : pick_rights();
	call->arg[5] = CBX_NO_PAGE;
	if (once_in(2)) {
		call->arg[5] = pick_page(IS_HOST);
		call->arg[3] = pick_count(call->arg[5], IS_HOST, 2);
	}
}

static bool has_code(const struct spec_box *box, uint64_t at)
{
	for (uint32_t i = 0; i < box->space[0].slots; i++) {
		const struct spec_slot *slot = &box->space[0].slot[i];

		if (slot->va == at && (slot->rights & CBX_RIGHT_X) != 0) {
			return true;
		}
	}
	return false;
}

static void make_thread(const struct spec_box *box, struct cbx_call *call)
{
	uint64_t entry = WORLD_CODE(choose(WORLD_CODES));

	call->id = CBX_CALL_BOX_THREAD;
	call->arg[1] = has_code(box, entry) ? entry : WORLD_CODE(0);
	call->arg[2] = pick_va();
	call->arg[3] = choose(256);
}

/* What the box still lacks to run. @return false when nothing */
static bool make_missing(const struct spec_box *box, struct cbx_call *call)
{
	if (!box->granted || reserve_of(box) < 4) {
		call->id = CBX_CALL_BOX_GRANT;
		call->arg[1] = pick_page(IS_FREE);
		call->arg[2] = pick_count(call->arg[1], IS_FREE, 12);
		return true;
	}
	if (!has_code(box, WORLD_CODE(0))) {
		call->id = CBX_CALL_BOX_ADD;
		call->arg[1] = WORLD_CODE(0);
		call->arg[2] = pick_page(IS_FREE);
		call->arg[3] = 1;
		call->arg[4] = pick_code_rights(box);
		call->arg[5] = pick_page(IS_HOST);
		return true;
	}
	if (threads_of(box) == 0) {
		make_thread(box, call);
		return true;
	}
	return false;
}

static void make_building_call(
	const struct spec_box *box, struct cbx_call *call)
{
	if (box->granted && box->space[0].slots == 0 && !once_in(3)) {
		call->id = CBX_CALL_BOX_BORROW;
		call->arg[1] = pick_lender(box);
		return;
	}
	if (box->borrowing && once_in(3)) {
		call->id = CBX_CALL_BOX_KILL;
		return;
	}
	if (!once_in(8) && make_missing(box, call)) {
		return;
	}
	switch (choose(8)) {
	case 0:
		call->id = CBX_CALL_BOX_GRANT;
		make_range(call, 1, IS_FREE);
		break;
	case 1:
	case 2:
	case 3:
		make_add(box, call);
		break;
	case 4:
	case 5:
		call->id = CBX_CALL_BOX_BORROW;
		call->arg[1] = pick_lender(box);
		break;
	case 6:
		make_thread(box, call);
		break;
	default:
		call->id = CBX_CALL_BOX_FINALIZE;
		break;
	}
}

/* ---- calls on a box that runs ---- */

static void make_enter(const struct spec_box *box, struct cbx_call *call)
{
	uint64_t pages = box->policy.output_pages;

	call->id = CBX_CALL_BOX_ENTER;
	call->arg[1] = pick_page_run(IS_HOST, pages);
	call->arg[2] = once_in(8) ? choose(4) : pages;
}

/* Whether the box cannot have its client's data yet. */
static bool is_tied(
	const struct spec_box *box, const struct spec_thread *thread)
{
	return thread->doing == DOES_CLIENT &&
	       windows_of(box) + asking_of(box) != 0;
}

static void make_answer(const struct spec_box *box, struct cbx_call *call)
{
	const struct spec_thread *thread = pick_asking(box);
	uint64_t room;
	bool client;

	if (thread == NULL && once_in(8)) {
		call->id = CBX_CALL_BOX_REPLY;
		call->arg[1] = pick_thread(box);
		return;
	}
	if (thread == NULL || (is_tied(box, thread) && !once_in(16))) {
		make_enter(box, call);
		return;
	}
	client = thread->doing == DOES_CLIENT;
	room = thread->capacity - thread->filled;
	call->id = client ? CBX_CALL_BOX_CONFINE : CBX_CALL_BOX_REPLY;
	call->arg[1] = thread->handle;
	call->arg[client ? 2 : 3] = pick_page(IS_HOST);
	call->arg[client ? 3 : 4] = pick_bytes(room);
	call->arg[client ? 4 : 2] = client ? choose(2) : choose(256);
}

static void make_peek(const struct spec_box *box, struct cbx_call *call)
{
	call->id = CBX_CALL_BOX_PEEK;
	call->arg[1] = pick_mapped(&box->space[0]) + choose(CBX_PAGE_SIZE);
	call->arg[2] = choose(once_in(4) ? 5000 : 500);
	call->arg[3] = pick_page(IS_HOST);
}

/* Evidence, a signature or a root. */
static void make_trust(struct cbx_call *call)
{
	static const uint64_t ids[] = { CBX_CALL_MONITOR_EVIDENCE,
		CBX_CALL_BOX_EVIDENCE, CBX_CALL_BOX_SIGN,
		CBX_CALL_ROOT_RELEASE };
	bool names_box;

	call->id = ids[choose(4)];
	names_box = call->id == CBX_CALL_BOX_EVIDENCE ||
		    call->id == CBX_CALL_BOX_SIGN;
	call->arg[names_box] = pick_page(IS_HOST);
	if (call->id == CBX_CALL_ROOT_RELEASE) {
		call->arg[1] = choose(200);
	} else if (call->id != CBX_CALL_BOX_SIGN) {
		call->arg[names_box + 1] = once_in(4) ? choose(80) : 16;
		call->arg[names_box + 2] = pick_page(IS_HOST);
		call->arg[names_box + 3] = once_in(8) ? choose(20) : 1;
	}
}

static void make_look(const struct spec_box *box, struct cbx_call *call)
{
	if (once_in(3)) {
		make_trust(call);
	} else if ((box->policy.flags & CBX_POLICY_DEBUG) != 0 && once_in(2)) {
		make_peek(box, call);
	} else if (once_in(2)) {
		call->id = CBX_CALL_BOX_QUERY;
	} else {
		call->id = CBX_CALL_BOX_KICK;
		call->arg[1] = choose(2);
	}
}

static bool can_run(const struct spec_box *box)
{
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		if (box->thread[i].handle != 0 &&
			spec_runnable(&box->thread[i])) {
			return true;
		}
	}
	return false;
}

/* A box that cannot go on: answer it, let time pass, or end it. */
static void make_going(const struct spec_box *box, struct cbx_call *call)
{
	if (pick_asking(box) != NULL && !once_in(8)) {
		make_answer(box, call);
		return;
	}
	world_tick(choose(60));
	if (once_in(5)) {
		call->id = CBX_CALL_BOX_KILL;
		return;
	}
	make_enter(box, call);
}

static void make_running_call(const struct spec_box *box, struct cbx_call *call)
{
	if (!can_run(box) && !once_in(4)) {
		make_going(box, call);
		return;
	}
	switch (choose(16)) {
	case 0:
	case 1:
	case 2:
		make_answer(box, call);
		break;
	case 3:
		call->id = CBX_CALL_BOX_GRANT;
		make_range(call, 1, IS_FREE);
		break;
	case 4:
		make_look(box, call);
		break;
	case 6:
		if (once_in(4)) {
			call->id = CBX_CALL_BOX_TEMPLATE;
			break;
		}
		make_enter(box, call);
		break;
	case 5:
		call->id =
			once_in(40) ? CBX_CALL_BOX_KILL : CBX_CALL_BOX_DIGEST;
		call->arg[1] = call->id == CBX_CALL_BOX_DIGEST ? choose(5) : 0;
		break;
	default:
		make_enter(box, call);
		break;
	}
}

/* ---- calls on a dying box ---- */

static void make_dying_call(const struct spec_box *box, struct cbx_call *call)
{
	if (spaces_of(box) + threads_of(box) != 0 && !once_in(4)) {
		call->id = CBX_CALL_BOX_KILL;
	} else if (once_in(40)) {
		make_enter(box, call);
	} else if (pages_of(box) == 1 && !once_in(16)) {
		call->id = CBX_CALL_BOX_DESTROY;
	} else {
		call->id = CBX_CALL_BOX_RECLAIM;
		call->arg[1] = pick_page_of(box);
		call->arg[2] = 1 + choose(3);
	}
}

/* ---- calls on a template ---- */

static void make_lending_call(const struct spec_box *box, struct cbx_call *call)
{
	if (!box->lends && !once_in(4)) {
		call->id = CBX_CALL_BOX_TEMPLATE;
	} else if (once_in(12)) {
		call->id = CBX_CALL_BOX_KILL;
	} else if (once_in(2)) {
		call->id = CBX_CALL_BOX_DIGEST;
		call->arg[1] = choose(3);
	} else {
		make_enter(box, call);
	}
}

static void make_box_call(struct cbx_call *call)
{
	const struct spec_box *box = pick_box();

	if (box == NULL) {
		make_page_call(call);
		return;
	}
	if (box->life == LIFE_MAKING) {
		make_building_call(box, call);
	} else if (box->life == LIFE_ENDING) {
		make_dying_call(box, call);
	} else if (box->life == LIFE_LENDING) {
		make_lending_call(box, call);
	} else {
		make_running_call(box, call);
	}
	if (call->id != CBX_CALL_MONITOR_EVIDENCE &&
		call->id != CBX_CALL_ROOT_RELEASE) {
		call->arg[0] = box->root;
	}
}

/* Now and then a call is not quite right. */
static void spoil(struct cbx_call *call)
{
	if (once_in(24)) {
		call->arg[choose(CBX_CALL_ARGS)] = pick_wild();
	}
	if (once_in(200)) {
		call->id = choose(0x160);
	}
	if (once_in(200)) {
		call->reserved = choose(2);
	}
	pick_entries(call);
}

static void host_calls(void)
{
	struct cbx_call call = { 0 };

	if (live_boxes() < 2 ? once_in(2) : once_in(10)) {
		make_page_call(&call);
	} else {
		make_box_call(&call);
	}
	spoil(&call);
	if (pick_fits(&call)) {
		(void)world_call(&call);
	}
}

/* Of calls on boxes: ranges, and those of one step. */
static void make_refusable_call(struct cbx_call *call)
{
	const struct spec_box *box = pick_box();

	*call = (struct cbx_call){ .id = CBX_CALL_BOX_GRANT };
	if (box == NULL || !pick_fits_box(box, call)) {
		return;
	}
	call->arg[0] = box->root;
	if (box->life == LIFE_MAKING && once_in(2)) {
		make_thread(box, call);
	} else if (box->life == LIFE_ENDING) {
		call->id = CBX_CALL_BOX_RECLAIM;
		call->arg[1] = pick_page_of(box);
		call->arg[2] = 1;
	} else {
		make_range(call, 1, IS_FREE);
	}
	if (!pick_fits(call)) {
		call->id = CBX_CALL_VERSION;
	}
}

/* The hardware refuses a step of a call whose every outcome is known. */
static void refused_call(void)
{
	struct cbx_call call = { .id = CBX_CALL_PAGE_DONATE };
	bool half;

	make_range(&call, 0, IS_HOST);
	if (once_in(2)) {
		call.id = CBX_CALL_PAGE_RETURN;
		make_range(&call, 0, IS_FREE);
	}
	half = once_in(2);
	if (!half && once_in(3)) {
		make_refusable_call(&call);
	}
	(void)world_call_refusing(&call, 1 + choose(4), half);
}

static void machine_moves(void)
{
	uint32_t cpu = choose(WORLD_CPUS);

	switch (choose(8)) {
	case 0:
		world_share(pick_page(IS_HOST), 1 + choose(2), true);
		break;
	case 1:
	case 2:
		world_share(pick_page(IS_OPEN), 1 + choose(2), false);
		break;
	case 3:
		world_hold(cpu);
		break;
	case 4:
	case 5:
		world_release(cpu);
		break;
	case 6:
		refused_call();
		break;
	default:
		world_cpu(cpu);
		break;
	}
}

void steps_next(void)
{
	/* No CPU keeps the others waiting for long. */
	if (spec.holding != 0 && once_in(12)) {
		world_release((spec.holding & 1) != 0 ? 0 : 1);
	}
	switch (choose(16)) {
	case 0:
		machine_moves();
		break;
	case 1:
		world_tick(choose(60));
		break;
	case 2:
		world_write((uint32_t)pick_page(IS_HOST) % spec.pages,
			choose_any());
		break;
	default:
		host_calls();
		break;
	}
}
