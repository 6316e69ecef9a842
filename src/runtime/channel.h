/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box's channels as files: standard input, output and error.
 *
 * Input is read ahead in pieces as large as a gate moves, so that a small read
 * costs no exit of the box.
 */
#ifndef CBX_RUNTIME_CHANNEL_H
#define CBX_RUNTIME_CHANNEL_H

#include "file.h"

/** @param client  standard input is the client's data, read whole at the
 *                first read
 *  @param log     all output goes to CBX_PORT_ERROR */
void cbx_channel_init(bool client, bool log);

/** Write all of it, a gate's worth at a time.
 * @return bytes; a negative errno when there are none */
int64_t cbx_channel_write(enum cbx_port port, uint64_t va, uint64_t bytes);

#endif
