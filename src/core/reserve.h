/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages a box has not used yet, and lists of pages.
 *
 * Everything here is called under the gate lock, on a held box.
 */
#ifndef CBX_CORE_RESERVE_H
#define CBX_CORE_RESERVE_H

#include <core/domain.h>

/** Put a zero, unmapped PRIVATE page of the box at the end of its reserve. */
void cbx_reserve_put(struct cbx_domain *d, uint32_t pfn);

/** The same, at the beginning: where it was taken from. */
void cbx_reserve_put_back(struct cbx_domain *d, uint32_t pfn);

/** Take consecutive pages off the front: the first one and at most @p count.
 * @return how many; 0 when the reserve is empty */
uint64_t cbx_reserve_take(
	struct cbx_domain *d, uint64_t count, uint32_t *first);

/** Take one page off the reserve and make it META. @pre it is not empty */
uint32_t cbx_reserve_meta(struct cbx_domain *d, enum cbx_page_detail kind);

/** Scrub a META page of the box: it is PRIVATE, mapped nowhere, on no list. */
void cbx_reserve_give_up(struct cbx_domain *d, uint32_t pfn);

/** The same, and put it in the box's reserve. */
void cbx_reserve_recycle(struct cbx_domain *d, uint32_t pfn);

extern const struct cbx_page_list cbx_list_empty;

/** Append to, take from the front of, take out of the middle of, a list of
 * pages. @pre it is not empty; @p pfn is on it */
void cbx_list_put(struct cbx_page_list *list, uint32_t pfn);
uint32_t cbx_list_take(struct cbx_page_list *list);
void cbx_list_remove(struct cbx_page_list *list, uint32_t pfn);

/** The page after @p pfn on its list, or CBX_NO_LINK. */
static inline uint32_t cbx_list_next(uint32_t pfn)
{
	return cbx_page_at(pfn)->link;
}

#endif
