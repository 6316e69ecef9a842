/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map, and what the monitor does with pages. */
#include <string.h>

#include <hal/mock/machine.h>

#define JUNK 0xa5

struct cbx_hal_caps cbx_hal_caps(void)
{
	return (struct cbx_hal_caps){
		.bits = mock.options.caps |
			(mock.options.root ? CBX_CAP_HARDWARE_ROOT : 0),
		.backend = CBX_BACKEND_MOCK,
	};
}

uint32_t cbx_hal_cpu_count(void)
{
	return mock.options.cpus;
}

uint64_t cbx_hal_page_count(void)
{
	return mock.options.pages;
}

bool cbx_hal_memory(uint32_t index, struct cbx_hal_region *region)
{
	const uint64_t count[] = {
		[CBX_HAL_MONITOR] = mock.options.monitor_pages,
		[CBX_HAL_RAM] =
			mock.options.pages - mock.options.monitor_pages -
			mock.options.open_pages - mock.options.device_pages,
		[CBX_HAL_OPEN] = mock.options.open_pages,
		[CBX_HAL_DEVICE] = mock.options.device_pages,
	};
	static const enum cbx_hal_kind order[] = { CBX_HAL_MONITOR, CBX_HAL_RAM,
		CBX_HAL_OPEN, CBX_HAL_DEVICE };
	uint64_t first = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (count[order[i]] != 0 && index-- == 0) {
			*region = (struct cbx_hal_region){ { first },
				count[order[i]], order[i] };
			return true;
		}
		first += count[order[i]];
	}
	return false;
}

static uint8_t *bytes_of(uint64_t pfn)
{
	return mock.ram + pfn * CBX_PAGE_SIZE;
}

/* Nobody but the monitor has anything to do with the page. */
static bool is_free(const struct mock_page *page)
{
	return page->boxes == 0 && page->used == 0;
}

/* The hypervisor cannot give a page without every CPU dropping what it had. */
static enum cbx_status accept_one(uint64_t pfn)
{
	struct mock_page *page = &mock.pages[pfn];
	enum cbx_status status = mock_step(true);

	if (page->share == MOCK_PRIVATE) {
		return CBX_E_HARDWARE;
	}
	if (status == CBX_E_BUSY) {
		page->share = MOCK_HALF;
	}
	if (status == CBX_OK) {
		page->share = MOCK_PRIVATE;
		page->view = CBX_VIEW_NONE;
		memset(page->stale, 0, sizeof(page->stale));
		memset(bytes_of(pfn), JUNK, CBX_PAGE_SIZE);
	}
	return status;
}

static enum cbx_status release_one(uint64_t pfn)
{
	struct mock_page *page = &mock.pages[pfn];
	enum cbx_status status = mock_step(true);

	MOCK_ASSERT(is_free(page) && page->kind != CBX_HAL_DEVICE);
	MOCK_ASSERT(page->share != MOCK_PRIVATE || page->view == CBX_VIEW_NONE);
	if (status == CBX_E_BUSY) {
		page->share = MOCK_HALF;
	}
	if (status == CBX_OK) {
		page->share = MOCK_SHARED;
		page->view = CBX_VIEW_R | CBX_VIEW_W;
	}
	return status;
}

enum cbx_status cbx_hal_page_accept(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	enum cbx_status status = CBX_OK;

	MOCK_ASSERT(cbx_range_fits(pfn.n, count, mock.options.pages));
	mock_lock();
	for (*done = 0; *done < count; (*done)++) {
		status = accept_one(pfn.n + *done);
		if (status != CBX_OK) {
			break;
		}
	}
	mock_unlock();
	return status;
}

enum cbx_status cbx_hal_page_release(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	enum cbx_status status = CBX_OK;

	MOCK_ASSERT(cbx_range_fits(pfn.n, count, mock.options.pages));
	mock_lock();
	for (*done = 0; *done < count; (*done)++) {
		status = release_one(pfn.n + *done);
		if (status != CBX_OK) {
			break;
		}
	}
	mock_unlock();
	return status;
}

