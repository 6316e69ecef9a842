/* SPDX-License-Identifier: Apache-2.0 */
/* A program in an ELF64 file: its pages at their physical addresses. */
#ifndef LAB_ELF_H
#define LAB_ELF_H

#include <stdbool.h>
#include <stdint.h>

/** Types of program headers: the page that is CPU 0's registers; pages that the
 * firmware fills as secrets page and as CPUID page; the one the loader fills
 * (param.h); memory that is to be kept for the program; pages by which a host
 * calls it. */
#define LAB_PT_VMSA    0x6c616276u
#define LAB_PT_SECRETS 0x6c616273u
#define LAB_PT_CPUID   0x6c616263u
#define LAB_PT_PARAM   0x6c616270u
#define LAB_PT_ASKED   0x6c616272u
#define LAB_PT_AREAS   0x6c616261u

/** Their addresses; 0: the file has none. */
struct lab_elf {
	uint64_t vmsa, secrets, cpuid, param, areas;
};

bool lab_elf_is(const uint8_t *file, uint64_t bytes);

/**
 * Load a file; the machine stops if it is malformed or its pages are not there.
 *
 * @param is_launched  by the firmware: its pages are validated, VMPL0's alone and
 *                     measured, but for those it names, which have what the file
 *                     has there and are yet to be launched; and the machine's map
 *                     says whose they are.  Else all are memory with something in it
 */
struct lab_elf lab_elf_load(
	const uint8_t *file, uint64_t bytes, bool is_launched);

#endif
