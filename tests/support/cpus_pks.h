/* SPDX-License-Identifier: Apache-2.0 */
/* Further CPUs on pks-vm: each is a CPU of the machine. */
#ifndef CBX_TESTS_SUPPORT_CPUS_PKS_H
#define CBX_TESTS_SUPPORT_CPUS_PKS_H

#include "support/cpus.h"

/** Let the others come, each with its host. */
void cpus_pks_start(void);

#endif
