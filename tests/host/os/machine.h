/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel wants of the machine below it: pks.c asks the monitor for it,
 * which has the machine; snp.c has it itself.
 */
#ifndef TESTS_HOST_OS_MACHINE_H
#define TESTS_HOST_OS_MACHINE_H

#include <base/upcall.h>

struct os_cpu;

/** A trap: of the user's, or one that ends a probe. */
struct os_trap {
	uint64_t vector; /* CBX_VECTOR_SYSCALL: no trap of the CPU's */
	uint64_t error;
	uint64_t cr2;
	struct cbx_regs regs;
};

/** Before anything else. @return how many CPUs there are */
uint32_t os_machine_start(void);

/** This CPU's traps come to os_user_trap and os_probe_trapped from now on. */
void os_machine_take_traps(struct os_cpu *cpu);

/** What the one that has come is; the next may come. */
struct os_trap os_machine_trap(void);

/** Begin at os_other_start, with @p cpu in rdi. */
void os_machine_start_cpu(struct os_cpu *cpu);

/** It ends its halt. */
void os_machine_wake(struct os_cpu *cpu);

struct os_range {
	uint64_t first;
	uint64_t count;
	bool whole; /* all of it is the host's; otherwise the monitor is asked */
};

/** @return whether there is such a range of memory */
bool os_machine_memory(uint64_t index, struct os_range *range);

/** The pages of the file that was loaded; the archive is among them. */
void os_machine_loaded(uint64_t *first, uint64_t *last);

/** An interrupt of OS_VECTOR_TIMER, @p ns from now or earlier. */
void os_machine_timer(uint64_t ns);

/** @param size  at most 40 */
void os_machine_say(const char *line, uint64_t size);

/*
 * The user's page tables.
 */

/** A zeroed page is a table. @param level  4: a root */
bool os_machine_table(uint64_t pfn, uint64_t level);
bool os_machine_entry(uint64_t table, uint64_t index, uint64_t entry);

/** @return how many entries from @p index on were written, the next being
 * refused */
uint64_t os_machine_entries(uint64_t table, uint64_t index,
	const uint64_t *entries, uint64_t count);

/** Whether the user may have an entry for a page that can be a box's.
 * true, too: the machine refuses the entry if not */
bool os_machine_lets(uint64_t pfn);
bool os_machine_load(uint64_t root);

/** The user's translations are dropped everywhere. */
void os_machine_flush(void);

#endif
