/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's break: where its heap ends.
 */
#ifndef CBX_RUNTIME_BREAK_H
#define CBX_RUNTIME_BREAK_H

#include <base/types.h>

/** A new program's break begins at @p start, a page. */
void cbx_break_begin(uint64_t start);

#endif
