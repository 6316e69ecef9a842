/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views: the host can touch what is in the host file.  Every view but NONE is
 * all of them, because a process's mapping cannot be narrowed from outside.
 */
#include <hal/linux/memory.h>

#include <stdatomic.h>

#include <hal/linux/check.h>

static _Atomic uint64_t flushes;

enum cbx_status cbx_hal_view_set(struct cbx_pfn pfn, uint64_t count,
	struct cbx_view view, uint64_t *done)
{
	enum cbx_linux_file file =
		view.bits == CBX_VIEW_NONE ? CBX_FILE_PRIVATE : CBX_FILE_HOST;

	CBX_CHECK(cbx_range_fits(pfn.n, count, cbx_hal_page_count()));
	for (*done = 0; *done < count;) {
		struct cbx_pfn first = cbx_pfn_add(pfn, *done);
		uint64_t run = cbx_linux_memory_run(first, count - *done);

		if (cbx_linux_memory_file(first) != file &&
			cbx_linux_memory_move(first, run, file) != CBX_OK) {
			return CBX_E_HARDWARE;
		}
		*done += run;
	}
	return CBX_OK;
}

/* Making a hole has already removed the page from every mapping. */
uint64_t cbx_hal_view_flush(void)
{
	return atomic_fetch_add(&flushes, 1) + 1;
}

bool cbx_hal_view_flushed(uint64_t token)
{
	CBX_CHECK(token <= atomic_load(&flushes));
	return true;
}

/* There is no hypervisor that a page could be taken from or given to: what it
 * shares with the host is what the host has. */
enum cbx_status cbx_hal_page_accept(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	return cbx_hal_view_set(
		pfn, count, (struct cbx_view){ CBX_VIEW_NONE }, done);
}

enum cbx_status cbx_hal_page_release(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	return cbx_hal_view_set(
		pfn, count, (struct cbx_view){ CBX_VIEW_R | CBX_VIEW_W }, done);
}
