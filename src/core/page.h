/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page ownership: one array, one entry a page, the only truth about memory.
 *
 * The states and their legal moves are page.def.  What the hardware must allow
 * follows from an entry by one pure function, cbx_page_view.
 *
 * Everything here is called under the gate lock.
 */
#ifndef CBX_CORE_PAGE_H
#define CBX_CORE_PAGE_H

#include <base/types.h>

enum cbx_page_state {
#define STATE(NAME, box, host, text) CBX_PAGE_##NAME,
#include <core/page.def>
#undef STATE
	CBX_PAGE_STATES
};

/** Why a page moves. */
enum cbx_page_event {
	CBX_PAGE_DO_DONATE,
	CBX_PAGE_DO_SETTLE,
	CBX_PAGE_DO_RETURN,
	CBX_PAGE_DO_OPEN,
	CBX_PAGE_DO_CLOSE,
	CBX_PAGE_DO_TABLE,
	CBX_PAGE_DO_ASSIGN,
	CBX_PAGE_DO_COMMON,
	CBX_PAGE_DO_SHARE,
	CBX_PAGE_DO_UNSHARE,
	CBX_PAGE_DO_UNMAP,
	CBX_PAGE_DO_KEEP,
	CBX_PAGE_DO_RECLAIM,
	CBX_PAGE_EVENTS
};

/** What an entry's detail means, by state. */
enum cbx_page_detail {
	CBX_DETAIL_NONE = 0,
	/* META */
	CBX_META_DOMAIN = 1,
	CBX_META_SPACE = 2,
	CBX_META_THREAD = 3,
	CBX_META_TABLE = 4,
	/* OPEN: between private and shared; the host may ask for either */
	CBX_OPEN_HALF = 1,
	/* PRIVATE: it was mapped in more than one place */
	CBX_PRIVATE_ALIASED = 1,
	/* LEAVING: what has to complete before the page moves on */
	CBX_LEAVING_VIEW = 1,	 /* the host view flush of the token */
	CBX_LEAVING_HALF = 2,	 /* the view is half changed: set it again */
	CBX_LEAVING_SPACE = 3,	 /* the flush of the owner's space */
	CBX_LEAVING_WINDOW = 4,	 /* as SPACE, then the host view */
	CBX_LEAVING_ALIASED = 5, /* the flushes of all its owner's spaces */
};

/** No page: the end of a list. */
#define CBX_NO_LINK UINT32_MAX

/** Most mappings of one page. */
#define CBX_PAGE_MAPPINGS_MAX 0xffffu

/** One page's entry: 16 bytes, 0.4 % of the page. */
struct cbx_page {
	uint8_t state;	   /* enum cbx_page_state */
	uint8_t view;	   /* HOST: what the host may do with it */
	uint16_t detail;   /* enum cbx_page_detail */
	uint32_t owner;	   /* a box, or 0 */
	uint32_t link;	   /* next page of the list it is on */
	uint32_t mappings; /* PRIVATE, SHARED, COMMON: in how many places of
			    * its owner;
			    * LEAVING: low half of the flush token */
};
_Static_assert(sizeof(struct cbx_page) == 16, "16 bytes a page");

/**
 * Take over memory as the HAL's map describes it; everything else is INVALID.
 *
 * @param table  cbx_hal_page_count() zeroed entries; the core's from now on
 */
void cbx_page_init(struct cbx_page *table);

/** The table as cbx_page_init took it over; here for the next functions alone. */
extern struct cbx_page *cbx_page_table;
extern uint64_t cbx_page_table_count;

/** The entry of a page. @return NULL when the number is out of range */
static inline struct cbx_page *cbx_page_at(uint64_t pfn)
{
	return pfn < cbx_page_table_count ? &cbx_page_table[pfn] : NULL;
}

/** Whether one call may name the range: not empty, not too long, in bounds. */
bool cbx_page_range_valid(uint64_t pfn, uint64_t count);

