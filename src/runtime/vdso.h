/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vDSO's image (vdso/), in a program's memory.
 */
#ifndef CBX_RUNTIME_VDSO_H
#define CBX_RUNTIME_VDSO_H

#include <base/types.h>

/** Put it into the running process's memory.
 * @return where; 0 when there is no memory, and a program does without */
uint64_t cbx_vdso_place(void);

#endif
