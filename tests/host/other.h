/* SPDX-License-Identifier: Apache-2.0 */
/* Test hosts on several CPUs. */
#ifndef TESTS_HOST_OTHER_H
#define TESTS_HOST_OTHER_H

#include "host.h"

#define OTHER_CPUS 8u

/** other.S */
void other_start(void);
void other_trap(void);
int other_read(const volatile uint64_t *from, uint64_t *value);
int other_write(volatile uint64_t *to, uint64_t value);
int other_call(uint64_t va);
void other_failed(void);
void other_call_failed(void);

/** The image's: a trap came on a CPU whose entry is other_trap; the interrupted
 * code goes on at trap->regs. */
void other_trapped(struct cbx_pks_trap *trap);

/** Of a page fault in other_read or other_write, or where other_call went:
 * return 1 from it.
 * @return false when it was none */
bool other_fix(struct cbx_pks_trap *trap);

/** Start CPUs 1 to @p count minus one; each takes jobs. @return as a case */
const char *other_start_all(uint32_t count);

/** Have a CPU run a function, and wait until it has. */
void other_run(uint32_t cpu, void (*job)(void));
void other_wait(uint32_t cpu);

/** This CPU takes its traps at other_trap. */
void other_take_traps(uint32_t cpu);

/** Let time pass; whether @p word has changed from @p value before patience is
 * at an end. */
bool other_changes(const volatile uint64_t *word, uint64_t value);

static inline void other_relax(void)
{
	__builtin_ia32_pause();
}

#endif
