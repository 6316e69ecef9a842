/* SPDX-License-Identifier: Apache-2.0 */
#include <model/small.h>

#include <stdlib.h>
#include <string.h>

#include <model/digest.h>
#include <model/judge.h>
#include <model/world.h>

/* Names for what is known only when the step is made. */
#define NAMES	  0xff00000000000000ull
#define PAGE(i)	  (NAMES + 0x100 + (i)) /* page i of the small machine */
#define ROOT(i)	  PAGE(2 * (i))		/* box i, made of pages 2i, 2i + 1 */
#define SPACE2	  (NAMES + 0x200)	/* the second space of box 0 */
#define THREAD(i) (NAMES + 0x300 + (i)) /* thread i of box 0 */
#define LENT	  (NAMES + 0x400)	/* a host page never given away */

#define CODE	 WORLD_CODE(0)
#define VA(i)	 (WORLD_CODE(0) + (16 + (i)) * (uint64_t)CBX_PAGE_SIZE)
#define R	 CBX_RIGHT_R
#define RW	 (CBX_RIGHT_R | CBX_RIGHT_W)
#define RX	 (CBX_RIGHT_R | CBX_RIGHT_X)
#define SIZE(it) (sizeof(it) / sizeof((it)[0]))

#define HOST(NAME, ...)                     \
	{                                   \
		STEP_HOST, CBX_CALL_##NAME, \
		{                           \
			__VA_ARGS__         \
		}                           \
	}
#define BOX(NAME, ...)                     \
	{                                  \
		STEP_BOX, CBX_CALL_##NAME, \
		{                          \
			__VA_ARGS__        \
		}                          \
	}
#define EVENT(KIND, ...)            \
	{                           \
		STEP_##KIND, 0,     \
		{                   \
			__VA_ARGS__ \
		}                   \
	}
#define EACH_PAGE(NAME)                                 \
	HOST(NAME, PAGE(0), 1), HOST(NAME, PAGE(1), 1), \
		HOST(NAME, PAGE(2), 1), HOST(NAME, PAGE(3), 1)
#define EACH_PAGE_OF(NAME, box)                                   \
	HOST(NAME, box, PAGE(0), 1), HOST(NAME, box, PAGE(1), 1), \
		HOST(NAME, box, PAGE(2), 1), HOST(NAME, box, PAGE(3), 1)
#define LIFE_OF(box)                                                  \
	HOST(BOX_ADD, box, VA(0), PAGE(3), 1, RW, CBX_NO_PAGE),       \
		HOST(BOX_THREAD, box, CODE), HOST(BOX_FINALIZE, box), \
		HOST(BOX_ENTER, box), HOST(BOX_KILL, box),            \
		HOST(BOX_DESTROY, box)

/* Two boxes, four pages: who owns what. */
static const struct small_step owning[] = {
	EACH_PAGE(PAGE_DONATE),
	HOST(PAGE_DONATE, PAGE(0), 3),
	EACH_PAGE(PAGE_RETURN),
	HOST(PAGE_RETURN, PAGE(1), 3),
	HOST(BOX_CREATE, PAGE(0), PAGE(1), LENT),
	HOST(BOX_CREATE, PAGE(2), PAGE(3), LENT),
	EACH_PAGE_OF(BOX_GRANT, ROOT(0)),
	EACH_PAGE_OF(BOX_RECLAIM, ROOT(0)),
	EACH_PAGE_OF(BOX_GRANT, ROOT(1)),
	EACH_PAGE_OF(BOX_RECLAIM, ROOT(1)),
	LIFE_OF(ROOT(0)),
	LIFE_OF(ROOT(1)),
	EVENT(SHARE, PAGE(0), 1),
	EVENT(UNSHARE, PAGE(0), 1),
	EVENT(SHARE, PAGE(2), 2),
	EVENT(UNSHARE, PAGE(2), 2),
	EVENT(HOLD, 0),
	EVENT(RELEASE, 0),
	EVENT(CPU, 0),
};

/* One box that runs: 17 pages, nine of them its reserve at the end. */
static const struct small_step running_prefix[] = {
	HOST(PAGE_DONATE, PAGE(0), 18),
	HOST(BOX_CREATE, PAGE(0), PAGE(1), LENT),
	HOST(BOX_GRANT, ROOT(0), PAGE(2), 15),
	HOST(BOX_ADD, ROOT(0), CODE, PAGE(17), 1, RX, CBX_NO_PAGE),
	HOST(BOX_THREAD, ROOT(0), CODE),
	HOST(BOX_THREAD, ROOT(0), CODE),
	HOST(BOX_FINALIZE, ROOT(0)),
};

