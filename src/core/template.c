/* SPDX-License-Identifier: Apache-2.0 */
#include <core/reserve.h>
#include <core/template.h>

#include <core/assert.h>
#include <core/gate.h>
#include <core/space.h>
#include <core/thread.h>

static bool lends_all(const struct cbx_domain *d)
{
	return d->state == CBX_DOMAIN_TEMPLATE && d->cursor.a == CBX_VA_MAX;
}

static void lend(const struct cbx_domain *d, struct cbx_page *page)
{
	uint32_t mappings = page->mappings;

	if (page->state == CBX_PAGE_PRIVATE) {
		cbx_page_move(
			page, CBX_PAGE_DO_COMMON, (struct cbx_dom){ d->self });
		page->mappings = mappings;
	}
}

/* Make COMMON what the template has mapped, at most a range call's worth. */
static enum cbx_status lend_pages(
	struct cbx_domain *d, const struct cbx_space *space)
{
	for (uint64_t n = 0; n < CBX_RANGE_PAGES_MAX; n++) {
		struct cbx_mapping mapping;

		if (!cbx_arch_space_next(&space->arch, &d->cursor, &mapping)) {
			d->cursor.a = CBX_VA_MAX;
			return CBX_OK;
		}
		lend(d, cbx_page_at(mapping.pfn.n));
		d->cursor = cbx_va_add(d->cursor, 1);
	}
	return CBX_E_BUSY;
}

static enum cbx_status end_as_template(struct cbx_domain *d)
{
	if ((d->policy.flags & CBX_POLICY_TEMPLATE) == 0) {
		return CBX_E_DENIED;
	}
	if (d->spaces.count != 1 || d->shared_count != 0 ||
		d->lender_count != 0) {
		return CBX_E_STATE;
	}
	if (d->running != 0) {
		cbx_domain_kick(d);
		return CBX_E_BUSY;
	}
	d->cursor.a = 0;
	cbx_domain_move(d, CBX_DOMAIN_DO_LEND);
	return CBX_OK;
}

/*
 * End a READY box as a template.
 *
 * @retval CBX_OK         it lends all it had mapped
 * @retval CBX_E_DENIED   its policy does not allow it
 * @retval CBX_E_STATE    it has a window or a second space, or borrows itself
 * @retval CBX_E_BUSY     not finished; repeat.  If it is still READY, a thread
 *                        of it runs, and was kicked
 */
enum cbx_status cbx_gate_box_template(struct cbx_gate *g)
{
	struct cbx_domain *d = g->d;
	enum cbx_status status = CBX_OK;
	struct cbx_space *space;

	if (d->state == CBX_DOMAIN_READY) {
		status = end_as_template(d);
	}
	if (status != CBX_OK || lends_all(d)) {
		return status;
	}
	if (!cbx_thread_end_all(d)) {
		return CBX_E_BUSY;
	}
	space = cbx_space_hold(d, d->spaces.head);
	cbx_space_end(d, space);
	status = cbx_arch_space_flushed(&space->arch, space->end_token)
			 ? lend_pages(d, space)
			 : CBX_E_BUSY;
	cbx_space_drop(space);
	return status;
}

enum cbx_status cbx_template_check(
	const struct cbx_domain *d, const struct cbx_domain *lender)
{
	uint32_t last = d->lender_count - 1;

	if (!lends_all(lender)) {
		return CBX_E_STATE;
	}
	if (d->borrowing) {
		return d->lender[last] == lender->self ? CBX_OK : CBX_E_STATE;
	}
	for (uint32_t i = 0; i < d->lender_count; i++) {
		if (d->lender[i] == lender->self) {
			return CBX_E_STATE;
		}
	}
	return d->lender_count < CBX_LENDERS_MAX && cbx_domain_granted(d)
		       ? CBX_OK
		       : CBX_E_NOMEM;
}

void cbx_template_begin(struct cbx_domain *d, struct cbx_domain *lender)
{
	d->lender[d->lender_count++] = lender->self;
	d->borrowing = true;
	d->tainted |= lender->tainted;
	d->cursor.a = 0;
	lender->borrowers++;
}

