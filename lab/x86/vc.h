/* SPDX-License-Identifier: Apache-2.0 */
/* #VC: what a guest has to ask its host for. */
#ifndef LAB_VC_H
#define LAB_VC_H

#include "cpu.h"

/**
 * Raise #VC at the instruction that exited.
 *
 * The frame is made here, as the emulator pushes no error code of this vector.
 * A level that cannot take it is lost, as by a double fault: in 64-bit mode
 * only, by an interrupt or trap gate to code at CPL 0, on a stack the level may
 * write to.
 *
 * @param code  the error code: that of the exit
 */
void lab_vc(struct lab_cpu *cpu, uint64_t code);

#endif
