/* SPDX-License-Identifier: Apache-2.0 */
/* A host that is a kernel beside the monitor: when it has done what it was told
 * and reports, the loop takes that for its end. */
#include <string.h>

#include <monitor/loop.h>

#include "conform/loop.h"
#include "support/bare/puppet.h"
#include "support/bare/side.h"
#include "support/cpus.h"

#define VECTOR_PAGE  14u
#define STOPPING_CPU 2u
#define CRASHING_CPU 3u

static bool looping[CBX_X86_CPUS_MAX];

void __real_cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event);
void __wrap_cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event);
void __wrap_cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event)
{
	__real_cbx_hal_host_run(cpu, reply, event);
	if (looping[cpu] && event->kind == CBX_EVENT_CALL &&
		event->call.id == PUPPET_REPORT) {
		event->kind = CBX_EVENT_CPU_STOP;
	}
}

/* Have the order in the mail done under the monitor's loop. @return what the
 * loop said */
static bool run_loop(enum puppet_op op)
{
	uint32_t cpu = cbx_hal_cpu();
	bool crashed;

	puppet_mail()->op = op;
	looping[cpu] = true;
	crashed = cbx_monitor_run(cpu);
	looping[cpu] = false;
	return crashed;
}

void loop_run(struct loop_play *play)
{
	struct puppet_mail *mail = puppet_mail();
	const struct cbx_reply none = { .status = UINT64_MAX };

	mail->count = play->count;
	for (uint32_t i = 0; i < play->count; i++) {
		mail->call[i] = play->event[i].call;
		mail->reply[i] = none;
	}
	play->crashed = run_loop(PUPPET_GATES);
	for (uint32_t i = 0; i < play->count; i++) {
		play->reply[i] = mail->reply[i];
		play->answered[i] = mail->reply[i].status != UINT64_MAX;
	}
}

bool loop_has_page_states(void)
{
	return false;
}

/* ---- this backend's events ---- */

static bool touch(enum puppet_op op, uint64_t pfn)
{
	struct puppet_mail *mail = puppet_mail();

	mail->va = CBX_DIRECT_VA + (pfn << CBX_PAGE_SHIFT);
	mail->size = 8;
	assert_false(run_loop(op));
	return mail->trapped == 0;
}

static void a_fault_on_what_is_not_the_hosts_is_the_hosts(void **state)
{
	struct machine_box box;
	uint64_t pool = machine_pool(1);
	uint64_t page[3];

	(void)state;
	machine_box(&box);
	page[0] = box.data;
	page[1] = box.handle;
	page[2] = pool;
	for (uint32_t i = 0; i < 3; i++) {
		assert_false(touch(PUPPET_READ, page[i]));
		assert_int_equal(puppet_mail()->vector, side_fault_vector());
		assert_true(
			puppet_mail()->vector != VECTOR_PAGE ||
			puppet_mail()->cr2 ==
				CBX_DIRECT_VA + (page[i] << CBX_PAGE_SHIFT));
		assert_false(touch(PUPPET_WRITE, page[i]));
	}
	machine_assert_sound();
}

static void a_fault_on_the_hosts_own_page_is_mended(void **state)
{
	uint64_t pfn = machine_pages(1);
	uint64_t done;

	(void)state;
	/* The hardware lost the view. */
	assert_int_equal(cbx_hal_view_set((struct cbx_pfn){ pfn }, 1,
				 (struct cbx_view){ CBX_VIEW_NONE }, &done),
		CBX_OK);
	while (!cbx_hal_view_flushed(cbx_hal_view_flush())) {
	}
	assert_true(touch(PUPPET_READ, pfn));
	assert_true(touch(PUPPET_WRITE, pfn));
	machine_assert_sound();
}

/* ---- ends: on CPUs that are not needed any more ---- */

static void stop(void *arg)
{
	struct puppet_mail *mail = puppet_mail();
	uint32_t *seen = arg;

	mail->count = 1;
	mail->call[0] = (struct cbx_call){ .id = CBX_PKS_STOP };
	*seen = run_loop(PUPPET_GATES) ? 1 : 2;
	*seen += run_loop(PUPPET_GATES) ? 10 : 20;
}

static void a_cpu_that_stopped_ends_its_loop_and_no_other(void **state)
{
	struct loop_play play = { 0 };
	static uint32_t seen;

	(void)state;
	cpus_run(STOPPING_CPU, stop, &seen);
	cpus_join(STOPPING_CPU);
	assert_int_equal(seen, 22);
	loop_call(&play, VERSION);
	loop_run(&play);
	assert_int_equal(play.reply[0].status, CBX_OK);
	/* Nor is it waited for. */
	machine_pool(4);
	machine_assert_sound();
}

struct crash {
	uint64_t touched;
	uint32_t seen;
};

static void crash(void *arg)
{
	struct puppet_mail *mail = puppet_mail();
	struct crash *crash = arg;
	uint32_t *seen = &crash->seen;

	side_break_traps();
	mail->va = CBX_DIRECT_VA + (crash->touched << CBX_PAGE_SHIFT);
	mail->size = 8;
	*seen = run_loop(PUPPET_READ) ? 1 : 2;
	*seen += run_loop(PUPPET_READ) ? 10 : 20;
}

static void a_crash_ends_the_loop_and_says_so(void **state)
{
	struct machine_box box;
	static struct crash crashing;

	(void)state;
	machine_box(&box);
	crashing.touched = box.data;
	cpus_run(CRASHING_CPU, crash, &crashing);
	cpus_join(CRASHING_CPU);
	assert_int_equal(crashing.seen, 11);
	assert_false(touch(PUPPET_READ, box.data));
	machine_assert_sound();
}

const struct CMUnitTest loop_more[] = {
	MACHINE(a_fault_on_what_is_not_the_hosts_is_the_hosts),
	MACHINE(a_fault_on_the_hosts_own_page_is_mended),
	MACHINE(a_cpu_that_stopped_ends_its_loop_and_no_other),
	MACHINE(a_crash_ends_the_loop_and_says_so),
};
const size_t loop_more_count = sizeof(loop_more) / sizeof(loop_more[0]);
