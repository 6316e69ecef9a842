/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/gate.h>
#include <core/reserve.h>
#include <core/space.h>
#include <core/template.h>
#include <core/thread.h>

/* Make an empty space of the box from its reserve.
 * @retval CBX_OK          ret[0] is its handle
 * @retval CBX_E_NOMEM     the reserve or the policy's number is used up
 * @retval CBX_E_HARDWARE  refused */
enum cbx_status cbx_gate_space_create(struct cbx_gate *g)
{
	struct cbx_domain *d = g->d;
	struct cbx_space *space;
	enum cbx_status status;
	uint32_t pfn;
	uint32_t table;

	if (d->reserve.count < 2 || d->spaces.count >= d->policy.threads_max) {
		return CBX_E_NOMEM;
	}
	pfn = cbx_reserve_meta(d, CBX_META_SPACE);
	table = cbx_reserve_meta(d, CBX_META_TABLE);
	cbx_space_start(pfn, d->self);
	space = cbx_space_hold(d, pfn);
	status = cbx_arch_space_create(
		&space->arch, (struct cbx_pfn){ table }, cbx_space_flags(d));
	if (status == CBX_OK) {
		cbx_list_put(&d->spaces, pfn);
		g->ret[0] = pfn;
	}
	cbx_space_drop(space);
	if (status != CBX_OK) {
		cbx_reserve_recycle(d, table);
		cbx_reserve_recycle(d, pfn);
	}
	return status;
}

/* Pages whose translations in an ended space are gone.  In a living box they
 * leave as unmapped ones do; a dying box's wait for BOX_RECLAIM, and only the
 * counts matter. */
static void forget_mappings(struct cbx_domain *d, struct cbx_space *space,
	struct cbx_pfn pfn, uint64_t count)
{
	if (d->state != CBX_DOMAIN_DYING &&
		cbx_page_at(pfn.n)->state != CBX_PAGE_COMMON) {
		cbx_space_leave(space, pfn, count);
		return;
	}
	for (uint64_t i = 0; i < count; i++) {
		struct cbx_page *each = cbx_page_at(pfn.n + i);

		CBX_ASSERT(each->owner != d->self || each->mappings != 0);
		each->mappings -= each->owner == d->self ? 1 : 0;
	}
}

/* Drain translations of an ended space, at most a range call's worth. */
static enum cbx_status drain(struct cbx_domain *d, struct cbx_space *space)
{
	struct cbx_va va = { 0 };
	uint64_t n = 0;

	while (n < CBX_RANGE_PAGES_MAX) {
		struct cbx_mapping first;
		uint64_t run;
		enum cbx_status status;

		if (!cbx_arch_space_next(&space->arch, &va, &first)) {
			return CBX_OK;
		}
		run = cbx_space_run(space, va, CBX_RANGE_PAGES_MAX - n, &first);
		status = cbx_arch_space_unmap(&space->arch, va, run, &run);
		forget_mappings(d, space, first.pfn, run);
		if (status != CBX_OK) {
			return status;
		}
		n += run;
		va = cbx_va_add(va, run);
	}
	return CBX_E_BUSY;
}

/* Give back the tables of a drained space; at most a range call's worth. */
static enum cbx_status take_tables(
	struct cbx_domain *d, struct cbx_space *space)
{
	struct cbx_pfn table;

	for (uint64_t n = 0; n < CBX_RANGE_PAGES_MAX; n++) {
		if (!cbx_arch_space_table_take(&space->arch, &table)) {
			return CBX_OK;
		}
		if (d->state != CBX_DOMAIN_DYING) {
			cbx_reserve_recycle(d, (uint32_t)table.n);
		}
	}
	return CBX_E_BUSY;
}

void cbx_space_end(struct cbx_domain *d, struct cbx_space *space)
{
	if (!space->ended && cbx_domain_granted(d)) {
		cbx_arch_space_destroy(&space->arch);
		space->end_token = cbx_arch_space_flush(&space->arch);
		space->last_token = space->end_token;
	}
	space->ended = true;
}

enum cbx_status cbx_space_destroy(struct cbx_domain *d, struct cbx_space *space)
{
	bool hardware = cbx_domain_granted(d);
	uint32_t pfn = space->self;
	enum cbx_status status = CBX_OK;

	CBX_ASSERT(space->thread_count == 0);
	cbx_space_end(d, space);
	if (hardware &&
		!cbx_arch_space_flushed(&space->arch, space->end_token)) {
		return CBX_E_BUSY;
	}
	if (hardware) {
		status = drain(d, space);
	}
	/* In a dying box BOX_RECLAIM takes what is leaving. */
	if (status == CBX_OK && d->state != CBX_DOMAIN_DYING) {
		status = cbx_space_settle(d, space, CBX_RANGE_PAGES_MAX);
	}
	if (status == CBX_OK && hardware) {
		status = take_tables(d, space);
	}
	if (status != CBX_OK) {
		return status;
	}
	cbx_list_remove(&d->spaces, pfn);
	cbx_space_drop(space);
	if (d->state != CBX_DOMAIN_DYING) {
		cbx_reserve_recycle(d, pfn);
	}
	return CBX_OK;
}

