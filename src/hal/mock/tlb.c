/* SPDX-License-Identifier: Apache-2.0 */
/* What box CPUs translate: the tables, and what CPUs remember of them. */
#include <hal/mock/machine.h>

static const struct mock_space *space_at(const struct cbx_arch_space *storage)
{
	return (const struct mock_space *)storage->word;
}

bool mock_space_gone(const struct mock_space *space)
{
	return space->dead &&
	       space->side->dead_token <= mock_flush_done(&space->side->flush);
}

bool mock_stale_any(const struct mock_space_side *side)
{
	for (size_t i = 0; i < mock.stale_count; i++) {
		if (mock.stale[i].side == side) {
			return true;
		}
	}
	return false;
}

void mock_remember(
	struct mock_space *space, uint64_t va, uint64_t pfn, uint8_t lost)
{
	mock.stale = mock_grow(mock.stale, mock.stale_count + 1,
		&mock.stale_room, sizeof(*mock.stale));
	mock.stale[mock.stale_count++] = (struct mock_stale){
		.side = space->side,
		.va = va,
		.pfn = pfn,
		.token = space->side->flush.started + 1,
		.rights = lost,
	};
	mock.pages[pfn].boxes++;
}

void mock_stale_purge(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < mock.stale_count; i++) {
		const struct mock_stale *stale = &mock.stale[i];

		if (stale->token <= mock_flush_done(&stale->side->flush)) {
			mock.pages[stale->pfn].boxes--;
		} else {
			mock.stale[kept++] = *stale;
		}
	}
	mock.stale_count = kept;
}

static bool stale_allows(const struct mock_stale *stale, uint32_t cpu)
{
	const struct mock_flush *flush = &stale->side->flush;
	uint64_t done = cpu == MOCK_ALL_CPUS ? mock_flush_done(flush)
					     : flush->acked[cpu];

	return stale->token > done;
}

/* A machine that cannot deny reading alone lets text be read. */
static bool allows(struct cbx_rights rights, unsigned int right)
{
	if ((mock.options.caps & CBX_CAP_BOX_EXECUTE_ONLY) == 0 &&
		rights.bits == CBX_RIGHT_X) {
		rights.bits |= CBX_RIGHT_R;
	}
	return (rights.bits & right) != 0;
}

bool mock_translate(const struct mock_space *space, uint32_t cpu, uint64_t va,
	unsigned int right, uint64_t *pfn)
{
	uint64_t page = va & ~(uint64_t)(CBX_PAGE_SIZE - 1);
	struct cbx_pfn found;
	struct cbx_rights rights;

	if (!mock_space_gone(space) &&
		cbx_soft_lookup(&space->table, (struct cbx_va){ page }, &found,
			&rights) &&
		allows(rights, right)) {
		*pfn = found.n;
		return true;
	}
	for (size_t i = 0; i < mock.stale_count; i++) {
		const struct mock_stale *stale = &mock.stale[i];

		if (stale->side == space->side && stale->va == page &&
			(stale->rights & right) != 0 &&
			stale_allows(stale, cpu)) {
			*pfn = stale->pfn;
			return true;
		}
	}
	return false;
}

static bool live_maps(
	const struct mock_space *space, uint64_t pfn, unsigned int right)
{
	struct cbx_va va = { 0 };
	struct cbx_pfn at;
	struct cbx_rights rights;

	while (!mock_space_gone(space) &&
		cbx_soft_next(&space->table, &va, &at, &rights)) {
		if (at.n == pfn && (rights.bits & right) != 0) {
			return true;
		}
		va = cbx_va_add(va, 1);
	}
	return false;
}

bool mock_space_may(
	const struct cbx_arch_space *storage, uint64_t va, unsigned int access)
{
	uint64_t pfn;

	mock_lock();

	bool may = mock_translate(
		space_at(storage), MOCK_ALL_CPUS, va, access, &pfn);

	mock_unlock();
	return may;
}

bool mock_space_may_page(const struct cbx_arch_space *storage,
	struct cbx_pfn pfn, unsigned int access)
{
	const struct mock_space *space = space_at(storage);

	mock_lock();

	bool may = live_maps(space, pfn.n, access);

	for (size_t i = 0; i < mock.stale_count && !may; i++) {
		const struct mock_stale *stale = &mock.stale[i];

		may = stale->side == space->side && stale->pfn == pfn.n &&
		      (stale->rights & access) != 0 &&
		      stale_allows(stale, MOCK_ALL_CPUS);
	}
	mock_unlock();
	return may;
}
