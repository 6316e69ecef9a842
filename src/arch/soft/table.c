/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/soft/entry.h>
#include <arch/soft/table.h>
#include <hal/hal.h>

/* Level 4 is the root, level 1 holds the translations. */
#define ENTRIES	 512u
#define LEVELS	 4u
#define VA_LIMIT ((uint64_t)CBX_ENTRY_ROOT_COUNT << 39)

/* Bits of an address below what one entry of level covers. */
static unsigned int shift_of(unsigned int level)
{
	return CBX_PAGE_SHIFT + 9 * (level - 1);
}

static unsigned int index_of(uint64_t va, unsigned int level)
{
	return (unsigned int)(va >> shift_of(level) & (ENTRIES - 1));
}

static bool is_valid(struct cbx_rights rights)
{
	return rights.bits != 0 && (rights.bits & ~CBX_RIGHTS) == 0;
}

static uint64_t read_entry(struct cbx_pfn page, unsigned int index)
{
	const uint64_t *entries = cbx_hal_page_map(page);
	uint64_t entry = entries[index];

	cbx_hal_page_unmap(entries);
	return entry;
}

static void write_entry(struct cbx_pfn page, unsigned int index, uint64_t entry)
{
	uint64_t *entries = cbx_hal_page_map(page);

	entries[index] = entry;
	cbx_hal_page_unmap(entries);
}

/* Entries of a table of level. */
static unsigned int entries_of(unsigned int level)
{
	return level == LEVELS ? CBX_ENTRY_ROOT_COUNT : ENTRIES;
}

/* The first entry from index on that is present; count if none is. */
static unsigned int scan(struct cbx_pfn page, unsigned int index,
	unsigned int count, uint64_t *entry)
{
	const uint64_t *entries = cbx_hal_page_map(page);

	while (index < count && entries[index] == 0) {
		index++;
	}
	*entry = index < count ? entries[index] : 0;
	cbx_hal_page_unmap(entries);
	return index;
}

static bool is_empty(struct cbx_pfn page, unsigned int level)
{
	uint64_t entry;

	return scan(page, 0, entries_of(level), &entry) == entries_of(level);
}

static struct cbx_pfn root_of(const struct cbx_soft_table *table)
{
	CBX_ASSERT(table->root != 0);
	return (struct cbx_pfn){ table->root - 1 };
}

/* The table at level on the way to va. */
static bool find(const struct cbx_soft_table *table, uint64_t va,
	unsigned int level, struct cbx_pfn *page)
{
	*page = root_of(table);
	for (unsigned int at = LEVELS; at > level; at--) {
		uint64_t entry = read_entry(*page, index_of(va, at));

		if (entry == 0) {
			return false;
		}
		*page = cbx_entry_pfn(entry);
	}
	return true;
}

/* Unused pages are lists linked through their first word, otherwise zero.  A
 * CPU may still walk one that was a table: the word does not look present. */
static void put(struct cbx_pfn page, uint64_t *first, uint64_t *count)
{
	write_entry(page, 0, *first << 1);
	*first = page.n + 1;
	++*count;
}

static struct cbx_pfn get(uint64_t *first, uint64_t *count)
{
	struct cbx_pfn page = { *first - 1 };

	CBX_ASSERT(*count != 0);
	*first = read_entry(page, 0) >> 1;
	--*count;
	write_entry(page, 0, 0);
	return page;
}

static void push_spare(struct cbx_soft_table *table, struct cbx_pfn page)
{
	put(page, &table->spare, &table->spares);
}

static struct cbx_pfn pop_spare(struct cbx_soft_table *table)
{
	return get(&table->spare, &table->spares);
}

/* A table that is no longer linked. */
static void retire(struct cbx_soft_table *table, struct cbx_pfn page)
{
	if (CBX_ENTRY_WALKED) {
		put(page, &table->retired, &table->retireds);
	} else {
		push_spare(table, page);
	}
}

void cbx_soft_settle(struct cbx_soft_table *table)
{
	while (table->retireds != 0) {
		push_spare(table, get(&table->retired, &table->retireds));
	}
}

