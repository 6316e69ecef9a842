/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of page state changes, and the #HV doorbell.
 */
#include "ghcb_psc.h"

#include <stddef.h>

#define LARGE_PAGES 512
#define NMI	    2

static uint64_t load(const uint8_t *list, size_t offset, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i > 0; i--) {
		value = value << 8 | list[offset + i - 1];
	}
	return value;
}

static size_t offset_of(uint16_t entry)
{
	return SNP_PSC_HEADER + (size_t)entry * 8;
}

/* False when the entry is none. */
static bool read_entry(uint64_t raw, struct snp_psc_step *step)
{
	uint64_t gfn = raw >> 12 & UINT64_C(0xffffffffff);
	uint16_t all;

	step->done = (uint16_t)(raw & 0xfff);
	step->op = (enum snp_state_op)(raw >> 52 & 0xf);
	step->large = (raw >> 56 & 1) != 0;
	all = step->large ? LARGE_PAGES : 1;
	if (raw >> 57 != 0 || step->op < SNP_STATE_PRIVATE ||
		step->op > SNP_STATE_UNSMASH || gfn % all != 0 ||
		step->done > all) {
		return false;
	}
	step->gpa = (gfn + step->done) << 12;
	step->pages = (uint16_t)(all - step->done);
	step->large = step->large && step->done == 0;
	return true;
}

enum snp_psc snp_psc_next(const uint8_t *list, uint16_t bytes,
	struct snp_psc_step *step, uint64_t *error)
{
	uint64_t entry, end;

	*error = SNP_PSC_BAD_HEADER;
	if (bytes < SNP_PSC_HEADER) {
		return SNP_PSC_REFUSE;
	}
	entry = load(list, 0, 2);
	end = load(list, 2, 2);
	if (load(list, 4, 4) != 0 || end >= SNP_PSC_ENTRIES ||
		offset_of((uint16_t)end) + 8 > bytes) {
		return SNP_PSC_REFUSE;
	}
	for (; entry <= end; entry++) {
		step->entry = (uint16_t)entry;
		if (!read_entry(load(list, offset_of(step->entry), 8), step)) {
			*error = SNP_PSC_BAD_ENTRY;
			return SNP_PSC_REFUSE;
		}
		if (step->pages != 0) {
			return SNP_PSC_NEXT;
		}
	}
	return SNP_PSC_END;
}

void snp_psc_advance(
	uint8_t *list, const struct snp_psc_step *step, uint16_t pages)
{
	size_t offset = offset_of(step->entry);
	uint16_t more = pages < step->pages ? pages : step->pages;
	uint16_t done = (uint16_t)(step->done + more);
	uint16_t entry =
		(uint16_t)(step->entry + (more == step->pages ? 1 : 0));

	list[offset] = (uint8_t)done;
	list[offset + 1] = (uint8_t)((list[offset + 1] & 0xf0) | done >> 8);
	list[0] = (uint8_t)entry;
	list[1] = (uint8_t)(entry >> 8);
}

enum snp_hv snp_hv_post(uint8_t *page, uint8_t vector)
{
	uint8_t flags = page[SNP_HV_FLAGS];

	if (vector == NMI) {
		page[SNP_HV_FLAGS] = flags | SNP_HV_NMI | SNP_HV_NO_SIGNAL;
	} else {
		uint8_t waiting = page[SNP_HV_VECTOR];

		if (waiting != 0 && waiting != vector) {
			return SNP_HV_FULL;
		}
		page[SNP_HV_VECTOR] = vector;
		page[SNP_HV_FLAGS] = flags | SNP_HV_NO_SIGNAL;
	}
	return (flags & SNP_HV_NO_SIGNAL) != 0 ? SNP_HV_WAITS : SNP_HV_RING;
}
