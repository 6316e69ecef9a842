/* SPDX-License-Identifier: Apache-2.0 */
/* What boxes and pages cost in memory, and boxes in time. */
#include "core.h"

/* Pages of a box that are the monitor's tables. */
static uint64_t tables_of(uint64_t box)
{
	uint64_t count = 0;

	for (uint64_t pfn = box; pfn < box + BENCH_BOX_PAGES; pfn++) {
		const struct cbx_page *page = cbx_page_at(pfn);

		count += page->state == CBX_PAGE_META &&
			 page->owner == (uint32_t)box;
	}
	return count;
}

static void print_memory(void)
{
	struct bench_row page = {
		.what = "the core's table, for each page",
		.figure = (double)cbx_core_table_bytes(1000000) / 1e6,
		.unit = "bytes",
		.against = "1 % of a page",
		.baseline = CBX_PAGE_SIZE / 100.0,
		.most = 0.4,
	};
	struct bench_row box = {
		.what = "tables of a box with one thread",
		.unit = "pages",
	};

	bench_boot(MACHINE_PAGES);
	box.figure = (double)tables_of(bench_box());
	bench_down();
	bench_print(&page);
	bench_print(&box);
}

static void print_time(const struct bench_plan *plan)
{
	const unsigned int boxes = 16;
	struct bench_row row = {
		.what = "the smallest box, from donation to reclaim",
		.unit = "us",
	};

	for (unsigned int i = 0; i < plan->rounds; i++) {
		uint64_t start;

		bench_boot(MACHINE_PAGES);
		start = bench_now();
		for (unsigned int n = 0; n < boxes; n++) {
			bench_box_end(bench_box(), BENCH_BOX_PAGES);
		}
		row.figure = bench_least(row.figure,
			(double)(bench_now() - start) / boxes / 1e3);
		bench_down();
	}
	bench_print(&row);
}

void bench_boxes(const struct bench_plan *plan)
{
	bench_heading("Boxes");
	print_memory();
	print_time(plan);
}
