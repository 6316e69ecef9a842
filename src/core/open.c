/* SPDX-License-Identifier: Apache-2.0 */
/* Pages the host shares with its hypervisor, and takes back. */
#include <core/page.h>
#include <hal/hal.h>

/* Make @p bits the view of a HOST page, in the hardware and in the record. */
static enum cbx_status set_host_view(uint64_t pfn, uint8_t bits)
{
	uint64_t n;
	enum cbx_status status = cbx_hal_view_set(
		(struct cbx_pfn){ pfn }, 1, (struct cbx_view){ bits }, &n);

	if (status == CBX_OK) {
		cbx_page_at(pfn)->view = bits;
	}
	return status;
}

/* The host may look at the page no more than the record says: if its view
 * cannot be put back, the record stays at nothing. */
static void restore_host_view(uint64_t pfn, uint8_t bits)
{
	if (set_host_view(pfn, bits) != CBX_OK) {
		cbx_hal_log("a page of the host lost its view; donate it and "
			    "have it returned");
	}
}

static enum cbx_status open_one(uint64_t pfn)
{
	struct cbx_page *page = cbx_page_at(pfn);
	uint8_t before = page->view;
	uint64_t n;
	enum cbx_status status = page->state == CBX_PAGE_OPEN
					 ? CBX_OK
					 : set_host_view(pfn, CBX_VIEW_NONE);

	if (status != CBX_OK) {
		return status;
	}
	status = cbx_hal_page_release((struct cbx_pfn){ pfn }, 1, &n);
	if (status == CBX_E_HARDWARE && page->state == CBX_PAGE_HOST) {
		restore_host_view(pfn, before);
	} else if (page->state == CBX_PAGE_HOST) {
		cbx_page_move(page, CBX_PAGE_DO_OPEN, CBX_HOST);
	}
	if (status != CBX_E_HARDWARE) {
		page->detail =
			status == CBX_E_BUSY ? CBX_OPEN_HALF : CBX_DETAIL_NONE;
	}
	return status;
}

static enum cbx_status close_one(uint64_t pfn)
{
	struct cbx_page *page = cbx_page_at(pfn);
	uint64_t n;
	enum cbx_status status =
		cbx_hal_page_accept((struct cbx_pfn){ pfn }, 1, &n);

	if (status == CBX_E_BUSY) {
		page->detail = CBX_OPEN_HALF;
	}
	if (status != CBX_OK) {
		return status;
	}
	cbx_hal_page_scrub((struct cbx_pfn){ pfn }, 1);
	cbx_page_move(page, CBX_PAGE_DO_CLOSE, CBX_HOST);
	page->view = CBX_VIEW_NONE;
	restore_host_view(pfn, CBX_VIEW_ALL);
	return CBX_OK;
}

/* Whether the page can be shared, or go on being: half shared is OPEN. */
static bool may_open(const struct cbx_page *page, enum cbx_page_event event)
{
	return cbx_page_next((enum cbx_page_state)page->state, event) !=
		       CBX_PAGE_INVALID ||
	       (page->state == CBX_PAGE_OPEN && page->detail == CBX_OPEN_HALF);
}

enum cbx_status cbx_page_open(
	uint64_t pfn, uint64_t count, bool shared, uint64_t *done)
{
	enum cbx_page_event event =
		shared ? CBX_PAGE_DO_OPEN : CBX_PAGE_DO_CLOSE;
	enum cbx_status status = CBX_OK;

	*done = 0;
	if (!cbx_page_range_valid(pfn, count)) {
		return CBX_E_INVALID;
	}
	while (status == CBX_OK && *done < count) {
		uint64_t n = pfn + *done;

		if (!may_open(cbx_page_at(n), event)) {
			return CBX_E_STATE;
		}
		status = shared ? open_one(n) : close_one(n);
		*done += status == CBX_OK;
	}
	return status;
}
