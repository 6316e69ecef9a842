/* SPDX-License-Identifier: Apache-2.0 */
#include <model/world.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/gate.h>
#include <core/keeper.h>
#include <hal/mock/mock.h>
#include <model/digest.h>
#include <model/judge.h>
#include <model/play.h>
#include <model/sync.h>
#include <support/machine.h>

#define DEVICES 1u
#define TRACED	48u

struct world_count world_count;

static uint32_t first, host_pages;
static enum world_care care;
static bool careless;
static uint64_t steps;

/* ---- failing ---- */

static char name[128];
static char trace[TRACED][160];
static unsigned int traced;

void world_name(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(name, sizeof(name), format, list);
	va_end(list);
}

void world_note(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(trace[traced++ % TRACED], sizeof(trace[0]), format, list);
	va_end(list);
}

void world_fail(const char *format, ...)
{
	va_list list;

	fprintf(stderr, "\n%s, step %ju\n", name, (uintmax_t)steps);
	for (unsigned int i = traced > TRACED ? traced - TRACED : 0; i < traced;
		i++) {
		fprintf(stderr, "  %s\n", trace[i % TRACED]);
	}
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fprintf(stderr, "\n");
	abort();
}

void spec_broken(const char *what, const char *file, int line)
{
	world_fail("%s:%d: the specification broke: %s", file, line, what);
}

void world_note_call(
	const char *who, const struct cbx_call *call, uint64_t status)
{
	world_note("%s %#jx(%#jx, %#jx, %#jx, %#jx, %#jx, %#jx) = %jd", who,
		(uintmax_t)call->id, (uintmax_t)call->arg[0],
		(uintmax_t)call->arg[1], (uintmax_t)call->arg[2],
		(uintmax_t)call->arg[3], (uintmax_t)call->arg[4],
		(uintmax_t)call->arg[5], (intmax_t)status);
}

/* ---- beginning ---- */

static void begin_page(uint32_t page)
{
	struct spec_page *it = &spec.page[page];

	*it = (struct spec_page){ .is = IS_HOST };
	switch ((enum cbx_page_state)cbx_page_at(page)->state) {
	case CBX_PAGE_HOST:
		memcpy(spec.bytes[page], mock_page((struct cbx_pfn){ page }),
			CBX_PAGE_SIZE);
		return;
	case CBX_PAGE_DEVICE:
		it->is = IS_DEVICE;
		memcpy(spec.bytes[page], mock_page((struct cbx_pfn){ page }),
			CBX_PAGE_SIZE);
		return;
	case CBX_PAGE_META:
	case CBX_PAGE_PRIVATE:
	case CBX_PAGE_INVALID:
	case CBX_PAGE_OPEN:
	case CBX_PAGE_LEAVING:
	case CBX_PAGE_POOL:
	case CBX_PAGE_SHARED:
	case CBX_PAGE_COMMON:
	case CBX_PAGE_STATES:
	default:
		it->is = IS_TABLE;
		it->fixed = true;
		it->box = cbx_page_at(page)->owner;
		spec.keeper = it->box != 0 ? it->box : spec.keeper;
	}
}

static void begin_ledger(void)
{
	memset(&spec, 0, sizeof(spec));
	spec.pages = (uint32_t)cbx_hal_page_count();
	SPEC_CHECK(spec.pages <= SPEC_PAGES);
	for (uint32_t i = 0; i < spec.pages; i++) {
		begin_page(i);
	}
	SPEC_CHECK(spec.keeper != 0);
	spec.boxes = 1; /* the keeper */
	spec.ticks = cbx_hal_ticks();
	spec.caps[0] = cbx_hal_caps().bits;
	spec.caps[1] = CBX_BACKEND_MOCK;
	spec.caps[2] = spec.pages;
	spec.caps[3] = WORLD_CPUS;
}