static const struct small_step running[] = {
	BOX(MAP, 0, VA(0), 1, RW),
	BOX(MAP, 0, VA(1), 2, R),
	BOX(UNMAP, 0, VA(0), 1),
	BOX(UNMAP, 0, VA(1), 2),
	BOX(MAP_ALIAS, 0, VA(3), 1, R, 0, VA(0)),
	BOX(MAP_ALIAS, SPACE2, VA(0), 1, RW, 0, VA(0)),
	BOX(UNMAP, 0, VA(3), 1),
	BOX(UNMAP, SPACE2, VA(0), 1),
	BOX(PROTECT, 0, VA(0), 1, R),
	BOX(WINDOW_SHARE, VA(4), 1),
	BOX(WINDOW_UNSHARE, VA(4), 1),
	BOX(SPACE_CREATE),
	BOX(SPACE_DESTROY, SPACE2),
	BOX(SPACE_SWITCH, SPACE2, CODE),
	BOX(MAP_ALIAS, SPACE2, CODE, 1, RX, 0, CODE),
	BOX(CHANNEL_READ, CBX_PORT_INPUT, VA(0), 8),
	BOX(CHANNEL_READ, CBX_PORT_CLIENT, VA(0), 8),
	BOX(CHANNEL_WRITE, CBX_PORT_OUTPUT, VA(0), 8),
	BOX(THREAD_PARK, 0),
	BOX(THREAD_UNPARK, THREAD(0)),
	BOX(THREAD_UNPARK, THREAD(1)),
	BOX(THREAD_EXIT),
	BOX(END, 5),
	HOST(BOX_REPLY, ROOT(0), THREAD(0), 1, LENT, 8),
	HOST(BOX_REPLY, ROOT(0), THREAD(1), 0),
	HOST(BOX_CONFINE, ROOT(0), THREAD(0), LENT, 4),
	HOST(BOX_CONFINE, ROOT(0), THREAD(1), LENT, 8, CBX_CONFINE_LAST),
	HOST(BOX_CONFINE, ROOT(0), THREAD(0), LENT, 4, CBX_CONFINE_LAST),
	HOST(BOX_KILL, ROOT(0)),
	HOST(BOX_RECLAIM, ROOT(0), PAGE(1), 17),
	EVENT(HOLD, 0),
	EVENT(RELEASE, 0),
};

/* A box (1) that becomes a template, and one (0) that borrows of it: 24 pages. */
static const struct small_step lending_prefix[] = {
	HOST(PAGE_DONATE, PAGE(0), 24),
	HOST(BOX_CREATE, PAGE(0), PAGE(1), LENT),
	HOST(BOX_CREATE, PAGE(2), PAGE(3), LENT),
	HOST(BOX_GRANT, ROOT(1), PAGE(4), 6),
	HOST(BOX_GRANT, ROOT(0), PAGE(10), 8),
	HOST(BOX_ADD, ROOT(1), CODE, PAGE(18), 1, RX, CBX_NO_PAGE),
	HOST(BOX_ADD, ROOT(1), VA(0), PAGE(19), 2, RW, LENT),
	HOST(BOX_THREAD, ROOT(1), CODE),
	HOST(BOX_FINALIZE, ROOT(1)),
};

static const struct small_step lending[] = {
	HOST(BOX_TEMPLATE, ROOT(1)),
	HOST(BOX_BORROW, ROOT(0), ROOT(1)),
	HOST(BOX_BORROW, ROOT(0), ROOT(0)),
	HOST(BOX_ADD, ROOT(0), VA(1), PAGE(21), 1, RW, CBX_NO_PAGE),
	HOST(BOX_THREAD, ROOT(0), CODE),
	HOST(BOX_FINALIZE, ROOT(0)),
	BOX(PROTECT, 0, VA(0), 1, RW),
	BOX(PROTECT, 0, VA(0), 2, RW),
	BOX(PROTECT, 0, VA(1), 1, R),
	BOX(UNMAP, 0, VA(0), 1),
	BOX(UNMAP, 0, VA(0), 2),
	BOX(MAP_ALIAS, 0, VA(8), 1, R, 0, VA(1)),
	BOX(MAP_ALIAS, 0, VA(8), 1, RW, 0, VA(0)),
	BOX(MAP, 0, VA(9), 1, RW),
	HOST(BOX_ENTER, ROOT(1)),
	HOST(BOX_ENTER, ROOT(0)),
	HOST(BOX_KILL, ROOT(1)),
	HOST(BOX_KILL, ROOT(0)),
	HOST(BOX_RECLAIM, ROOT(1), PAGE(19), 1),
	HOST(BOX_RECLAIM, ROOT(1), PAGE(19), 2),
	HOST(BOX_RECLAIM, ROOT(1), PAGE(18), 1),
	HOST(BOX_RECLAIM, ROOT(0), PAGE(10), 8),
	HOST(BOX_DESTROY, ROOT(1)),
	HOST(BOX_DESTROY, ROOT(0)),
	EVENT(HOLD, 0),
	EVENT(RELEASE, 0),
};

const struct small_machine small_machines[] = {
	{ "owning: 2 boxes, 4 pages", NULL, 0, owning, SIZE(owning) },
	{ "running: 1 box, 18 pages", running_prefix, SIZE(running_prefix),
		running, SIZE(running) },
	{ "lending: 2 boxes, 24 pages", lending_prefix, SIZE(lending_prefix),
		lending, SIZE(lending) },
};
const unsigned int small_machine_count = SIZE(small_machines);

/* ---- names ---- */

static uint32_t lent_page(void)
{
	return world_first() + world_pages() - 1;
}

