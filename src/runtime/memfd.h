/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of memory without a name, and the seals that fix their content.
 */
#ifndef CBX_RUNTIME_MEMFD_H
#define CBX_RUNTIME_MEMFD_H

#include "file.h"

#define LX_F_SEAL_SEAL	       0x1u
#define LX_F_SEAL_SHRINK       0x2u
#define LX_F_SEAL_GROW	       0x4u
#define LX_F_SEAL_WRITE	       0x8u
#define LX_F_SEAL_FUTURE_WRITE 0x10u
#define LX_F_SEAL_EXEC	       0x20u

/** F_ADD_SEALS and F_GET_SEALS. */
int64_t cbx_memfd_seals(
	const struct cbx_file *file, uint64_t command, uint32_t seals);

/**
 * Cut a write to what the seals let be written.
 *
 * @param[in,out] bytes
 *
 * @retval 0       some of it, or there are no seals
 * @retval -EPERM  nothing
 */
CBX_MUST_CHECK int64_t cbx_memfd_may_write(
	const struct cbx_node *node, uint64_t at, uint64_t *bytes);

/** Whether the seals let the file have this size.  @retval -EPERM */
CBX_MUST_CHECK int64_t cbx_memfd_may_resize(
	const struct cbx_node *node, uint64_t size);

#endif