/** Where a page in @p state goes by @p event; CBX_PAGE_INVALID: nowhere. */
enum cbx_page_state cbx_page_next(
	enum cbx_page_state state, enum cbx_page_event event);

/** What the hardware must let the host do with the page: the only function
 * that says so. */
struct cbx_view cbx_page_view(const struct cbx_page *page);

/** Whether a page of @p owner may stand in @p state. */
bool cbx_page_owner_valid(enum cbx_page_state state, uint32_t owner);

/** Perform a move that @c cbx_page_next allows.  Link, detail and mappings
 * start over. @pre the move is legal */
void cbx_page_move(
	struct cbx_page *page, enum cbx_page_event event, struct cbx_dom owner);

/** Pages from @p pfn on, at most @p count, that are alike: in @p state with
 * @p owner and @p detail. */
uint64_t cbx_page_run(uint64_t pfn, uint64_t count, enum cbx_page_state state,
	struct cbx_dom owner, uint16_t detail);

/**
 * Take pages from the host: HOST to POOL, by way of LEAVING.
 *
 * @param      pfn    any number; it may come from the caller
 * @param      count  any number
 * @param[out] done   pages that are POOL now
 *
 * @retval CBX_OK          all of them are POOL, all zero
 * @retval CBX_E_INVALID   the range is empty, too long or out of bounds
 * @retval CBX_E_STATE     page *done is neither HOST nor on its way
 * @retval CBX_E_HARDWARE  page *done was refused and is HOST
 * @retval CBX_E_BUSY      page *done is LEAVING; repeat the call from there
 */
CBX_MUST_CHECK enum cbx_status cbx_page_donate(
	uint64_t pfn, uint64_t count, uint64_t *done);

/** Give POOL pages back to the host, with every right.
 * @retval CBX_OK          all of them are HOST
 * @retval CBX_E_INVALID   as cbx_page_donate
 * @retval CBX_E_STATE     page *done is not POOL
 * @retval CBX_E_HARDWARE  page *done was refused and is POOL
 * @retval CBX_E_BUSY      page *done is half changed, so LEAVING; donate it
 *                         again before it can be given back */
CBX_MUST_CHECK enum cbx_status cbx_page_return(
	uint64_t pfn, uint64_t count, uint64_t *done);

/** Share HOST pages with the hypervisor, or (@p shared false) end that.
 * @retval CBX_OK          done
 * @retval CBX_E_INVALID   as cbx_page_donate
 * @retval CBX_E_STATE     page *done is not HOST (OPEN)
 * @retval CBX_E_HARDWARE  page *done was refused
 * @retval CBX_E_BUSY      page *done is half shared, so OPEN; repeat, or ask
 *                         for the opposite */
CBX_MUST_CHECK enum cbx_status cbx_page_open(
	uint64_t pfn, uint64_t count, bool shared, uint64_t *done);

/**
 * Advance LEAVING pages whose flush completed towards POOL: alike pages from
 * @p pfn on, at most @p count.
 *
 * @param[out] done  pages that are POOL now, all zero
 *
 * @retval CBX_OK          at least one is
 * @retval CBX_E_BUSY      the first one is still LEAVING
 * @retval CBX_E_HARDWARE  the first one is still LEAVING; its view was refused
 */
CBX_MUST_CHECK enum cbx_status cbx_page_settle(
	uint64_t pfn, uint64_t count, uint64_t *done);

/** Close the host's view of a SHARED page, or LEAVING window page: it is
 * LEAVING (VIEW) afterwards.
 * @retval CBX_OK, CBX_E_HARDWARE (unchanged), CBX_E_BUSY (LEAVING, HALF) */
CBX_MUST_CHECK enum cbx_status cbx_page_close_view(uint64_t pfn);

/** Whether the host may be read from (or written to, on its behalf) at a page.
 * @param bit  CBX_VIEW_R or CBX_VIEW_W */
bool cbx_page_host_may(uint64_t pfn, uint8_t bit);

#endif
