/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor maps for the host: the direct map of memory, the kernel's
 * image, the root it runs on.  The tables are the HAL's own pages, reached by
 * cbx_hal_page_map like any other.
 */
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/pure/table.h>

#define LINK (CBX_PTE_P | CBX_PTE_W)

#define LINE 8u /* words the caches keep together, at least */

#define SLOT_HOME CBX_MONITOR_SLOT

static struct cbx_pfn direct_first; /* its tables of level 1, in a row */

/* What each CPU runs the host on: never a page of the host's, but a copy of
 * the entries of one it declared. */
static struct {
	struct cbx_pfn page;
	struct cbx_pfn declared;
	bool has_declared;
} roots[CBX_X86_CPUS_MAX];

/* The IOMMU may not look into the CPU's caches. */
static void write_back(const uint64_t *entry)
{
	__asm__ volatile("clflush (%0)" : : "r"(entry) : "memory");
}

void cbx_pks_write_back(struct cbx_pfn first, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		const uint64_t *entries =
			cbx_hal_page_map(cbx_pfn_add(first, i));

		for (uint32_t j = 0; j < CBX_TABLE_ENTRIES; j += LINE) {
			write_back(&entries[j]);
		}
		cbx_hal_page_unmap(entries);
	}
}

uint64_t cbx_pks_put(struct cbx_pfn table, uint64_t index, uint64_t entry)
{
	uint64_t *entries = cbx_hal_page_map(table);
	uint64_t old =
		__atomic_exchange_n(&entries[index], entry, __ATOMIC_SEQ_CST);

	write_back(&entries[index]);
	cbx_hal_page_unmap(entries);
	return old;
}

static uint64_t link_to(struct cbx_pfn table)
{
	return table.n << CBX_PAGE_SHIFT | LINK;
}

/* The table an entry leads to, made if there is none. */
static struct cbx_pfn follow(struct cbx_pfn table, uint64_t index)
{
	uint64_t entry = cbx_x86_entry_read(table, index);

	if (entry == 0) {
		entry = link_to((struct cbx_pfn){ cbx_pks_carve(1) });
		(void)cbx_pks_put(table, index, entry);
	}
	return (struct cbx_pfn){ (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT };
}

static struct cbx_pfn reach(uint64_t va, unsigned int level)
{
	struct cbx_pfn table = roots[0].page;

