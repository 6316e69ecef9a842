/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/snp/pure/psc.h>

#define PRIVATE (1ull << 52)
#define PFN	0xffffffffffull

/* The header: the entry that is next, and the last one. */
static uint64_t header(uint64_t next, uint64_t count)
{
	return (count - 1) << 16 | next;
}

uint64_t cbx_psc_write(volatile uint64_t *buffer, const struct cbx_psc *psc)
{
	uint64_t count = psc->count < CBX_PSC_MAX ? psc->count : CBX_PSC_MAX;

	for (uint64_t i = 0; i < count; i++) {
		buffer[1 + i] = PRIVATE | ((psc->first.n + i) & PFN)
						  << CBX_PAGE_SHIFT;
	}
	buffer[0] = header(0, count);
	return count;
}

enum cbx_status cbx_psc_read(const volatile uint64_t *buffer, uint64_t listed,
	uint64_t info2, struct cbx_psc *psc)
{
	uint64_t word = buffer[0];
	uint64_t next = word & 0xffff;

	if (next > listed || word != header(next, listed) ||
		(info2 != 0 && next == listed)) {
		return CBX_E_INVALID;
	}
	psc->first = cbx_pfn_add(psc->first, next);
	psc->count -= next;
	if (info2 != 0) {
		return CBX_E_HARDWARE;
	}
	return next == listed ? CBX_OK : CBX_E_BUSY;
}
