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

/* Memory a level may use so; private or shared as the address says. */
static void *usable(const struct lab_save *save, uint64_t address,
	uint64_t bytes, uint8_t need)
{
	bool is_paging =
		(save->cr0 & LAB_CR0_PG) != 0 || lab_npt_is_blind(save->vmpl);

	if (!lab_npt_allows(lab_npt_of(save->vmpl, is_paging), address, need)) {
		return NULL;
	}
	return lab_guest(address & ~LAB_C, bytes);
}

static bool read_entry(const struct lab_save *save, uint64_t table,
	uint64_t index, uint64_t *entry)
{
	const uint64_t *at =
		usable(save, ((table & ADDRESS) | LAB_C) + index * 8,
			sizeof(*at), SNP_NESTED_PRESENT);

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

/* One byte at a guest-virtual address. */
static uint8_t *byte_at(const struct lab_save *save, uint64_t va, uint8_t need)
{
	uint64_t address;

	return lab_walk(save, va, &address) ? usable(save, address, 1, need)
					    : NULL;
}

bool lab_read(
	const struct lab_save *save, uint64_t va, void *to, uint64_t bytes)
{
	uint8_t *byte = to;

	for (uint64_t i = 0; i < bytes; i++) {
		const uint8_t *at = byte_at(save, va + i, SNP_NESTED_PRESENT);

		if (at == NULL) {
			return false;
		}
		byte[i] = *at;
	}
	return true;
}

bool lab_write(const struct lab_save *save, uint64_t va, const void *from,
	uint64_t bytes)
{
	const uint8_t need = SNP_NESTED_PRESENT | SNP_NESTED_WRITE;
	const uint8_t *byte = from;

	if (byte_at(save, va, need) == NULL ||
		byte_at(save, va + bytes - 1, need) == NULL) {
		return false;
	}
	for (uint64_t i = 0; i < bytes; i++) {
		*byte_at(save, va + i, need) = byte[i];
	}
	return true;
}

bool lab_fetch(const struct lab_save *save, uint8_t *bytes, uint64_t count)
{
	uint64_t base = (save->cs.attributes & CS_LONG) != 0 &&
					(save->efer & LAB_EFER_LMA) != 0
				? 0
				: save->cs.base;

	return lab_read(save, base + save->rip, bytes, count);
}
