/* SPDX-License-Identifier: Apache-2.0 */
#include "share.h"

#include "heap.h"

static uint64_t bytes_of(uint64_t pages)
{
	return sizeof(struct cbx_share) + pages * sizeof(uint16_t);
}

static uint64_t index_of(const struct cbx_share *share, uint64_t address)
{
	return (address - share->start) >> CBX_PAGE_SHIFT;
}

struct cbx_share *cbx_share_create(uint64_t start, uint64_t end)
{
	uint64_t pages = (end - start) >> CBX_PAGE_SHIFT;
	struct cbx_share *share = cbx_heap_take(bytes_of(pages));

	if (share == NULL) {
		return NULL;
	}
	share->start = start;
	share->uses = pages;
	share->pages = pages;
	for (uint64_t i = 0; i < pages; i++) {
		share->count[i] = 1;
	}
	return share;
}

void cbx_share_more(struct cbx_share *share, uint64_t start, uint64_t end)
{
	uint64_t last = index_of(share, end);

	for (uint64_t i = index_of(share, start); i < last; i++) {
		share->count[i]++;
		share->uses++;
	}
}

uint64_t cbx_share_less(struct cbx_share *share, uint64_t start, uint64_t end)
{
	uint64_t last = index_of(share, end);
	uint64_t freed = 0;

	for (uint64_t i = index_of(share, start); i < last; i++) {
		share->uses--;
		if (--share->count[i] == 0) {
			freed++;
		}
	}
	if (share->uses == 0) {
		cbx_heap_give(share, bytes_of(share->pages));
	}
	return freed;
}

uint64_t cbx_share_run(const struct cbx_share *share, uint64_t address,
	uint64_t end, bool *alone)
{
	uint64_t first = index_of(share, address);
	uint64_t last = index_of(share, end);
	uint64_t i = first;

	*alone = share->count[first] == 1;
	while (i < last && (share->count[i] == 1) == *alone) {
		i++;
	}
	return i - first;
}
