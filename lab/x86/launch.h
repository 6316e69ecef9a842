/* SPDX-License-Identifier: Apache-2.0 */
/* What runs first, and where: by the module the lab was started with. */
#ifndef LAB_LAUNCH_H
#define LAB_LAUNCH_H

#include "cpu.h"

/** Type of a program header: the page that is CPU 0's registers at VMPL0. */
#define LAB_PT_VMSA 0x6c616276u

/** And those of pages the firmware fills: a segment has them, too. */
#define LAB_PT_SECRETS 0x6c616273u

/** ... which it fills with CPUID's words. */
#define LAB_PT_CPUID 0x6c616263u

/** "lab pack": a kernel and its initial file system behind each other; "snp pack":
 * the same for a kernel that is to know where it runs. */
#define LAB_PACK_MAGIC	   0x6b6361702062616cull
#define LAB_SNP_PACK_MAGIC 0x6b63617020706e73ull
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
 * Start Linux at VMPL0, in all memory but the lab's, with the loader's command
 * line.
 *
 * With LAB_PACK_MAGIC it is a guest that does not know it is one: blind.  With the
 * other it is a confidential one: its memory is validated, as a loader inside the
 * guest leaves it, and a blob says where CPUID page and secrets page are.
 */
void lab_launch_linux(struct lab_cpu *cpu);

#endif
