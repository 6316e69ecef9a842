/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a box begins.
 */
#ifndef CBX_RUNTIME_START_H
#define CBX_RUNTIME_START_H

#include <base/start.h>

/** Begin the program the start block names. */
_Noreturn void cbx_runtime_start(const struct cbx_start *start);

#endif
