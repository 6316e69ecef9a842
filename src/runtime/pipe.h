/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes.
 */
#ifndef CBX_RUNTIME_PIPE_H
#define CBX_RUNTIME_PIPE_H

#include "file.h"

#define CBX_PIPE_BYTES 0x10000u

struct cbx_pipe {
	uint8_t *ring; /* ring[CBX_PIPE_BYTES] */
	uint64_t head; /* bytes ever written */
	uint64_t tail; /* bytes ever read */
	uint32_t readers;
	uint32_t writers;
	struct cbx_wait_queue queue; /* for either end's change */
};

/** Make a pipe and open both ends.
 * @retval -ENOMEM  and nothing is open */
CBX_MUST_CHECK int64_t cbx_pipe_create(
	uint32_t flags, struct cbx_file **reader, struct cbx_file **writer);

/** Count a new open file of a pipe. */
void cbx_pipe_opened(const struct cbx_file *file);

#endif
