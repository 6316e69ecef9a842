/* SPDX-License-Identifier: Apache-2.0 */
/* Several CPUs at once: each builds, runs and erases boxes of its own while
 * all of them enter, kick and at last kill one that they share. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include <monitor/loop.h>

#include "support/machine.h"

#define CPUS	  4u
#define ROUNDS	  40u
#define OWN_PAGES 16u

/* A CPU, and the pages only it uses. */
struct worker {
	pthread_t thread;
	uint32_t cpu;
	uint64_t pages; /* HOST: root, space, reserve..., code */
	uint64_t io;
	struct machine_box *shared;
	uint64_t rounds;
	uint64_t entered;
	/* the scripted host's */
	struct cbx_call call[8];
	size_t next;
};

static atomic_uint failures;

static void expect(bool holds)
{
	if (!holds) {
		atomic_fetch_add(&failures, 1);
	}
}

static struct cbx_reply call(
	uint64_t id, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	const struct cbx_call request = { .id = id, .arg = { a, b, c, d } };
	struct cbx_reply reply;

	do {
		cbx_gate_host(&request, &reply);
	} while (reply.status == CBX_E_BUSY && sched_yield() == 0);
	return reply;
}

static void expect_ok(struct cbx_reply reply)
{
	expect(reply.status == CBX_OK);
}

/* What every box here does: map, write, unmap, tell the time, rest. */
static void compute(struct mock_box_cpu *box, void *arg)
{
	const uint64_t va = MACHINE_FREE + box->start.arg * 0x100000;
	const struct cbx_call calls[] = {
		{ .id = CBX_CALL_MAP, .arg = { 0, va, 2, 3 } },
		{ .id = CBX_CALL_TIME },
		{ .id = CBX_CALL_UNMAP, .arg = { 0, va, 2 } },
		{ .id = CBX_CALL_RANDOM },
	};
	uint64_t step = box->step++ % 5;

	(void)arg;
	if (box->reply != NULL) {
		expect(box->reply->status == CBX_OK ||
			box->reply->status == CBX_E_BUSY ||
			box->reply->status == CBX_E_NOMEM ||
			box->reply->status == CBX_E_STATE);
	}
	if (step == 4) {
		mock_box_interrupted(box);
	} else {
		mock_box_gate(box, &calls[step]);
	}
}

static void add_code(const struct worker *w, uint64_t box, uint64_t pfn)
{
	const struct cbx_call add = {
		.id = CBX_CALL_BOX_ADD,
		.arg = { box, 0x700000, pfn, 1, CBX_RIGHT_R | CBX_RIGHT_X,
			w->io },
	};
	struct cbx_reply reply;

	cbx_gate_host(&add, &reply);
	expect_ok(reply);
}

static void build(const struct worker *w)
{
	const struct cbx_policy policy = machine_policy();
	uint64_t box = w->pages;

	expect(mock_host_write(
		w->cpu, (struct cbx_pfn){ w->io }, 0, &policy, sizeof(policy)));
	expect_ok(call(CBX_CALL_PAGE_DONATE, box, OWN_PAGES, 0, 0));
	expect_ok(call(CBX_CALL_BOX_CREATE, box, box + 1, w->io, 0));
	expect_ok(call(CBX_CALL_BOX_GRANT, box, box + 2, OWN_PAGES - 3, 0));
	add_code(w, box, box + OWN_PAGES - 1);
	expect_ok(call(CBX_CALL_BOX_THREAD, box, 0x700000, 0, 1));
	expect_ok(call(CBX_CALL_BOX_FINALIZE, box, 0, 0, 0));
}

static void erase(const struct worker *w)
{
	uint64_t box = w->pages;

	expect_ok(call(CBX_CALL_BOX_KILL, box, 0, 0, 0));
	expect_ok(call(CBX_CALL_BOX_RECLAIM, box, box + 1, OWN_PAGES - 1, 0));
	expect_ok(call(CBX_CALL_BOX_DESTROY, box, 0, 0, 0));
	expect_ok(call(CBX_CALL_PAGE_RETURN, box, OWN_PAGES, 0, 0));
}

static void enter_shared(struct worker *w)
{
	struct cbx_reply reply =
		call(CBX_CALL_BOX_ENTER, w->shared->handle, w->io, 1, 0);

	expect_ok(reply);
	w->entered += reply.ret[0] == CBX_EXIT_INTERRUPTED;
	if (w->rounds % 8 == w->cpu) {
		expect_ok(call(CBX_CALL_BOX_KICK, w->shared->handle, 0, 0, 0));
	}
	expect_ok(call(CBX_CALL_BOX_QUERY, w->shared->handle, 0, 0, 0));
}

