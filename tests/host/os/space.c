/* SPDX-License-Identifier: Apache-2.0 */
/* The user's page tables: the kernel reads them in the direct map; the machine
 * writes them. */
#include <host/os/os.h>

#define LINK (CBX_PTE_P | CBX_PTE_W | CBX_PTE_U)

static uint64_t root;

static uint64_t new_table(uint64_t level)
{
	uint64_t pfn = os_page_take(1);

	if (pfn == 0 || !os_machine_table(pfn, level)) {
		os_panic("no page table ", pfn, level);
	}
	return pfn;
}

void os_space_start(void)
{
	root = new_table(4);
}

void os_space_load(void)
{
	if (!os_machine_load(root)) {
		os_panic("no root ", root, 0);
	}
}

static uint64_t index_of(uint64_t va, unsigned int level)
{
	return va >> (12 + 9 * (level - 1)) & 511;
}

static uint64_t entry_of(uint64_t table, uint64_t index)
{
	const volatile uint64_t *entries =
		(const volatile uint64_t *)OS_DIRECT(table);

	return entries[index];
}

/* The table of level 1 for @p va; 0 when there is none and none is wanted. */
static uint64_t reach(uint64_t va, bool make)
{
	uint64_t table = root;

	for (unsigned int level = 4; level > 1; level--) {
		uint64_t index = index_of(va, level);
		uint64_t entry = entry_of(table, index);

		if (entry == 0) {
			if (!make) {
				return 0;
			}
			entry = new_table(level - 1) << CBX_PAGE_SHIFT | LINK;
			if (!os_machine_entry(table, index, entry)) {
				os_panic("no link ", table, index);
			}
		}
		table = (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT;
	}
	return table;
}

uint64_t os_leaves_set(uint64_t va, const uint64_t *entries, uint64_t count)
{
	uint64_t index = index_of(va, 1);
	uint64_t any = 0;
	uint64_t table;

	count = count < 512 - index ? count : 512 - index;
	for (uint64_t i = 0; i < count; i++) {
		any |= entries[i];
	}
	table = reach(va, any != 0);
	return table == 0 ? count
			  : os_machine_entries(table, index, entries, count);
}

uint64_t os_leaf(uint64_t va)
{
	uint64_t table = reach(va, false);

	return table == 0 ? 0 : entry_of(table, index_of(va, 1));
}

bool os_leaf_set(uint64_t va, uint64_t entry)
{
	uint64_t table = reach(va, entry != 0);

	return table == 0 || os_machine_entry(table, index_of(va, 1), entry);
}
