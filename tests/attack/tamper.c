/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <arch/arch.h>
#include <core/copy.h>
#include <core/gate.h>
#include <core/page.h>
#include <core/thread.h>
#include <hal/hal.h>

#include "attack/tamper.h"
#include "support/ask.h"

struct tamper tamper;

static const char *chosen = "";

void tamper_begin(void)
{
	const char *name = getenv("ATTACK_MUTANT");

	chosen = name == NULL ? "" : name;
}

/** Whether this run is the mutant of that name. */
static bool mutant(const char *name)
{
	return strcmp(chosen, name) == 0;
}

/** Declares the way on and the way here. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

/* ---- hal.h ---- */

WRAP(enum cbx_status, cbx_hal_view_set, struct cbx_pfn pfn, uint64_t count,
	struct cbx_view view, uint64_t *done)
{
	uint64_t bad = tamper.refuse_pfn;
	enum cbx_status status;

	if (mutant("view_set")) {
		*done = count;
		return CBX_OK;
	}
	if (bad == 0 || bad < pfn.n || bad - pfn.n >= count) {
		return __real_cbx_hal_view_set(pfn, count, view, done);
	}
	status = __real_cbx_hal_view_set(pfn, bad - pfn.n, view, done);
	return status == CBX_OK ? CBX_E_HARDWARE : status;
}

WRAP(bool, cbx_hal_view_flushed, uint64_t token)
{
	return mutant("view_flushed") ||
	       (!tamper.lose_flushes && __real_cbx_hal_view_flushed(token));
}

/* Where the machine would notice the mutation, and stop, a test could not. */
static bool machine_would_notice(void)
{
	return mutant("view_set") || mutant("view_flushed") ||
	       mutant("space_flushed");
}

void *__real_cbx_hal_page_map(struct cbx_pfn pfn);
void __real_cbx_hal_page_unmap(const void *page);

WRAP(void, cbx_hal_page_scrub, struct cbx_pfn pfn, uint64_t count)
{
	if (mutant("page_scrub")) {
		return;
	}
	if (!machine_would_notice()) {
		__real_cbx_hal_page_scrub(pfn, count);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		void *page = __real_cbx_hal_page_map(cbx_pfn_add(pfn, i));

		memset(page, 0, CBX_PAGE_SIZE);
		__real_cbx_hal_page_unmap(page);
	}
}

WRAP(void, cbx_hal_page_copy, struct cbx_pfn to, struct cbx_pfn from,
	uint64_t count)
{
	if (!machine_would_notice()) {
		__real_cbx_hal_page_copy(to, from, count);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		void *dst = __real_cbx_hal_page_map(cbx_pfn_add(to, i));
		void *src = __real_cbx_hal_page_map(cbx_pfn_add(from, i));

		memcpy(dst, src, CBX_PAGE_SIZE);
		__real_cbx_hal_page_unmap(src);
		__real_cbx_hal_page_unmap(dst);
	}
}

static const void *watched; /* where flip_pfn is mapped */

void *__wrap_cbx_hal_page_map(struct cbx_pfn pfn);
void *__wrap_cbx_hal_page_map(struct cbx_pfn pfn)
{
	void *page = __real_cbx_hal_page_map(pfn);

	if (atomic_fetch_add(&tamper.maps, 1) + 1 == tamper.strike_at_map) {
		tamper.strike();
	}
	if (tamper.flip_pfn != 0 && pfn.n == tamper.flip_pfn) {
		watched = page;
	}
	return page;
}

/* A second look sees something else. */
void __wrap_cbx_hal_page_unmap(const void *page);
void __wrap_cbx_hal_page_unmap(const void *page)
{
	__real_cbx_hal_page_unmap(page);
	if (tamper.flip_pfn != 0 && page == watched) {
		watched = NULL;
		ask_put(tamper.flip_pfn, 0, tamper.flip, CBX_PAGE_SIZE);
	}
}

WRAP(void, cbx_hal_cpu_kick, uint32_t cpu)
{
	if (tamper.lose_kicks) {
		atomic_fetch_add(&tamper.kicks_lost, 1);
	} else {
		__real_cbx_hal_cpu_kick(cpu);
	}
}

WRAP(void, cbx_keeper_tell_box, const struct cbx_domain *d,
	struct cbx_facts *facts)
{
	__real_cbx_keeper_tell_box(d, facts);
	if (mutant("tell_box")) { /* all boxes are one */
		memset(facts->measurement, 0, sizeof(facts->measurement));
	}
}

