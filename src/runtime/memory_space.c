/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_space.h"

#include <base/start.h>

#include "budget.h"
#include "gate.h"
#include "heap.h"
#include "lib.h"
#include "memory_map.h"
#include "template.h"

#define SPARE_MAX 8u  /* spaces kept for later */
#define COST	  80u /* pages of tables and of the monitor's, about */

static uint64_t home;
static struct cbx_memory_space *first; /* NULL: it is the only one */
static struct cbx_memory_space *all;   /* others with a process */
static struct cbx_memory_space *spare;
static uint64_t spare_count;
static struct cbx_memory_space *leaving; /* a thread is in them yet */

void cbx_memory_space_first(uint64_t handle)
{
	home = handle;
}

uint64_t cbx_memory_space_home(void)
{
	return home;
}

bool cbx_memory_space_alone(void)
{
	return first == NULL;
}

bool cbx_memory_space_fault(uint64_t address, bool write)
{
	struct cbx_memory_space *self = (struct cbx_memory_space *)CBX_SPACE_VA;

	if (address < CBX_RUNTIME_VA) {
		return false;
	}
	if (first == NULL || self->handle == home) {
		return write && cbx_template_fault(address);
	}
	return cbx_memory_space_bring(self, cbx_page_floor(address));
}

void cbx_memory_space_reach(uint64_t address, uint64_t bytes)
{
	uint64_t end = address + bytes;

	if (address < CBX_RUNTIME_VA) {
		return;
	}
	for (; address < end;
		address = cbx_page_floor(address) + CBX_PAGE_SIZE) {
		(void)*(const volatile uint8_t *)address;
	}
}

void cbx_memory_space_forget(uint64_t start, uint64_t bytes)
{
	struct cbx_memory_space *s;

	for (s = all; s != NULL; s = s->next) {
		cbx_memory_space_strip(s, start, start + bytes);
	}
	for (s = spare; s != NULL; s = s->next) {
		cbx_memory_space_strip(s, start, start + bytes);
	}
	for (s = leaving; s != NULL; s = s->next) {
		cbx_memory_space_strip(s, start, start + bytes);
	}
}

/* Let a space see its own record. */
static bool show(struct cbx_memory_space *space)
{
	const struct cbx_alias record = {
		.space = space->handle,
		.va = CBX_SPACE_VA,
		.pages = CBX_SPACE_BYTES / CBX_PAGE_SIZE,
		.rights = CBX_MAP_RW,
		.from_space = home,
		.from = (uint64_t)space,
	};

	(void)cbx_template_own((uint64_t)space, CBX_SPACE_BYTES);
	space->count = 0;
	space->taken = false;
	return cbx_gate_alias(&record) == record.pages;
}

/* The first space gets a record when there is a second one. */
static bool begin(void)
{
	struct cbx_memory_space *record;

	if (first != NULL) {
		return true;
	}
	record = cbx_heap_take(CBX_SPACE_BYTES);
	if (record == NULL) {
		return false;
	}
	record->handle = home;
	if (!show(record)) {
		cbx_heap_give(record, CBX_SPACE_BYTES);
		return false;
	}
	first = record;
	return true;
}

static bool destroy(struct cbx_memory_space *space)
{
	if (!cbx_gate_space_destroy(space->handle)) {
		return false;
	}
	cbx_budget_give(COST);
	cbx_heap_give(space, CBX_SPACE_BYTES);
	return true;
}

/* Destroy what threads have left by now. */
static void clean_up(void)
{
	struct cbx_memory_space **link = &leaving;

	while (*link != NULL) {
		struct cbx_memory_space *space = *link;
		struct cbx_memory_space *next = space->next;

		if (destroy(space)) {
			*link = next;
		} else {
			link = &space->next;
		}
	}
}

static struct cbx_memory_space *create(void)
{
	struct cbx_memory_space *space =
		begin() ? cbx_heap_take(CBX_SPACE_BYTES) : NULL;

	if (space == NULL || !cbx_budget_take(COST)) {
		cbx_heap_give(space, CBX_SPACE_BYTES);
		return NULL;
	}
	if (!cbx_gate_space_create(&space->handle)) {
		cbx_budget_give(COST);
		cbx_heap_give(space, CBX_SPACE_BYTES);
		return NULL;
	}
	if (!show(space) || !cbx_memory_space_furnish(space)) {
		(void)destroy(space);
		return NULL;
	}
	return space;
}

struct cbx_memory_space *cbx_memory_space_take(void)
{
	struct cbx_memory_space *space = spare;

	clean_up();
	if (space != NULL) {
		spare = space->next;
		spare_count--;
	} else {
		space = create();
	}
	if (space != NULL) {
		space->next = all;
		all = space;
	}
	return space;
}

void cbx_memory_space_give(struct cbx_memory_space *space)
{
	struct cbx_memory_space **link = &all;

	while (*link != space) {
		link = &(*link)->next;
	}
	*link = space->next;
	for (uint64_t i = 0; i < space->count; i++) {
		space->own[i].pinned = space->own[i].start < CBX_START_VA;
	}
	clean_up();
	if (spare_count < SPARE_MAX) {
		space->next = spare;
		spare = space;
		spare_count++;
	} else {
		space->next = leaving;
		leaving = space;
	}
}
