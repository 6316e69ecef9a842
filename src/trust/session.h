/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's end of a box's channel (doc/channel.md): what it sends, and what
 * the box answers.
 */
#ifndef CBX_TRUST_SESSION_H
#define CBX_TRUST_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <confbox/abi.h>
#include <trust/hpke.h>
#include <trust/labels.h>

/** The box, as evidence says that was accepted. */
struct cbx_channel_peer {
	uint8_t key[CBX_X25519_BYTES];	  /* its channel key */
	uint8_t digest[CBX_DIGEST_BYTES]; /* SHA-384 of its map */
};

/** A session.  All of it is secret but the header. */
struct cbx_channel_session {
	struct cbx_channel_header header;
	bool begun;	      /* the header was written */
	bool final;	      /* the last record was */
	bool ended;	      /* the box's last frame was opened */
	bool broken;	      /* something failed halfway: it is of no use */
	struct cbx_hpke hpke; /* to the box */
	uint8_t output_key[CBX_AEAD_KEY];
	struct cbx_aead output; /* from it */
};

/** What a frame holds. */
struct cbx_channel_frame {
	bool end;	      /* the box ended; else data */
	uint32_t port;	      /* of data: enum cbx_port */
	struct cbx_span data; /* in the plaintext */
	uint64_t status;      /* of the end */
	uint64_t reason;      /* of the end: enum cbx_end_reason */
};

/** Room for sealed bytes; more are appended at used. */
struct cbx_channel_room {
	uint8_t *bytes;
	size_t size;
	size_t used;
};

/**
 * Begin a session with one box.  PSA has to be initialized.
 *
 * @return false: no random numbers, PSA refused, or the key is no good; there
 *         is nothing to end
 */
bool cbx_session_start(struct cbx_channel_session *session,
	const struct cbx_channel_peer *peer);

/** Go on with a session whose last record was sealed: frames only.
 * @param frame  the number of the next one
 * @return as cbx_session_start */
bool cbx_session_resume(struct cbx_channel_session *session,
	const uint8_t output_key[CBX_AEAD_KEY],
	const uint8_t output_nonce[CBX_AEAD_NONCE], uint64_t frame);

/** Bytes that cbx_session_seal appends for so much data; SIZE_MAX: too many. */
size_t cbx_session_sealed_size(
	const struct cbx_channel_session *session, size_t data_size);

/** Bytes of data of which @p room bytes hold what they become. */
size_t cbx_session_fits(const struct cbx_channel_session *session, size_t room);

/**
 * Seal data into as few records as hold it, the header in front of the first.
 *
 * @param final  it is the last; else data of no bytes appends nothing
 *
 * @return false: the last record was sealed before, or there is no room;
 *         nothing happened.  Or PSA failed: the session is broken.
 */
bool cbx_session_seal(struct cbx_channel_session *session, struct cbx_span data,
	bool final, struct cbx_channel_room *room);

/**
 * Open the box's next frame.
 *
 * @param[out] plain   sealed.size bytes; not where sealed is
 * @param[out] frame   what it holds, in plain
 *
 * @return false: it is not the next frame of this session; nothing happened.
 *         Or it is, and makes no sense: the session is broken.
 */
bool cbx_session_open(struct cbx_channel_session *session,
	struct cbx_span sealed, uint8_t *plain,
	struct cbx_channel_frame *frame);

/** Forget the keys.  Ending twice is ending once. */
void cbx_session_end(struct cbx_channel_session *session);

#endif
