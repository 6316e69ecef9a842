/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the machine at VMPL1 share. */
#ifndef TESTS_HOST_OS_SNP_H
#define TESTS_HOST_OS_SNP_H

/** Where the kernel lies: below the lab and the monitor (snp.lds). */
#define OS_SNP_PA 0x1000000

/** Vectors that are taken: exceptions, and those of the interrupt controllers. */
#define OS_SNP_VECTORS 0x60

#endif