static void *work(void *arg)
{
	struct worker *w = arg;

	mock_cpu_set(w->cpu);
	for (w->rounds = 0; w->rounds < ROUNDS; w->rounds++) {
		build(w);
		for (int i = 0; i < 4; i++) {
			expect_ok(call(
				CBX_CALL_BOX_ENTER, w->pages, w->io, 1, 0));
			enter_shared(w);
		}
		erase(w);
	}
	return NULL;
}

static void make_shared(struct machine_box *box)
{
	machine_building(box, NULL);
	for (uint64_t i = 1; i < CPUS; i++) {
		must(BOX_THREAD, box->handle, MACHINE_CODE(box), 0, i);
	}
	must(BOX_FINALIZE, box->handle);
	mock_program(MACHINE_CODE(box), compute, NULL);
	mock_program(0x700000, compute, NULL);
}

static void start(struct worker *workers, struct machine_box *shared,
	void *(*body)(void *arg))
{
	for (uint32_t i = 0; i < CPUS; i++) {
		workers[i] = (struct worker){
			.cpu = i,
			.pages = machine_pages(OWN_PAGES),
			.io = machine_pages(1),
			.shared = shared,
		};
	}
	for (uint32_t i = 0; i < CPUS; i++) {
		assert_int_equal(pthread_create(&workers[i].thread, NULL, body,
					 &workers[i]),
			0);
	}
}

static void join(struct worker *workers)
{
	for (uint32_t i = 0; i < CPUS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	}
	assert_int_equal(atomic_load(&failures), 0);
}

static void cpus_build_run_and_erase_boxes_at_once(void **state)
{
	static struct machine_box shared;
	struct worker workers[CPUS];
	uint64_t entered = 0;

	(void)state;
	atomic_store(&failures, 0);
	make_shared(&shared);
	start(workers, &shared, work);
	join(workers);
	for (uint32_t i = 0; i < CPUS; i++) {
		entered += workers[i].entered;
	}
	assert_true(entered > ROUNDS);
	machine_assert_sound();
	machine_erase(&shared);
	machine_assert_sound();
}

/* CPU 0 kills the box the others are inside, and reclaims it. */
static void *enter_until_ended(void *arg)
{
	struct worker *w = arg;
	struct cbx_reply reply;

	mock_cpu_set(w->cpu);
	do {
		reply = call(
			CBX_CALL_BOX_ENTER, w->shared->handle, w->io, 1, 0);
		w->entered++;
		if (w->cpu == 0 && w->entered == 20) {
			expect_ok(call(
				CBX_CALL_BOX_KILL, w->shared->handle, 0, 0, 0));
		}
	} while (reply.status == CBX_OK &&
		 (uint32_t)reply.ret[0] != CBX_EXIT_ENDED);
	expect_ok(reply);
	return NULL;
}

static void a_box_is_killed_while_cpus_are_inside(void **state)
{
	static struct machine_box shared;
	struct worker workers[CPUS];

	(void)state;
	atomic_store(&failures, 0);
	make_shared(&shared);
	start(workers, &shared, enter_until_ended);
	join(workers);
	machine_assert_sound();
	machine_erase(&shared);
	machine_assert_sound();
}

/* The same, through the monitor's loop: the host's next call on this CPU. */
static void next_call(uint32_t cpu, void *arg, const struct cbx_reply *reply,
	struct cbx_event *event)
{
	struct worker *w = arg;

	expect(cpu == w->cpu);
	if (reply != NULL && reply->status != CBX_E_BUSY) {
		expect(reply->status == CBX_OK);
		w->next++;
	}
	if (w->next == 3) {
		w->next = 0;
		w->rounds++;
	}
	if (w->rounds == ROUNDS) {
		event->kind = CBX_EVENT_CPU_STOP;
		return;
	}
	event->kind = CBX_EVENT_CALL;
	event->call = w->call[w->next];
}

static void *loop(void *arg)
{
	struct worker *w = arg;

	mock_cpu_set(w->cpu);
	w->call[0] = (struct cbx_call){ .id = CBX_CALL_PAGE_DONATE,
		.arg = { w->pages, OWN_PAGES } };
	w->call[1] = (struct cbx_call){ .id = CBX_CALL_BOX_ENTER,
		.arg = { w->shared->handle, w->io, 1 } };
	w->call[2] = (struct cbx_call){ .id = CBX_CALL_PAGE_RETURN,
		.arg = { w->pages, OWN_PAGES } };
	mock_host(w->cpu, next_call, w);
	expect(!cbx_monitor_run(w->cpu));
	return NULL;
}

static void every_cpu_runs_the_loop(void **state)
{
	static struct machine_box shared;
	struct worker workers[CPUS];

	(void)state;
	atomic_store(&failures, 0);
	make_shared(&shared);
	start(workers, &shared, loop);
	join(workers);
	machine_assert_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(cpus_build_run_and_erase_boxes_at_once),
		MACHINE(a_box_is_killed_while_cpus_are_inside),
		MACHINE(every_cpu_runs_the_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