/* The machine is handed a log of what was loaded. */
static void begin_log(void)
{
	static const uint8_t log[] = "monitor and host";
	const struct cbx_record record = { .kind = CBX_RECORD_BOOT,
		.length = sizeof(log) };

	cbx_gate_lock_take();
	SPEC_CHECK(cbx_keeper_boot(log, sizeof(log)) == CBX_OK);
	cbx_gate_lock_drop();
	model_digest(spec.boot, &record, sizeof(record), log, sizeof(log));
}

static void panic(const char *what, const char *file, int line)
{
	world_fail("%s:%d: panic: %s", file, line, what);
}

void world_begin(uint32_t pages, world_act_fn *act, enum world_care how)
{
	/* The keeper's building site becomes the host's afterwards. */
	uint32_t site = CBX_IO_PAGES_MAX;
	const struct mock_options options = {
		.pages = 1 + (pages > site ? pages : site) +
			 MACHINE_KEEPER_PAGES + DEVICES,
		.device_pages = DEVICES,
		.cpus = WORLD_CPUS,
	};

	machine_boot(&options);
	mock_panic_hook(panic);
	machine_keeper();
	first = 1;
	host_pages = pages;
	care = how;
	steps = 0;
	play_begin(act);
	begin_ledger();
	begin_log();
}

void world_end(void)
{
	(void)machine_down(NULL);
}

uint32_t world_first(void)
{
	return first;
}

uint32_t world_pages(void)
{
	return host_pages;
}

/* ---- steps ---- */

void world_compare_all(void)
{
	const char *broken = spec_invariant();

	if (broken != NULL) {
		world_fail("the ledger: %s", broken);
	}
	sync_look(NULL);
	sync_ask(0, spec.pages);
	sync_touch();
	machine_assert_sound();
}

void world_careless(bool is)
{
	careless = is;
}

/* After a step that concerns @p box. */
static void compare(struct spec_box *box)
{
	steps++;
	sync_look(care == CARE_ALWAYS ? NULL : box);
	if (careless) {
		return;
	}
	if (care == CARE_ALWAYS || steps % 64 == 0) {
		world_compare_all();
	} else {
		sync_ask((uint32_t)(steps % host_pages) + first, 1);
	}
}

void world_counted(const struct cbx_call *call, enum cbx_status status)
{
	world_count.calls++;
	world_count.succeeded += status == CBX_OK;
	if (call->id < WORLD_CALLS) {
		world_count.made[call->id]++;
		world_count.done[call->id] += status == CBX_OK;
	}
}

static enum cbx_status finish(
	const struct cbx_call *call, const struct cbx_reply *reply)
{
	world_counted(call, (enum cbx_status)reply->status);
	world_count.by_host++;
	world_count.host_succeeded += reply->status == CBX_OK;
	compare(box_of(call->arg[0]));
	return (enum cbx_status)reply->status;
}

static void call_machine(const struct cbx_call *call, struct cbx_reply *reply)
{
	memset(reply, 0x77, sizeof(*reply));
	world_note_call("host", call, UINT64_MAX);
	cbx_gate_host(call, reply);
	traced--;
	world_note_call("host", call, reply->status);
}

static bool is_entry(const struct cbx_call *call)
{
	const struct spec_box *box = box_of(call->arg[0]);

	return call->id == CBX_CALL_BOX_ENTER && box != NULL &&
	       box->life != LIFE_MAKING && box->life != LIFE_LENDING &&
	       call->reserved == 0 &&
	       (call->arg[3] | call->arg[4] | call->arg[5]) == 0;
}

enum cbx_status world_call(const struct cbx_call *call)
{
	struct spec_answer answer;
	struct cbx_reply reply;

	if (is_entry(call)) {
		play_enter(call, &reply);
		return finish(call, &reply);
	}
	call_machine(call, &reply);
	answer = sync_heard(&reply);
	spec_host(call, &answer);
	sync_answer(&answer, call);
	return finish(call, &reply);
}

