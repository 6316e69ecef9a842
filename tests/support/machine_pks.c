/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core on a machine of its own, in this program: it is the monitor, with a
 * host beside it that makes its gate calls.  One machine serves all tests of a
 * program; what a test used is the host's again afterwards.
 */
#include <stdlib.h>
#include <string.h>

#include <arch/x86_64/state.h>
#include <core/lock.h>
#include <monitor/keeper.h>

#include "support/ask.h"
#include "support/bare/bare.h"
#include "support/bare/puppet.h"
#include "support/bare/side.h"
#include "support/cpus_pks.h"
#include "support/machine.h"

#define MAIL_PAGES  256u /* the first ones: the puppet's */
#define UNUSED_STEP 61u

static bool started;
static uint64_t first_page;

static struct cbx_page *table(void)
{
	return (struct cbx_page *)CBX_PAGES_VA;
}

/* As cbx_monitor_run. */
void puppet_serve(const struct cbx_event *event, struct cbx_reply *reply)
{
	if (event->kind == CBX_EVENT_CALL) {
		cbx_gate_host(&event->call, reply);
	} else {
		(void)cbx_core_event(cbx_hal_cpu(), event, reply);
	}
}

static void start(void)
{
	cbx_core_init(table());
	assert_int_equal(cbx_monitor_keeper_start(&cbx_keeper_image), CBX_OK);
	first_page = bare_first_page() + MAIL_PAGES;
	side_clean();
	puppet_start();
	cpus_pks_start();
}

int machine_up(void **state)
{
	(void)state;
	if (!started) {
		start();
		started = true;
	}
	machine_pages_from(first_page);
	return 0;
}

/* A box that is not the keeper. */
static bool is_box(uint64_t handle)
{
	struct cbx_domain *d = cbx_domain_hold(handle);
	bool found = d != NULL && !d->keeper;

	if (d != NULL) {
		cbx_domain_drop(d);
	}
	return found;
}

static void end_boxes(void)
{
	for (uint64_t i = 1; i < cbx_hal_page_count(); i++) {
		while (is_box(i) && gate(BOX_KILL, i).status == CBX_E_BUSY) {
		}
	}
	for (uint64_t i = 1; i < cbx_hal_page_count(); i++) {
		struct machine_box box = { .handle = i };

		if (is_box(i)) {
			machine_erase(&box);
		}
	}
}

/* What a test has donated or opened is the host's again. */
static void give_back(uint64_t pfn)
{
	uint64_t done;

	switch (machine_state(pfn)) {
	case CBX_PAGE_LEAVING:
		while (gate(PAGE_DONATE, pfn, 1).status == CBX_E_BUSY) {
		}
		must(PAGE_RETURN, pfn, 1);
		break;
	case CBX_PAGE_POOL:
		must(PAGE_RETURN, pfn, 1);
		break;
	case CBX_PAGE_OPEN:
		assert_int_equal(cbx_page_open(pfn, 1, false, &done), CBX_OK);
		break;
	case CBX_PAGE_HOST:
		break;
	case CBX_PAGE_INVALID:
	case CBX_PAGE_DEVICE:
	case CBX_PAGE_META:
	case CBX_PAGE_PRIVATE:
	case CBX_PAGE_SHARED:
	case CBX_PAGE_COMMON:
	case CBX_PAGE_STATES:
	default:
		fail_msg("page %lu is not given back", pfn);
	}
	memset(ask_place(pfn), 0, CBX_PAGE_SIZE);
}

int machine_down(void **state)
{
	uint64_t end = machine_pages(0);

	(void)state;
	end_boxes();
	for (uint64_t pfn = first_page; pfn < end; pfn++) {
		give_back(pfn);
	}
	return 0;
}

struct cbx_reply machine_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	return puppet_gate(id, arg);
}

const struct cbx_arch_space *machine_space(uint64_t space)
{
	const struct cbx_space *at;

	assert_int_equal(machine_state(space), CBX_PAGE_META);
	at = ask_place(space);
	assert_int_equal(at->self, space);
	return &at->arch;
}

/* ---- invariants ---- */

/* Where asking is slow, of pages that no test had only some are looked at. */
static bool is_asked(uint64_t pfn, const struct cbx_page *page)
{
	return page->state != CBX_PAGE_INVALID &&
	       page->state != CBX_PAGE_DEVICE && page->state != CBX_PAGE_OPEN &&
	       !ask_program(pfn) &&
	       (pfn < machine_pages(0) || pfn % UNUSED_STEP == 0);
}

static void assert_page(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);
	struct cbx_view view = cbx_page_view(page);

	side_assert_view(pfn, page->state == CBX_PAGE_LEAVING ? NULL : &view,
		is_asked(pfn, page));
	if (page->state == CBX_PAGE_POOL) {
		assert_true(ask_zero(pfn));
	}
}

void machine_assert_sound(void)
{
	cbx_page_assert_all();
	cbx_domain_assert_all();
	for (uint64_t i = 0; i < cbx_hal_page_count(); i++) {
		assert_page(i);
	}
	assert_int_equal(cbx_x86_cpu()->slots, 0);
	assert_int_equal(*cbx_hal_cpu_rank(), CBX_RANK_NONE);
}

/* ---- comparing ---- */

struct mock_snapshot {
	uint64_t memory;
	struct cbx_page pages[];
};

/* FNV-1a over every page that holds something; not over what changes by
 * itself, the monitor's own pages and the puppet's. */
static uint64_t hash_memory(void)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (uint64_t pfn = first_page; pfn < machine_pages(0); pfn++) {
		const uint64_t *page = ask_place(pfn);

		if (ask_zero(pfn)) {
			continue;
		}
		for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
			hash = (hash ^ page[i] ^ pfn) * 0x100000001b3ull;
		}
	}
	return hash;
}

struct mock_snapshot *machine_snapshot(void)
{
	size_t bytes = cbx_core_table_bytes(cbx_hal_page_count());
	struct mock_snapshot *snapshot = malloc(sizeof(*snapshot) + bytes);

	assert_non_null(snapshot);
	snapshot->memory = hash_memory();
	memcpy(snapshot->pages, table(), bytes);
	return snapshot;
}

void machine_assert_same(struct mock_snapshot *before)
{
	size_t bytes = cbx_core_table_bytes(cbx_hal_page_count());

	assert_int_equal(before->memory, hash_memory());
	assert_memory_equal(before->pages, table(), bytes);
	free(before);
}
