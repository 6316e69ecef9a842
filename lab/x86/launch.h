/* SPDX-License-Identifier: Apache-2.0 */
/* What runs first, and where: by the module the lab was started with. */
#ifndef LAB_LAUNCH_H
#define LAB_LAUNCH_H

#include "cpu.h"

/** "lab pack": a kernel and its initial file system behind each other; "snp pack":
 * the same for a kernel that is to know where it runs. */
#define LAB_PACK_MAGIC	   0x6b6361702062616cull
#define LAB_SNP_PACK_MAGIC 0x6b63617020706e73ull
struct lab_pack {
	uint64_t magic;
	uint64_t kernel, kernel_bytes; /* offset, a multiple of a page */
	uint64_t files, files_bytes;
	uint64_t monitor, monitor_bytes; /* ELF or IGVM; 0 bytes: none */
};

/**
 * Start what the module has.
 *
 * An ELF file is a confidential guest, and starts as firmware launches one: the
 * pages of its segments are validated, VMPL0's and at their physical addresses;
 * all other memory is the guest's, not validated.  So is an IGVM file, page by page
 * as it says.
 *
 * A pack is Linux, by its own boot protocol, in all memory but the lab's, with the
 * loader's command line.  With LAB_PACK_MAGIC it does not know that it is a guest:
 * blind.  With the other it is a confidential one: its memory is validated, as a
 * loader inside the guest leaves it, and a blob says where CPUID page and secrets
 * page are.
 *
 * If the pack has a monitor, that is launched as above, and told (param.h) of all
 * memory, and of Linux, which is there for it to start; the memory is validated,
 * and VMPL0's alone.  In place of Linux there may be an ELF file: its pages are
 * where they are to be, and one of them has its registers.
 */
void lab_launch_module(struct lab_cpu *cpu);

#endif