void *cbx_hal_page_map(struct cbx_pfn pfn)
{
	struct mock_cpu *cpu = &mock.cpu[cbx_hal_cpu()];

	MOCK_ASSERT(pfn.n < mock.options.pages);
	MOCK_ASSERT(mock.pages[pfn.n].kind != CBX_HAL_DEVICE);
	MOCK_ASSERT(mock.pages[pfn.n].share == MOCK_PRIVATE);
	MOCK_ASSERT(cpu->maps < CBX_HAL_MAPS);
	cpu->map[cpu->maps++] = bytes_of(pfn.n);
	return bytes_of(pfn.n);
}

void cbx_hal_page_unmap(const void *page)
{
	struct mock_cpu *cpu = &mock.cpu[cbx_hal_cpu()];
	uint32_t i = cpu->maps;

	while (i > 0 && cpu->map[i - 1] != page) {
		i--;
	}
	MOCK_ASSERT(i > 0);
	cpu->map[i - 1] = cpu->map[--cpu->maps];
}

uint32_t mock_maps(void)
{
	return mock.cpu[cbx_hal_cpu()].maps;
}

/* No space translates to the page, though some still count it: only spaces
 * that are gone do. */
static bool only_gone_spaces(uint64_t pfn)
{
	for (size_t i = 0; i < mock.space_count; i++) {
		const struct mock_space *space = mock.spaces[i]->space;
		struct cbx_va va = { 0 };
		struct cbx_pfn at;
		struct cbx_rights rights;

		for (; !mock_space_gone(space) &&
			cbx_soft_next(&space->table, &va, &at, &rights);
			va = cbx_va_add(va, 1)) {
			if (at.n == pfn) {
				return false;
			}
		}
	}
	for (size_t i = 0; i < mock.stale_count; i++) {
		if (mock.stale[i].pfn == pfn) {
			return false;
		}
	}
	return true;
}

static void scrub_one(uint64_t pfn, uint64_t flushed)
{
	const struct mock_page *page = &mock.pages[pfn];

	MOCK_ASSERT(page->view == CBX_VIEW_NONE);
	for (unsigned int i = 0; i < MOCK_VIEW_BITS; i++) {
		MOCK_ASSERT(page->stale[i] <= flushed);
	}
	MOCK_ASSERT(page->share == MOCK_PRIVATE);
	MOCK_ASSERT(page->used == 0);
	MOCK_ASSERT(page->boxes == 0 || only_gone_spaces(pfn));
	memset(bytes_of(pfn), 0, CBX_PAGE_SIZE);
}

void cbx_hal_page_scrub(struct cbx_pfn pfn, uint64_t count)
{
	MOCK_ASSERT(cbx_range_fits(pfn.n, count, mock.options.pages));
	mock_lock();

	uint64_t flushed = mock_flush_done(&mock.view_flush);

	for (uint64_t i = 0; i < count; i++) {
		scrub_one(pfn.n + i, flushed);
	}
	mock_unlock();
}

void cbx_hal_page_copy(struct cbx_pfn to, struct cbx_pfn from, uint64_t count)
{
	MOCK_ASSERT(cbx_range_fits(to.n, count, mock.options.pages));
	MOCK_ASSERT(cbx_range_fits(from.n, count, mock.options.pages));
	MOCK_ASSERT(to.n + count <= from.n || from.n + count <= to.n);
	for (uint64_t i = 0; i < count; i++) {
		MOCK_ASSERT(mock.pages[to.n + i].view == CBX_VIEW_NONE);
		MOCK_ASSERT(mock.pages[from.n + i].view == CBX_VIEW_NONE);
		MOCK_ASSERT(mock.pages[to.n + i].share == MOCK_PRIVATE);
		MOCK_ASSERT(mock.pages[from.n + i].share == MOCK_PRIVATE);
		memcpy(bytes_of(to.n + i), bytes_of(from.n + i), CBX_PAGE_SIZE);
	}
}

void *cbx_hal_host_map(struct cbx_pfn pfn)
{
	return cbx_hal_page_map(pfn);
}

void cbx_hal_host_unmap(struct cbx_pfn pfn, const void *page)
{
	(void)pfn;
	cbx_hal_page_unmap(page);
}
