/* SPDX-License-Identifier: Apache-2.0 */
/* Memory files: anonymous, of fixed size, closed on exec. */
#ifndef CBX_HAL_LINUX_MEMFD_H
#define CBX_HAL_LINUX_MEMFD_H

#include <stddef.h>
#include <stdint.h>

/** A memory file of @p bytes zeros that can neither grow nor shrink.
 * @return the descriptor, or -1 (errno) */
int cbx_linux_memfd(const char *name, uint64_t bytes);

/** A memory file that holds data[bytes] and can never change.
 * @return the descriptor, or -1 (errno) */
int cbx_linux_memfd_const(const char *name, const void *data, size_t bytes);

#endif
