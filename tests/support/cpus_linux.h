/* SPDX-License-Identifier: Apache-2.0 */
/* Further CPUs on linux: sockets, as the library uses them. */
#ifndef CBX_TESTS_SUPPORT_CPUS_LINUX_H
#define CBX_TESTS_SUPPORT_CPUS_LINUX_H

#include <confbox/abi.h>

#include "support/cpus.h"

/** Keep CPU 0 for the thread that runs the tests. */
void cpus_linux_start(void);

/** A gate call: by this thread's socket, or, of the thread that runs the tests,
 * straight into the core. */
void cpus_linux_gate(const struct cbx_call *call, struct cbx_reply *reply);

/** A new CPU's socket, the host's end. @return -1: none left */
int cpus_linux_open(uint32_t *cpu);

#endif
