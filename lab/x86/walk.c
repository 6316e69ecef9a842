/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include "asm.h"
#include "machine.h"
#include "npt.h"

#define PRESENT	 0x1ull
#define LARGE	 0x80ull
#define ADDRESS	 0x000ffffffffff000ull
#define CR4_LA57 0x1000ull
#define CS_LONG	 0x200u

/* What a level may read; private or shared as the address says. */
static const void *readable(
	const struct lab_save *save, uint64_t address, uint64_t bytes)
{
	if (!lab_npt_allows(save->vmpl, address, SNP_NESTED_PRESENT)) {
		return NULL;
	}
	return lab_guest(address & ~LAB_C, bytes);
}

static bool read_entry(const struct lab_save *save, uint64_t table,
	uint64_t index, uint64_t *entry)
{
	const uint64_t *at =
		readable(save, (table & ADDRESS) + index * 8, sizeof(*at));

	if (at == NULL) {
		return false;
	}
	*entry = *at;
	return (*entry & PRESENT) != 0;
}

bool lab_walk(const struct lab_save *save, uint64_t va, uint64_t *address)
{
	uint64_t entry = save->cr3;
	int shift = (save->cr4 & CR4_LA57) != 0 ? 48 : 39;

	if ((save->cr0 & LAB_CR0_PG) == 0) {
		*address = va;
		return true;
	}
	if ((save->efer & LAB_EFER_LMA) == 0) {
		return false;
	}
	for (;; shift -= 9) {
		uint64_t offset = (1ull << shift) - 1;

		if (!read_entry(save, entry, va >> shift & 511, &entry)) {
			return false;
		}
		if (shift == 12 || (shift <= 30 && (entry & LARGE) != 0)) {
			*address = (entry & ADDRESS & ~offset) | (va & offset);
			return true;
		}
	}
}

bool lab_fetch(const struct lab_save *save, uint8_t *bytes, uint64_t count)
{
	uint64_t base = (save->cs.attributes & CS_LONG) != 0 &&
					(save->efer & LAB_EFER_LMA) != 0
				? 0
				: save->cs.base;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t address;
		const uint8_t *at;

		if (!lab_walk(save, base + save->rip + i, &address)) {
			return false;
		}
		at = readable(save, address, 1);
		if (at == NULL) {
			return false;
		}
		bytes[i] = *at;
	}
	return true;
}
