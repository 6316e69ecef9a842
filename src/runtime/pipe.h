/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes, with and without a name.
 */
#ifndef CBX_RUNTIME_PIPE_H
#define CBX_RUNTIME_PIPE_H

#include "file.h"
#include "iovec.h"

#define CBX_PIPE_BYTES 0x10000u	 /* a new pipe holds */
#define CBX_PIPE_MOST  0x100000u /* and any pipe at most */

struct cbx_pipe {
	uint8_t *ring; /* ring[size] */
	uint64_t size; /* a power of two, at least a page */
	uint64_t head; /* bytes ever written */
	uint64_t tail; /* bytes ever read */
	uint32_t readers;
	uint32_t writers;
	uint64_t readers_ever; /* opened, to see one that came and went */
	uint64_t writers_ever;
	struct cbx_wait_queue queue; /* for either end's change */
};

/** Make a pipe and open both ends.
 * @retval -ENOMEM  and nothing is open */
CBX_MUST_CHECK int64_t cbx_pipe_create(
	uint32_t flags, struct cbx_file **reader, struct cbx_file **writer);

/** Have a pipe behind a node that is one.  @retval -ENOMEM */
CBX_MUST_CHECK int64_t cbx_pipe_prepare(struct cbx_node *node);

/** Count a new open file of a pipe. */
void cbx_pipe_opened(struct cbx_file *file);

/** Wait, as open does, until somebody has the other end of a named pipe.
 * @retval -ENXIO, -EINTR */
CBX_MUST_CHECK int64_t cbx_pipe_meet(struct cbx_file *file);

/** Make a pipe hold @p bytes or more.
 * @return how many it holds then; -EINVAL, -EPERM, -EBUSY, -ENOMEM */
int64_t cbx_pipe_resize(struct cbx_pipe *pipe, uint64_t bytes);

/** The pipe of an open file; NULL when it is none. */
struct cbx_pipe *cbx_pipe_of(const struct cbx_file *file);

/** Bytes to read. */
static inline uint64_t cbx_pipe_held(const struct cbx_pipe *pipe)
{
	return pipe->head - pipe->tail;
}

/** Bytes there is room for. */
static inline uint64_t cbx_pipe_room(const struct cbx_pipe *pipe)
{
	return pipe->size - cbx_pipe_held(pipe);
}

/** Wait until there is something to read.
 * @retval 1  there is
 * @retval 0  there never will be
 * @retval -EAGAIN, -EINTR */
CBX_MUST_CHECK int64_t cbx_pipe_wait_data(struct cbx_file *file, bool patient);

/** Wait for room for @p bytes.
 * @retval 0
 * @retval -EPIPE  nobody reads, and SIGPIPE is raised
 * @retval -EAGAIN, -EINTR */
CBX_MUST_CHECK int64_t cbx_pipe_wait_room(
	struct cbx_file *file, uint64_t bytes, bool patient);

/** Copy bytes that are there, and leave them.  @return bytes copied */
uint64_t cbx_pipe_peek(
	const struct cbx_pipe *pipe, struct cbx_iovec *to, uint64_t bytes);

/** Take bytes away that were copied.  @pre they are there */
void cbx_pipe_consume(struct cbx_pipe *pipe, uint64_t bytes);

/** Put bytes in.  @pre there is room  @return bytes copied */
uint64_t cbx_pipe_put(
	struct cbx_pipe *pipe, struct cbx_iovec *from, uint64_t bytes);

#endif
