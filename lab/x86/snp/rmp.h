/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reverse map table of a processor with SEV-SNP, as a model.
 *
 * One entry says of one 4 KiB page of system memory whose it is, at which
 * guest address, whether the guest has accepted it, and what each of the four
 * VM privilege levels may do with it.  The instructions that read and write
 * entries are functions here; each takes an operand that has been translated
 * and says what the processor would do: finish with a code in EAX and a carry
 * flag, or raise a fault.  Nothing here touches hardware, allocates or locks:
 * whoever has several processors takes one lock around every call.
 *
 * README.md says which clause each rule is from, and what is not modelled.
 */
#ifndef LAB_X86_SNP_RMP_H
#define LAB_X86_SNP_RMP_H

#include "rmp_types.h"

/** What RMPQUERY tells; all zero unless it succeeds. */
struct snp_answer {
	uint8_t rights; /* RDX[15:8] */
	bool vmsa;	/* RDX[16] */
	bool large;	/* RCX[0] */
};

/**
 * RFLAGS after an instruction that is done: CF as it says, OF, SF, ZF, AF and
 * PF by its code, the others of @p rflags as they were.
 */
uint64_t snp_rflags(uint64_t rflags, const struct snp_outcome *outcome);

/**
 * PVALIDATE.
 *
 * @param large  ECX[0]
 * @param valid  EDX[0]
 *
 * @retval SNP_GP    CPL or VMPL is not 0
 * @retval SNP_NPF   the page is not this guest's at this address, or the
 *                   firmware's, or 4 KiB asked of a 2 MiB entry (the host
 *                   splits it and lets the guest try again)
 * @retval SNP_DONE  SNP_SUCCESS, carry when nothing changed; SNP_FAIL_INPUT
 *                   when 2 MiB are asked at an address that is no multiple;
 *                   SNP_FAIL_SIZEMISMATCH when 2 MiB are asked of a 4 KiB
 *                   entry; SNP_FAIL_INUSE when a processor runs from it
 */
struct snp_outcome snp_pvalidate(struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, bool large, bool valid);

/**
 * RMPADJUST.
 *
 * @param large  RCX[0]
 * @param rdx    target level [7:0], its rights from now on [15:8], VMSA [16]
 *
 * @retval SNP_GP    CPL is not 0
 * @retval SNP_NPF   as with PVALIDATE
 * @retval SNP_VC    the page is not validated
 * @retval SNP_DONE  SNP_SUCCESS; SNP_FAIL_INPUT when there is no such level or
 *                   right, or 2 MiB are asked at an address that is no
 *                   multiple; SNP_FAIL_PERMISSION when the target is not below
 *                   the caller, or would get what the caller has not;
 *                   SNP_FAIL_SIZEMISMATCH and SNP_FAIL_INUSE as with PVALIDATE
 *
 * Only VMPL0 changes the VMSA flag; from others bit 16 is ignored.
 */
struct snp_outcome snp_rmpadjust(struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, bool large, uint64_t rdx);

/**
 * RMPQUERY.
 *
 * @param      rdx     target level [7:0]
 * @param[out] answer  untouched unless SNP_SUCCESS
 *
 * @retval SNP_GP    CPL is not 0
 * @retval SNP_NPF   the page is not this guest's at this address
 * @retval SNP_VC    the page is not validated
 * @retval SNP_DONE  SNP_SUCCESS; SNP_FAIL_INPUT when there is no such level;
 *                   SNP_FAIL_PERMISSION when the target is above the caller
 */
struct snp_outcome snp_rmpquery(const struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, uint64_t rdx, struct snp_answer *answer);

/** What the host asks of RMPUPDATE. */
struct snp_update {
	uint64_t gpa;
	uint16_t asid;
	bool assigned;
	bool large;
	bool immutable;
};

/**
 * RMPUPDATE, by the host.  The page is not validated afterwards, is no VMSA,
 * and only VMPL0 has rights to it, whatever was before.
 *
 * @retval SNP_SUCCESS          the entry is as asked
 * @retval SNP_FAIL_INPUT       an address outside the table or no multiple of
 *                              the size; a shared page with an owner
 * @retval SNP_FAIL_PERMISSION  the firmware's page
 * @retval SNP_FAIL_INUSE       a processor runs from it
 * @retval SNP_FAIL_OVERLAP     a 4 KiB page inside a 2 MiB entry, or 2 MiB
 *                              over assigned 4 KiB pages
 */
