/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of a program that is launched, each as the firmware takes it: once.  The
 * machine stops when a page is not there to be had. */
#ifndef LAB_PUT_H
#define LAB_PUT_H

#include "cpu.h"
#include "param.h"

/** Memory with something in it, and zeros behind that; not launched. */
void lab_put_bytes(uint64_t page, const uint8_t *from, uint64_t bytes);

/** The same, validated, VMPL0's alone and measured. */
void lab_put_data(uint64_t page, const uint8_t *from, uint64_t bytes);

/** The pages the firmware fills, and the one the loader fills. */
void lab_put_secrets(uint64_t page);
void lab_put_cpuid(uint64_t page);
void lab_put_param(
	uint64_t page, const struct lab_param_host *host, bool is_valid);

/** What lies there is the processor's first registers. */
void lab_put_vmsa(struct lab_cpu *cpu, uint64_t page);

#endif