/* The range calls, and which argument counts the pages. */
static unsigned int count_of(uint64_t id)
{
	switch (id) {
	case CBX_CALL_PAGE_DONATE:
	case CBX_CALL_PAGE_RETURN:
		return 1;
	case CBX_CALL_BOX_GRANT:
	case CBX_CALL_BOX_RECLAIM:
		return 2;
	default:
		return 0;
	}
}

/* Of pages that were not done, some may be on their way all the same, and one
 * half way. @return whether the page was restricted just now, all of it */
static bool look_at_page(uint64_t page)
{
	const struct cbx_page *truth = cbx_page_at(page);
	struct spec_page *it = &spec.page[page];
	bool half = it->half;
	bool left = it->is == IS_HOST && truth->state == CBX_PAGE_LEAVING;

	if (left) {
		become((uint32_t)page, IS_GOING, 0);
		it->stale.host = rememberers();
	}
	it->half = it->is == IS_GOING && it->box == 0 &&
		   truth->detail == CBX_LEAVING_HALF;
	return (left || half) && !it->half;
}

/* Where no page was, nothing was flushed. */
static void look_at_rest(const struct cbx_call *call, uint64_t done)
{
	bool restricted = done != 0;

	for (uint64_t i = done; i < call->arg[1]; i++) {
		if (call->arg[0] + i < spec.pages &&
			look_at_page(call->arg[0] + i)) {
			restricted = true;
		}
	}
	if (restricted) {
		flush_host();
	}
}

/* The part of a call that was done. */
static void judge_part(const struct cbx_call *call, struct spec_answer answer)
{
	struct cbx_call part = *call;
	unsigned int count = count_of(call->id);

	if (count == 0 || answer.got[0] == 0) {
		return;
	}
	part.arg[count] = answer.got[0];
	answer.status = CBX_OK;
	spec_host(&part, &answer);
	sync_answer(&answer, &part);
}

/* A page that was half given back is on its way again. */
static void half_given(const struct cbx_call *call, uint64_t done)
{
	uint32_t page = (uint32_t)(call->arg[0] + done);

	become(page, IS_GOING, 0);
	spec.page[page].half = true;
}

/* A refused call did as much as it says, and no more. */
static void judge_refused(
	const struct cbx_call *call, const struct cbx_reply *reply)
{
	struct spec_answer answer = sync_heard(reply);
	bool stopped =
		reply->status == CBX_E_HARDWARE || reply->status == CBX_E_BUSY;

	if (!mock_refused() || !stopped) {
		spec_host(call, &answer);
		sync_answer(&answer, call);
		return;
	}
	world_count.refusals++;
	judge_part(call, answer);
	if (call->id == CBX_CALL_PAGE_DONATE) {
		look_at_rest(call, reply->ret[0]);
	} else if (call->id == CBX_CALL_PAGE_RETURN &&
		   reply->status == CBX_E_BUSY) {
		half_given(call, reply->ret[0]);
	}
}

enum cbx_status world_call_refusing(
	const struct cbx_call *call, uint64_t nth, bool half)
{
	struct cbx_reply reply;

	world_note("the machine %s step %ju", half ? "halves" : "refuses",
		(uintmax_t)nth);
	if (half) {
		mock_halve_nth(nth);
	} else {
		mock_refuse_nth(nth);
	}
	call_machine(call, &reply);
	judge_refused(call, &reply);
	mock_refuse_nth(0);
	return finish(call, &reply);
}

