/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/reserve.h>
#include <core/space.h>

/* What waits for the flush of the space, or of more. */
static enum cbx_page_detail leaving_as(const struct cbx_page *page)
{
	if (page->state == CBX_PAGE_SHARED) {
		return CBX_LEAVING_WINDOW;
	}
	return page->detail == CBX_PRIVATE_ALIASED ? CBX_LEAVING_ALIASED
						   : CBX_LEAVING_SPACE;
}

void cbx_space_leave(
	struct cbx_space *space, struct cbx_pfn pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct cbx_page *page = cbx_page_at(pfn.n + i);
		uint16_t detail = (uint16_t)leaving_as(page);

		if (page->owner != space->owner) {
			continue; /* a template's: it counts borrowers */
		}
		CBX_ASSERT(page->mappings != 0);
		if (--page->mappings != 0) {
			continue;
		}
		cbx_page_move(page,
			detail == CBX_LEAVING_WINDOW ? CBX_PAGE_DO_UNSHARE
						     : CBX_PAGE_DO_UNMAP,
			(struct cbx_dom){ page->owner });
		page->detail = detail;
		page->mappings = (uint32_t)space->last_token;
		cbx_list_put(&space->leaving, (uint32_t)(pfn.n + i));
	}
}

/* Unmap a run of windows, or of anything else, from page *done on. */
static enum cbx_status unmap_run(
	const struct cbx_stretch *from, bool window, uint64_t *done)
{
	struct cbx_va at = cbx_va_add(from->va, *done);
	struct cbx_space *space = from->space;
	struct cbx_mapping first;
	enum cbx_status status;
	uint64_t n = cbx_space_run(space, at, from->count - *done, &first);

	if (n == 0) {
		return CBX_E_STATE;
	}
	if ((cbx_page_at(first.pfn.n)->state == CBX_PAGE_SHARED) != window) {
		return window ? CBX_E_STATE : CBX_E_DENIED;
	}
	status = cbx_arch_space_unmap(&space->arch, at, n, &n);
	if (n != 0) {
		space->last_token = cbx_arch_space_flush(&space->arch);
	}
	cbx_space_leave(space, first.pfn, n);
	*done += n;
	return status;
}

enum cbx_status cbx_space_unmap(struct cbx_domain *d,
	const struct cbx_stretch *from, bool window, uint64_t *done)
{
	enum cbx_status status = cbx_space_check(from);

	if (status != CBX_OK) {
		return status;
	}
	while (status == CBX_OK && *done < from->count) {
		status = unmap_run(from, window, done);
	}
	(void)cbx_space_settle(d, from->space, CBX_RANGE_PAGES_MAX);
	return status;
}

/* The whole token of which a leaving page holds the low half. */
static uint64_t leaving_token(
	const struct cbx_space *space, const struct cbx_page *page)
{
	return space->last_token -
	       (uint32_t)((uint32_t)space->last_token - page->mappings);
}

/* Move a window that left the box on, until the host has left it, too. */
static enum cbx_status settle_window(
	struct cbx_domain *d, const struct cbx_space *space, uint32_t pfn)
{
	struct cbx_page *page = cbx_page_at(pfn);
	enum cbx_status status = CBX_OK;
	uint64_t n;

	if (page->detail == CBX_LEAVING_WINDOW) {
		status = cbx_arch_space_flushed(
				 &space->arch, leaving_token(space, page))
				 ? cbx_page_close_view(pfn)
				 : CBX_E_BUSY;
	}
	if (status == CBX_OK) {
		status = cbx_page_settle(pfn, 1, &n);
	}
	if (status == CBX_OK) {
		d->shared_count--;
		cbx_page_move(
			page, CBX_PAGE_DO_ASSIGN, (struct cbx_dom){ d->self });
		cbx_reserve_put(d, pfn);
	}
	return status;
}

/* Whether no CPU holds a stale translation of any space of the box. */
static bool all_flushed(const struct cbx_domain *d)
{
	bool flushed = true;

	for (uint32_t handle = d->spaces.head; flushed && handle != CBX_NO_LINK;
		handle = cbx_list_next(handle)) {
		const struct cbx_space *space = cbx_space_hold(d, handle);

		flushed =
			cbx_arch_space_flushed(&space->arch, space->last_token);
		cbx_space_drop(space);
	}
	return flushed;
}

/* Whether a page that left may be used again. */
static bool may_settle(const struct cbx_domain *d,
	const struct cbx_space *space, const struct cbx_page *page)
{
	return page->detail == CBX_LEAVING_ALIASED
		       ? all_flushed(d)
		       : page->detail == CBX_LEAVING_SPACE &&
				 cbx_arch_space_flushed(&space->arch,
					 leaving_token(space, page));
}

/* Move consecutive pages that no CPU can reach any more to the reserve.
 * @return how many */
static uint64_t settle_run(
	struct cbx_domain *d, struct cbx_space *space, uint64_t count)
{
	uint32_t first = space->leaving.head;
	uint64_t n = 0;

	while (n < count && space->leaving.count != 0 &&
		space->leaving.head == first + n) {
		if (!may_settle(d, space, cbx_page_at(first + n))) {
			break;
		}
		(void)cbx_list_take(&space->leaving);
		n++;
	}
	cbx_hal_page_scrub((struct cbx_pfn){ first }, n);
	for (uint64_t i = 0; i < n; i++) {
		cbx_page_move(cbx_page_at(first + i), CBX_PAGE_DO_KEEP,
			(struct cbx_dom){ d->self });
		cbx_reserve_put(d, (uint32_t)(first + i));
	}
	return n;
}

enum cbx_status cbx_space_settle(
	struct cbx_domain *d, struct cbx_space *space, uint64_t count)
{
	while (space->leaving.count != 0 && count != 0) {
		uint64_t n;

		uint16_t detail = cbx_page_at(space->leaving.head)->detail;

		if (detail == CBX_LEAVING_SPACE ||
			detail == CBX_LEAVING_ALIASED) {
			n = settle_run(d, space, count);
			if (n == 0) {
				return CBX_E_BUSY;
			}
		} else {
			uint32_t pfn = cbx_list_take(&space->leaving);
			enum cbx_status status = settle_window(d, space, pfn);

			if (status != CBX_OK) {
				cbx_list_put(&space->leaving, pfn);
				return status;
			}
			n = 1;
		}
		count -= n;
	}
	return space->leaving.count == 0 ? CBX_OK : CBX_E_BUSY;
}
