/* SPDX-License-Identifier: Apache-2.0 */
/* A program at VMPL0 in an IGVM file (snp/igvm.h). */
#ifndef LAB_IGVM_H
#define LAB_IGVM_H

#include "cpu.h"
#include "param.h"

bool lab_igvm_is(const uint8_t *file, uint64_t bytes);

/** Check a file, and mark in the machine's map whose the memory is that it names;
 * the machine stops if it is malformed, or the memory is not there. */
void lab_igvm_mark(const uint8_t *file, uint64_t bytes);

/** Put its pages where they are to be, one by one as the file has them; the last
 * is the processor's first registers.  @pre they are marked */
void lab_igvm_load(struct lab_cpu *cpu, const uint8_t *file,
	const struct lab_param_host *host, bool is_valid);

#endif
