/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reverse map table: README.md says which clause each rule is from.
 */
#include "rmp.h"

#include <stddef.h>

#define TARGET(rdx)	   ((rdx)&0xff)
#define TARGET_RIGHTS(rdx) (((rdx) >> 8) & 0xff)
#define TARGET_VMSA	   (UINT64_C(1) << 16)
#define TARGET_RESERVED	   (~UINT64_C(0x1ffff))

/* Whose a page has to be for an instruction to go on. */
#define REACHED (SNP_NPF_PRESENT | SNP_NPF_RMP | SNP_NPF_ENCRYPTED)

static struct snp_outcome done(enum snp_code code)
{
	return (struct snp_outcome){ .fault = SNP_DONE, .code = code };
}

static struct snp_outcome raise(enum snp_fault fault)
{
	return (struct snp_outcome){ .fault = fault };
}

static struct snp_outcome exits(uint64_t error)
{
	return (struct snp_outcome){ .fault = SNP_NPF, .error = error };
}

static bool has(const struct snp_rmp_entry *entry, uint8_t flags)
{
	return (entry->flags & flags) == flags;
}

static uint64_t size_of(bool large)
{
	return large ? SNP_LARGE_SIZE : SNP_PAGE_SIZE;
}

static uint64_t base(uint64_t address)
{
	return address & ~(SNP_PAGE_SIZE - 1);
}

static bool is_multiple(uint64_t address, bool large)
{
	return (base(address) & (size_of(large) - 1)) == 0;
}

/* Number of the entry that speaks for a page; past the end when there is none. */
static uint64_t index_of(const struct snp_rmp *rmp, uint64_t spa)
{
	uint64_t page = spa / SNP_PAGE_SIZE;
	uint64_t head = page - page % SNP_LARGE_PAGES;

	if (page >= rmp->pages) {
		return rmp->pages;
	}
	return has(&rmp->entry[head], SNP_RMP_LARGE) ? head : page;
}

const struct snp_rmp_entry *snp_rmp_find(
	const struct snp_rmp *rmp, uint64_t spa)
{
	uint64_t index = index_of(rmp, spa);

	return index < rmp->pages ? &rmp->entry[index] : NULL;
}

static struct snp_rmp_entry *find(struct snp_rmp *rmp, uint64_t spa)
{
	uint64_t index = index_of(rmp, spa);

	return index < rmp->pages ? &rmp->entry[index] : NULL;
}

/* The reverse map check: that guest's page, at that address, not the firmware's. */
static bool is_own(
	const struct snp_rmp_entry *entry, uint16_t asid, struct snp_at at)
{
	uint64_t within;

	if (entry == NULL || !has(entry, SNP_RMP_ASSIGNED) ||
		has(entry, SNP_RMP_IMMUTABLE)) {
		return false;
	}
	within = base(at.spa) & (size_of(has(entry, SNP_RMP_LARGE)) - 1);
	return asid != 0 && entry->asid == asid &&
	       entry->gpa + within == base(at.gpa);
}

/* What an instruction of the guest needs before it looks at anything else. */
static struct snp_outcome reach(const struct snp_rmp_entry *entry,
	uint16_t asid, struct snp_at at, bool large)
{
	if (!is_own(entry, asid, at)) {
		return exits(REACHED);
	}
	if (!large && has(entry, SNP_RMP_LARGE)) {
		return exits(REACHED | SNP_NPF_SIZE);
	}
	return done(SNP_SUCCESS);
}

/* The size asked for, beside what the entry says. */
static enum snp_code check_size(const struct snp_rmp_entry *entry, bool large)
{
	if (large && !has(entry, SNP_RMP_LARGE)) {
		return SNP_FAIL_SIZEMISMATCH;
	}
	return has(entry, SNP_RMP_RUNNING) ? SNP_FAIL_INUSE : SNP_SUCCESS;
}

uint64_t snp_rflags(uint64_t rflags, const struct snp_outcome *outcome)
{
	const uint64_t cf = 0x001, pf = 0x004, af = 0x010, zf = 0x040,
		       sf = 0x080, of = 0x800;
	uint32_t code = (uint32_t)outcome->code;
	uint64_t flags = rflags & ~(cf | pf | af | zf | sf | of);

	flags |= outcome->carry ? cf : 0;
	flags |= code == 0 ? zf : 0;
	flags |= __builtin_parity(code & 0xff) == 0 ? pf : 0;
	return flags; /* no code is negative, carries out of a nibble or overflows */
}

