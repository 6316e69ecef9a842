/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reverse map table, as the host and the firmware write it.
 */
#include "rmp.h"

#include <stddef.h>

static bool has(const struct snp_rmp_entry *entry, uint8_t flags)
{
	return (entry->flags & flags) == flags;
}

static uint64_t count_of(bool large)
{
	return large ? SNP_LARGE_PAGES : 1;
}

/* Whether @p spa begins a page of the size that is wholly in the table. */
static bool is_page(const struct snp_rmp *rmp, uint64_t spa, bool large)
{
	uint64_t count = count_of(large);
	uint64_t page = spa / SNP_PAGE_SIZE;

	return spa % (count * SNP_PAGE_SIZE) == 0 && page < rmp->pages &&
	       count <= rmp->pages - page;
}

static bool is_sane(const struct snp_rmp *rmp, uint64_t spa,
	const struct snp_update *update)
{
	uint64_t size = count_of(update->large) * SNP_PAGE_SIZE;

	if (!is_page(rmp, spa, update->large) || update->gpa % size != 0) {
		return false;
	}
	return update->assigned ||
	       (update->asid == 0 && !update->immutable && update->gpa == 0);
}

/* Whether the update meets an entry of the other size. */
static bool overlaps(const struct snp_rmp *rmp, uint64_t spa, bool large)
{
	const struct snp_rmp_entry *entry = snp_rmp_find(rmp, spa);
	uint64_t first = spa / SNP_PAGE_SIZE;

	if (has(entry, SNP_RMP_LARGE)) {
		return !large;
	}
	for (uint64_t i = 0; large && i < SNP_LARGE_PAGES; i++) {
		if (has(&rmp->entry[first + i], SNP_RMP_ASSIGNED)) {
			return true;
		}
	}
	return false;
}

enum snp_code snp_rmpupdate(
	struct snp_rmp *rmp, uint64_t spa, const struct snp_update *update)
{
	struct snp_rmp_entry *entry;

	if (!is_sane(rmp, spa, update)) {
		return SNP_FAIL_INPUT;
	}
	entry = &rmp->entry[spa / SNP_PAGE_SIZE];
	if (has(snp_rmp_find(rmp, spa), SNP_RMP_IMMUTABLE)) {
		return SNP_FAIL_PERMISSION;
	}
	if (overlaps(rmp, spa, update->large)) {
		return SNP_FAIL_OVERLAP;
	}
	if (has(entry, SNP_RMP_RUNNING)) {
		return SNP_FAIL_INUSE;
	}

	*entry = (struct snp_rmp_entry){ 0 };
	if (update->assigned) {
		entry->gpa = update->gpa;
		entry->asid = update->asid;
		entry->flags = SNP_RMP_ASSIGNED;
		entry->flags |= update->large ? SNP_RMP_LARGE : 0;
		entry->flags |= update->immutable ? SNP_RMP_IMMUTABLE : 0;
		entry->rights[0] = SNP_RIGHTS_ALL;
	}
	return SNP_SUCCESS;
}

enum snp_code snp_psmash(struct snp_rmp *rmp, uint64_t spa)
{
	struct snp_rmp_entry *entry;
	struct snp_rmp_entry small;

	if (!is_page(rmp, spa, true)) {
		return SNP_FAIL_INPUT;
	}
	entry = &rmp->entry[spa / SNP_PAGE_SIZE];
	if (!has(entry, SNP_RMP_ASSIGNED | SNP_RMP_LARGE)) {
		return SNP_FAIL_BADADDR;
	}
	if (has(entry, SNP_RMP_IMMUTABLE)) {
		return SNP_FAIL_PERMISSION;
	}

	small = *entry;
	small.flags &= (uint8_t)~SNP_RMP_LARGE;
	for (uint64_t i = 0; i < SNP_LARGE_PAGES; i++) {
		entry[i] = small;
		small.gpa += SNP_PAGE_SIZE;
	}
	return SNP_SUCCESS;
}

enum snp_code snp_launch_page(struct snp_rmp *rmp, uint64_t spa,
	const uint8_t rights[SNP_VMPLS], bool vmsa)
{
	struct snp_rmp_entry *entry;

	if (!is_page(rmp, spa, false)) {
		return SNP_FAIL_INPUT;
	}
	entry = &rmp->entry[spa / SNP_PAGE_SIZE];
	if (!has(entry, SNP_RMP_ASSIGNED | SNP_RMP_IMMUTABLE) ||
		has(entry, SNP_RMP_LARGE) || entry->asid == 0) {
		return SNP_FAIL_INPUT;
	}
	for (unsigned int i = 1; i < SNP_VMPLS; i++) {
		if ((rights[i] & ~SNP_RIGHTS_ALL) != 0) {
			return SNP_FAIL_INPUT;
		}
	}

	for (unsigned int i = 1; i < SNP_VMPLS; i++) {
		entry->rights[i] = rights[i];
	}
	entry->flags = SNP_RMP_ASSIGNED | SNP_RMP_VALIDATED;
	entry->flags |= vmsa ? SNP_RMP_VMSA : 0;
	return SNP_SUCCESS;
}

/* A 4 KiB entry by itself. */
static bool is_entry_sound(const struct snp_rmp_entry *entry)
{
	if (!has(entry, SNP_RMP_ASSIGNED)) {
		return entry->gpa == 0 && entry->asid == 0 &&
		       entry->flags == 0 && entry->rights[0] == 0 &&
		       entry->rights[1] == 0 && entry->rights[2] == 0 &&
		       entry->rights[3] == 0;
	}
	if (entry->gpa % SNP_PAGE_SIZE != 0 ||
		entry->rights[0] != SNP_RIGHTS_ALL ||
		((entry->rights[1] | entry->rights[2] | entry->rights[3]) &
			~SNP_RIGHTS_ALL) != 0) {
		return false;
	}
	if (has(entry, SNP_RMP_VALIDATED) &&
		(entry->asid == 0 || has(entry, SNP_RMP_IMMUTABLE))) {
		return false;
	}
	return !has(entry, SNP_RMP_RUNNING) ||
	       has(entry, SNP_RMP_VMSA | SNP_RMP_VALIDATED);
}

/* A 2 MiB entry begins where one may, and nobody speaks for the rest. */
static bool is_large_sound(const struct snp_rmp *rmp, uint64_t page)
{
	if (page % SNP_LARGE_PAGES != 0 ||
		rmp->entry[page].gpa % SNP_LARGE_SIZE != 0 ||
		rmp->pages - page < SNP_LARGE_PAGES) {
		return false;
	}
	for (uint64_t i = 1; i < SNP_LARGE_PAGES; i++) {
		if (rmp->entry[page + i].flags != 0) {
			return false;
		}
	}
	return true;
}

bool snp_rmp_sound(const struct snp_rmp *rmp)
{
	for (uint64_t i = 0; i < rmp->pages; i++) {
		if (!is_entry_sound(&rmp->entry[i])) {
			return false;
		}
		if (has(&rmp->entry[i], SNP_RMP_LARGE) &&
			!is_large_sound(rmp, i)) {
			return false;
		}
	}
	return true;
}
