// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages in a row, of the kernel's allocator.  As many as a service wants are
 * more than it gives at once, so rows are looked for where all pages are free
 * or can be moved, and then claimed.
 */
#include "confbox.h"

#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/memory_hotplug.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

/* The kernel reads names by words, beyond their end and into the next page, and
 * mends that if the page is not there (load_unaligned_zeropad), not if it is the
 * monitor's.  So in front of a row is a page in which nothing is.
 */
#define GUARD 1u

/* Rows that are tried before it is said that there is none. */
#define TRIES 32

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define ORDER_MOST MAX_PAGE_ORDER
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define ORDER_MOST MAX_ORDER
#else
#define ORDER_MOST (MAX_ORDER - 1)
#endif

/* A row that is looked at. */
struct look {
	u64 wanted;
	u64 first;
	u64 count;
	struct zone *zone;
	u64 most; /* the longest there was */
	unsigned int tries;
	bool claim;
};

/* How many pages from this one on may be had, for all one can see.  What may be
 * taken out of the machine has to stay movable, and these are not.
 */
static unsigned long movable(struct page *page)
{
	struct page *head = compound_head(page);

	if (PageReserved(page) || is_zone_movable_page(page))
		return 0;
	if (PageBuddy(page)) {
		unsigned long order = READ_ONCE(page->private);

		return order <= ORDER_MOST ? 1UL << order : 1;
	}
	return PageLRU(head) || (head == page && page_count(page) == 0);
}

/* Claim the row.  @return 1 done, 0 go on, else an error */
static int claim(struct look *look)
{
	u64 step = min_t(u64, pageblock_nr_pages, look->count);
	int error = -ENOMEM;

#ifdef CONFIG_CONTIG_ALLOC
	error = alloc_contig_range(look->first, look->first + look->wanted,
		MIGRATE_MOVABLE, GFP_KERNEL | __GFP_NOWARN);
#endif
	if (!error)
		return 1;
	if (error != -EBUSY || ++look->tries == TRIES)
		return error == -EINTR ? error : -ENOMEM;
	look->first += step;
	look->count -= step;
	return 0;
}

/* One more step of the row, or of a new one. */
static int reach(struct look *look, struct page *page, u64 count)
{
	u64 pfn = page_to_pfn(page);

	if (look->count == 0 || look->first + look->count != pfn ||
		look->zone != page_zone(page)) {
		look->first = pfn;
		look->count = 0;
		look->zone = page_zone(page);
	}
	look->count += count;
	look->most = max(look->most, min(look->count, look->wanted));
	if (look->count < look->wanted)
		return 0;
	return look->claim ? claim(look) : 1;
}

/* Go on behind the page, or where there may be one again. */
static int look_at(struct look *look, unsigned long *pfn, unsigned long end)
{
	struct page *page = pfn_to_online_page(*pfn);
	unsigned long step;
	int result = 0;

	if (!page) {
		*pfn = ALIGN(*pfn + 1, PAGES_PER_SECTION);
		return 0;
	}
	step = min(movable(page), end - *pfn);
	if (step)
		result = reach(look, page, step);
	*pfn += step ? step : 1;
	return result;
}

static int look_in_node(struct look *look, int node)
{
	unsigned long pfn = NODE_DATA(node)->node_start_pfn;
	unsigned long end = pfn + NODE_DATA(node)->node_spanned_pages;
	int result = 0;

	while (pfn < end && result == 0) {
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		result = look_at(look, &pfn, end);
	}
	return result;
}

/* Claiming moves other pages: one at a time. */
static DEFINE_MUTEX(look_lock);

static int look_everywhere(struct look *look)
{
	int result = 0;
	int node;

	mutex_lock(&look_lock);
	for_each_online_node(node) {
		result = look_in_node(look, node);
		if (result != 0)
			break;
	}
	mutex_unlock(&look_lock);
	return result;
}

/* A large row.  @return 0 or an error */
static int take_row(u64 count, u64 *pfn)
{
	struct look look = { .wanted = count, .claim = true };
	int result = look_everywhere(&look);
	u64 i;

	if (result != 1)
		return result == -EINTR ? result : -ENOMEM;
	for (i = 0; i < count; i++) {
		clear_highpage(pfn_to_page(look.first + i));
		cond_resched();
	}
	*pfn = look.first;
	return 0;
}

static int take(u64 count, u64 *pfn)
{
	void *pages;

	if (count > 1UL << ORDER_MOST)
		return take_row(count, pfn);
	pages = alloc_pages_exact(count << PAGE_SHIFT,
		GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
	if (!pages)
		return take_row(count, pfn);
	*pfn = page_to_pfn(virt_to_page(pages));
	return 0;
}

u64 cbx_memory_cost(u64 count)
{
	return count + GUARD;
}

int cbx_memory_take(u64 count, u64 *pfn)
{
	u64 first;
	int error = take(cbx_memory_cost(count), &first);

	if (!error)
		*pfn = first + GUARD;
	return error;
}

void cbx_memory_give_guard(u64 pfn)
{
	cbx_memory_give(pfn - GUARD, GUARD);
}

void cbx_memory_give(u64 pfn, u64 count)
{
	u64 i;

	for (i = 0; i < count; i++) {
		__free_page(pfn_to_page(pfn + i));
		cond_resched();
	}
}

u64 cbx_memory_most(u64 wanted)
{
	struct look look = { .wanted = wanted };

	if (wanted != 0)
		(void)look_everywhere(&look);
	return look.most > GUARD ? look.most - GUARD : 0;
}
