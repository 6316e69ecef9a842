/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/page.h>

struct cbx_page *cbx_page_table;
uint64_t cbx_page_table_count;
static uint64_t last_view_token;

enum host_view {
	NONE,
	DATA,
	OWN
};

struct state_rule {
	bool box;
	enum host_view host;
};

static struct state_rule rule_of(enum cbx_page_state state)
{
	switch (state) {
#define STATE(NAME, box, host, text) \
	case CBX_PAGE_##NAME:        \
		return (struct state_rule){ box, host };
#include <core/page.def>
#undef STATE
	case CBX_PAGE_STATES:
		break;
	}
	CBX_ASSERT(false && "a page state");
}

/* One number for a pair, so that the table is a switch: two moves from one
 * state by one event do not compile. */
#define PAIR(event, state) (((uint32_t)(event) << 8) | (uint32_t)(state))

enum cbx_page_state cbx_page_next(
	enum cbx_page_state state, enum cbx_page_event event)
{
	switch (PAIR(event, state)) {
#define MOVE(EVENT, FROM, TO)                            \
	case PAIR(CBX_PAGE_DO_##EVENT, CBX_PAGE_##FROM): \
		return CBX_PAGE_##TO;
#include <core/page.def>
#undef MOVE
	default:
		return CBX_PAGE_INVALID;
	}
}

struct cbx_view cbx_page_view(const struct cbx_page *page)
{
	switch (rule_of((enum cbx_page_state)page->state).host) {
	case OWN:
		return (struct cbx_view){ page->view };
	case DATA:
		return (struct cbx_view){ CBX_VIEW_R | CBX_VIEW_W };
	case NONE:
	default:
		return (struct cbx_view){ CBX_VIEW_NONE };
	}
}

bool cbx_page_owner_valid(enum cbx_page_state state, uint32_t owner)
{
	return owner == 0 || rule_of(state).box;
}

static enum cbx_page_state initial_state(enum cbx_hal_kind kind)
{
	switch (kind) {
	case CBX_HAL_RAM:
		return CBX_PAGE_HOST;
	case CBX_HAL_OPEN:
		return CBX_PAGE_OPEN;
	case CBX_HAL_DEVICE:
		return CBX_PAGE_DEVICE;
	case CBX_HAL_MONITOR:
		return CBX_PAGE_META;
	}
	CBX_ASSERT(false && "a region kind");
}

void cbx_page_init(struct cbx_page *table)
{
	struct cbx_hal_region region;

	cbx_page_table = table;
	cbx_page_table_count = cbx_hal_page_count();
	last_view_token = 0;
	CBX_ASSERT(cbx_page_table_count < CBX_NO_LINK);

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		CBX_ASSERT(cbx_range_fits(
			region.first.n, region.count, cbx_page_table_count));
		for (uint64_t j = 0; j < region.count; j++) {
			cbx_page_table[region.first.n + j] = (struct cbx_page){
				.state = (uint8_t)initial_state(region.kind),
				.view = region.kind == CBX_HAL_RAM
						? CBX_VIEW_ALL
						: CBX_VIEW_NONE,
				.link = CBX_NO_LINK,
			};
		}
	}
}

void cbx_page_move(
	struct cbx_page *page, enum cbx_page_event event, struct cbx_dom owner)
{
	enum cbx_page_state to =
		cbx_page_next((enum cbx_page_state)page->state, event);

	CBX_ASSERT(to != CBX_PAGE_INVALID);
	CBX_ASSERT(cbx_page_owner_valid(to, owner.id));
	*page = (struct cbx_page){
		.state = (uint8_t)to,
		.view = to == CBX_PAGE_HOST ? CBX_VIEW_ALL : CBX_VIEW_NONE,
		.owner = owner.id,
		.link = CBX_NO_LINK,
	};
}

uint64_t cbx_page_run(uint64_t pfn, uint64_t count, enum cbx_page_state state,
	struct cbx_dom owner, uint16_t detail)
{
	uint64_t n = 0;

	while (n < count && cbx_page_table[pfn + n].state == (uint8_t)state &&
		cbx_page_table[pfn + n].owner == owner.id &&
		cbx_page_table[pfn + n].detail == detail) {
		n++;
	}
	return n;
}

bool cbx_page_range_valid(uint64_t pfn, uint64_t count)
{
	return count != 0 && count <= CBX_RANGE_PAGES_MAX &&
	       cbx_range_fits(pfn, count, cbx_page_table_count);
}

/* The whole token of which an entry holds the low half: tokens grow, and the
 * newest one is known. */
static uint64_t view_token(const struct cbx_page *page)
{
	return last_view_token -
	       (uint32_t)((uint32_t)last_view_token - page->mappings);
}

static void mark_leaving(uint64_t pfn, uint64_t count, uint16_t detail)
{
	for (uint64_t i = 0; i < count; i++) {
		cbx_page_table[pfn + i].detail = detail;
		cbx_page_table[pfn + i].mappings = (uint32_t)last_view_token;
	}
}

/* Take the host's rights to the pages away.  All are LEAVING already (or, to
 * begin with, SHARED or HOST: @p event says how they become it). */
