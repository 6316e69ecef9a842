/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/reserve.h>
#include <core/space.h>

/* Lend one reserve page: show it to the host, then to the box; if the box's
 * half is refused, the page leaves as an unshared window does. */
static enum cbx_status share_one(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t at)
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
		status = cbx_arch_space_map(&to->space->arch,
			cbx_va_add(to->va, at), (struct cbx_pfn){ pfn }, 1,
			(struct cbx_rights){ (uint8_t)to->rights }, &n);
	}
	if (status != CBX_OK) {
		cbx_space_leave(to->space, (struct cbx_pfn){ pfn }, 1);
	}
	return status;
}

enum cbx_status cbx_window_share(
	struct cbx_domain *d, const struct cbx_stretch *to, uint64_t *done)
{
	enum cbx_status status = cbx_space_prepare_pages(d, to);

	while (status == CBX_OK && *done < to->count) {
		status = share_one(d, to, *done);
		*done += status == CBX_OK;
	}
	return cbx_space_finish(d, to->space, status);
}
