/* SPDX-License-Identifier: Apache-2.0 */
/* The machine, its keeper, gates, and the invariants. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <core/lock.h>
#include <keeper/serve.h>
#include <monitor/keeper.h>

#include "support/machine.h"

#define KEEPER_CODE    0x300000ull
#define KEEPER_RESERVE 16u

static struct cbx_page *table;
static pthread_t test_thread;

/* A panic leaves the gate lock taken; the next test wants it. */
static void fail_test(const char *what, const char *file, int line)
{
	if (!pthread_equal(pthread_self(), test_thread)) {
		fprintf(stderr, "panic on another CPU: %s (%s:%d)\n", what,
			file, line);
		abort();
	}
	if (*cbx_hal_cpu_rank() == CBX_RANK_GATE) {
		cbx_gate_lock_drop();
	}
	mock_assert(0, what, file, line);
}

void machine_boot(const struct mock_options *options)
{
	size_t bytes;

	test_thread = pthread_self();
	mock_panic_hook(fail_test);
	mock_boot(options);
	bytes = cbx_core_table_bytes(cbx_hal_page_count());
	table = calloc(1, bytes);
	assert_non_null(table);
	mock_snapshot_watch(table, bytes);
	cbx_core_init(table);
	machine_boxes = 0;
	machine_pages_from(options != NULL && options->monitor_pages != 0
				   ? options->monitor_pages
				   : 1);
}

static void unboot(void)
{
	mock_down();
	free(table);
	table = NULL;
}

int machine_up(void **state)
{
	const struct mock_options options = { .pages = MACHINE_PAGES };

	(void)state;
	machine_boot(&options);
	machine_keeper();
	return 0;
}

int machine_down(void **state)
{
	(void)state;
	unboot();
	return 0;
}

void machine_again(const struct mock_options *options, bool keeper)
{
	unboot();
	machine_boot(options);
	if (keeper) {
		machine_keeper();
	}
}

struct cbx_reply machine_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_call call = { .id = id };
	struct cbx_reply reply;

	memcpy(call.arg, arg, sizeof(call.arg));
	memset(&reply, 0x77, sizeof(reply));
	cbx_gate_host(&call, &reply);
	return reply;
}

/* The keeper's program: serve the desk, ask for more. */
static void serve(struct mock_box_cpu *box, void *arg)
{
	struct cbx_call call = { .id = CBX_CALL_KEEPER_NEXT };
	uint8_t *desk = mock_box_use(box, CBX_DESK_VA,
		CBX_DESK_PAGES * (size_t)CBX_PAGE_SIZE, MOCK_WRITE);

	(void)arg;
	if (desk == NULL) {
		return;
	}
	if (box->step++ != 0) {
		call.arg[0] = (uint64_t)cbx_keeper_serve(
			(struct cbx_desk *)(void *)desk, desk + CBX_PAGE_SIZE,
			CBX_DESK_DATA_PAGES * (size_t)CBX_PAGE_SIZE);
	}
	mock_box_gate(box, &call);
}

void machine_keeper(void)
{
	static const struct cbx_keeper_part code = {
		.va = { KEEPER_CODE },
		.pages = 1,
		.rights = { CBX_RIGHT_R | CBX_RIGHT_X },
	};
	const struct cbx_keeper_image image = {
		.parts = &code,
		.part_count = 1,
		.reserve_pages = KEEPER_RESERVE,
		.entry = KEEPER_CODE,
	};

	mock_program(KEEPER_CODE, serve, NULL);
	assert_int_equal(cbx_monitor_keeper_start(&image), CBX_OK);
}

/* ---- invariants ---- */

/* Who could touch a page in this state, apart from stale translations. */
static void assert_touch(uint64_t pfn, const struct cbx_page *page)
{
	const struct cbx_pfn at = { pfn };
	const struct cbx_view all = { CBX_VIEW_ALL };

	switch ((enum cbx_page_state)page->state) {
	case CBX_PAGE_POOL:
	case CBX_PAGE_META:
		assert_false(mock_boxes_may(at));
		assert_false(mock_host_may(at, all));
		assert_false(mock_hypervisor_may(at));
		break;
	case CBX_PAGE_PRIVATE:
	case CBX_PAGE_COMMON:
		assert_false(mock_host_may(at, all));
		assert_false(mock_hypervisor_may(at));
		break;
	case CBX_PAGE_SHARED:
	case CBX_PAGE_LEAVING:
		assert_false(mock_hypervisor_may(at));
		break;
	case CBX_PAGE_OPEN:
		assert_true(mock_hypervisor_may(at));
		assert_false(mock_boxes_may(at));
		break;
	case CBX_PAGE_HOST:
	case CBX_PAGE_DEVICE:
	case CBX_PAGE_INVALID:
	case CBX_PAGE_STATES:
	default:
		assert_false(mock_hypervisor_may(at));
		assert_false(mock_boxes_may(at));
		break;
	}
}

static void assert_page(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);
	/* A page half changed has part of its old view left; a window leaves
	 * the box first; after a refusal a page of the host may have lost part
	 * of its view. */
	bool between = (page->state == CBX_PAGE_LEAVING &&
			       (page->detail == CBX_LEAVING_HALF ||
				       page->detail == CBX_LEAVING_WINDOW)) ||
		       (page->state == CBX_PAGE_OPEN &&
			       page->detail == CBX_OPEN_HALF) ||
		       (page->state == CBX_PAGE_HOST && mock_refused());

	assert_int_not_equal(page->state, CBX_PAGE_INVALID);
	if (!between) {
		assert_int_equal(mock_view((struct cbx_pfn){ pfn }).bits,
			mock_view_round(cbx_page_view(page)).bits);
	}
	if (page->state == CBX_PAGE_POOL) {
		assert_true(mock_is_zero((struct cbx_pfn){ pfn }));
	}
	assert_touch(pfn, page);
}

/* A reserve holds zero pages nobody maps, as many as it says. */
static void assert_reserve(const struct cbx_domain *d)
{
	uint32_t pfn = d->reserve.head;

	for (uint64_t i = 0; i < d->reserve.count; i++) {
		const struct cbx_page *page = cbx_page_at(pfn);

		assert_non_null(page);
		assert_int_equal(page->state, CBX_PAGE_PRIVATE);
		assert_int_equal(page->owner, d->self);
		assert_int_equal(page->mappings, 0);
		assert_true(mock_is_zero((struct cbx_pfn){ pfn }));
		assert_false(mock_boxes_may((struct cbx_pfn){ pfn }));
		pfn = page->link;
	}
}

void machine_assert_sound(void)
{
	cbx_page_assert_all();
	cbx_domain_assert_all();
	for (uint64_t i = 0; i < cbx_hal_page_count(); i++) {
		struct cbx_domain *d = cbx_domain_hold(i);

		assert_page(i);
		if (d != NULL) {
			if (d->state != CBX_DOMAIN_DYING) {
				assert_reserve(d);
			}
			cbx_domain_drop(d);
		}
	}
	assert_int_equal(mock_maps(), 0);
	assert_int_equal(*cbx_hal_cpu_rank(), CBX_RANK_NONE);
}

struct mock_snapshot *machine_snapshot(void)
{
	return mock_snapshot_take();
}

void machine_assert_same(struct mock_snapshot *before)
{
	struct cbx_pfn pfn = { 0 };
	bool equal = mock_snapshot_equal(before, &pfn);

	mock_snapshot_free(before);
	if (!equal) {
		fail_msg("the machine changed at page %ju", (uintmax_t)pfn.n);
	}
}
