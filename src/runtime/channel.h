/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box's channels as files: standard input, output and error.
 *
 * Input is read ahead in pieces as large as a gate moves, so that a small read
 * costs no exit of the box.  With the client's data as input, output is
 * gathered in the same way, because each output of a confined box is padded
 * and held back until a time step.
 */
#ifndef CBX_RUNTIME_CHANNEL_H
#define CBX_RUNTIME_CHANNEL_H

#include "file.h"

/** @param client  standard input is the client's data, read whole at the
 *                first read
 *  @param log     all output goes to CBX_PORT_ERROR */
void cbx_channel_init(bool client, bool log);

/** Write what is gathered, unless a task does: before a task sleeps. */
void cbx_channel_flush(void);

/** Write what is gathered, all of it: before the box ends. */
void cbx_channel_finish(void);

#endif
