/* SPDX-License-Identifier: Apache-2.0 */
/* The core's views, in the host's page tables. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/pci.h>
#include <hal/pks-vm/pure/table_int.h>

/* A writable one of the host's: what has one becomes no table and no code. */
#define LEAF(pfn) \
	((pfn).n << CBX_PAGE_SHIFT | CBX_PTE_P | CBX_PTE_W | CBX_PTE_NX)

struct cbx_hal_caps cbx_hal_caps(void)
{
	return (struct cbx_hal_caps){
		.bits = CBX_CAP_VIEW_FAULTS | cbx_x86_caps() |
			cbx_pks_pci_caps(),
		.backend = CBX_BACKEND_PKS_VM,
	};
}

/* An ordinary machine has no private memory: there is nothing else to do. */
enum cbx_status cbx_hal_page_accept(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	return cbx_hal_view_set(pfn, count, (struct cbx_view){ 0 }, done);
}

/* Host and hypervisor may use them: the hypervisor could all along. */
enum cbx_status cbx_hal_page_release(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done)
{
	const struct cbx_view open = { CBX_VIEW_R | CBX_VIEW_W };

	return cbx_hal_view_set(pfn, count, open, done);
}

enum cbx_status cbx_hal_view_set(struct cbx_pfn pfn, uint64_t count,
	struct cbx_view view, uint64_t *done)
{
	enum cbx_status status = CBX_OK;

	for (*done = 0; *done < count && status == CBX_OK;) {
		cbx_pks_table_take();
		status = cbx_table_view(cbx_pfn_add(pfn, *done), view);
		cbx_pks_table_drop();
		*done += status == CBX_OK;
	}
	return status;
}

void *cbx_hal_host_map(struct cbx_pfn pfn)
{
	enum cbx_status status;

	cbx_pks_table_take();
	status = cbx_entry_take(CBX_FRAME_L1, LEAF(pfn));
	cbx_pks_table_drop();
	return status == CBX_OK ? cbx_hal_page_map(pfn) : NULL;
}

void cbx_hal_host_unmap(struct cbx_pfn pfn, const void *page)
{
	cbx_hal_page_unmap(page);
	cbx_pks_table_take();
	cbx_entry_drop(CBX_FRAME_L1, LEAF(pfn));
	cbx_pks_table_drop();
}

/* CR4.PGE is clear, and the host's tables have no global entries. */
void cbx_pks_flush(void)
{
	cbx_x86_root_load(cbx_x86_cr3());
}
