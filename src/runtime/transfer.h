/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing for calls that move bytes from file to file: the bytes
 * are the runtime's own while a file waits.
 */
#ifndef CBX_RUNTIME_TRANSFER_H
#define CBX_RUNTIME_TRANSFER_H

#include "file.h"

/**
 * Read or write as read(2) and write(2), at @p *at when it is not NULL, which
 * advances.
 *
 * @param va  the runtime's memory, the caller's own while it waits
 */
int64_t cbx_transfer_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t *at);
int64_t cbx_transfer_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t *at);

/** Read a position.  @retval -EFAULT, -EINVAL */
CBX_MUST_CHECK int64_t cbx_transfer_position(uint64_t va, uint64_t *at);

#endif
