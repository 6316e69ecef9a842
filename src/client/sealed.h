/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service as its own client: the other end of a box's channel
 * (doc/channel.md), in this process.  What leaves it is sealed all the same.
 */
#ifndef CBX_CLIENT_SEALED_H
#define CBX_CLIENT_SEALED_H

#include <confbox/abi.h>
#include <trust/hpke.h>
#include <trust/labels.h>

struct cbx_sealed {
	bool open;  /* it has a session, and keys */
	bool first; /* the header is still to be sent */
	struct cbx_channel_header header;
	struct cbx_hpke hpke;	/* to the box */
	struct cbx_aead output; /* from it */
};

/** Begin a session with the box of that evidence.
 * @return false: the evidence is none of a box's, or the library failed */
bool cbx_sealed_start(struct cbx_sealed *sealed, struct cbx_span evidence);

/** Bytes of data for which @p room bytes hold the next piece. */
size_t cbx_sealed_fits(const struct cbx_sealed *sealed, size_t room);

/**
 * Seal data into records, the header first if it is the first time.
 *
 * @param data  at most as much as fits; at least one byte unless final
 * @param[out] to  with room for it
 * @return bytes written; 0 when the library failed
 */
size_t cbx_sealed_put(struct cbx_sealed *sealed, struct cbx_span data,
	bool final, uint8_t *to);

/**
 * Open the next frame.
 * @param[out] plain  frame.size bytes: what it holds, a struct cbx_output first
 * @return false: it is not the next one, or makes no sense
 */
bool cbx_sealed_open(
	struct cbx_sealed *sealed, struct cbx_span frame, uint8_t *plain);

/** Forget the keys. */
void cbx_sealed_end(struct cbx_sealed *sealed);

#endif
