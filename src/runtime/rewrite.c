/* SPDX-License-Identifier: Apache-2.0 */
#include "rewrite.h"

#include <base/start.h>

#include "fast.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "memory.h"
#include "node.h"
#include "signal.h"
#include "task.h"
#include "user.h"

/* Traps of a site, after which it is rewritten: sooner, that costs more than it
 * saves (bench/RESULTS.md).  And after which it is tried again, if another thread was in the way. */
#define OFTEN	      128u
#define LATER	      16u
#define SYSCALL_BYTES 2u
#define COUNTERS      256u /* a power of two */
#define REACH	      0x40000000ull
#define PROT_TEXT     (LX_PROT_READ | LX_PROT_EXEC)

static struct {
	uint64_t key;
	uint32_t traps;
} counter[COUNTERS];

static uint32_t *counter_of(uint64_t at)
{
	uint64_t key = at ^ (uint64_t)cbx_process_self()->pid << 48;
	uint64_t hash = key * 0x9e3779b97f4a7c15ull;
	uint64_t i = hash >> 56 & (COUNTERS - 1);

	if (counter[i].key != key) {
		counter[i].key = key;
		counter[i].traps = 0;
	}
	return &counter[i].traps;
}

/* Whether a site has just become one that traps often. */
static bool is_often(uint64_t at)
{
	uint32_t *traps = counter_of(at);
	uint32_t often =
		(cbx_box_flags & CBX_START_REWRITE_FIRST) != 0 ? 1 : OFTEN;

	*traps += *traps <= OFTEN ? 1u : 0u;
	return *traps == often;
}

static void try_later(uint64_t at)
{
	*counter_of(at) = (cbx_box_flags & CBX_START_REWRITE_FIRST) != 0
				  ? 0
				  : OFTEN - LATER;
}

static struct cbx_stubs *stubs(void)
{
	return &cbx_map_self()->stubs;
}

/* The site whose stub is at an address; *offset is how far in it. */
static const struct cbx_site *stub_at(uint64_t address, uint64_t *offset)
{
	for (uint32_t i = 0; i < stubs()->pools; i++) {
		const struct cbx_stub_pool *pool = stubs()->pool[i];
		uint64_t distance = address - pool->at;

		if (distance < pool->used * CBX_STUB_BYTES) {
			*offset = distance % CBX_STUB_BYTES;
			return &pool->site[distance / CBX_STUB_BYTES];
		}
	}
	return NULL;
}

/* The site that begins at an address. */
static const struct cbx_site *site_from(uint64_t start)
{
	for (uint32_t i = 0; i < stubs()->pools; i++) {
		const struct cbx_stub_pool *pool = stubs()->pool[i];

		for (uint32_t j = 0; j < pool->used; j++) {
			if (pool->site[j].start == start) {
				return &pool->site[j];
			}
		}
	}
	return NULL;
}

void cbx_rewrite_home(struct cbx_regs *regs)
{
	uint64_t offset;
	const struct cbx_site *site = stub_at(regs->rip, &offset);

	if (site != NULL) {
		cbx_site_home(site, offset, regs);
	}
}

void cbx_rewrite_again(struct cbx_regs *regs)
{
	uint64_t offset;
	const struct cbx_site *site = stub_at(regs->rip, &offset);

	regs->rip = site != NULL ? site->start : regs->rip - 2;
}

bool cbx_rewrite_step(struct cbx_regs *regs)
{
	uint64_t offset;
	const struct cbx_site *site = stub_at(regs->rip, &offset);

	if (site == NULL || offset >= CBX_SITE_TAIL) {
		return false;
	}
	if (site->kind == CBX_SITE_NUMBER) {
		regs->rax = site->number;
		regs->rip = site->end;
		return false;
	}
	regs->rip += CBX_SITE_TAIL - SYSCALL_BYTES - offset;
	return true;
}

void cbx_rewrite_return(struct cbx_regs *regs)
{
	const struct cbx_site *site;

	if (stubs()->tests == 0) {
		return;
	}
	site = site_from(regs->rip - 2);
	if (site != NULL && site->kind == CBX_SITE_TEST) {
		cbx_site_home(site, CBX_SITE_TAIL, regs);
	}
}

