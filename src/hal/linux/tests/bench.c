/* SPDX-License-Identifier: Apache-2.0 */
/* What the backend's steps cost, in nanoseconds; no core, no library. */
#include "box.h"

#include <stdio.h>
#include <stdlib.h>

LABEL(box_entry_quick);
LABEL(box_ping);
LABEL(box_syscalls);

#define GATES	  100000u
#define CALLS	  1000000u
#define MAPS	  2000u
#define BOXES	  300u
#define MAP_VA	  0x50000000ull
#define MAP_PAGES 512u

static void report(const char *what, uint64_t ns, uint64_t times)
{
	(void)printf("%-34s %10.0f ns\n", what, (double)ns / (double)times);
}

static void bench_gate(void)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_ping, 0);
	uint64_t start;

	(void)thread_run(&t, NULL);
	start = cbx_hal_ticks();
	for (uint32_t i = 0; i < GATES; i++) {
		(void)thread_run(&t, NULL);
	}
	report("gate round trip", cbx_hal_ticks() - start, GATES);
	thread_destroy(&t);
	box_destroy(&box);
}

static void bench_call(uint32_t flags, uint64_t calls, const char *what)
{
	struct box box = box_create(flags);
	struct box_thread t = thread_create(&box, box_syscalls, calls);
	uint64_t start;

	cbx_arch_vcpu_upcall_entry(t.vcpu, label_va(box_entry_quick), 0);
	start = cbx_hal_ticks();
	do {
		(void)thread_run(&t, NULL);
	} while (t.stop.kind == CBX_STOP_TRACE);
	report(what, cbx_hal_ticks() - start, calls);
	thread_destroy(&t);
	box_destroy(&box);
}

static void bench_map(void)
{
	struct box box = box_create(0);
	struct cbx_pfn pfn = take_pages(MAP_PAGES);
	uint64_t map = 0;
	uint64_t unmap = 0;
	uint64_t done;

	for (uint32_t i = 0; i < MAPS; i++) {
		uint64_t start = cbx_hal_ticks();
		uint64_t middle;

		box_map(&box, MAP_VA, pfn, MAP_PAGES, 3);
		middle = cbx_hal_ticks();
		if (cbx_arch_space_unmap(box.space, (struct cbx_va){ MAP_VA },
			    MAP_PAGES, &done) != CBX_OK) {
			abort();
		}
		map += middle - start;
		unmap += cbx_hal_ticks() - middle;
	}
	report("map 512 pages", map, MAPS);
	report("unmap 512 pages", unmap, MAPS);
	box_destroy(&box);
}

static void bench_create(void)
{
	uint64_t space = 0;
	uint64_t thread = 0;
	uint64_t end = 0;

	for (uint32_t i = 0; i < BOXES; i++) {
		uint64_t start = cbx_hal_ticks();
		struct box box = box_create(0);
		uint64_t created = cbx_hal_ticks();
		struct box_thread t = thread_create(&box, box_ping, 0);
		uint64_t threaded = cbx_hal_ticks();

		(void)thread_run(&t, NULL);
		space += created - start;
		thread += threaded - created;
		start = cbx_hal_ticks();
		box_destroy(&box);
		thread_destroy(&t);
		end += cbx_hal_ticks() - start;
	}
	report("create a box, map three ranges", space, BOXES);
	report("create its first thread", thread, BOXES);
	report("destroy it", end, BOXES);
}

static void bench_view(void)
{
	struct cbx_pfn pfn = { 100000 };
	uint64_t ns[2] = { 0, 0 };
	uint64_t done;

	for (uint32_t i = 0; i < MAPS; i++) {
		for (int k = 0; k < 2; k++) {
			const struct cbx_view view = {
				k == 0 ? CBX_VIEW_NONE : CBX_VIEW_ALL,
			};
			uint64_t start = cbx_hal_ticks();

			if (cbx_hal_view_set(pfn, MAP_PAGES, view, &done) !=
				CBX_OK) {
				abort();
			}
			ns[k] += cbx_hal_ticks() - start;
		}
	}
	report("take 512 untouched pages", ns[0], MAPS);
	report("give 512 untouched pages", ns[1], MAPS);
}

int main(void)
{
	machine_start();
	bench_gate();
	bench_call(0, CALLS, "system call, up-call and back");
	bench_call(CBX_SPACE_TRACE, GATES, "system call, traced");
	bench_map();
	bench_view();
	bench_create();
	return 0;
}