/* What a borrower may do where the template had these rights. */
static struct cbx_rights lent(struct cbx_rights rights)
{
	if ((rights.bits & CBX_RIGHT_W) != 0) {
		rights.bits =
			(uint8_t)((rights.bits & ~CBX_RIGHT_W) | CBX_RIGHT_R);
	}
	return rights;
}

/* Map the run of the lender's pages at the cursor. */
static enum cbx_status map_run(struct cbx_domain *d, struct cbx_space *space,
	const struct cbx_mapping *first, uint64_t *n)
{
	struct cbx_rights rights = lent(first->rights);
	const struct cbx_stretch to = {
		.space = space,
		.va = d->cursor,
		.count = *n,
		.rights = rights.bits,
	};
	enum cbx_status status = cbx_space_prepare(d, &to, 0);

	if (status != CBX_OK) {
		*n = 0;
		return status;
	}
	status = cbx_arch_space_map(
		&space->arch, d->cursor, first->pfn, *n, rights, n);
	return cbx_space_finish(d, space, status);
}

static enum cbx_status map_runs(struct cbx_domain *d, struct cbx_space *space,
	const struct cbx_space *from)
{
	enum cbx_status status = CBX_OK;
	uint64_t n;

	for (uint64_t done = 0; status == CBX_OK; done += n) {
		struct cbx_mapping first;

		if (!cbx_arch_space_next(&from->arch, &d->cursor, &first)) {
			d->borrowing = false;
			return CBX_OK;
		}
		if (done == CBX_RANGE_PAGES_MAX) {
			return CBX_E_BUSY;
		}
		n = cbx_space_run(
			from, d->cursor, CBX_RANGE_PAGES_MAX - done, &first);
		status = map_run(d, space, &first, &n);
		d->cursor = cbx_va_add(d->cursor, n);
	}
	return status;
}

enum cbx_status cbx_template_map(
	struct cbx_domain *d, const struct cbx_domain *lender)
{
	struct cbx_space *space = cbx_space_hold(d, d->spaces.head);
	struct cbx_space *from = cbx_space_hold(lender, lender->spaces.head);
	enum cbx_status status = map_runs(d, space, from);

	cbx_space_drop(from);
	cbx_space_drop(space);
	return status;
}

enum cbx_status cbx_template_copy(struct cbx_domain *d,
	const struct cbx_stretch *to, uint64_t at, uint64_t *n)
{
	struct cbx_va va = cbx_va_add(to->va, at);
	struct cbx_space *space = to->space;
	struct cbx_mapping first;
	enum cbx_status status;
	uint32_t own;
	uint64_t taken = cbx_reserve_take(d, *n, &own);
	uint64_t done;

	*n = 0;
	if (taken == 0 || !cbx_arch_space_lookup(&space->arch, va, &first)) {
		return CBX_E_NOMEM;
	}
	cbx_hal_page_copy((struct cbx_pfn){ own }, first.pfn, taken);
	status = cbx_space_map_run(
		to, at, (struct cbx_pfn){ own }, taken, &done);
	for (uint64_t i = taken; i > done; i--) {
		cbx_reserve_give_up(d, (uint32_t)(own + i - 1));
		cbx_reserve_put_back(d, (uint32_t)(own + i - 1));
	}
	if (done != 0) {
		space->last_token = cbx_arch_space_flush(&space->arch);
		space->protect_token = space->last_token;
	}
	if (!cbx_arch_space_flushed(&space->arch, space->protect_token)) {
		return CBX_E_BUSY;
	}
	*n = done;
	return status;
}

void cbx_template_give_back(struct cbx_domain *d)
{
	while (d->lender_count != 0) {
		struct cbx_domain *lender =
			cbx_domain_hold(d->lender[--d->lender_count]);

		CBX_ASSERT(lender != NULL && lender->borrowers != 0);
		lender->borrowers--;
		cbx_domain_drop(lender);
	}
}