	for (unsigned int at = 4; at > level; at--) {
		table = follow(table, va >> (12 + 9 * (at - 1)) & 511);
	}
	return table;
}

void cbx_pks_direct_start(uint64_t home, uint64_t page_count)
{
	uint64_t tables = (page_count + 511) / 512;
	struct cbx_pfn home_page = { home >> CBX_PAGE_SHIFT };

	roots[0].page.n = cbx_pks_carve(1);
	direct_first.n = cbx_pks_carve(tables);
	(void)cbx_pks_put(roots[0].page, SLOT_HOME,
		cbx_x86_entry_read(home_page, SLOT_HOME));
	for (uint64_t i = 0; i < tables; i++) {
		struct cbx_pfn table = { direct_first.n + i };

		(void)cbx_pks_put(reach(CBX_DIRECT_VA + (i << 21), 2), i & 511,
			link_to(table));
	}
}

/* The direct map and the kernel are the same for all; its modules' tables are
 * there from the start. */
void cbx_pks_roots_start(const struct cbx_x86_boot *boot)
{
	static const uint64_t shared[] = { CBX_TABLE_DIRECT_SLOT,
		CBX_TABLE_KERNEL_SLOT };

	for (uint64_t i = 0; i < CBX_MODULE_PAGES; i += CBX_TABLE_ENTRIES) {
		(void)reach(CBX_MODULE_VA + (i << CBX_PAGE_SHIFT), 1);
	}
	for (uint32_t i = 1; i < boot->cpu_count; i++) {
		struct cbx_pfn home = { boot->homes[i] >> CBX_PAGE_SHIFT };

		roots[i].page.n = cbx_pks_carve(1);
		(void)cbx_pks_put(roots[i].page, SLOT_HOME,
			cbx_x86_entry_read(home, SLOT_HOME));
		for (uint32_t j = 0; j < sizeof(shared) / sizeof(shared[0]);
			j++) {
			(void)cbx_pks_put(roots[i].page, shared[j],
				cbx_x86_entry_read(roots[0].page, shared[j]));
		}
	}
}

uint64_t cbx_pks_root(void)
{
	return roots[cbx_hal_cpu()].page.n << CBX_PAGE_SHIFT;
}

static uint64_t direct_entry(uint64_t pfn, struct cbx_view view)
{
	uint64_t entry = pfn << CBX_PAGE_SHIFT | CBX_PTE_P | CBX_PTE_NX;

	if ((view.bits & CBX_VIEW_R) == 0) {
		return 0;
	}
	return (view.bits & CBX_VIEW_W) != 0 ? entry | CBX_PTE_W : entry;
}

void cbx_direct_set(struct cbx_pfn pfn, struct cbx_view view)
{
	struct cbx_pfn table = { direct_first.n + pfn.n / 512 };
	uint64_t entry = direct_entry(pfn.n, view);
	uint64_t old = cbx_pks_put(table, pfn.n % 512, entry);

	if (old != 0 && (entry & ~old) != 0) { /* nobody waits to get more */
		cbx_pks_iommu_flush(0);
	}
}

struct cbx_pfn cbx_pks_direct_top(void)
{
	return reach(CBX_DIRECT_VA, 3);
}

void cbx_direct_open(struct cbx_pfn first, uint64_t count)
{
	const struct cbx_view open = { CBX_VIEW_R | CBX_VIEW_W };

	for (uint64_t n = first.n; n < first.n + count;) {
		uint64_t end = (n | 511) + 1;
		struct cbx_pfn table = { direct_first.n + n / 512 };
		uint64_t *entries = cbx_hal_page_map(table);

		end = end < first.n + count ? end : first.n + count;
		for (; n < end; n++) {
			entries[n % 512] = direct_entry(n, open);
		}
		cbx_hal_page_unmap(entries);
		cbx_pks_write_back(table, 1);
	}
}

void cbx_pks_kernel_map(uint64_t va, struct cbx_pfn pfn, uint64_t flags)
{
	(void)cbx_pks_put(
		reach(va, 1), va >> 12 & 511, pfn.n << CBX_PAGE_SHIFT | flags);
}

uint64_t cbx_pks_kernel_entry(uint64_t va)
{
	return cbx_x86_entry_read(reach(va, 1), va >> 12 & 511);
}

/* All but what is the monitor's; NULL: zeros. */
static void copy(const uint64_t *from)
{
	uint64_t *to = cbx_hal_page_map(roots[cbx_hal_cpu()].page);

	for (uint64_t i = 0; i < CBX_TABLE_ENTRIES; i++) {
		if (!cbx_table_is_monitors(i)) {
			to[i] = from != NULL ? from[i] : 0;
		}
	}
	cbx_hal_page_unmap(to);
}

static void release(uint32_t cpu)
{
	if (roots[cpu].has_declared) {
		cbx_table_root_release(roots[cpu].declared);
	}
	roots[cpu].has_declared = false;
}

enum cbx_status cbx_pks_root_take(struct cbx_pfn root)
{
	uint32_t cpu = cbx_hal_cpu();
	enum cbx_status status = cbx_table_root_hold(root);
	const uint64_t *from;

	if (status != CBX_OK) {
		return status;
	}
	release(cpu);
	roots[cpu].declared = root;
	roots[cpu].has_declared = true;
	from = cbx_hal_page_map(root);
	copy(from);
	cbx_hal_page_unmap(from);
	return CBX_OK;
}

void cbx_pks_root_drop(void)
{
	copy(NULL);
	release(cbx_hal_cpu());
}

void cbx_root_changed(struct cbx_pfn root, uint64_t index, uint64_t entry)
{
	for (uint32_t i = 0; i < cbx_hal_cpu_count(); i++) {
		if (roots[i].has_declared && roots[i].declared.n == root.n) {
			(void)cbx_pks_put(roots[i].page, index, entry);
		}
	}
}
