/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"
#include "memory_space.h"

#define CLASSES	  41u
#define LARGE	  (1ull << 18) /* from here on blocks are mapped singly */
#define RETURNED  (1ull << 16) /* and their pages given back from here on, */
#define SPARE_MAX (1ull << 22) /* when so many bytes of a size are spare */

struct block {
	struct block *next;
};

static struct block *list[CLASSES];
static uint64_t spare_bytes[CLASSES]; /* on the list */
static uint64_t next = CBX_HEAP_VA;   /* first address never handed out */
static uint64_t mapped =
	CBX_HEAP_VA; /* end of what is mapped for small blocks */
static uint64_t large =
	CBX_HEAP_VA_END; /* lowest large block ever handed out */

static unsigned class_of(uint64_t bytes)
{
	unsigned order = 5;

	while (order < CLASSES && (1ull << order) < bytes) {
		order++;
	}
	return order;
}

uint64_t cbx_heap_size(uint64_t bytes)
{
	return 1ull << class_of(bytes);
}

/* Map up to @p end, and ahead when there is room. */
static bool extend(uint64_t end)
{
	uint64_t need = cbx_pages_of(end - mapped);
	uint64_t pages = cbx_max(need, CBX_RANGE_PAGES_MAX);

	if (pages > cbx_budget_free() / 4) {
		pages = need;
	}
	if (!cbx_budget_take(pages)) {
		return false;
	}
	if (!cbx_gate_map(cbx_memory_space_home(), mapped, pages,
		    CBX_RIGHT_R | CBX_RIGHT_W)) {
		cbx_budget_give(pages);
		return false;
	}
	mapped += pages * CBX_PAGE_SIZE;
	return true;
}

static void *take_small(unsigned order)
{
	uint64_t size = 1ull << order;
	uint64_t align = cbx_min(size, CBX_PAGE_SIZE);
	uint64_t at = (next + align - 1) & ~(align - 1);

	if (at + size > large || (at + size > mapped && !extend(at + size))) {
		return NULL;
	}
	next = at + size;
	return (void *)at;
}

/* The address of a block whose pages went back to the reserve. */
struct hole {
	struct hole *next;
	uint64_t at;
};

static struct hole *holes[CLASSES];

/* Give a block with an address its pages. */
static bool map_block(uint64_t at, unsigned order)
{
	uint64_t pages = (1ull << order) >> CBX_PAGE_SHIFT;

	if (!cbx_budget_take(pages)) {
		return false;
	}
	if (!cbx_gate_map(cbx_memory_space_home(), at, pages,
		    CBX_RIGHT_R | CBX_RIGHT_W)) {
		cbx_budget_give(pages);
		return false;
	}
	return true;
}

static void *take_hole(unsigned order)
{
	struct hole *hole = holes[order];
	uint64_t at;

	if (hole == NULL || !map_block(hole->at, order)) {
		return NULL;
	}
	at = hole->at;
	holes[order] = hole->next;
	cbx_heap_give(hole, sizeof(*hole));
	return (void *)at;
}

static void *take_large(unsigned order)
{
	uint64_t size = 1ull << order;

	if (size > large - mapped || !map_block(large - size, order)) {
		return NULL;
	}
	large -= size;
	return (void *)large;
}

static void *take_new(unsigned order)
{
	void *block = take_hole(order);

	if (block != NULL) {
		return block;
	}
	return (1ull << order) >= LARGE ? take_large(order) : take_small(order);
}

void *cbx_heap_take(uint64_t bytes)
{
	unsigned order = class_of(bytes);
	struct block *block;

	if (order >= CLASSES) {
		return NULL;
	}
	block = list[order];
	if (block == NULL) {
		return take_new(order);
	}
	list[order] = block->next;
	spare_bytes[order] -= 1ull << order;
	return block;
}

void *cbx_heap_take_zero(uint64_t bytes)
{
	void *block = cbx_heap_take(bytes);

	if (block != NULL) {
		memset(block, 0, bytes);
	}
	return block;
}

/* Whether a block's pages go back to the reserve. */
static bool goes_back(unsigned order)
{
	return (1ull << order) >= LARGE ||
	       ((1ull << order) >= RETURNED && spare_bytes[order] >= SPARE_MAX);
}

static bool give_pages(uint64_t at, unsigned order)
{
	struct hole *hole = cbx_heap_take(sizeof(*hole));
	uint64_t pages = (1ull << order) >> CBX_PAGE_SHIFT;

	if (hole == NULL) {
		return false;
	}
	cbx_memory_space_forget(at, 1ull << order);
	cbx_gate_unmap(cbx_memory_space_home(), at, pages);
	cbx_budget_give(pages);
	hole->at = at;
	hole->next = holes[order];
	holes[order] = hole;
	return true;
}

void cbx_heap_give(void *block, uint64_t bytes)
{
	unsigned order = class_of(bytes);

	if (block == NULL ||
		(goes_back(order) && give_pages((uint64_t)block, order))) {
		return;
	}
	((struct block *)block)->next = list[order];
	list[order] = block;
	spare_bytes[order] += 1ull << order;
}

bool cbx_heap_grow(
	void **array, uint64_t *capacity, uint64_t need, uint64_t element)
{
	uint64_t count = cbx_max(need, *capacity * 2);
	uint64_t bytes = cbx_heap_size(count * element);
	void *larger = cbx_heap_take(bytes);

	if (larger == NULL) {
		return false;
	}
	memcpy(larger, *array, *capacity * element);
	cbx_heap_give(*array, *capacity * element);
	*array = larger;
	*capacity = bytes / element;
	return true;
}
