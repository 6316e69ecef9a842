/* SPDX-License-Identifier: Apache-2.0 */
/* Address spaces of boxes, and how long CPUs remember translations. */
#include <stdlib.h>

#include <hal/mock/machine.h>

static struct mock_space *space_of(struct cbx_arch_space *storage)
{
	return (struct mock_space *)storage->word;
}

static const struct mock_space *space_at(const struct cbx_arch_space *storage)
{
	return (const struct mock_space *)storage->word;
}

static void add_side(struct mock_space *space)
{
	struct mock_space_side *side = calloc(1, sizeof(*side));

	MOCK_ASSERT(side != NULL);
	mock.spaces = mock_grow(mock.spaces, mock.space_count + 1,
		&mock.space_room, sizeof(struct mock_space_side *));
	side->space = space;
	side->index = mock.space_count;
	mock.spaces[mock.space_count++] = side;
	space->side = side;
}

static void remove_side(struct mock_space *space)
{
	struct mock_space_side *side = space->side;
	struct mock_space_side *last = mock.spaces[--mock.space_count];

	mock.spaces[side->index] = last;
	last->index = side->index;
	free(side);
	space->side = NULL;
}

enum cbx_status cbx_arch_space_create(
	struct cbx_arch_space *storage, struct cbx_pfn table, uint32_t flags)
{
	struct mock_space *space = space_of(storage);
	enum cbx_status status;

	MOCK_ASSERT(table.n < mock.options.pages && mock_is_zero(table));
	MOCK_ASSERT(space->side == NULL &&
		    (flags & 0xff & ~(CBX_SPACE_TRACE | CBX_SPACE_CPUID)) == 0);
	MOCK_ASSERT(flags >> CBX_SPACE_FEATURES_SHIFT <= CBX_FEATURES);
	mock_lock();
	status = mock_step(false);
	if (status == CBX_OK) {
		add_side(space);
		space->flags = flags;
		space->dead = false;
		cbx_soft_create(&space->table, table);
		mock.pages[table.n].used++;
		mock.pages[mock_pfn_of(storage)].used++;
	}
	mock_unlock();
	return status;
}

void cbx_arch_space_destroy(struct cbx_arch_space *storage)
{
	struct mock_space *space = space_of(storage);

	mock_lock();
	MOCK_ASSERT(space->side != NULL && !space->dead);
	MOCK_ASSERT(space->side->running == 0);
	space->dead = true;
	space->side->dead_token = space->side->flush.started + 1;
	mock_unlock();
}

uint64_t cbx_arch_space_tables(
	const struct cbx_arch_space *storage, struct cbx_va va, uint64_t count)
{
	mock_lock();

	uint64_t tables = cbx_soft_tables(&space_at(storage)->table, va, count);

	mock_unlock();
	return tables;
}

void cbx_arch_space_table_give(
	struct cbx_arch_space *storage, struct cbx_pfn table)
{
	MOCK_ASSERT(table.n < mock.options.pages && mock_is_zero(table));
	mock_lock();
	MOCK_ASSERT(!space_of(storage)->dead);
	MOCK_ASSERT(mock.pages[table.n].used == 0);
	cbx_soft_give(&space_of(storage)->table, table);
	mock.pages[table.n].used++;
	mock_unlock();
}

bool cbx_arch_space_spare_take(
	struct cbx_arch_space *storage, struct cbx_pfn *table)
{
	struct mock_space *space = space_of(storage);

	mock_lock();
	MOCK_ASSERT(!space->dead);

	bool taken = cbx_soft_take_spare(&space->table, table);

	if (taken) {
		mock.pages[table->n].used--;
	}
	mock_unlock();
	return taken;
}

bool cbx_arch_space_table_take(
	struct cbx_arch_space *storage, struct cbx_pfn *table)
{
	struct mock_space *space = space_of(storage);

	mock_lock();
	if (space->side == NULL) {
		mock_unlock();
		return false;
	}
	MOCK_ASSERT(mock_space_gone(space) && !mock_stale_any(space->side));

	bool taken = cbx_soft_take(&space->table, table);

	MOCK_ASSERT(taken);
	mock.pages[table->n].used--;
	if (space->table.root == 0) {
		mock.pages[mock_pfn_of(storage)].used--;
		remove_side(space);
	}
	mock_unlock();
	return true;
}