static enum cbx_status restrict_view(
	uint64_t pfn, uint64_t count, enum cbx_page_event event, uint64_t *done)
{
	enum cbx_status status = cbx_hal_view_set((struct cbx_pfn){ pfn },
		count, (struct cbx_view){ CBX_VIEW_NONE }, done);
	uint64_t half = status == CBX_E_BUSY ? 1 : 0;

	for (uint64_t i = 0; i < *done + half; i++) {
		if (cbx_page_table[pfn + i].state != CBX_PAGE_LEAVING) {
			cbx_page_move(&cbx_page_table[pfn + i], event,
				(struct cbx_dom){
					cbx_page_table[pfn + i].owner });
		}
	}
	if (*done != 0) {
		last_view_token = cbx_hal_view_flush();
	}
	mark_leaving(pfn, *done, CBX_LEAVING_VIEW);
	mark_leaving(pfn + *done, half, CBX_LEAVING_HALF);
	return status;
}

/* LEAVING pages from @p page on that no CPU can reach any more, at most
 * @p count.  Those that left together have one token; neighbours may not. */
static uint64_t flushed_run(const struct cbx_page *page, uint64_t count)
{
	uint64_t n = 0;

	while (n < count &&
		((n != 0 && page[n].mappings == page[n - 1].mappings) ||
			cbx_hal_view_flushed(view_token(&page[n])))) {
		n++;
	}
	return n;
}

enum cbx_status cbx_page_settle(uint64_t pfn, uint64_t count, uint64_t *done)
{
	const struct cbx_page first = cbx_page_table[pfn];
	uint64_t n = cbx_page_run(pfn, count, CBX_PAGE_LEAVING,
		(struct cbx_dom){ first.owner }, first.detail);

	*done = 0;
	if (first.detail == CBX_LEAVING_HALF) {
		uint64_t set;
		enum cbx_status status =
			restrict_view(pfn, 1, CBX_PAGE_DO_DONATE, &set);

		if (status != CBX_OK) {
			return status;
		}
		n = 1;
	}
	n = flushed_run(&cbx_page_table[pfn], n);
	if (n == 0) {
		return CBX_E_BUSY;
	}
	cbx_hal_page_scrub((struct cbx_pfn){ pfn }, n);
	for (uint64_t i = 0; i < n; i++) {
		cbx_page_move(
			&cbx_page_table[pfn + i], CBX_PAGE_DO_SETTLE, CBX_HOST);
	}
	*done = n;
	return CBX_OK;
}

/* One step of a donation: whatever the page at @p pfn needs next. */
static enum cbx_status donate_step(uint64_t pfn, uint64_t count, uint64_t *done)
{
	uint64_t n = cbx_page_run(
		pfn, count, CBX_PAGE_HOST, CBX_HOST, CBX_DETAIL_NONE);

	if (n != 0) {
		uint64_t set;
		enum cbx_status status =
			restrict_view(pfn, n, CBX_PAGE_DO_DONATE, &set);

		if (set == 0) {
			*done = 0;
			return status;
		}
		count = set;
	} else if (cbx_page_table[pfn].state != CBX_PAGE_LEAVING ||
		   cbx_page_table[pfn].owner != CBX_HOST.id) {
		*done = 0;
		return CBX_E_STATE;
	}
	return cbx_page_settle(pfn, count, done);
}

enum cbx_status cbx_page_donate(uint64_t pfn, uint64_t count, uint64_t *done)
{
	enum cbx_status status =
		cbx_page_range_valid(pfn, count) ? CBX_OK : CBX_E_INVALID;

	*done = 0;
	while (status == CBX_OK && *done < count) {
		uint64_t n;

		status = donate_step(pfn + *done, count - *done, &n);
		*done += n;
	}
	return status;
}

enum cbx_status cbx_page_return(uint64_t pfn, uint64_t count, uint64_t *done)
{
	*done = 0;
	if (!cbx_page_range_valid(pfn, count)) {
		return CBX_E_INVALID;
	}

	uint64_t n = cbx_page_run(
		pfn, count, CBX_PAGE_POOL, CBX_HOST, CBX_DETAIL_NONE);

	if (n == 0) {
		return CBX_E_STATE;
	}

	enum cbx_status status = cbx_hal_view_set((struct cbx_pfn){ pfn }, n,
		(struct cbx_view){ CBX_VIEW_ALL }, done);

	for (uint64_t i = 0; i < *done; i++) {
		cbx_page_move(
			&cbx_page_table[pfn + i], CBX_PAGE_DO_RETURN, CBX_HOST);
	}
	if (status == CBX_E_BUSY) {
		/* Partly the host's already: it must leave again. */
		cbx_page_table[pfn + *done].state = CBX_PAGE_LEAVING;
		cbx_page_table[pfn + *done].detail = CBX_LEAVING_HALF;
	}
	return status == CBX_OK && n < count ? CBX_E_STATE : status;
}

enum cbx_status cbx_page_close_view(uint64_t pfn)
{
	uint64_t n;

	return restrict_view(pfn, 1, CBX_PAGE_DO_UNSHARE, &n);
}

bool cbx_page_host_may(uint64_t pfn, uint8_t bit)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	return page != NULL && page->state == CBX_PAGE_HOST &&
	       (page->view & bit) == bit;
}
