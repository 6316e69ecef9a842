/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/reserve.h>
#include <core/space.h>
#include <core/template.h>

bool cbx_space_may_map(const struct cbx_domain *d, uint64_t rights)
{
	return (d->policy.flags & CBX_POLICY_EXECUTE_ONLY) == 0 ||
	       (rights & CBX_RIGHT_X) == 0 || rights == CBX_RIGHT_X;
}

enum cbx_status cbx_space_check(const struct cbx_stretch *span)
{
	if (span->space == NULL || span->count == 0 ||
		span->count > CBX_RANGE_PAGES_MAX ||
		!cbx_va_range_valid(span->va, span->count)) {
		return CBX_E_INVALID;
	}
	return span->space->ended ? CBX_E_STATE : CBX_OK;
}

/* And whether the box may map memory so. */
static enum cbx_status check_rights(
	const struct cbx_domain *d, const struct cbx_stretch *span)
{
	enum cbx_status status = cbx_space_check(span);

	if (status == CBX_E_INVALID || span->rights == 0 ||
		(span->rights & ~(uint64_t)CBX_RIGHTS) != 0) {
		return CBX_E_INVALID;
	}
	return cbx_space_may_map(d, span->rights) ? status : CBX_E_DENIED;
}

enum cbx_status cbx_space_prepare(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t spare)
{
	enum cbx_status status = check_rights(d, to);
	struct cbx_space *space = to->space;
	struct cbx_va first = to->va;
	struct cbx_mapping mapping;
	uint64_t tables;

	if (status != CBX_OK) {
		return status;
	}
	if (!cbx_domain_granted(d)) {
		return CBX_E_NOMEM;
	}
	if (cbx_arch_space_next(&space->arch, &first, &mapping) &&
		first.a < cbx_va_add(to->va, to->count).a) {
		return CBX_E_STATE;
	}
	tables = cbx_arch_space_tables(&space->arch, to->va, to->count);
	if (d->reserve.count < spare || d->reserve.count - spare < tables) {
		return CBX_E_NOMEM;
	}
	for (space->given = tables; tables != 0; tables--) {
		cbx_arch_space_table_give(&space->arch,
			(struct cbx_pfn){
				cbx_reserve_meta(d, CBX_META_TABLE) });
	}
	return CBX_OK;
}

enum cbx_status cbx_space_prepare_pages(
	struct cbx_domain *d, const struct cbx_stretch *to)
{
	enum cbx_status status = check_rights(d, to);
	enum cbx_status settled;

	if (status != CBX_OK) {
		return status;
	}
	settled = cbx_space_settle(d, to->space, CBX_RANGE_PAGES_MAX);
	status = cbx_space_prepare(d, to, to->count);
	if (status != CBX_E_NOMEM || settled != CBX_OK) {
		return status == CBX_E_NOMEM ? settled : status;
	}
	/* Tables that became empty come back with the flush. */
	return cbx_arch_space_flushed(&to->space->arch, to->space->last_token)
		       ? CBX_E_NOMEM
		       : CBX_E_BUSY;
}

enum cbx_status cbx_space_finish(
	struct cbx_domain *d, struct cbx_space *space, enum cbx_status status)
{
	struct cbx_pfn table;

	if (space == NULL) { /* none was named */
		return status;
	}
	while (status != CBX_OK && space->given != 0 &&
		cbx_arch_space_spare_take(&space->arch, &table)) {
		cbx_reserve_give_up(d, (uint32_t)table.n);
		cbx_reserve_put_back(d, (uint32_t)table.n);
		space->given--;
	}
	space->given = 0;
	return status;
}

enum cbx_status cbx_space_map_run(const struct cbx_stretch *to, uint64_t at,
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	uint64_t n = 0;
	enum cbx_status status;

	while (n < count &&
		cbx_page_at(pfn.n + n)->mappings < CBX_PAGE_MAPPINGS_MAX) {
		n++;
	}
	*done = 0;
	if (n == 0) {
		return CBX_E_STATE;
	}
	status = cbx_arch_space_map(&to->space->arch, cbx_va_add(to->va, at),
		pfn, n, (struct cbx_rights){ (uint8_t)to->rights }, done);
	for (uint64_t i = 0; i < *done; i++) {
		struct cbx_page *page = cbx_page_at(pfn.n + i);

		if (page->state == CBX_PAGE_PRIVATE && page->mappings++ != 0) {
			page->detail = CBX_PRIVATE_ALIASED;
		}
	}
	return status;
}

/* Map a run of reserve pages from page *done on; what is refused goes back. */
static enum cbx_status map_fresh(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done)
{
	uint32_t first;
	uint64_t n = cbx_reserve_take(d, to->count - *done, &first);
	uint64_t mapped;
	enum cbx_status status = cbx_space_map_run(
		to, *done, (struct cbx_pfn){ first }, n, &mapped);

