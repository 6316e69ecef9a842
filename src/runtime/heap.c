/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"

#include "budget.h"
#include "gate.h"
#include "lib.h"

#define HEAP_VA	    0x650000000000ull
#define HEAP_VA_END 0x700000000000ull
#define CLASSES	    41u
#define LARGE	    (1ull << 18) /* from here on blocks are mapped singly */

struct block {
	struct block *next;
};

static struct block *list[CLASSES];
static uint64_t next = HEAP_VA;	  /* first address never handed out */
static uint64_t mapped = HEAP_VA; /* end of what is mapped for small blocks */
static uint64_t large = HEAP_VA_END; /* lowest large block ever handed out */

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
	if (!cbx_gate_map(mapped, pages, CBX_RIGHT_R | CBX_RIGHT_W)) {
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

/* A large block has an address for good and pages while it is taken; its list
 * is kept in the unmapped addresses' stead in these. */
static struct {
	uint64_t at[64];
	unsigned count;
} spare[CLASSES];

static void *take_large(unsigned order)
{
	uint64_t size = 1ull << order;
	uint64_t pages = size >> CBX_PAGE_SHIFT;
	bool again = spare[order].count != 0;
	uint64_t at =
		again ? spare[order].at[spare[order].count - 1] : large - size;

	if ((!again && size > large - next) || at < mapped ||
		!cbx_budget_take(pages)) {
		return NULL;
	}
	if (!cbx_gate_map(at, pages, CBX_RIGHT_R | CBX_RIGHT_W)) {
		cbx_budget_give(pages);
		return NULL;
	}
	if (again) {
		spare[order].count--;
	} else {
		large = at;
	}
	return (void *)at;
}

void *cbx_heap_take(uint64_t bytes)
{
	unsigned order = class_of(bytes);
	struct block *block;

	if (order >= CLASSES) {
		return NULL;
	}
	if ((1ull << order) >= LARGE) {
		return take_large(order);
	}
	block = list[order];
	if (block != NULL) {
		list[order] = block->next;
		return block;
	}
	return take_small(order);
}

void *cbx_heap_take_zero(uint64_t bytes)
{
	void *block = cbx_heap_take(bytes);

	if (block != NULL && cbx_heap_size(bytes) < LARGE) {
		memset(block, 0, bytes);
	}
	return block;
}

static void give_large(uint64_t at, unsigned order)
{
	uint64_t pages = (1ull << order) >> CBX_PAGE_SHIFT;

	cbx_gate_unmap(at, pages);
	cbx_budget_give(pages);
	if (spare[order].count < 64) {
		spare[order].at[spare[order].count++] = at;
	}
}

void cbx_heap_give(void *block, uint64_t bytes)
{
	unsigned order = class_of(bytes);

	if (block == NULL) {
		return;
	}
	if ((1ull << order) >= LARGE) {
		give_large((uint64_t)block, order);
		return;
	}
	((struct block *)block)->next = list[order];
	list[order] = block;
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
