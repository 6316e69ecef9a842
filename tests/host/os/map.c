/* SPDX-License-Identifier: Apache-2.0 */
/* What the user's addresses mean.  Pages come when they are touched. */
#include <host/os/os.h>

#include <asm/mman.h>

#define MAPS	  1024u
#define FIND_LAST 0x7f0000000000ull
#define PART	  64u
#define AROUND	  16u

static struct os_map maps[MAPS];

static struct os_map *find(uint64_t va)
{
	for (uint32_t i = 0; i < MAPS; i++) {
		if (va >= maps[i].start && va < maps[i].end) {
			return &maps[i];
		}
	}
	return NULL;
}

static struct os_map *find_free(void)
{
	for (uint32_t i = 0; i < MAPS; i++) {
		if (maps[i].end == 0) {
			return &maps[i];
		}
	}
	os_panic("too many mappings", 0, 0);
}

/* Downwards from the last. */
uint64_t os_map_find(uint64_t size)
{
	uint64_t end = FIND_LAST;

	for (uint32_t i = 0; i < MAPS; i++) {
		if (maps[i].end != 0 && maps[i].start < end &&
			maps[i].end + size > end) {
			end = maps[i].start;
			i = UINT32_MAX; /* from the beginning */
		}
		if (size > end) {
			return 0;
		}
	}
	return end - size;
}

static uint64_t page_of(uint64_t entry)
{
	return (entry & CBX_PTE_ADDRESS) >> CBX_PAGE_SHIFT;
}

/* Of at most PART pages. @return how many were looked at */
static uint64_t drop_part(
	const struct os_map *map, uint64_t va, uint64_t count, bool *any)
{
	static const uint64_t zeros[PART];
	uint64_t old[PART];
	uint64_t there = 0;
	uint64_t room = 512 - (va >> CBX_PAGE_SHIFT) % 512;

	count = count < PART ? count : PART;
	count = count < room ? count : room;
	for (uint64_t i = 0; i < count; i++) {
		old[i] = os_leaf(va + (i << CBX_PAGE_SHIFT));
		there |= old[i];
	}
	if (there == 0) {
		return count;
	}
	*any = true;
	if (os_leaves_set(va, zeros, count) != count) {
		os_panic("leaves stay at ", va, count);
	}
	for (uint64_t i = 0; i < count && !map->device; i++) {
		if (old[i] != 0) {
			os_page_give(page_of(old[i]), 1);
		}
	}
	return count;
}

/* @return whether there was something */
static bool drop_leaves(const struct os_map *map, uint64_t start, uint64_t end)
{
	bool any = false;

	while (start < end) {
		start += drop_part(map, start, (end - start) >> CBX_PAGE_SHIFT,
				 &any)
			 << CBX_PAGE_SHIFT;
	}
	return any;
}

/* The part of it from @p start on, as a mapping of its own. */
static struct os_map tail_of(const struct os_map *map, uint64_t start)
{
	struct os_map tail = *map;
	uint64_t skip = start - map->start;

	tail.start = start;
	tail.pfn += map->device ? skip >> CBX_PAGE_SHIFT : 0;
	if (map->bytes != NULL && skip < map->byte_count) {
		tail.bytes += skip;
		tail.byte_count -= skip;
	} else {
		tail.bytes = NULL;
		tail.byte_count = 0;
	}
	return tail;
}

/* No mapping crosses @p va. */
static void split(uint64_t va)
{
	struct os_map *map = find(va);

	if (map == NULL || map->start == va) {
		return;
	}
	*find_free() = tail_of(map, va);
	map->end = va;
}

void os_map_remove(uint64_t start, uint64_t end)
{
	bool any = false;

	split(start);
	split(end);
	for (uint32_t i = 0; i < MAPS; i++) {
		if (maps[i].end != 0 && maps[i].start >= start &&
			maps[i].end <= end) {
			any = drop_leaves(
				      &maps[i], maps[i].start, maps[i].end) ||
			      any;
			maps[i] = (struct os_map){ 0 };
		}
	}
	if (any) {
		os_machine_flush();
	}
}

uint64_t os_map_add(const struct os_map *what)
{
	struct os_map map = *what;

	if (map.start == 0) {
		map.start = os_map_find(map.end);
		if (map.start == 0) {
			return OS_ERROR(ENOMEM);
		}
		map.end += map.start;
	}
	os_map_remove(map.start, map.end);
	*find_free() = map;
	return map.start;
}

/* A page nobody may use keeps its contents behind a supervisor's leaf. */
static uint64_t leaf_of(uint64_t pfn, uint32_t prot)
{
	uint64_t entry = pfn << CBX_PAGE_SHIFT | CBX_PTE_P;

	entry |= prot != PROT_NONE ? CBX_PTE_U : 0;
	entry |= (prot & PROT_WRITE) != 0 ? CBX_PTE_W : 0;
	return (prot & PROT_EXEC) != 0 ? entry : entry | CBX_PTE_NX;
}

