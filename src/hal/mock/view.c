/* SPDX-License-Identifier: Apache-2.0 */
/* What the host may do with pages, and how long CPUs remember more. */
#include <hal/mock/machine.h>

enum cbx_status mock_step(bool half)
{
	mock.steps++;
	if (mock.steps != mock.refuse_at) {
		return CBX_OK;
	}
	mock.refused = true;
	return half && mock.refuse_half ? CBX_E_BUSY : CBX_E_HARDWARE;
}

static void refuse(uint64_t n, bool half)
{
	mock_lock();
	mock.refuse_at = n != 0 ? mock.steps + n : 0;
	mock.refuse_half = half;
	mock.refused = false;
	mock_unlock();
}

void mock_refuse_nth(uint64_t n)
{
	refuse(n, false);
}

void mock_halve_nth(uint64_t n)
{
	refuse(n, true);
}

bool mock_refused(void)
{
	mock_lock();

	bool refused = mock.refused;

	mock_unlock();
	return refused;
}

uint64_t mock_steps(void)
{
	mock_lock();

	uint64_t steps = mock.steps;

	mock_unlock();
	return steps;
}

struct cbx_view mock_view_round(struct cbx_view view)
{
	const uint8_t execute = CBX_VIEW_UX | CBX_VIEW_SX;
	uint8_t bits = view.bits;

	if ((mock.options.caps & CBX_CAP_EXECUTE_MODES) == 0 &&
		(bits & execute) != execute) {
		bits = (uint8_t)(bits & ~execute);
	}
	if ((mock.options.caps & CBX_CAP_EXECUTE_ONLY) == 0 &&
		(bits & CBX_VIEW_R) == 0) {
		bits = (uint8_t)(bits & ~execute);
	}
	if ((bits & CBX_VIEW_R) == 0) {
		bits = (uint8_t)(bits & ~CBX_VIEW_W);
	}
	return (struct cbx_view){ bits };
}

/* One of the changes between two views, if there are several; else none. */
static uint8_t half_way(uint8_t from, uint8_t to)
{
	uint8_t changed = from ^ to;
	uint8_t first = (uint8_t)(changed & -changed);

	return changed != first ? from ^ first : from;
}

static void set_one(struct mock_page *page, uint8_t view)
{
	uint8_t lost = (uint8_t)(page->view & ~view);

	for (unsigned int i = 0; lost != 0; i++, lost >>= 1) {
		if ((lost & 1) != 0) {
			page->stale[i] =
				(uint32_t)(mock.view_flush.started + 1);
		}
	}
	page->view = view;
}

enum cbx_status cbx_hal_view_set(struct cbx_pfn pfn, uint64_t count,
	struct cbx_view view, uint64_t *done)
{
	uint8_t bits = mock_view_round(view).bits;
	enum cbx_status status = CBX_OK;

	MOCK_ASSERT(cbx_range_fits(pfn.n, count, mock.options.pages));
	MOCK_ASSERT((view.bits & ~CBX_VIEW_ALL) == 0);
	mock_lock();
	for (*done = 0; *done < count; (*done)++) {
		struct mock_page *page = &mock.pages[pfn.n + *done];

		MOCK_ASSERT(page->share == MOCK_PRIVATE);
		status = mock_step(true);
		if (status == CBX_E_BUSY) {
			set_one(page, half_way(page->view, bits));
		}
		if (status != CBX_OK) {
			break;
		}
		set_one(page, bits);
	}
	mock_unlock();
	return status;
}

uint64_t mock_flush_start(struct mock_flush *flush)
{
	uint32_t self = cbx_hal_cpu();
	uint64_t token = ++flush->started;

	mock.flushes++;
	for (uint32_t i = 0; i < mock.options.cpus; i++) {
		if (i == self || !mock.cpu[i].hold) {
			flush->acked[i] = token;
		}
	}
	return token;
}

uint64_t mock_flush_done(const struct mock_flush *flush)
{
	uint64_t done = flush->started;

	for (uint32_t i = 0; i < mock.options.cpus; i++) {
		done = flush->acked[i] < done ? flush->acked[i] : done;
	}
	return done;
}

uint64_t cbx_hal_view_flush(void)
{
	mock_lock();

	uint64_t token = mock_flush_start(&mock.view_flush);

	MOCK_ASSERT(token < UINT32_MAX);
	mock_unlock();
	return token;
}

bool cbx_hal_view_flushed(uint64_t token)
{
	mock_lock();
	MOCK_ASSERT(token <= mock.view_flush.started);

	bool flushed = token <= mock_flush_done(&mock.view_flush);

	mock_unlock();
	return flushed;
}

void mock_flush_hold(uint32_t cpu)
{
	mock_lock();
	for (uint32_t i = 0; i < mock.options.cpus; i++) {
		mock.cpu[i].hold |= cpu == MOCK_ALL_CPUS || cpu == i;
	}
	mock_unlock();
}

static void acknowledge(uint32_t cpu)
{
	mock.cpu[cpu].hold = false;
	mock.view_flush.acked[cpu] = mock.view_flush.started;
	for (size_t i = 0; i < mock.space_count; i++) {
		struct mock_flush *flush = &mock.spaces[i]->flush;

		flush->acked[cpu] = flush->started;
	}
}

void mock_flush_release(uint32_t cpu)
{
	mock_lock();
	for (uint32_t i = 0; i < mock.options.cpus; i++) {
		if (cpu == MOCK_ALL_CPUS || cpu == i) {
			acknowledge(i);
		}
	}
	mock_stale_purge();
	mock_unlock();
}

uint64_t mock_flushes(void)
{
	mock_lock();

	uint64_t flushes = mock.flushes;

	mock_unlock();
	return flushes;
}

uint8_t mock_host_bits(uint64_t pfn, uint32_t cpu)
{
	const struct mock_page *page = &mock.pages[pfn];
	const struct mock_flush *flush = &mock.view_flush;
	uint64_t done = cpu == MOCK_ALL_CPUS ? mock_flush_done(flush)
					     : flush->acked[cpu];
	uint8_t bits = page->view;

	for (unsigned int i = 0; i < MOCK_VIEW_BITS; i++) {
		bits |= (uint8_t)((page->stale[i] > done ? 1u : 0u) << i);
	}
	return bits;
}