struct snp_outcome snp_pvalidate(struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, bool large, bool valid)
{
	struct snp_rmp_entry *entry = find(rmp, at.spa);
	struct snp_outcome outcome;

	if (cpu.cpl != 0 || cpu.vmpl != 0) {
		return raise(SNP_GP);
	}
	if (!is_multiple(at.gpa, large)) {
		return done(SNP_FAIL_INPUT);
	}
	outcome = reach(entry, cpu.asid, at, large);
	if (outcome.fault != SNP_DONE) {
		return outcome;
	}
	outcome.code = check_size(entry, large);
	if (outcome.code != SNP_SUCCESS) {
		return outcome;
	}

	outcome.carry = has(entry, SNP_RMP_VALIDATED) == valid;
	entry->flags &= (uint8_t)~SNP_RMP_VALIDATED;
	entry->flags |= valid ? SNP_RMP_VALIDATED : 0;
	return outcome;
}

/* What RMPADJUST can say from its operands alone. */
static struct snp_outcome check_adjust(
	struct snp_cpu cpu, struct snp_at at, bool large, uint64_t rdx)
{
	if (cpu.cpl != 0) {
		return raise(SNP_GP);
	}
	if (!is_multiple(at.gpa, large) || TARGET(rdx) >= SNP_VMPLS ||
		(rdx & TARGET_RESERVED) != 0 ||
		(TARGET_RIGHTS(rdx) & ~(uint64_t)SNP_RIGHTS_ALL) != 0) {
		return done(SNP_FAIL_INPUT);
	}
	return done(
		TARGET(rdx) <= cpu.vmpl ? SNP_FAIL_PERMISSION : SNP_SUCCESS);
}

/* What it can say from the entry. */
static struct snp_outcome check_adjusted(const struct snp_rmp_entry *entry,
	struct snp_cpu cpu, struct snp_at at, bool large, uint64_t rdx)
{
	struct snp_outcome outcome = reach(entry, cpu.asid, at, large);

	if (outcome.fault != SNP_DONE) {
		return outcome;
	}
	if (!has(entry, SNP_RMP_VALIDATED)) {
		return raise(SNP_VC);
	}
	outcome.code = check_size(entry, large);
	if (outcome.code == SNP_SUCCESS &&
		(TARGET_RIGHTS(rdx) & ~(uint64_t)entry->rights[cpu.vmpl]) !=
			0) {
		outcome.code = SNP_FAIL_PERMISSION;
	}
	return outcome;
}

struct snp_outcome snp_rmpadjust(struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, bool large, uint64_t rdx)
{
	struct snp_rmp_entry *entry = find(rmp, at.spa);
	struct snp_outcome outcome = check_adjust(cpu, at, large, rdx);

	if (outcome.fault == SNP_DONE && outcome.code == SNP_SUCCESS) {
		outcome = check_adjusted(entry, cpu, at, large, rdx);
	}
	if (outcome.fault != SNP_DONE || outcome.code != SNP_SUCCESS) {
		return outcome;
	}

	entry->rights[TARGET(rdx)] = (uint8_t)TARGET_RIGHTS(rdx);
	if (cpu.vmpl == 0) {
		entry->flags &= (uint8_t)~SNP_RMP_VMSA;
		entry->flags |= (rdx & TARGET_VMSA) != 0 ? SNP_RMP_VMSA : 0;
	}
	return outcome;
}

struct snp_outcome snp_rmpquery(const struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, uint64_t rdx, struct snp_answer *answer)
{
	const struct snp_rmp_entry *entry = snp_rmp_find(rmp, at.spa);

	if (cpu.cpl != 0) {
		return raise(SNP_GP);
	}
	if (TARGET(rdx) >= SNP_VMPLS) {
		return done(SNP_FAIL_INPUT);
	}
	if (TARGET(rdx) < cpu.vmpl) {
		return done(SNP_FAIL_PERMISSION);
	}
	if (!is_own(entry, cpu.asid, at)) {
		return exits(REACHED);
	}
	if (!has(entry, SNP_RMP_VALIDATED)) {
		return raise(SNP_VC);
	}
	*answer = (struct snp_answer){
		.rights = entry->rights[TARGET(rdx)],
		.vmsa = has(entry, SNP_RMP_VMSA),
		.large = has(entry, SNP_RMP_LARGE),
	};
	return done(SNP_SUCCESS);
}
