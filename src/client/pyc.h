/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled Python files.
 */
#ifndef CBX_CLIENT_PYC_H
#define CBX_CLIENT_PYC_H

#include <stddef.h>
#include <stdint.h>

/**
 * Make a compiled file fit its source in a box.
 *
 * It records its source's time, and python3 compiles again when that is
 * another; in a box every file's time is the same.  One that fits its source
 * here gets that time; anything else is left as it is.
 *
 * @param         path   of the file on this machine
 * @param[in,out] bytes  bytes[size] of it
 */
void cbx_pyc_level(const char *path, uint8_t *bytes, size_t size);

#endif