static uint64_t value_of(uint64_t arg)
{
	struct spec_box *box = box_of(world_first());

	if (arg < NAMES || arg > LENT) {
		return arg;
	}
	if (arg >= PAGE(0) && arg < SPACE2) {
		return world_first() + (arg - PAGE(0));
	}
	if (arg == LENT) {
		return lent_page();
	}
	if (box == NULL) {
		return 0;
	}
	return arg == SPACE2 ? box->space[1].handle
			     : box->thread[arg - THREAD(0)].handle;
}

/* ---- steps ---- */

static struct cbx_call wanted;
static bool wants;

static void act(const struct spec_run *run, struct world_act *what)
{
	(void)run;
	what->kind = wants ? ACT_GATE : ACT_INTERRUPT;
	what->call = wanted;
	wants = false;
}

/* A call in a box: its program makes it, then is interrupted. */
static void box_step(const struct cbx_call *call)
{
	const struct cbx_call enter = {
		.id = CBX_CALL_BOX_ENTER,
		.arg = { world_first(), lent_page() - 1, 1 },
	};

	wanted = *call;
	wants = true;
	(void)world_call(&enter);
	wants = false;
}

static void other_cpu(void)
{
	world_cpu(1 - spec.cpu);
}

enum cbx_status small_step(const struct small_step *step)
{
	struct cbx_call call = { .id = step->id };

	for (unsigned int i = 0; i < CBX_CALL_ARGS; i++) {
		call.arg[i] = value_of(step->arg[i]);
	}
	switch (step->kind) {
	case STEP_HOST:
		return world_call(&call);
	case STEP_BOX:
		box_step(&call);
		break;
	case STEP_HOLD:
		world_hold(1);
		break;
	case STEP_RELEASE:
		world_release(1);
		break;
	case STEP_CPU:
		other_cpu();
		break;
	case STEP_SHARE:
	case STEP_UNSHARE:
	default:
		world_share(call.arg[0], call.arg[1], step->kind == STEP_SHARE);
		break;
	}
	return CBX_OK;
}

void small_begin(const struct small_machine *machine)
{
	const struct cbx_policy policy = {
		.version = CBX_POLICY_VERSION,
		.flags = CBX_POLICY_TEMPLATE | CBX_POLICY_PLAIN,
		.output_pages = 1,
		.threads_max = 3,
		.wake_step = 10,
	};

	(void)machine;
	world_begin(26, act, CARE_OFTEN);
	world_put(lent_page(), &policy, sizeof(policy));
}

/* ---- the hash ---- */

static uint8_t digest[CBX_DIGEST_BYTES];

static void mix(const void *what, size_t bytes)
{
	model_digest(digest, what, bytes, NULL, 0);
}

static int by_address(const void *a, const void *b)
{
	const struct spec_slot *x = a;
	const struct spec_slot *y = b;

	return x->va < y->va ? -1 : x->va > y->va;
}

static void mix_space(struct spec_space *space)
{
	const uint64_t facts[] = { space->handle, space->ending, space->stale,
		space->trees, space->slots };

	mix(facts, sizeof(facts));
	qsort(space->slot, space->slots, sizeof(space->slot[0]), by_address);
	for (uint32_t i = 0; i < space->slots; i++) {
		const struct spec_slot *slot = &space->slot[i];
		const uint64_t slot_facts[] = { slot->va, slot->page,
			slot->rights, slot->other };

		mix(slot_facts, sizeof(slot_facts));
	}
}

static void mix_thread(const struct spec_thread *thread)
{
	const uint64_t facts[] = { thread->handle, thread->space, thread->entry,
		thread->doing, thread->permit, thread->offered, thread->buffer,
		thread->capacity, thread->filled, thread->wake,
		thread->deadline, thread->upcall, thread->answered,
		thread->reply.status, thread->reply.ret[0] };

	mix(facts, sizeof(facts));
}

static void mix_box(struct spec_box *box)
{
	const uint64_t facts[] = { box->root, box->life, box->last_space,
		box->granted, box->tainted, box->sealed_once,
		box->client_complete, box->end_status, box->end_reason };

	mix(facts, sizeof(facts));
	for (unsigned int i = 0; i < SPEC_SPACES; i++) {
		mix_space(&box->space[i]);
	}
	for (unsigned int i = 0; i < SPEC_THREADS; i++) {
		mix_thread(&box->thread[i]);
	}
}

static void mix_page(const struct spec_page *page)
{
	const uint64_t facts[] = { page->is, page->box, page->uses,
		page->window, page->lent };

	mix(facts, sizeof(facts));
	mix(&page->stale, sizeof(page->stale));
}

uint64_t small_hash(void)
{
	const uint64_t facts[] = { spec.cpu, spec.holding };
	uint64_t hash;

	memset(digest, 0, sizeof(digest));
	mix(facts, sizeof(facts));
	for (uint32_t i = 0; i < spec.pages; i++) {
		mix_page(&spec.page[i]);
	}
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		if (spec.box[i].life != LIFE_NONE) {
			mix_box(&spec.box[i]);
		}
	}
	memcpy(&hash, digest, sizeof(hash));
	return hash;
}
