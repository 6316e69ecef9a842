/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files without a place in the file system: eventfd and its kin.
 */
#ifndef CBX_RUNTIME_ANONYMOUS_H
#define CBX_RUNTIME_ANONYMOUS_H

#include "file.h"

/**
 * Make one and a descriptor for it.
 *
 * @param own    what the operations work on: file->own.  They give it to the
 *               heap when the file is closed; so does this, when it fails
 * @param bytes  of it
 * @param flags  LX_O_RDWR, LX_O_NONBLOCK, LX_O_CLOEXEC
 *
 * @return the descriptor
 * @retval -EMFILE, -ENOMEM
 */
CBX_MUST_CHECK int64_t cbx_anonymous_open(const struct cbx_file_ops *ops,
	void *own, uint64_t bytes, uint32_t flags);

/** The file of a descriptor, if it has these operations.
 * @retval -EBADF, -EINVAL */
CBX_MUST_CHECK int64_t cbx_anonymous_find(
	uint64_t fd, const struct cbx_file_ops *ops, struct cbx_file **file);

/** Sleep on a file's queue, unless it was opened not to: -EAGAIN. */
CBX_MUST_CHECK int64_t cbx_anonymous_block(
	const struct cbx_file *file, struct cbx_wait_queue *queue);

#endif