/* Text that nobody writes. */
static const struct cbx_extent *text_at(uint64_t start, uint64_t end)
{
	const struct cbx_extent *e = cbx_extent_at(cbx_memory_extents(), start);

	return e != NULL && end <= e->end && (e->prot & LX_PROT_EXEC) != 0 &&
			       (e->prot & LX_PROT_WRITE) == 0 &&
			       (e->kind == CBX_EXTENT_PROGRAM ||
				       e->kind == CBX_EXTENT_FILE)
		       ? e
		       : NULL;
}

/* Whether no other thread can be in the midst of what TEST replaces: it is in
 * the runtime, which corrects where it returns to. */
static bool is_alone(void)
{
	const struct cbx_task *task = cbx_process_self()->tasks;

	while (task != NULL && (task == cbx_task_self() || !task->outside)) {
		task = task->next;
	}
	return task == NULL && cbx_map_self()->refs == 1;
}

/* Where the part of an extent ends that can be read. */
static uint64_t readable_end(const struct cbx_extent *e)
{
	return e->file == NULL || e->state == CBX_EXTENT_PRESENT
		       ? e->end
		       : cbx_min(e->end,
				 cbx_max(e->start,
					 e->origin +
						 cbx_page_ceil(
							 e->file->data.size)));
}

/* Whether a branch in the text, all of it that lies together, leads into a
 * site.  Reading it may map it, and so move extents. */
static bool is_aimed_at(
	const struct cbx_extent *text, const struct cbx_site *site)
{
	const struct cbx_extents *map = cbx_memory_extents();
	uint64_t i = (uint64_t)(text - map->at);
	uint64_t start;
	uint64_t end = text->end;

	while (i > 0 && map->at[i - 1].end == map->at[i].start &&
		(map->at[i - 1].prot & LX_PROT_EXEC) != 0) {
		i--;
	}
	start = map->at[i].start;
	for (; i < map->count && map->at[i].start <= end &&
		(map->at[i].prot & LX_PROT_EXEC) != 0;
		i++) {
		end = readable_end(&map->at[i]);
	}
	return cbx_site_aimed_at(
		(const uint8_t *)start, end - start, start, site);
}

/* @pre the window is readable */
static struct cbx_site look(const struct cbx_extent *text, uint64_t at,
	uint32_t number, bool readable)
{
	uint8_t window[CBX_SITE_WINDOW];
	struct cbx_site site = { 0 };

	if (cbx_user_get(window, at - CBX_SITE_BEFORE, sizeof(window)) != 0) {
		return site;
	}
	site = cbx_site_number(window, at, number);
	if (site.kind != CBX_SITE_NONE || !readable ||
		site_from(at - 5) != NULL) {
		return site;
	}
	site = cbx_site_test(window, at);
	if (site.kind != CBX_SITE_NONE && !is_alone()) {
		try_later(at);
		site.kind = CBX_SITE_NONE;
	} else if (site.kind != CBX_SITE_NONE && is_aimed_at(text, &site)) {
		site.kind = CBX_SITE_NONE;
	}
	return site;
}

static struct cbx_stub_pool *add_pool(uint64_t near)
{
	struct cbx_place place = { .prot = PROT_TEXT,
		.kind = CBX_EXTENT_PROGRAM };
	struct cbx_stub_pool *pool;

	if (stubs()->pools == CBX_STUB_POOLS_MAX) {
		return NULL;
	}
	place.start = cbx_extent_gap(cbx_memory_extents(),
		near > REACH + CBX_MEMORY_LOW ? cbx_page_floor(near) - REACH
					      : CBX_MEMORY_LOW,
		near, CBX_PAGE_SIZE);
	place.end = place.start + CBX_PAGE_SIZE;
	pool = place.start == 0 ? NULL : cbx_heap_take_zero(sizeof(*pool));
	if (pool == NULL) {
		return NULL;
	}
	pool->at = place.start;
	if (cbx_memory_place(&place) != 0) {
		cbx_heap_give(pool, sizeof(*pool));
		return NULL;
	}
	stubs()->pool[stubs()->pools++] = pool;
	return pool;
}