enum cbx_status cbx_domain_tear_down(struct cbx_domain *d)
{
	CBX_ASSERT(d->state == CBX_DOMAIN_DYING);
	if (d->running != 0) {
		cbx_domain_kick(d);
		return CBX_E_BUSY;
	}
	if (!cbx_thread_end_all(d)) {
		return CBX_E_BUSY;
	}
	while (d->spaces.count != 0) {
		struct cbx_space *space = cbx_space_hold(d, d->spaces.head);
		enum cbx_status status = cbx_space_destroy(d, space);

		if (status != CBX_OK) {
			cbx_space_drop(space);
			return status;
		}
	}
	cbx_template_give_back(d);
	return CBX_OK;
}

/* Pages that only need a scrub: alike ones from @p pfn on. */
static uint64_t scrub_run(
	const struct cbx_domain *d, uint64_t pfn, uint64_t count)
{
	const struct cbx_page first = *cbx_page_at(pfn);
	uint64_t n = cbx_page_run(pfn, count, (enum cbx_page_state)first.state,
		(struct cbx_dom){ d->self }, first.detail);

	if (first.state == CBX_PAGE_COMMON && d->borrowers != 0) {
		return 0;
	}
	cbx_hal_page_scrub((struct cbx_pfn){ pfn }, n);
	for (uint64_t i = 0; i < n; i++) {
		cbx_page_move(
			cbx_page_at(pfn + i), CBX_PAGE_DO_RECLAIM, CBX_HOST);
	}
	return n;
}

/* One step: whatever the page at @p pfn needs next. */
static enum cbx_status reclaim_step(
	struct cbx_domain *d, uint64_t pfn, uint64_t count, uint64_t *done)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	*done = 0;
	if (page->owner != d->self) {
		return CBX_E_OWNER;
	}
	if (pfn == d->self) {
		return CBX_E_STATE;
	}
	if (page->state == CBX_PAGE_SHARED ||
		(page->state == CBX_PAGE_LEAVING &&
			page->detail == CBX_LEAVING_WINDOW)) {
		enum cbx_status status = cbx_page_close_view(pfn);

		if (status != CBX_OK) {
			return status;
		}
	}
	if (page->state == CBX_PAGE_LEAVING &&
		page->detail != CBX_LEAVING_SPACE &&
		page->detail != CBX_LEAVING_ALIASED) {
		return cbx_page_settle(pfn, 1, done);
	}
	*done = scrub_run(d, pfn, count);
	return *done != 0 ? CBX_OK : CBX_E_BUSY;
}

/* Take pages of a DYING, torn down box back into the pool.
 *
 * @retval CBX_OK          all of them are POOL
 * @retval CBX_E_INVALID   the range is malformed
 * @retval CBX_E_OWNER     page *done is not the box's
 * @retval CBX_E_STATE     the box is not torn down (BOX_KILL), or page *done is
 *                         its root
 * @retval CBX_E_BUSY      page *done is on its way, or mapped by another box
 * @retval CBX_E_HARDWARE  page *done was refused */
enum cbx_status cbx_gate_box_reclaim(struct cbx_gate *g)
{
	const uint64_t pfn = g->arg[1];
	const uint64_t count = g->arg[2];
	struct cbx_domain *d = g->d;
	uint64_t *done = &g->ret[0];
	enum cbx_status status = CBX_OK;

	if (!cbx_page_range_valid(pfn, count)) {
		return CBX_E_INVALID;
	}
	if (d->running != 0 || d->spaces.count != 0 || d->threads.count != 0) {
		return CBX_E_STATE;
	}
	d->reserve = cbx_list_empty;
	while (status == CBX_OK && *done < count) {
		uint64_t n;

		status = reclaim_step(d, pfn + *done, count - *done, &n);
		*done += n;
		d->page_count -= n;
	}
	return status;
}

/* Make the root of a box that owns nothing else a POOL page.
 * @retval CBX_OK       the handle is free
 * @retval CBX_E_STATE  it still owns pages or runs */
enum cbx_status cbx_gate_box_destroy(struct cbx_gate *g)
{
	const struct cbx_domain *d = g->d;
	uint32_t self = d->self;

	if (d->page_count != 1 || d->running != 0 || d->borrowers != 0) {
		return CBX_E_STATE;
	}
	CBX_ASSERT(cbx_domain_next((enum cbx_domain_state)d->state,
			   CBX_DOMAIN_DO_DESTROY) == CBX_DOMAIN_EMPTY);
	cbx_domain_drop(d);
	g->d = NULL;
	cbx_hal_page_scrub((struct cbx_pfn){ self }, 1);
	cbx_page_move(cbx_page_at(self), CBX_PAGE_DO_RECLAIM, CBX_HOST);
	return CBX_OK;
}