/* The leaf table for va, made on the way if it is missing. */
static struct cbx_pfn reach(struct cbx_soft_table *table, uint64_t va)
{
	struct cbx_pfn page = root_of(table);

	for (unsigned int level = LEVELS; level > 1; level--) {
		uint64_t entry = read_entry(page, index_of(va, level));

		if (entry == 0) {
			entry = cbx_entry_page(pop_spare(table));
			write_entry(page, index_of(va, level), entry);
		}
		page = cbx_entry_pfn(entry);
	}
	return page;
}

/* Give back the tables on the way to va that are empty, lowest first. */
static void prune(struct cbx_soft_table *table, uint64_t va)
{
	for (unsigned int level = 1; level < LEVELS; level++) {
		struct cbx_pfn page;
		struct cbx_pfn above;

		CBX_ASSERT(find(table, va, level, &page));
		if (!is_empty(page, level)) {
			return;
		}
		CBX_ASSERT(find(table, va, level + 1, &above));
		write_entry(above, index_of(va, level + 1), 0);
		retire(table, page);
	}
}

/* Pages of a range that the leaf table of its first page covers. */
static uint64_t chunk_of(uint64_t va, uint64_t count)
{
	uint64_t room = ENTRIES - index_of(va, 1);

	return count < room ? count : room;
}

/* All entries are empty, or none is. @return how many were */
static uint64_t fill(
	struct cbx_pfn leaf, unsigned int index, uint64_t count, uint64_t entry)
{
	uint64_t *entries = cbx_hal_page_map(leaf);
	bool empty = entries[index] == 0;

	for (uint64_t i = 0; i < count; i++) {
		CBX_ASSERT((entries[index + i] == 0) == empty);
		entries[index + i] = entry + (i << CBX_PAGE_SHIFT);
	}
	cbx_hal_page_unmap(entries);
	return empty ? count : 0;
}

/* No rights: they cease to be. */
static void change(struct cbx_pfn leaf, unsigned int index, uint64_t count,
	struct cbx_rights rights)
{
	uint64_t *entries = cbx_hal_page_map(leaf);

	for (uint64_t i = index; i < index + count; i++) {
		struct cbx_pfn pfn = cbx_entry_pfn(entries[i]);

		CBX_ASSERT(entries[i] != 0);
		entries[i] = rights.bits != 0 ? cbx_entry_leaf(pfn, rights) : 0;
	}
	cbx_hal_page_unmap(entries);
}

void cbx_soft_create(struct cbx_soft_table *table, struct cbx_pfn root)
{
	CBX_ASSERT(table->root == 0 && table->spares == 0);
	table->root = root.n + 1;
}

/* Tables of level that the range needs and that are not there. */
static uint64_t missing(const struct cbx_soft_table *table, uint64_t va,
	uint64_t count, unsigned int level)
{
	unsigned int shift = shift_of(level + 1);
	uint64_t last = (va + (count << CBX_PAGE_SHIFT) - 1) >> shift;
	uint64_t result = 0;

	for (uint64_t at = va >> shift; at <= last; at++) {
		struct cbx_pfn page;

		result += find(table, at << shift, level, &page) ? 0 : 1;
	}
	return result;
}

uint64_t cbx_soft_tables(
	const struct cbx_soft_table *table, struct cbx_va va, uint64_t count)
{
	uint64_t needed = 0;

	CBX_ASSERT(cbx_va_range_valid(va, count));
	if (count == 0) {
		return 0;
	}
	for (unsigned int level = 1; level < LEVELS; level++) {
		needed += missing(table, va.a, count, level);
	}
	return needed > table->spares ? needed - table->spares : 0;
}

void cbx_soft_give(struct cbx_soft_table *table, struct cbx_pfn page)
{
	CBX_ASSERT(table->root != 0);
	push_spare(table, page);
}

bool cbx_soft_take_spare(struct cbx_soft_table *table, struct cbx_pfn *page)
{
	if (table->spares == 0) {
		return false;
	}
	*page = pop_spare(table);
	return true;
}