/* How many of @count steps go well. */
static uint64_t take_steps(uint64_t count, enum cbx_status *status)
{
	uint64_t taken = 0;

	*status = CBX_OK;
	while (taken < count) {
		*status = mock_step(false);
		if (*status != CBX_OK) {
			break;
		}
		taken++;
	}
	return taken;
}

static void use_pages(struct cbx_pfn pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct mock_page *page = &mock.pages[pfn.n + i];

		MOCK_ASSERT(page->used == 0 && page->share == MOCK_PRIVATE);
		page->boxes++;
	}
}

/* Before a range changes: what each page of it loses is remembered. */
static void remember_range(struct mock_space *space, struct cbx_va va,
	uint64_t count, uint8_t keeps)
{
	struct cbx_pfn pfn;
	struct cbx_rights rights;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t at = cbx_va_add(va, i).a;

		MOCK_ASSERT(cbx_soft_lookup(
			&space->table, (struct cbx_va){ at }, &pfn, &rights));

		uint8_t lost = (uint8_t)(rights.bits & ~keeps);

		if (lost != 0 && !mock_space_gone(space)) {
			mock_remember(space, at, pfn.n, lost);
		}
		mock.pages[pfn.n].boxes -= keeps == 0 ? 1 : 0;
	}
}

enum cbx_status cbx_arch_space_map(struct cbx_arch_space *storage,
	struct cbx_va va, struct cbx_pfn pfn, uint64_t count,
	struct cbx_rights rights, uint64_t *done)
{
	struct mock_space *space = space_of(storage);
	enum cbx_status status;
	struct cbx_rights had;
	struct cbx_pfn old;

	MOCK_ASSERT(cbx_range_fits(pfn.n, count, mock.options.pages));
	mock_lock();
	MOCK_ASSERT(space->side != NULL && !space->dead);
	*done = take_steps(count, &status);
	if (cbx_soft_lookup(&space->table, va, &old, &had)) {
		remember_range(space, va, *done, 0);
	}
	use_pages(pfn, *done);
	cbx_soft_map(&space->table, va, pfn, *done, rights);
	mock_unlock();
	return status;
}

enum cbx_status cbx_arch_space_unmap(struct cbx_arch_space *storage,
	struct cbx_va va, uint64_t count, uint64_t *done)
{
	struct mock_space *space = space_of(storage);
	enum cbx_status status;

	mock_lock();
	MOCK_ASSERT(space->side != NULL);
	*done = take_steps(count, &status);
	remember_range(space, va, *done, 0);
	cbx_soft_unmap(&space->table, va, *done);
	mock_unlock();
	return status;
}

enum cbx_status cbx_arch_space_protect(struct cbx_arch_space *storage,
	struct cbx_va va, uint64_t count, struct cbx_rights rights,
	uint64_t *done)
{
	struct mock_space *space = space_of(storage);
	enum cbx_status status;

	MOCK_ASSERT(rights.bits != 0);
	mock_lock();
	MOCK_ASSERT(space->side != NULL && !space->dead);
	*done = take_steps(count, &status);
	remember_range(space, va, *done, rights.bits);
	cbx_soft_protect(&space->table, va, *done, rights);
	mock_unlock();
	return status;
}

bool cbx_arch_space_lookup(const struct cbx_arch_space *storage,
	struct cbx_va va, struct cbx_mapping *mapping)
{
	mock_lock();

	bool found = cbx_soft_lookup(
		&space_at(storage)->table, va, &mapping->pfn, &mapping->rights);

	mock_unlock();
	return found;
}

bool cbx_arch_space_next(const struct cbx_arch_space *storage,
	struct cbx_va *va, struct cbx_mapping *mapping)
{
	mock_lock();

	bool found = cbx_soft_next(
		&space_at(storage)->table, va, &mapping->pfn, &mapping->rights);

	mock_unlock();
	return found;
}

uint64_t cbx_arch_space_flush(struct cbx_arch_space *storage)
{
	struct mock_space *space = space_of(storage);

	mock_lock();
	MOCK_ASSERT(space->side != NULL);

	uint64_t token = mock_flush_start(&space->side->flush);

	mock_stale_purge();
	mock_unlock();
	return token;
}

bool cbx_arch_space_flushed(
	const struct cbx_arch_space *storage, uint64_t token)
{
	const struct mock_space *space = space_at(storage);

	mock_lock();
	MOCK_ASSERT(space->side != NULL);
	MOCK_ASSERT(token <= space->side->flush.started);

	bool flushed = token <= mock_flush_done(&space->side->flush);

	mock_unlock();
	return flushed;
}