	for (uint64_t i = n; i > mapped; i--) {
		cbx_reserve_put_back(d, (uint32_t)(first + i - 1));
	}
	*done += mapped;
	return status;
}

enum cbx_status cbx_space_map(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done)
{
	enum cbx_status status = cbx_space_prepare_pages(d, to);

	while (status == CBX_OK && *done < to->count) {
		status = map_fresh(d, to, done);
	}
	return cbx_space_finish(d, to->space, status);
}

static bool alike(const struct cbx_page *a, const struct cbx_page *b)
{
	return a->state == b->state && a->detail == b->detail &&
	       a->owner == b->owner;
}

uint64_t cbx_space_run(const struct cbx_space *space, struct cbx_va va,
	uint64_t count, struct cbx_mapping *first)
{
	struct cbx_mapping next;
	uint64_t n = 0;

	if (!cbx_arch_space_lookup(&space->arch, va, first)) {
		return 0;
	}
	const struct cbx_page *page = cbx_page_at(first->pfn.n);

	do {
		n++;
	} while (
		n < count &&
		cbx_arch_space_lookup(&space->arch, cbx_va_add(va, n), &next) &&
		next.pfn.n == first->pfn.n + n &&
		next.rights.bits == first->rights.bits &&
		alike(&page[n], page));
	return n;
}

/* Whether what is mapped at a source may be mapped once more. */
static enum cbx_status check_source(
	uint64_t n, const struct cbx_mapping *source, uint64_t rights)
{
	if (n == 0) {
		return CBX_E_STATE;
	}
	switch (cbx_page_at(source->pfn.n)->state) {
	case CBX_PAGE_PRIVATE:
		return CBX_OK;
	case CBX_PAGE_COMMON:
		return (rights & CBX_RIGHT_W) == 0 ? CBX_OK : CBX_E_DENIED;
	default:
		return CBX_E_DENIED;
	}
}

/* Map a run of pages once more, from page *done on. */
static enum cbx_status alias_run(const struct cbx_stretch *to,
	const struct cbx_space *from, struct cbx_va from_va, uint64_t *done)
{
	struct cbx_mapping source;
	uint64_t n = cbx_space_run(
		from, cbx_va_add(from_va, *done), to->count - *done, &source);
	enum cbx_status status = check_source(n, &source, to->rights);

	if (status == CBX_OK) {
		status = cbx_space_map_run(to, *done, source.pfn, n, &n);
		*done += n;
	}
	return status;
}

enum cbx_status cbx_space_alias(struct cbx_domain *d,
	const struct cbx_stretch *to, const struct cbx_space *from,
	struct cbx_va from_va, uint64_t *done)
{
	enum cbx_status status = cbx_va_range_valid(from_va, to->count)
					 ? cbx_space_prepare(d, to, 0)
					 : CBX_E_INVALID;

	while (status == CBX_OK && *done < to->count) {
		status = alias_run(to, from, from_va, done);
	}
	return cbx_space_finish(d, to->space, status);
}

/* Change the rights of a run, unless a first call did; what is taken away is
 * gone when every CPU knows. */
static enum cbx_status change(struct cbx_space *space, struct cbx_va va,
	const struct cbx_mapping *first, uint64_t rights, uint64_t *n)
{
	enum cbx_status status = CBX_OK;

	if (first->rights.bits != (uint8_t)rights) {
		status = cbx_arch_space_protect(&space->arch, va, *n,
			(struct cbx_rights){ (uint8_t)rights }, n);
		if (*n != 0) {
			space->last_token = cbx_arch_space_flush(&space->arch);
		}
		if (*n != 0 && (first->rights.bits & ~rights) != 0) {
			space->protect_token = space->last_token;
		}
	}
	if (!cbx_arch_space_flushed(&space->arch, space->protect_token)) {
		*n = 0;
		return CBX_E_BUSY;
	}
	return status;
}

/* Change a run from page *done on: of what others have, to a copy of one's own
 * before it is written. */
static enum cbx_status protect_run(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done)
{
	struct cbx_va va = cbx_va_add(to->va, *done);
	struct cbx_mapping first;
	uint64_t n = cbx_space_run(to->space, va, to->count - *done, &first);
	enum cbx_status status = check_source(n, &first, 0);

	if (status != CBX_OK) {
		return status;
	}
	if (cbx_page_at(first.pfn.n)->state == CBX_PAGE_COMMON &&
		(to->rights & CBX_RIGHT_W) != 0) {
		status = cbx_template_copy(d, to, *done, &n);
	} else {
		status = change(to->space, va, &first, to->rights, &n);
	}
	*done += n;
	return status;
}

enum cbx_status cbx_space_protect(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done)
{
	enum cbx_status status = check_rights(d, to);

	while (status == CBX_OK && *done < to->count) {
		status = protect_run(d, to, done);
	}
	return status;
}
