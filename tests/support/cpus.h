/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More host CPUs: a thread whose machine_gate() calls come from another CPU
 * than the test's, on every backend.
 */
#ifndef CBX_TESTS_SUPPORT_CPUS_H
#define CBX_TESTS_SUPPORT_CPUS_H

#include <stdint.h>

#define CPUS_MAX 4u

/**
 * Run @p work on CPU @p cpu, at the same time as this.  It makes gate calls
 * and looks at the machine; it asserts nothing (cmocka cannot take that from
 * another thread) but reports by @p arg.
 *
 * @param cpu  1 to CPUS_MAX - 1; one thread each at a time
 * @param arg  static: a test that fails leaves its stack while this runs
 */
void cpus_run(uint32_t cpu, void (*work)(void *arg), void *arg);

/** Wait until it is done. */
void cpus_join(uint32_t cpu);

/** Whether somebody asked for an end: work that loops asks. */
int cpus_ending(void);

/** Bring every thread a failed test left behind to its end. */
void cpus_down(void);

#endif
