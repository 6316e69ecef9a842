/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the reverse map table says of memory accesses, and of VMRUN.
 */
#include "rmp.h"

#include <stddef.h>

static bool has(const struct snp_rmp_entry *entry, uint8_t flags)
{
	return (entry->flags & flags) == flags;
}

static struct snp_outcome exits(uint64_t error)
{
	return (struct snp_outcome){ .fault = SNP_NPF,
		.error = SNP_NPF_PRESENT | SNP_NPF_RMP | error };
}

static bool is_fetch(enum snp_right right)
{
	return right == SNP_EXEC_USER || right == SNP_EXEC_SUPER;
}

/* The reverse map check; a 4 KiB access inside a 2 MiB entry passes it. */
static bool is_own(
	const struct snp_rmp_entry *entry, uint16_t asid, struct snp_at at)
{
	uint64_t size;

	if (entry == NULL || !has(entry, SNP_RMP_ASSIGNED) ||
		has(entry, SNP_RMP_IMMUTABLE)) {
		return false;
	}
	size = has(entry, SNP_RMP_LARGE) ? SNP_LARGE_SIZE : SNP_PAGE_SIZE;
	return asid != 0 && entry->asid == asid &&
	       entry->gpa + (at.spa & (size - 1) & ~(SNP_PAGE_SIZE - 1)) ==
		       (at.gpa & ~(SNP_PAGE_SIZE - 1));
}

/* Bits of EXITINFO1 that say how memory was touched. */
static uint64_t how(enum snp_right right)
{
	if (is_fetch(right)) {
		return SNP_NPF_FETCH;
	}
	if (right == SNP_SHADOW) {
		return SNP_NPF_SHADOW;
	}
	return right == SNP_WRITE ? SNP_NPF_WRITE : 0;
}

static bool is_allowed(const struct snp_rmp_entry *entry, struct snp_cpu cpu,
	enum snp_right right)
{
	bool writes = right == SNP_WRITE || right == SNP_SHADOW;

	if (is_fetch(right)) {
		right = cpu.cpl == 3 ? SNP_EXEC_USER : SNP_EXEC_SUPER;
	}
	if (writes && cpu.vmpl != 0 && has(entry, SNP_RMP_VMSA)) {
		return false;
	}
	return (entry->rights[cpu.vmpl] & right) != 0;
}

struct snp_outcome snp_rmp_touch(const struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, struct snp_touch touch)
{
	const struct snp_rmp_entry *entry = snp_rmp_find(rmp, at.spa);
	uint64_t error = how(touch.right);

	if (touch.shared && !is_fetch(touch.right)) {
		return entry == NULL || !has(entry, SNP_RMP_ASSIGNED)
			       ? (struct snp_outcome){ 0 }
			       : exits(error);
	}
	error |= SNP_NPF_ENCRYPTED;
	if (!is_own(entry, cpu.asid, at)) {
		return exits(error);
	}
	if (!has(entry, SNP_RMP_VALIDATED)) {
		return (struct snp_outcome){ .fault = SNP_VC };
	}
	if (!is_allowed(entry, cpu, touch.right)) {
		return exits(error | SNP_NPF_VMPL);
	}
	return (struct snp_outcome){ 0 };
}

uint8_t snp_rmp_nested(const struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, bool shared)
{
	static const struct {
		enum snp_right right;
		uint8_t cpl;
		uint8_t nested;
	} map[] = {
		{ SNP_READ, 0, SNP_NESTED_PRESENT },
		{ SNP_WRITE, 0, SNP_NESTED_WRITE },
		{ SNP_EXEC_USER, 3, SNP_NESTED_EXEC },
		{ SNP_EXEC_SUPER, 0, SNP_NESTED_EXEC },
	};
	uint8_t nested = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		struct snp_touch touch = { map[i].right, shared };

		cpu.cpl = map[i].cpl;
		if ((!shared || !is_fetch(map[i].right)) &&
			snp_rmp_touch(rmp, cpu, at, touch).fault == SNP_DONE) {
			nested |= map[i].nested;
		}
	}
	return (nested & SNP_NESTED_PRESENT) != 0 ? nested : 0;
}

/* The 4 KiB entry of a VMSA, to write to. */
static struct snp_rmp_entry *vmsa(struct snp_rmp *rmp, struct snp_at at)
{
	uint64_t page = at.spa / SNP_PAGE_SIZE;

	return page < rmp->pages ? &rmp->entry[page] : NULL;
}

bool snp_vmsa_start(struct snp_rmp *rmp, uint16_t asid, struct snp_at at)
{
	struct snp_rmp_entry *entry = vmsa(rmp, at);

	if (!is_own(entry, asid, at) || has(entry, SNP_RMP_LARGE) ||
		has(entry, SNP_RMP_RUNNING) ||
		!has(entry, SNP_RMP_VMSA | SNP_RMP_VALIDATED)) {
		return false;
	}
	entry->flags |= SNP_RMP_RUNNING;
	return true;
}

void snp_vmsa_stop(struct snp_rmp *rmp, struct snp_at at)
{
	struct snp_rmp_entry *entry = vmsa(rmp, at);

	if (entry != NULL) {
		entry->flags &= (uint8_t)~SNP_RMP_RUNNING;
	}
}
