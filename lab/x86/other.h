/* SPDX-License-Identifier: Apache-2.0 */
/* The other processors: none runs anything but this lab and its guests. */
#ifndef LAB_OTHER_H
#define LAB_OTHER_H

#include "cpu.h"

/**
 * Start a processor, or start it again wherever it is: it runs what its level
 * says.  The machine stops when it does not come.
 */
void lab_other_start(struct lab_cpu *cpu);

/** What a host that thinks it is alone does with a processor: INIT, SIPI. */
void lab_other_init(uint64_t id);
void lab_other_sipi(struct lab_cpu *by, uint64_t id, uint8_t vector);

/** Where boot.S goes on. */
_Noreturn void lab_main_other(void);

#endif