void world_share(uint64_t page, uint64_t count, bool shared)
{
	const struct cbx_event event = {
		.kind = CBX_EVENT_PAGE_STATE,
		.pfn = { page },
		.count = count,
		.shared = shared,
	};
	const struct cbx_call call = { .arg = { page, count } };
	struct cbx_reply reply = { 0 };
	bool answered = cbx_core_event(spec.cpu, &event, &reply);
	struct spec_answer answer = sync_heard(&reply);

	world_note("%s %#jx(%ju) = %jd", shared ? "share" : "unshare",
		(uintmax_t)page, (uintmax_t)count, (intmax_t)reply.status);
	spec_page_open(call.arg, shared, &answer);
	if (!answered) {
		world_fail("a page state request has no answer");
	}
	sync_answer(&answer, &call);
	/* What comes back from the hypervisor may hold anything. */
	for (uint64_t i = 0; !shared && i < reply.ret[0]; i++) {
		memcpy(spec.bytes[page + i],
			mock_page((struct cbx_pfn){ page + i }), CBX_PAGE_SIZE);
	}
	compare(NULL);
}

void world_cpu(uint32_t cpu)
{
	mock_cpu_set(cpu);
	spec.cpu = cpu;
}

void world_hold(uint32_t cpu)
{
	world_note("CPU %u holds", cpu);
	mock_flush_hold(cpu);
	spec.holding |= (uint8_t)(1u << cpu);
}

void world_release(uint32_t cpu)
{
	world_note("CPU %u acknowledges", cpu);
	mock_flush_release(cpu);
	spec_acknowledge(cpu);
}

void world_tick(uint64_t ticks)
{
	world_note("%ju ticks pass", (uintmax_t)ticks);
	mock_ticks_advance(ticks);
	spec.ticks += ticks;
}

void world_put(uint32_t page, const void *bytes, size_t size)
{
	const struct cbx_pfn pfn = { page };
	bool may = spec.page[page].is == IS_HOST ||
		   spec.page[page].is == IS_WINDOW;

	if (!may) {
		return;
	}
	if (!mock_host_write(spec.cpu, pfn, 0, bytes, size)) {
		world_fail("the host may not write to page %#x", page);
	}
	memcpy(spec.bytes[page], bytes, size);
}

void world_write(uint32_t page, uint64_t word)
{
	world_put(page, &word, sizeof(word));
}

/* ---- back to the beginning ---- */

static void do_end(uint64_t id, uint64_t a, uint64_t b, uint64_t c)
{
	const struct cbx_call call = { .id = id, .arg = { a, b, c } };
	enum cbx_status status = world_call(&call);

	if (status != CBX_OK) {
		world_fail("the end: %#jx(%#jx, %#jx, %#jx) answers %d",
			(uintmax_t)id, (uintmax_t)a, (uintmax_t)b, (uintmax_t)c,
			status);
	}
}

static void reclaim_all(uint32_t root)
{
	for (uint32_t i = 0; i < spec.pages; i++) {
		if (spec.page[i].box == root && i != root) {
			do_end(CBX_CALL_BOX_RECLAIM, root, i, 1);
		}
	}
}

static void return_all(void)
{
	for (uint32_t i = 0; i < spec.pages; i++) {
		if (spec.page[i].is == IS_OPEN) {
			world_share(i, 1, false);
		}
		if (spec.page[i].is == IS_GOING) {
			do_end(CBX_CALL_PAGE_DONATE, i, 1, 0);
		}
		if (spec.page[i].is == IS_FREE) {
			do_end(CBX_CALL_PAGE_RETURN, i, 1, 0);
		}
	}
}

void world_reset(void)
{
	uint32_t roots[SPEC_BOXES];

	for (uint32_t cpu = 0; cpu < WORLD_CPUS; cpu++) {
		if ((spec.holding & 1u << cpu) != 0) {
			world_release(cpu);
		}
	}
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		roots[i] = spec.box[i].root;
		if (roots[i] != 0) {
			do_end(CBX_CALL_BOX_KILL, roots[i], 0, 0);
		}
	}
	for (unsigned int i = 0; i < SPEC_BOXES; i++) {
		if (roots[i] != 0) {
			reclaim_all(roots[i]);
			do_end(CBX_CALL_BOX_DESTROY, roots[i], 0, 0);
		}
	}
	return_all();
}