static struct cbx_stub_pool *pool_near(uint64_t at)
{
	for (uint32_t i = 0; i < stubs()->pools; i++) {
		struct cbx_stub_pool *pool = stubs()->pool[i];

		if (pool->used < CBX_STUBS && cbx_site_near(at, pool->at) &&
			text_at(pool->at, pool->at + CBX_PAGE_SIZE) != NULL) {
			return pool;
		}
	}
	return add_pool(at);
}

/* Write text: nobody can execute it meanwhile, and every CPU has noticed that
 * before it is written.  Who comes there faults, and waits for the lock. */
static bool put(uint64_t va, const uint8_t *bytes, uint64_t count)
{
	uint64_t start = cbx_page_floor(va);
	uint64_t end = cbx_page_ceil(va + count);
	uint8_t prot = text_at(start, end)->prot;
	bool done;

	if (cbx_memory_protect(start, end, LX_PROT_READ | LX_PROT_WRITE) != 0) {
		return false;
	}
	done = cbx_user_put(va, bytes, count) == 0;
	if (cbx_memory_protect(start, end, prot) != 0) {
		cbx_signal_die(LX_SIGKILL); /* no memory to say it again */
	}
	return done;
}

static void rewrite(const struct cbx_site *site)
{
	struct cbx_stub_pool *pool = pool_near(site->start);
	uint8_t stub[CBX_STUB_BYTES];
	uint8_t text[CBX_SITE_BYTES_MAX];
	uint64_t at;

	if (pool == NULL) {
		return;
	}
	at = pool->at + pool->used * CBX_STUB_BYTES;
	cbx_site_write(site, at, CBX_FAST_ENTRY, stub, text);
	if (!put(at, stub, sizeof(stub))) {
		return;
	}
	pool->site[pool->used] = *site;
	if (put(site->start, text, site->end - site->start)) {
		pool->used++;
		stubs()->tests += site->kind == CBX_SITE_TEST ? 1u : 0u;
	}
}

/* Text that cannot be read is made readable for the look. */
static struct cbx_site look_at(uint64_t at, uint32_t number)
{
	uint64_t first = at - CBX_SITE_BEFORE;
	uint64_t last = at + CBX_SITE_AFTER;
	const struct cbx_extent *text = text_at(first, last);
	uint64_t start = cbx_page_floor(first);
	uint64_t end = cbx_page_ceil(last);
	struct cbx_site site = { 0 };
	uint8_t prot;

	if (text == NULL || (text->rights & CBX_RIGHT_R) != 0) {
		return text == NULL ? site : look(text, at, number, true);
	}
	prot = text->prot;
	if (cbx_memory_protect(start, end, LX_PROT_READ) != 0) {
		return site;
	}
	site = look(NULL, at, number, false);
	if (cbx_memory_protect(start, end, prot) != 0) {
		cbx_signal_die(LX_SIGKILL);
	}
	return site;
}

void cbx_rewrite_trapped(uint32_t number, const struct cbx_regs *regs)
{
	uint64_t at = regs->rip - 2;
	struct cbx_site site;

	if ((cbx_box_flags & (CBX_START_TRACE | CBX_START_NO_REWRITE)) != 0 ||
		!is_often(at) || at < CBX_MEMORY_LOW + CBX_SITE_BEFORE) {
		return;
	}
	site = look_at(at, number);
	if (site.kind != CBX_SITE_NONE) {
		rewrite(&site);
	}
}

bool cbx_rewrite_copy(struct cbx_map *to, const struct cbx_map *from)
{
	to->stubs = (struct cbx_stubs){ .tests = from->stubs.tests };
	for (uint32_t i = 0; i < from->stubs.pools; i++) {
		struct cbx_stub_pool *pool = cbx_heap_take(sizeof(*pool));

		if (pool == NULL) {
			cbx_rewrite_forget(to);
			return false;
		}
		*pool = *from->stubs.pool[i];
		to->stubs.pool[to->stubs.pools++] = pool;
	}
	return true;
}

void cbx_rewrite_forget(struct cbx_map *map)
{
	for (uint32_t i = 0; i < map->stubs.pools; i++) {
		cbx_heap_give(map->stubs.pool[i], sizeof(struct cbx_stub_pool));
	}
	map->stubs = (struct cbx_stubs){ 0 };
}
