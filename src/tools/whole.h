/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read whole, whatever they are. */
#ifndef CBX_TOOLS_WHOLE_H
#define CBX_TOOLS_WHOLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/**
 * Read up to the end, or to more than @p most bytes.
 *
 * @param[out] size  how many bytes; above @p most: there may be more
 *
 * @return the bytes, for free(); NULL when there is no memory.  What went wrong
 *         with the file, if anything did, ferror() says.
 */
uint8_t *cbx_whole_read(FILE *file, size_t most, size_t *size);

#endif
