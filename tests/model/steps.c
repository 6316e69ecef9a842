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
		.flags = choose(4),
		.output_pages = 1 + choose(2),
		.threads_max = 1 + choose(5),
		.wake_step = 1 + choose(50),
		.forward_count = choose(3),
		.forward = { PICK_FORWARD, PICK_FORWARD + 1 },
	};

	for (uint32_t i = policy.forward_count; i < 2; i++) {
		policy.forward[i] = 0;
	}
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

static void make_page_call(struct cbx_call *call)
{
	switch (choose(8)) {
	case 0:
	case 1:
	case 2:
		call->id = CBX_CALL_PAGE_DONATE;
		make_range(call, 0, once_in(4) ? IS_GOING : IS_HOST);
		break;
	case 3:
		call->id = CBX_CALL_PAGE_RETURN;
		make_range(call, 0, IS_FREE);
		break;
	case 4:
		call->id = CBX_CALL_PAGE_QUERY;
		call->arg[0] = choose(spec.pages + 2);
		break;
	default:
		call->id = CBX_CALL_BOX_CREATE;
		make_create(call);
		break;
	}
}

/* ---- calls on a box in the making ---- */

static void make_add(struct cbx_call *call)
{
	bool code = once_in(2);

	call->id = CBX_CALL_BOX_ADD;
	call->arg[1] = code ? WORLD_CODE(choose(2)) : pick_va();
	make_range(call, 2, IS_FREE);
	call->arg[4] = code ? CBX_RIGHT_R | CBX_RIGHT_X : pick_rights();
	call->arg[5] = CBX_NO_PAGE;
	if (once_in(2)) {
		call->arg[5] = pick_page(IS_HOST);
		call->arg[3] = pick_count(call->arg[5], IS_HOST, 2);
	}
	if (once_in(4)) {
		call->arg[4] |= CBX_ADD_COMMON;
	}
}

static void make_building_call(
	const struct spec_box *box, struct cbx_call *call)
{
	switch (choose(8)) {
	case 0:
	case 1:
		call->id = CBX_CALL_BOX_GRANT;
		make_range(call, 1, IS_FREE);
		break;
	case 2:
	case 3:
	case 4:
		make_add(call);
		break;
	case 5:
		call->id = CBX_CALL_BOX_COMMON;
		call->arg[1] = pick_va();
		make_range(call, 2, IS_PUBLIC);
		call->arg[4] = CBX_RIGHT_R | (once_in(2) ? CBX_RIGHT_X : 0);
		break;
	case 6:
		call->id = CBX_CALL_BOX_THREAD;
		call->arg[1] = WORLD_CODE(choose(WORLD_CODES));
		call->arg[2] = pick_va();
		call->arg[3] = choose(256);
		break;
	default:
		call->id = threads_of(box) != 0 && !once_in(8)
				   ? CBX_CALL_BOX_FINALIZE
				   : CBX_CALL_BOX_THREAD;
		call->arg[1] =
			call->id == CBX_CALL_BOX_THREAD ? WORLD_CODE(0) : 0;
		break;
	}
}

/* ---- calls on a box that runs ---- */

static void make_answer(const struct spec_box *box, struct cbx_call *call)
{
	const struct spec_thread *thread = pick_asking(box);
	uint64_t room;
	bool client;

	if (thread == NULL) {
		call->id = CBX_CALL_BOX_REPLY;
		call->arg[1] = pick_thread(box);
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

static void make_enter(const struct spec_box *box, struct cbx_call *call)
{
	uint64_t pages = box->policy.output_pages;

	call->id = CBX_CALL_BOX_ENTER;
	call->arg[1] = pick_page_run(IS_HOST, pages);
	call->arg[2] = once_in(8) ? choose(4) : pages;
}

static void make_peek(struct cbx_call *call)
{
	call->id = CBX_CALL_BOX_PEEK;
	call->arg[1] = pick_va() + choose(CBX_PAGE_SIZE);
	call->arg[2] = choose(5000);
	call->arg[3] = pick_page(IS_HOST);
}

static void make_running_call(const struct spec_box *box, struct cbx_call *call)
{
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
		make_peek(call);
		break;
	case 5:
		call->id = CBX_CALL_BOX_KICK;
		break;
	case 6:
		call->id = once_in(6) ? CBX_CALL_BOX_KILL : CBX_CALL_BOX_DIGEST;
		call->arg[1] = call->id == CBX_CALL_BOX_DIGEST ? choose(3) : 0;
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
	} else if (once_in(8)) {
		make_enter(box, call);
	} else if (pages_of(box) == 1) {
		call->id = CBX_CALL_BOX_DESTROY;
	} else {
		call->id = CBX_CALL_BOX_RECLAIM;
		call->arg[1] = pick_page_of(box);
		call->arg[2] = 1 + choose(3);
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
	} else {
		make_running_call(box, call);
	}
	call->arg[0] = box->root;
}

/* Now and then a call is not quite right. */
static void spoil(struct cbx_call *call)
{
	if (once_in(12)) {
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

	if (once_in(4)) {
		make_page_call(&call);
	} else {
		make_box_call(&call);
	}
	spoil(&call);
	if (pick_fits(&call)) {
		(void)world_call(&call);
	}
}

/* The hardware refuses a step of a call whose every outcome is known. */
static void refused_call(void)
{
	struct cbx_call call = { .id = CBX_CALL_PAGE_DONATE };

	make_range(&call, 0, IS_HOST);
	if (once_in(2)) {
		call.id = CBX_CALL_PAGE_RETURN;
		make_range(&call, 0, IS_FREE);
	}
	(void)world_call_refusing(&call, 1 + choose(4));
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
