/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/domain.h>
#include <core/reserve.h>

void cbx_list_put(struct cbx_page_list *list, uint32_t pfn)
{
	struct cbx_page *page = cbx_page_at(pfn);

	page->link = CBX_NO_LINK;
	if (list->count == 0) {
		list->head = pfn;
	} else {
		cbx_page_at(list->tail)->link = pfn;
	}
	list->tail = pfn;
	list->count++;
}

uint32_t cbx_list_take(struct cbx_page_list *list)
{
	uint32_t pfn = list->head;
	struct cbx_page *page = cbx_page_at(pfn);

	CBX_ASSERT(list->count != 0);
	list->head = page->link;
	list->count--;
	page->link = CBX_NO_LINK;
	return pfn;
}

void cbx_list_remove(struct cbx_page_list *list, uint32_t pfn)
{
	uint32_t before = list->head;

	if (before == pfn) {
		(void)cbx_list_take(list);
		return;
	}
	while (cbx_page_at(before)->link != pfn) {
		before = cbx_page_at(before)->link;
		CBX_ASSERT(before != CBX_NO_LINK);
	}
	cbx_page_at(before)->link = cbx_page_at(pfn)->link;
	cbx_page_at(pfn)->link = CBX_NO_LINK;
	if (list->tail == pfn) {
		list->tail = before;
	}
	list->count--;
}

static void check_reserve_page(const struct cbx_domain *d, uint32_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	CBX_ASSERT(page->state == CBX_PAGE_PRIVATE && page->mappings == 0 &&
		   page->owner == d->self);
}

void cbx_reserve_put(struct cbx_domain *d, uint32_t pfn)
{
	check_reserve_page(d, pfn);
	cbx_list_put(&d->reserve, pfn);
}

uint64_t cbx_reserve_take(struct cbx_domain *d, uint64_t count, uint32_t *first)
{
	uint64_t n = 0;

	*first = d->reserve.head;
	while (n < count && d->reserve.count != 0 &&
		d->reserve.head == *first + n) {
		(void)cbx_list_take(&d->reserve);
		n++;
	}
	return n;
}

uint32_t cbx_reserve_meta(struct cbx_domain *d, enum cbx_page_detail kind)
{
	uint32_t pfn = cbx_list_take(&d->reserve);

	cbx_meta_make(pfn, d->self, kind);
	return pfn;
}

void cbx_reserve_put_back(struct cbx_domain *d, uint32_t pfn)
{
	struct cbx_page_list *list = &d->reserve;

	check_reserve_page(d, pfn);
	cbx_page_at(pfn)->link = list->head;
	if (list->count == 0) {
		list->tail = pfn;
	}
	list->head = pfn;
	list->count++;
}

void cbx_reserve_give_up(struct cbx_domain *d, uint32_t pfn)
{
	struct cbx_page *page = cbx_page_at(pfn);

	cbx_hal_page_scrub((struct cbx_pfn){ pfn }, 1);
	cbx_page_move(page, CBX_PAGE_DO_RECLAIM, CBX_HOST);
	cbx_page_move(page, CBX_PAGE_DO_ASSIGN, (struct cbx_dom){ d->self });
}

void cbx_reserve_recycle(struct cbx_domain *d, uint32_t pfn)
{
	cbx_reserve_give_up(d, pfn);
	cbx_reserve_put(d, pfn);
}
