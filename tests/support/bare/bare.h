/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests on a machine of their own: an image with the monitor's start-up, HAL
 * and arch, and a test program where the monitor's loop would be.  What the
 * program needs of a C library and of cmocka is lib.c and cmocka.c.
 *
 * The program is the monitor, as on the linux backend.  The host is a kernel
 * that does what the program tells it (puppet.h), with a host's rights.
 */
#ifndef CBX_TESTS_SUPPORT_BARE_BARE_H
#define CBX_TESTS_SUPPORT_BARE_BARE_H

#include <arch/x86_64/boot.h>

/** All memory, at its number, for the test alone: a part of the monitor's half
 * of every CPU, behind its key. */
#define BARE_MEMORY_VA	  (CBX_MONITOR_VA + (16ull << 30))
#define BARE_MEMORY_BYTES (1ull << 30)
static inline void *bare_page(uint64_t pfn)
{
	return (void *)(BARE_MEMORY_VA + (pfn << CBX_PAGE_SHIFT));
}

/** The same as the hypervisor has it, where that is another thing: for what is
 * shared with it, and nothing else. */
#define BARE_SHARED_VA (BARE_MEMORY_VA + BARE_MEMORY_BYTES)
static inline const void *bare_shared(uint64_t pfn)
{
	return (const void *)(BARE_SHARED_VA + (pfn << CBX_PAGE_SHIFT));
}

/** Where run.py leaves words for the program, separated by blanks, up to a zero
 * byte: its environment, name=value, and its arguments. */
#define BARE_WORDS_PA	 0x1800000ull
#define BARE_WORDS_BYTES 0x1000u

/** The environment: words with an equals sign; ends with NULL. */
extern char *bare_words[];

/** The first page of the largest range of RAM that is the host's. */
uint64_t bare_first_page(void);

/** Let the other CPUs come; each waits for work (cpus_pks.c). */
void bare_others_go(void);

/** What another CPU does for ever. */
_Noreturn void bare_other(uint32_t cpu);

/** The program, on a stack with room. */
int main(int argc, char **argv);

/** Memory that malloc gave before is free. */
void bare_free_all(void);

#endif
