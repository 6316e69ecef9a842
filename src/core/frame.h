/* SPDX-License-Identifier: Apache-2.0 */
/* What a confined box says: frames of one size, at most one a time step,
 * sealed to its client (doc/channel.md). */
#ifndef CBX_CORE_FRAME_H
#define CBX_CORE_FRAME_H

#include <core/run.h>

/** Keep an output until its time step; the thread waits.
 * @param[in,out] bytes  what of it one frame holds */
void cbx_frame_hold(struct cbx_run *run, uint64_t port, struct cbx_va buffer,
	uint64_t *bytes);

/** Let a HELD output go, or tell its thread why not. */
void cbx_frame_release(struct cbx_run *run);

/** Put the last frame into the host's buffer, the same each time: status and
 * reason, for the client.  Without a session there is none. */
void cbx_frame_end(struct cbx_run *run);

#endif