static bool protect(struct os_map *map, uint32_t prot)
{
	bool good = true;

	map->prot = prot;
	for (uint64_t va = map->start; va < map->end; va += CBX_PAGE_SIZE) {
		uint64_t entry = os_leaf(va);

		if (entry != 0) {
			good = os_leaf_set(va, leaf_of(page_of(entry), prot)) &&
			       good;
		}
	}
	return good;
}

uint64_t os_map_protect(uint64_t start, uint64_t end, uint32_t prot)
{
	bool good = true;
	uint64_t size = 0;

	split(start);
	split(end);
	for (uint32_t i = 0; i < MAPS; i++) {
		if (maps[i].end != 0 && maps[i].start >= start &&
			maps[i].end <= end) {
			size += maps[i].end - maps[i].start;
			good = protect(&maps[i], prot) && good;
		}
	}
	os_machine_flush();
	if (!good) {
		return OS_ERROR(EACCES);
	}
	return size == end - start ? 0 : OS_ERROR(ENOMEM);
}

void os_map_forget(uint64_t start, uint64_t end)
{
	split(start);
	split(end);
	for (uint32_t i = 0; i < MAPS; i++) {
		if (maps[i].end != 0 && maps[i].start >= start &&
			maps[i].end <= end && !maps[i].device) {
			(void)drop_leaves(&maps[i], maps[i].start, maps[i].end);
		}
	}
	os_machine_flush();
}

void os_map_close(uint64_t pfn, uint64_t count)
{
	for (uint32_t i = 0; i < MAPS; i++) {
		const struct os_map *map = &maps[i];
		uint64_t pages = (map->end - map->start) >> CBX_PAGE_SHIFT;
		uint64_t first = pfn > map->pfn ? pfn : map->pfn;
		uint64_t last = pfn + count < map->pfn + pages
					? pfn + count
					: map->pfn + pages;

		if (map->end != 0 && map->device && first < last) {
			uint64_t skip = first - map->pfn;

			(void)drop_leaves(map,
				map->start + (skip << CBX_PAGE_SHIFT),
				map->start +
					((last - map->pfn) << CBX_PAGE_SHIFT));
		}
	}
}

void os_map_drop(uint64_t pfn, uint64_t count)
{
	for (uint32_t i = 0; i < MAPS; i++) {
		if (maps[i].end != 0 && maps[i].device && maps[i].pfn >= pfn &&
			maps[i].pfn < pfn + count) {
			os_map_remove(maps[i].start, maps[i].end);
		}
	}
}

/* A page of the user's own, with what the file has there. */
static uint64_t bring(const struct os_map *map, uint64_t va)
{
	uint64_t skip = va - map->start;
	uint64_t pfn = os_page_take(1);
	uint64_t size;

	if (pfn != 0 && map->bytes != NULL && skip < map->byte_count) {
		size = map->byte_count - skip;
		size = size < CBX_PAGE_SIZE ? size : CBX_PAGE_SIZE;
		memcpy((void *)OS_DIRECT(pfn), map->bytes + skip, size);
	}
	return pfn;
}

/* The page at @p va, and some behind it while a trap is paid for. */
static bool fill(const struct os_map *map, uint64_t va)
{
	uint64_t entry[AROUND];
	uint64_t count = 0;
	uint64_t done;

	for (uint64_t at = va; at < map->end && count < AROUND;
		at += CBX_PAGE_SIZE) {
		uint64_t pfn;

		if (os_leaf(at) != 0) {
			break;
		}
		pfn = map->device ? tail_of(map, at).pfn : bring(map, at);
		if (pfn == 0 || (map->device && !os_machine_lets(pfn))) {
			break;
		}
		entry[count++] = leaf_of(pfn, map->prot);
	}
	done = count == 0 ? 0 : os_leaves_set(va, entry, count);
	for (uint64_t i = done; i < count && !map->device; i++) {
		os_page_give(page_of(entry[i]), 1);
	}
	return done != 0;
}

enum os_fault os_map_fault(uint64_t va, uint32_t prot)
{
	const struct os_map *map = find(va);

	va &= ~(uint64_t)(CBX_PAGE_SIZE - 1);
	if (map == NULL) {
		return OS_FAULT_NO_MAP;
	}
	if ((map->prot & prot) != prot) {
		return OS_FAULT_DENIED;
	}
	return os_leaf(va) != 0 || fill(map, va) ? OS_FAULT_NONE : OS_FAULT_BUS;
}
