/* SPDX-License-Identifier: Apache-2.0 */
/* What always holds of the core's tables (doc/invariants.md). */
#include <core/assert.h>
#include <core/domain.h>

#include "support/machine.h"

void cbx_page_assert_all(void)
{
	for (uint64_t i = 0; i < cbx_hal_page_count(); i++) {
		const struct cbx_page *page = cbx_page_at(i);

		CBX_ASSERT(page->state < CBX_PAGE_STATES);
		CBX_ASSERT(cbx_page_owner_valid(
			(enum cbx_page_state)page->state, page->owner));
		CBX_ASSERT(page->state != CBX_PAGE_PRIVATE || page->owner != 0);
		CBX_ASSERT(page->state != CBX_PAGE_SHARED || page->owner != 0);
		CBX_ASSERT(page->state == CBX_PAGE_HOST ||
			   page->view == CBX_VIEW_NONE);
		CBX_ASSERT(page->state == CBX_PAGE_LEAVING ||
			   page->mappings <= CBX_PAGE_MAPPINGS_MAX);
		CBX_ASSERT(page->state != CBX_PAGE_POOL ||
			   (page->owner == 0 && page->mappings == 0));
	}
}

static void assert_one(const struct cbx_domain *d)
{
	uint64_t owned = 0;
	uint64_t shared = 0;

	for (uint64_t i = 0; i < cbx_hal_page_count(); i++) {
		const struct cbx_page *page = cbx_page_at(i);

		if (page->owner == d->self) {
			owned++;
			shared += page->state == CBX_PAGE_SHARED;
		}
	}
	CBX_ASSERT(d->state > CBX_DOMAIN_EMPTY && d->state < CBX_DOMAIN_STATES);
	CBX_ASSERT(d->page_count == owned);
	CBX_ASSERT(d->shared_count >= shared);
	CBX_ASSERT(d->state != CBX_DOMAIN_CONFINED ||
		   (d->shared_count == 0 && d->asks == 0));
	CBX_ASSERT(d->reserve.count <= d->page_count);
}

void cbx_domain_assert_all(void)
{
	for (uint64_t i = 0; i < cbx_hal_page_count(); i++) {
		struct cbx_domain *d = cbx_domain_hold(i);

		if (d != NULL) {
			assert_one(d);
			cbx_domain_drop(d);
		}
	}
}
