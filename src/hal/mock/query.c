/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the machine, and snapshots of it. */
#include <stdlib.h>
#include <string.h>

#include <hal/mock/machine.h>

uint8_t *mock_page(struct cbx_pfn pfn)
{
	MOCK_ASSERT(pfn.n < mock.options.pages);
	return mock.ram + pfn.n * CBX_PAGE_SIZE;
}

bool mock_is_zero(struct cbx_pfn pfn)
{
	const uint8_t *bytes = mock_page(pfn);

	return bytes[0] == 0 &&
	       memcmp(bytes, bytes + 1, CBX_PAGE_SIZE - 1) == 0;
}

struct cbx_view mock_view(struct cbx_pfn pfn)
{
	MOCK_ASSERT(pfn.n < mock.options.pages);
	mock_lock();

	struct cbx_view view = { mock.pages[pfn.n].view };

	mock_unlock();
	return view;
}

bool mock_host_may(struct cbx_pfn pfn, struct cbx_view access)
{
	MOCK_ASSERT(pfn.n < mock.options.pages);
	mock_lock();

	bool may = (mock_host_bits(pfn.n, MOCK_ALL_CPUS) & access.bits) != 0;

	mock_unlock();
	return may;
}

bool mock_hypervisor_may(struct cbx_pfn pfn)
{
	MOCK_ASSERT(pfn.n < mock.options.pages);
	mock_lock();

	bool may = mock.pages[pfn.n].share != MOCK_PRIVATE;

	mock_unlock();
	return may;
}

bool mock_boxes_may(struct cbx_pfn pfn)
{
	MOCK_ASSERT(pfn.n < mock.options.pages);
	mock_lock();

	bool may = mock.pages[pfn.n].boxes != 0;

	mock_unlock();
	return may;
}

static bool is_visible(uint64_t pfn)
{
	return mock.pages[pfn].share != MOCK_PRIVATE ||
	       (mock_host_bits(pfn, MOCK_ALL_CPUS) & CBX_VIEW_R) != 0;
}

bool mock_host_can_find(const void *bytes, size_t size)
{
	bool found = false;
	uint64_t end;

	mock_lock();
	for (uint64_t pfn = 0; pfn < mock.options.pages && !found; pfn = end) {
		end = pfn;
		while (end < mock.options.pages && is_visible(end)) {
			end++;
		}
		found = memmem(mock.ram + pfn * CBX_PAGE_SIZE,
				(end - pfn) * CBX_PAGE_SIZE, bytes,
				size) != NULL;
		end += end == pfn ? 1 : 0;
	}
	mock_unlock();
	return found;
}

uint64_t mock_spaces(void)
{
	mock_lock();

	uint64_t count = mock.space_count;

	mock_unlock();
	return count;
}

/* ---- snapshots ---- */

/* A page but for its bytes. */
struct facts {
	uint32_t boxes;
	uint8_t view;
	uint8_t bits;
	uint8_t used;
	uint8_t share;
};

struct mock_snapshot {
	uint8_t *ram;
	struct facts *facts;
	struct mock_stale *stale;
	size_t stale_count;
	uint64_t vcpus;
	uint64_t spaces;
	uint8_t *watched;
};

static void *allocate(size_t bytes)
{
	void *memory = calloc(1, bytes != 0 ? bytes : 1);

	MOCK_ASSERT(memory != NULL);
	return memory;
}

static struct facts facts_of(uint64_t pfn)
{
	const struct mock_page *page = &mock.pages[pfn];

	return (struct facts){
		.boxes = page->boxes,
		.view = page->view,
		.bits = mock_host_bits(pfn, MOCK_ALL_CPUS),
		.used = page->used,
		.share = page->share,
	};
}

static bool facts_equal(const struct facts *a, const struct facts *b)
{
	return a->boxes == b->boxes && a->view == b->view &&
	       a->bits == b->bits && a->used == b->used && a->share == b->share;
}

void mock_snapshot_watch(const void *bytes, size_t size)
{
	mock_lock();
	MOCK_ASSERT(mock.watch_count < MOCK_WATCHES_MAX);
	mock.watches[mock.watch_count++] = (struct mock_watch){ bytes, size };
	mock_unlock();
}

static size_t watched_bytes(void)
{
	size_t bytes = 0;

	for (size_t i = 0; i < mock.watch_count; i++) {
		bytes += mock.watches[i].size;
	}
	return bytes;
}

static void copy_watched(uint8_t *to)
{
	for (size_t i = 0; i < mock.watch_count; i++) {
		memcpy(to, mock.watches[i].bytes, mock.watches[i].size);
		to += mock.watches[i].size;
	}
}

struct mock_snapshot *mock_snapshot_take(void)
{
	struct mock_snapshot *snapshot = allocate(sizeof(*snapshot));
	uint64_t pages = mock.options.pages;

	mock_lock();
	snapshot->ram = allocate(pages * CBX_PAGE_SIZE);
	snapshot->facts = allocate(pages * sizeof(*snapshot->facts));
	snapshot->stale = allocate(mock.stale_count * sizeof(*mock.stale));
	snapshot->watched = allocate(watched_bytes());
	memcpy(snapshot->ram, mock.ram, pages * CBX_PAGE_SIZE);
	for (uint64_t i = 0; i < pages; i++) {
		snapshot->facts[i] = facts_of(i);
	}
	for (size_t i = 0; i < mock.stale_count; i++) {
		snapshot->stale[i] = mock.stale[i];
	}
	snapshot->stale_count = mock.stale_count;
	snapshot->vcpus = mock.vcpu_count;
	snapshot->spaces = mock.space_count;
	copy_watched(snapshot->watched);
	mock_unlock();
	return snapshot;
}

void mock_snapshot_free(struct mock_snapshot *snapshot)
{
	free(snapshot->ram);
	free(snapshot->facts);
	free(snapshot->stale);
	free(snapshot->watched);
	free(snapshot);
}

static bool stale_equal(const struct mock_snapshot *snapshot)
{
	if (snapshot->stale_count != mock.stale_count) {
		return false;
	}
	for (size_t i = 0; i < mock.stale_count; i++) {
		const struct mock_stale *a = &snapshot->stale[i];
		const struct mock_stale *b = &mock.stale[i];

		if (a->side != b->side || a->va != b->va || a->pfn != b->pfn ||
			a->rights != b->rights) {
			return false;
		}
	}
	return true;
}

static bool watched_equal(const struct mock_snapshot *snapshot)
{
	uint8_t *now = allocate(watched_bytes());

	copy_watched(now);

	bool equal = memcmp(now, snapshot->watched, watched_bytes()) == 0;

	free(now);
	return equal;
}

static uint64_t first_difference(const struct mock_snapshot *snapshot)
{
	for (uint64_t i = 0; i < mock.options.pages; i++) {
		struct facts now = facts_of(i);
		size_t at = i * CBX_PAGE_SIZE;

		if (!facts_equal(&now, &snapshot->facts[i]) ||
			memcmp(mock.ram + at, snapshot->ram + at,
				CBX_PAGE_SIZE) != 0) {
			return i;
		}
	}
	return UINT64_MAX;
}

bool mock_snapshot_equal(
	const struct mock_snapshot *snapshot, struct cbx_pfn *pfn)
{
	mock_lock();
	*pfn = (struct cbx_pfn){ first_difference(snapshot) };

	bool equal = pfn->n == UINT64_MAX && stale_equal(snapshot) &&
		     snapshot->vcpus == mock.vcpu_count &&
		     snapshot->spaces == mock.space_count &&
		     watched_equal(snapshot);

	mock_unlock();
	return equal;
}