WRAP(enum cbx_status, cbx_keeper_work, struct cbx_desk *desk)
{
	enum cbx_status status;

	if (desk->op == CBX_DESK_SEAL && mutant("seals_nothing")) {
		return CBX_OK;
	}
	status = __real_cbx_keeper_work(desk);
	if (desk->op == CBX_DESK_OPEN && status != CBX_OK &&
		mutant("opens_all")) {
		desk->size = 0;
		desk->count = 1;
		return CBX_OK;
	}
	return status;
}

WRAP(enum cbx_status, cbx_hal_random, void *buf, size_t size)
{
	if (mutant("random")) {
		memset(buf, 0x55, size);
		return CBX_OK;
	}
	return __real_cbx_hal_random(buf, size);
}

/* ---- arch.h ---- */

WRAP(bool, cbx_arch_space_flushed, const struct cbx_arch_space *space,
	uint64_t token)
{
	return mutant("space_flushed") ||
	       (!tamper.lose_flushes &&
		       __real_cbx_arch_space_flushed(space, token));
}

WRAP(enum cbx_status, cbx_arch_space_unmap, struct cbx_arch_space *space,
	struct cbx_va va, uint64_t count, uint64_t *done)
{
	if (mutant("space_unmap")) {
		*done = count;
		return CBX_OK;
	}
	return __real_cbx_arch_space_unmap(space, va, count, done);
}

WRAP(enum cbx_status, cbx_arch_space_map, struct cbx_arch_space *space,
	struct cbx_va va, struct cbx_pfn pfn, uint64_t count,
	struct cbx_rights rights, uint64_t *done)
{
	if (mutant("space_map") && rights.bits == CBX_RIGHT_R) {
		rights.bits = CBX_RIGHT_R | CBX_RIGHT_W;
	}
	return __real_cbx_arch_space_map(space, va, pfn, count, rights, done);
}

/* ---- the core's own checks ---- */

WRAP(bool, cbx_copy_host_range, uint64_t pfn, uint64_t count, uint8_t bit)
{
	return mutant("host_range") ||
	       __real_cbx_copy_host_range(pfn, count, bit);
}

WRAP(bool, cbx_page_host_may, uint64_t pfn, uint8_t bit)
{
	return mutant("host_may") || __real_cbx_page_host_may(pfn, bit);
}

WRAP(struct cbx_space *, cbx_space_hold, const struct cbx_domain *d,
	uint64_t handle)
{
	const struct cbx_page *page = cbx_page_at(handle);

	if (mutant("space_hold") && page != NULL &&
		page->state == CBX_PAGE_META &&
		page->detail == CBX_META_SPACE) {
		return cbx_hal_page_map((struct cbx_pfn){ handle });
	}
	return __real_cbx_space_hold(d, handle);
}

WRAP(uint64_t, cbx_thread_frame_wake, struct cbx_domain *d)
{
	uint64_t wake = __real_cbx_thread_frame_wake(d);

	return mutant("thread_wake") ? cbx_hal_ticks() : wake;
}

WRAP(uint64_t, cbx_thread_wake, const struct cbx_domain *d, uint64_t ticks)
{
	if (mutant("thread_wake")) {
		return (ticks > cbx_hal_ticks() ? ticks : cbx_hal_ticks()) + 1;
	}
	return __real_cbx_thread_wake(d, ticks);
}

WRAP(enum cbx_status, cbx_copy_from_host, uint64_t pfn, void *dst, size_t size)
{
	enum cbx_status status = __real_cbx_copy_from_host(pfn, dst, size);

	if (status == CBX_OK && mutant("double_fetch")) {
		status = __real_cbx_copy_from_host(pfn, dst, size);
	}
	return status;
}

WRAP(enum cbx_status, cbx_gate_box_query, struct cbx_gate *g)
{
	enum cbx_status status = __real_cbx_gate_box_query(g);

	if (mutant("box_query")) {
		g->ret[3] = g->d->reserve.count;
	}
	return status;
}

#ifdef ATTACK_ON_PKS
/* ---- the rules of the host's page tables ---- */

WRAP(enum cbx_status, cbx_table_root_hold, struct cbx_pfn root)
{
	return mutant("root_hold") ? CBX_OK : __real_cbx_table_root_hold(root);
}

WRAP(enum cbx_status, cbx_table_declare, struct cbx_pfn pfn, uint64_t level)
{
	return mutant("declare") ? CBX_OK
				 : __real_cbx_table_declare(pfn, level);
}
#endif
