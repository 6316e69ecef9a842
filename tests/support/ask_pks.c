/* SPDX-License-Identifier: Apache-2.0 */
/* The host touches the direct map, and what comes of it is the answer; what a
 * page really holds is read through the tests' own map of memory. */
#include <string.h>

#include <core/page.h>

#include "support/ask.h"
#include "support/bare/bare.h"
#include "support/bare/puppet.h"
#include "support/bare/side.h"
#include "support/check.h"

static uint64_t direct(uint64_t pfn, size_t offset)
{
	return CBX_DIRECT_VA + (pfn << CBX_PAGE_SHIFT) + offset;
}

void *ask_place(uint64_t pfn)
{
	assert_true(pfn < cbx_hal_page_count());
	return bare_page(pfn);
}

bool ask_host_read(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	return puppet_read(direct(pfn, offset), buf, bytes);
}

bool ask_host_write(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	return puppet_write(direct(pfn, offset), buf, bytes);
}

/* The host tries, with a byte that was not there before. */
bool ask_host_may(uint64_t pfn, uint8_t bit)
{
	volatile uint8_t *place = ask_place(pfn);
	const uint8_t was = *place;
	uint8_t other = was ^ 0xff;
	uint8_t got = was;
	bool arrives;

	if (bit == CBX_VIEW_W) {
		arrives = ask_host_write(pfn, 0, &other, 1);
		assert_int_equal(*place == other, arrives);
	} else {
		*place = other;
		arrives = ask_host_read(pfn, 0, &got, 1);
		assert_true(!arrives || got == other);
	}
	*place = was;
	return arrives;
}

static bool finds_in(uint64_t first, uint64_t count, uint64_t *seen)
{
	struct puppet_mail *mail = puppet_mail();

	mail->va = direct(first, 0);
	mail->count = count;
	(void)puppet_do(PUPPET_FIND);
	*seen += mail->seen;
	return mail->found != 0;
}

/* The page is open: a host that has no address for it is not asked, as what is in
 * it everybody sees. */
static bool is_opened(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	return !side_has_shared() && page != NULL &&
	       page->state == CBX_PAGE_OPEN;
}

static bool shows(const uint64_t *page, const uint64_t *words, uint32_t count)
{
	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		for (uint32_t j = 0; j < count; j++) {
			if (page[i] == words[j]) {
				return true;
			}
		}
	}
	return false;
}

static bool finds(const struct cbx_hal_region *region, const uint64_t *words,
	uint32_t count, uint64_t *seen)
{
	const uint64_t end = region->first.n + region->count;
	uint64_t from = region->first.n;
	bool found = false;

	for (uint64_t pfn = from; pfn < end && !found; pfn++) {
		if (is_opened(pfn)) {
			found = shows(bare_shared(pfn), words, count) ||
				(pfn != from &&
					finds_in(from, pfn - from, seen));
			from = pfn + 1;
		}
	}
	return found || (from != end && finds_in(from, end - from, seen));
}

bool ask_host_finds_any(const uint64_t *words, uint32_t count)
{
	struct cbx_hal_region region;
	uint64_t seen = 0;
	bool found = false;

	memcpy(puppet_bytes(), words, count * sizeof(words[0]));
	puppet_mail()->size = count;
	for (uint32_t i = 0; cbx_hal_memory(i, &region) && !found; i++) {
		found = side_can_probe(region.kind) &&
			finds(&region, words, count, &seen);
	}
	assert_true(seen != 0);
	return found;
}

/* Its first word is enough: it is not there either. */
bool ask_host_finds(const void *bytes, size_t size)
{
	uint64_t word;

	assert_true(size >= sizeof(word));
	memcpy(&word, bytes, sizeof(word));
	return ask_host_finds_any(&word, 1);
}

bool ask_program(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);

	return (page->state == CBX_PAGE_META && page->owner == 0) ||
	       puppet_owns(pfn);
}

bool ask_is_memory(uint64_t pfn)
{
	return side_is_memory(pfn);
}

bool ask_hypervisor_may(uint64_t pfn)
{
	return side_hypervisor_may(pfn);
}

void ask_page(uint64_t pfn, size_t offset, void *buf, size_t bytes)
{
	memcpy(buf, (const uint8_t *)ask_place(pfn) + offset, bytes);
}

bool ask_zero(uint64_t pfn)
{
	const uint64_t *word = ask_place(pfn);
	uint64_t some = 0;

#pragma GCC unroll 16
	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		some |= word[i];
	}
	return some == 0;
}

void ask_put(uint64_t pfn, size_t offset, const void *buf, size_t bytes)
{
	memcpy((uint8_t *)ask_place(pfn) + offset, buf, bytes);
}
