/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPUID from the page that the firmware has checked, and from nowhere else: the
 * instruction's answers are the hypervisor's.
 *
 * @source AMD 56860, 7.1 (CPUID page)
 */
#ifndef CBX_ARCH_X86_64_SEV_CPUID_H
#define CBX_ARCH_X86_64_SEV_CPUID_H

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

/** What is asked, and how the asker's CPU is set: xcr0 and xss matter to leaf 0xD,
 * cr4 to what it switches on, apic to leaves that number CPUs. */
struct cbx_cpuid_question {
	uint32_t leaf, sub;
	uint64_t xcr0, xss, cr4;
	uint32_t apic;
};

/**
 * Whether the page is one: a count that fits, reserved words zero, no leaf
 * answered twice.  Looked at once, at start.
 */
bool cbx_cpuid_sound(const struct cbx_cpuid_page *page);

/**
 * Answer from the page.  What it does not have is zero, as processors answer
 * what they do not know.  Sizes of leaf 0xD, subleaves 0 and 1, OSXSAVE, OSPKE and
 * the CPU's number, of which the page can know nothing, are the question's.
 *
 * @pre cbx_cpuid_sound
 *
 * @return false when leaf 0xD does not have a component that xcr0 or xss
 *         names: they cannot be what the processor runs with
 */
bool cbx_cpuid_answer(const struct cbx_cpuid_page *page,
	struct cbx_cpuid_question question, struct cbx_cpuid_entry *answer);

/** The error code of a #VC for the instruction. */
#define CBX_CPUID_VC 0x72u

/** Registers of who executed it. */
struct cbx_cpuid_registers {
	uint64_t rax, rbx, rcx, rdx, rip;
};

/**
 * Do for a #VC what the instruction does.
 *
 * The hypervisor may raise #VC, with any code, at any instruction: who believes
 * it goes on two bytes further in the midst of something else.
 *
 * @param         code     the two bytes at rip, read once as the CPU fetches them
 * @param         how      leaf and sub are not looked at
 * @param[in,out] r        untouched on failure
 *
 * @return false when it is not that instruction, or cannot be answered
 */
bool cbx_cpuid_execute(const struct cbx_cpuid_page *page, const uint8_t code[2],
	struct cbx_cpuid_question how, struct cbx_cpuid_registers *r);

#endif
