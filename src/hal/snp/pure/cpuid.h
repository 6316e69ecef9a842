/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID from the page that the firmware has checked, and from nowhere else: the
 * instruction's answers are the hypervisor's.
 *
 * @source AMD 56860, 7.1 (CPUID page)
 */
#ifndef CBX_HAL_SNP_PURE_CPUID_H
#define CBX_HAL_SNP_PURE_CPUID_H

#include <base/types.h>

#define CBX_CPUID_MAX 64u

struct cbx_cpuid_entry {
	uint32_t leaf, sub;
	uint64_t xcr0, xss; /* what the sizes of leaf 0xD are for */
	uint32_t eax, ebx, ecx, edx;
	uint64_t reserved;
};

/** As it lies in memory, private and validated. */
struct cbx_cpuid_page {
	uint32_t count;
	uint32_t reserved0;
	uint64_t reserved1;
	struct cbx_cpuid_entry entry[CBX_CPUID_MAX];
};
CBX_AT(0x18, 4, cbx_cpuid_entry, eax);
CBX_SIZE(0x30, cbx_cpuid_entry);
CBX_AT(0x10, 0xc00, cbx_cpuid_page, entry);

/** What is asked; xcr0 and xss matter to leaf 0xD only. */
struct cbx_cpuid_question {
	uint32_t leaf, sub;
	uint64_t xcr0, xss;
};

/**
 * Whether the page is one: a count that fits, reserved words zero, no leaf
 * answered twice.  Looked at once, at start.
 */
bool cbx_cpuid_sound(const struct cbx_cpuid_page *page);

/**
 * Answer from the page.  What it does not have is zero, as processors answer
 * what they do not know.  Sizes of leaf 0xD, subleaves 0 and 1, are those of
 * the question's xcr0 and xss.
 *
 * @pre cbx_cpuid_sound
 *
 * @return false when leaf 0xD does not have a component that xcr0 or xss
 *         names: they cannot be what the processor runs with
 */
bool cbx_cpuid_answer(const struct cbx_cpuid_page *page,
	struct cbx_cpuid_question question, struct cbx_cpuid_entry *answer);

#endif