enum snp_code snp_rmpupdate(
	struct snp_rmp *rmp, uint64_t spa, const struct snp_update *update);

/**
 * PSMASH, by the host: one 2 MiB entry becomes 512 that say the same.
 *
 * @retval SNP_SUCCESS          it did
 * @retval SNP_FAIL_INPUT       outside the table, or no multiple of 2 MiB
 * @retval SNP_FAIL_BADADDR     no assigned 2 MiB entry
 * @retval SNP_FAIL_PERMISSION  the firmware's page
 */
enum snp_code snp_psmash(struct snp_rmp *rmp, uint64_t spa);

/**
 * What the firmware does when it puts a page into a guest at launch: a page
 * that is a guest's but still the firmware's (assigned, immutable: state
 * Pre-Guest) becomes validated and mutable, and with @p vmsa a VMSA.
 *
 * @param rights  of VMPL1 to 3 at [1] to [3]; VMPL0 has all, whatever [0] says
 *
 * @retval SNP_SUCCESS     it did
 * @retval SNP_FAIL_INPUT  no 4 KiB page in that state, or a right there is not
 */
enum snp_code snp_launch_page(struct snp_rmp *rmp, uint64_t spa,
	const uint8_t rights[SNP_VMPLS], bool vmsa);

/** How memory is touched. */
struct snp_touch {
	enum snp_right right; /* one of them; SNP_EXEC_* by cpl, see below */
	bool shared; /* the C bit is clear; a fetch is private all the same */
};

/**
 * Whether a level may touch a page.
 *
 * With SNP_EXEC_USER or SNP_EXEC_SUPER either means a fetch, and cpu.cpl says
 * which right it needs.  Shared memory outside the table is nobody's, and open.  Walks of a guest's own page tables are reads and
 * writes of private pages like any other.
 *
 * @retval SNP_DONE  yes
 * @retval SNP_VC    the guest's page at this address, but not validated
 * @retval SNP_NPF   otherwise; error says why
 */
struct snp_outcome snp_rmp_touch(const struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, struct snp_touch touch);

/** What an entry of a nested page table can say. */
enum snp_nested {
	SNP_NESTED_PRESENT = 0x1, /* and readable */
	SNP_NESTED_WRITE = 0x2,
	SNP_NESTED_EXEC = 0x4,
};

/**
 * The most a 4 KiB nested page table entry for @p cpu's level may allow.
 *
 * Derived from snp_rmp_touch(), with what nested tables cannot express decided
 * thus: a page that may not be read is not present, and one that either user or
 * supervisor may execute is executable by both.  A shared address of a page
 * that is assigned, which hardware would read as ciphertext, is not present.
 *
 * @param cpu     its cpl is ignored
 * @param shared  the entry is for the address with the C bit clear
 */
uint8_t snp_rmp_nested(const struct snp_rmp *rmp, struct snp_cpu cpu,
	struct snp_at at, bool shared);

/**
 * VMRUN takes a VMSA: until snp_vmsa_stop() no instruction changes its entry.
 *
 * @retval true   it is this guest's validated VMSA at this address and not running
 * @retval false  VMRUN fails with VMEXIT_INVALID, or with VMEXIT_BUSY when it runs
 */
bool snp_vmsa_start(struct snp_rmp *rmp, uint16_t asid, struct snp_at at);

/** The processor has left the VMSA.  @pre snp_vmsa_start() took it */
void snp_vmsa_stop(struct snp_rmp *rmp, struct snp_at at);

/** The entry that speaks for a page: a 2 MiB one above it, or its own; NULL outside. */
const struct snp_rmp_entry *snp_rmp_find(
	const struct snp_rmp *rmp, uint64_t spa);

/** Whether every entry obeys the table's own rules (README.md): for tests, slow. */
bool snp_rmp_sound(const struct snp_rmp *rmp);

#endif
