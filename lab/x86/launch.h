/* SPDX-License-Identifier: Apache-2.0 */
/* What runs first, and where: by the module the lab was started with. */
#ifndef LAB_LAUNCH_H
#define LAB_LAUNCH_H

#include "cpu.h"

/** Type of a program header: the page that is CPU 0's registers at VMPL0. */
#define LAB_PT_VMSA 0x6c616276u

/** And those of pages the firmware fills: a segment has them, too. */
#define LAB_PT_SECRETS 0x6c616273u

/** "lab pack": a kernel and its initial file system behind each other. */
#define LAB_PACK_MAGIC 0x6b6361702062616cull
struct lab_pack {
	uint64_t magic;
	uint64_t kernel, kernel_bytes; /* offset, a multiple of a page */
	uint64_t files, files_bytes;
};

/**
 * Start a confidential guest from an ELF file, as firmware launches one: the
 * pages of its segments are validated, VMPL0's and at their physical addresses;
 * all other memory is the guest's, not validated.
 */
void lab_launch_guest(struct lab_cpu *cpu);

/**
 * Start Linux as a guest that does not know it is one: at VMPL0, blind, in all
 * memory but the lab's, with the loader's command line.
 */
void lab_launch_linux(struct lab_cpu *cpu);

#endif