bool cbx_soft_take(struct cbx_soft_table *table, struct cbx_pfn *page)
{
	CBX_ASSERT(table->mapped == 0 && table->retireds == 0);
	if (cbx_soft_take_spare(table, page)) {
		return true;
	}
	if (table->root == 0) {
		return false;
	}
	*page = root_of(table);
	CBX_ASSERT(is_empty(*page, LEVELS));
	table->root = 0;
	return true;
}

void cbx_soft_map(struct cbx_soft_table *table, struct cbx_va va,
	struct cbx_pfn pfn, uint64_t count, struct cbx_rights rights)
{
	CBX_ASSERT(cbx_va_range_valid(va, count) && is_valid(rights));
	while (count != 0) {
		uint64_t chunk = chunk_of(va.a, count);

		table->mapped += fill(reach(table, va.a), index_of(va.a, 1),
			chunk, cbx_entry_leaf(pfn, rights));
		va = cbx_va_add(va, chunk);
		pfn = cbx_pfn_add(pfn, chunk);
		count -= chunk;
	}
}

static void change_range(struct cbx_soft_table *table, struct cbx_va va,
	uint64_t count, struct cbx_rights rights)
{
	CBX_ASSERT(cbx_va_range_valid(va, count));
	while (count != 0) {
		uint64_t chunk = chunk_of(va.a, count);
		struct cbx_pfn leaf;

		CBX_ASSERT(find(table, va.a, 1, &leaf));
		change(leaf, index_of(va.a, 1), chunk, rights);
		if (rights.bits == 0) {
			table->mapped -= chunk;
			prune(table, va.a);
		}
		va = cbx_va_add(va, chunk);
		count -= chunk;
	}
}

void cbx_soft_unmap(
	struct cbx_soft_table *table, struct cbx_va va, uint64_t count)
{
	change_range(table, va, count, (struct cbx_rights){ 0 });
}

void cbx_soft_protect(struct cbx_soft_table *table, struct cbx_va va,
	uint64_t count, struct cbx_rights rights)
{
	CBX_ASSERT(is_valid(rights));
	change_range(table, va, count, rights);
}

bool cbx_soft_lookup(const struct cbx_soft_table *table, struct cbx_va va,
	struct cbx_pfn *pfn, struct cbx_rights *rights)
{
	struct cbx_pfn leaf;
	uint64_t entry;

	if (table->root == 0 || va.a >= VA_LIMIT ||
		!find(table, va.a, 1, &leaf)) {
		return false;
	}
	entry = read_entry(leaf, index_of(va.a, 1));
	if (entry == 0) {
		return false;
	}
	*pfn = cbx_entry_pfn(entry);
	*rights = cbx_entry_rights(entry);
	return true;
}

/* One walk towards *va: the first entry at or after it in each table.  Finds
 * the translation, or moves *va past the table that holds no more. */
static bool descend(
	const struct cbx_soft_table *table, uint64_t *va, uint64_t *entry)
{
	struct cbx_pfn page = root_of(table);

	for (unsigned int level = LEVELS; level > 0; level--) {
		unsigned int shift = shift_of(level);
		unsigned int index = index_of(*va, level);
		unsigned int count = entries_of(level);
		unsigned int found = scan(page, index, count, entry);

		if (found != index) {
			*va = ((*va >> shift) + (found - index)) << shift;
		}
		if (found == count) {
			return false;
		}
		page = cbx_entry_pfn(*entry);
	}
	return true;
}

bool cbx_soft_next(const struct cbx_soft_table *table, struct cbx_va *va,
	struct cbx_pfn *pfn, struct cbx_rights *rights)
{
	uint64_t at = va->a & ~(uint64_t)(CBX_PAGE_SIZE - 1);

	while (table->root != 0 && at < VA_LIMIT) {
		uint64_t entry;

		if (descend(table, &at, &entry)) {
			*va = (struct cbx_va){ at };
			*pfn = cbx_entry_pfn(entry);
			*rights = cbx_entry_rights(entry);
			return true;
		}
	}
	return false;
}
