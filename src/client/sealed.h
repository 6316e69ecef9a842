/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service as its own client: the other end of a box's channel
 * (doc/channel.md), in this process.  What leaves it is sealed all the same.
 * Threads may each have one: these are trust/session.h's, which take turns.
 */
#ifndef CBX_CLIENT_SEALED_H
#define CBX_CLIENT_SEALED_H

#include <trust/session.h>

/**
 * Begin a session with the box of that evidence.
 *
 * @return false: the evidence is none of a box's, or the library failed
 */
bool cbx_sealed_start(
	struct cbx_channel_session *session, struct cbx_span evidence);

/** Seal data: cbx_session_seal. */
bool cbx_sealed_put(struct cbx_channel_session *session, struct cbx_span data,
	bool final, struct cbx_channel_room *room);

/** Open the next frame: cbx_session_open.  The plaintext begins with a struct
 * cbx_output. */
bool cbx_sealed_open(struct cbx_channel_session *session, struct cbx_span frame,
	uint8_t *plain);

/** Forget the keys: cbx_session_end. */
void cbx_sealed_end(struct cbx_channel_session *session);

#endif
