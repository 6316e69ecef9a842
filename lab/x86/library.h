/* SPDX-License-Identifier: Apache-2.0 */
/* Code that a library built for hosted programs is in, on this machine. */
#ifndef LAB_LIBRARY_H
#define LAB_LIBRARY_H

#include "asm.h"
#include "snp/crypto/shim.h"

#define LAB_MSR_FS_BASE	  0xc0000100u
#define LAB_CR4_OSFXSR	  0x200ull
#define LAB_CR4_OSXMMEXCP 0x400ull

extern void lab_library_call(void (*what)(void *), void *with);

/**
 * Call what uses it.  Vector registers are overwritten and FS is based
 * elsewhere afterwards; nothing may interrupt it on its own stack.
 */
static inline void lab_library(void (*what)(void *), void *with)
{
	lab_cr4_write(lab_cr4() | LAB_CR4_OSFXSR | LAB_CR4_OSXMMEXCP);
	lab_wrmsr(LAB_MSR_FS_BASE, (uint64_t)snp_shim_thread);
	lab_library_call(what, with);
}

#endif
