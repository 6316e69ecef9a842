/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of pages, and random ones. */
#include <arch/x86_64/cpu.h>
#include <base/string.h>
#include <hal/hal.h>

#define RDRAND_TRIES 10u

void cbx_hal_page_scrub(struct cbx_pfn pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		void *page = cbx_hal_page_map(cbx_pfn_add(pfn, i));

		memset(page, 0, CBX_PAGE_SIZE);
		cbx_hal_page_unmap(page);
	}
}

void cbx_hal_page_copy(struct cbx_pfn to, struct cbx_pfn from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		void *page = cbx_hal_page_map(cbx_pfn_add(to, i));
		const void *source = cbx_hal_page_map(cbx_pfn_add(from, i));

		memcpy(page, source, CBX_PAGE_SIZE);
		cbx_hal_page_unmap(source);
		cbx_hal_page_unmap(page);
	}
}

/* The monitor writes no host's tables or code: every page the host may write
 * may be written for it. */
void *cbx_hal_host_map(struct cbx_pfn pfn)
{
	return cbx_hal_page_map(pfn);
}

void cbx_hal_host_unmap(struct cbx_pfn pfn, const void *page)
{
	(void)pfn;
	cbx_hal_page_unmap(page);
}

void cbx_hal_cpu_relax(void)
{
	__builtin_ia32_pause();
}

static bool random_word(uint64_t *word)
{
	for (uint32_t i = 0; i < RDRAND_TRIES; i++) {
		if (cbx_x86_rdrand(word)) {
			return true;
		}
	}
	return false;
}

enum cbx_status cbx_hal_random(void *buf, size_t size)
{
	uint8_t *to = buf;

	for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
		size_t left = size - at;
		uint64_t word;

		if (!random_word(&word)) {
			memset(buf, 0, size);
			return CBX_E_HARDWARE;
		}
		memcpy(to + at, &word,
			left < sizeof(word) ? left : sizeof(word));
	}
	return CBX_OK;
}
