/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/reserve.h>
#include <core/space.h>

/* Lend one reserve page: show it to the host, then to the box; if the box's
 * half is refused, the page leaves as an unshared window does. */
static enum cbx_status share_one(
	struct cbx_domain *d, struct cbx_space *space, struct cbx_va va)
{
	uint32_t pfn;
	uint64_t n = cbx_reserve_take(d, 1, &pfn);
	struct cbx_page *page = cbx_page_at(pfn);
	enum cbx_status status;

	CBX_ASSERT(n == 1);
	status = cbx_hal_view_set((struct cbx_pfn){ pfn }, 1,
		(struct cbx_view){ CBX_VIEW_R | CBX_VIEW_W }, &n);
	if (status == CBX_E_HARDWARE) {
		cbx_reserve_put_back(d, pfn);
		return status;
	}
	cbx_page_move(page, CBX_PAGE_DO_SHARE, (struct cbx_dom){ d->self });
	page->mappings = 1;
	d->shared_count++;
	d->tainted = true;
	if (status == CBX_OK) {
		status = cbx_arch_space_map(&space->arch, va,
			(struct cbx_pfn){ pfn }, 1,
			(struct cbx_rights){ CBX_RIGHT_R | CBX_RIGHT_W }, &n);
	}
	if (status != CBX_OK) {
		cbx_space_leave(space, (struct cbx_pfn){ pfn }, 1,
			CBX_PAGE_DO_UNSHARE, CBX_LEAVING_WINDOW);
	}
	return status;
}

enum cbx_status cbx_window_share(struct cbx_domain *d, struct cbx_space *space,
	struct cbx_va va, uint64_t count, uint64_t *done)
{
	enum cbx_status status = cbx_space_prepare_pages(d, space, va, count);

	*done = 0;
	while (status == CBX_OK && *done < count) {
		status = share_one(d, space, cbx_va_add(va, *done));
		*done += status == CBX_OK;
	}
	return cbx_space_finish(d, space, status);
}
