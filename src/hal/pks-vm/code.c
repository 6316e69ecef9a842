/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More code for the host's kernel, at CBX_MODULE_VA and above: scanned when
 * nobody can write it any more, together with what it will lie next to.
 */
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/pure/code.h>
#include <hal/pks-vm/pure/scan.h>
#include <hal/pks-vm/pure/table.h>

#define COUNT_MAX 4u

/* No instruction that is looked for is longer. */
#define BESIDE 32u

struct range {
	uint64_t va;
	struct cbx_pfn first;
	uint64_t count;
};

static bool is_good(const struct range *r)
{
	return r->va >= CBX_MODULE_VA && r->va % CBX_PAGE_SIZE == 0 &&
	       r->count >= 1 && r->count <= COUNT_MAX &&
	       cbx_range_fits((r->va - CBX_MODULE_VA) >> CBX_PAGE_SHIFT,
		       r->count, CBX_MODULE_PAGES);
}

/* What is mapped there: 0 is nothing. */
static uint64_t entry_at(uint64_t va)
{
	bool inside = va >= CBX_MODULE_VA &&
		      (va - CBX_MODULE_VA) >> CBX_PAGE_SHIFT < CBX_MODULE_PAGES;

	return inside ? cbx_pks_kernel_entry(va) : 0;
}

bool cbx_pks_scan(struct cbx_scan *scan, struct cbx_pfn pfn, uint64_t offset,
	size_t size, struct cbx_scan_finding *finding)
{
	const uint8_t *page = cbx_hal_page_map(pfn);
	const uint8_t *bytes = page + offset;
	bool found = cbx_scan_feed(scan, &bytes, &size, finding);

	cbx_hal_page_unmap(page);
	return found;
}

/* Some bytes of a page that is mapped by @p entry; whether one of the
 * instructions that are forbidden is among them. */
static bool feed(
	struct cbx_scan *scan, uint64_t entry, uint64_t offset, size_t size)
{
	struct cbx_pfn pfn = { (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT };
	struct cbx_scan_finding finding;

	return entry != 0 && cbx_pks_scan(scan, pfn, offset, size, &finding);
}

static bool is_clean(const struct range *r)
{
	uint64_t bytes = r->count << CBX_PAGE_SHIFT;
	struct cbx_scan_finding finding;
	struct cbx_scan scan;
	bool found;

	cbx_scan_start(&scan, r->va);
	found = feed(&scan, entry_at(r->va - CBX_PAGE_SIZE),
		CBX_PAGE_SIZE - BESIDE, BESIDE);
	for (uint64_t i = 0; i < r->count && !found; i++) {
		found = feed(&scan, (r->first.n + i) << CBX_PAGE_SHIFT, 0,
			CBX_PAGE_SIZE);
	}
	found = found || feed(&scan, entry_at(r->va + bytes), 0, BESIDE);
	return !found && !cbx_scan_end(&scan, &finding);
}

static enum cbx_status load(const struct range *r)
{
	enum cbx_status status;

	for (uint64_t i = 0; i < r->count; i++) {
		if (entry_at(r->va + (i << CBX_PAGE_SHIFT)) != 0) {
			return CBX_E_STATE;
		}
	}
	status = cbx_code_take(r->first, r->count);
	if (status != CBX_OK) {
		return status;
	}
	if (!is_clean(r)) {
		cbx_code_drop(r->first, r->count);
		return CBX_E_DENIED;
	}
	cbx_code_keep(r->first, r->count);
	for (uint64_t i = 0; i < r->count; i++) {
		cbx_pks_kernel_map(r->va + (i << CBX_PAGE_SHIFT),
			cbx_pfn_add(r->first, i), CBX_PTE_P);
	}
	return CBX_OK;
}

/* The page is mapped there, or comes or leaves. */
static bool is_there(uint64_t va, struct cbx_pfn pfn)
{
	uint64_t entry = entry_at(va);

	return entry != 0 ? (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT == pfn.n
			  : cbx_code_is(pfn, false);
}

static enum cbx_status unload(const struct range *r)
{
	for (uint64_t i = 0; i < r->count; i++) {
		if (!is_there(r->va + (i << CBX_PAGE_SHIFT),
			    cbx_pfn_add(r->first, i))) {
			return CBX_E_STATE;
		}
	}
	for (uint64_t i = 0; i < r->count; i++) {
		cbx_pks_kernel_map(r->va + (i << CBX_PAGE_SHIFT),
			(struct cbx_pfn){ 0 }, 0);
	}
	return cbx_code_leave(r->first, r->count);
}

enum cbx_status cbx_pks_code(const struct cbx_call *call)
{
	const struct range r = {
		.va = call->arg[0],
		.first = { call->arg[1] },
		.count = call->arg[2],
	};

	if (!is_good(&r) ||
		!cbx_range_fits(r.first.n, r.count, cbx_hal_page_count())) {
		return CBX_E_INVALID;
	}
	return call->id == CBX_PKS_CODE_LOAD ? load(&r) : unload(&r);
}
