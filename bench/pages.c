/* SPDX-License-Identifier: Apache-2.0 */
/* What it costs to move pages, in batches, against what must happen to their
 * bytes anyway. */
#include <string.h>

#include <psa/crypto.h>

#include "core.h"

#define ZEROED	 CBX_RANGE_PAGES_MAX
#define MEASURED CBX_IO_PAGES_MAX
#define VA	 0x10000000ull

static void zero(uint64_t pfn, uint64_t count)
{
	uint8_t *bytes = mock_page((struct cbx_pfn){ pfn });

	for (uint64_t i = 0; i < count; i++) {
		memset(bytes + i * CBX_PAGE_SIZE, 0, CBX_PAGE_SIZE);
		bench_use(bytes);
	}
}

static void in_batches(enum cbx_call_id id, uint64_t pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i += CBX_RANGE_PAGES_MAX) {
		bench_must(id, (const uint64_t[CBX_CALL_ARGS]){
				       pfn + i, CBX_RANGE_PAGES_MAX });
	}
}

/* Take memory from the host and give it back: two moves through LEAVING, or
 * POOL, with one zeroing between them. */
static void print_moves(const struct bench_plan *plan)
{
	uint64_t count = plan->gib_pages;
	double donate = 0, back = 0, zeroing = 0;
	uint64_t pfn;

	bench_boot(count + MACHINE_PAGES);
	pfn = machine_pages(count);
	zero(pfn, count); /* memory the machine has, as other machines do */
	for (unsigned int i = 0; i < (plan->quick ? 1 : 5u); i++) {
		uint64_t start = bench_now(), half, end;

		in_batches(CBX_CALL_PAGE_DONATE, pfn, count);
		half = bench_now();
		in_batches(CBX_CALL_PAGE_RETURN, pfn, count);
		end = bench_now();
		donate = bench_least(donate, (double)(half - start));
		back = bench_least(back, (double)(end - half));
		zero(pfn, count);
		zeroing = bench_least(zeroing, (double)(bench_now() - end));
	}
	bench_down();

	double pages = (double)count;
	const double gib = (double)BENCH_GIB_PAGES / pages / 1e6;
	const struct bench_row rows[] = {
		{ "host page to pool", donate / pages, "ns", "zeroing a page",
			zeroing / pages, 0 },
		{ "pool page to host", back / pages, "ns", "zeroing a page",
			zeroing / pages, 0 },
		{ "host to pool, 1 GiB", donate * gib, "ms", "zeroing 1 GiB",
			zeroing * gib, 0 },
		{ "pool to host, 1 GiB", back * gib, "ms", "zeroing 1 GiB",
			zeroing * gib, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bench_print(&rows[i]);
	}
}

/* A box to give pages to: root, space, and a few to make tables of. */
static uint64_t begin_box(uint64_t root, uint64_t stage)
{
	const struct cbx_policy policy = machine_policy();

	CALL(PAGE_DONATE, root, BENCH_BOX_PAGES);
	machine_put(stage, &policy, sizeof(policy));
	CALL(BOX_CREATE, root, root + 1, stage);
	CALL(BOX_GRANT, root, root + 2, BENCH_BOX_PAGES - 2);
	return root;
}

static void end_box(uint64_t root)
{
	bench_box_end(root, BENCH_BOX_PAGES);
	CALL(PAGE_RETURN, root, BENCH_BOX_PAGES);
}

/* Donate, grant, reclaim; the box is ended on the way, as it must be. */
static uint64_t move_unmeasured(uint64_t box, uint64_t pfn)
{
	uint64_t start = bench_now();

	CALL(PAGE_DONATE, pfn, ZEROED);
	CALL(BOX_GRANT, box, pfn, ZEROED);
	CALL(BOX_KILL, box);
	CALL(BOX_RECLAIM, box, pfn, ZEROED);
	return bench_now() - start;
}

static void print_unmeasured(const struct bench_plan *plan)
{
	double figure = 0, baseline = 0;
	uint64_t root, stage, pfn;

	bench_boot(4 * MACHINE_PAGES);
	root = machine_pages(BENCH_BOX_PAGES);
	stage = machine_pages(1);
	pfn = machine_pages(ZEROED);
	for (unsigned int i = 0; i < plan->rounds; i++) {
		uint64_t box = begin_box(root, stage), start;

		figure = bench_least(
			figure, (double)move_unmeasured(box, pfn) / ZEROED);
		end_box(box);
		CALL(PAGE_RETURN, pfn, ZEROED);
		start = bench_now();
		zero(pfn, ZEROED);
		zero(pfn, ZEROED);
		baseline = bench_least(
			baseline, (double)(bench_now() - start) / ZEROED);
	}
	bench_down();

	const struct bench_row row = {
		"donate, assign, reclaim a page; batches of 512", figure, "ns",
		"zeroing it twice", baseline, 3
	};

	bench_print(&row);
}

static uint64_t hash(uint64_t pfn)
{
	uint64_t start = bench_now();

	for (uint64_t i = 0; i < MEASURED; i++) {
		uint8_t digest[CBX_DIGEST_BYTES];
		size_t size;

		assert_int_equal(
			psa_hash_compute(PSA_ALG_SHA_384,
				mock_page((struct cbx_pfn){ pfn + i }),
				CBX_PAGE_SIZE, digest, sizeof(digest), &size),
			PSA_SUCCESS);
		bench_use(digest);
	}
	return bench_now() - start;
}

static uint64_t move_measured(uint64_t box, uint64_t pfn, uint64_t source)
{
	uint64_t start = bench_now();

	CALL(PAGE_DONATE, pfn, MEASURED);
	CALL(BOX_ADD, box, VA, pfn, MEASURED, CBX_RIGHT_R | CBX_RIGHT_W,
		source);
	CALL(BOX_KILL, box);
	CALL(BOX_RECLAIM, box, pfn, MEASURED);
	return bench_now() - start;
}

static void print_measured(const struct bench_plan *plan)
{
	double figure = 0, baseline = 0;
	uint64_t root, stage, pfn, source;

	bench_boot(4 * MACHINE_PAGES);
	root = machine_pages(BENCH_BOX_PAGES);
	stage = machine_pages(1);
	pfn = machine_pages(MEASURED);
	source = machine_pages(MEASURED);
	for (unsigned int i = 0; i < plan->rounds; i++) {
		uint64_t box = begin_box(root, stage);

		figure = bench_least(figure,
			(double)move_measured(box, pfn, source) / MEASURED);
		end_box(box);
		CALL(PAGE_RETURN, pfn, MEASURED);
		baseline =
			bench_least(baseline, (double)hash(source) / MEASURED);
	}
	bench_down();

	const struct bench_row row = {
		"donate, add measured, reclaim a page; batches of 64", figure,
		"ns", "SHA-384 of it", baseline, 1.2
	};

	bench_print(&row);
}

void bench_pages(const struct bench_plan *plan)
{
	bench_heading("Pages");
	print_moves(plan);
	print_unmeasured(plan);
	print_measured(plan);
}
