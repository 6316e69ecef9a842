/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client at a socket: how a service and `confbox send`, or any other client,
 * talk (doc/service.md).  The service carries what it cannot read.
 *
 *   client    struct cbx_hello
 *   service   struct cbx_offer, evidence
 *   client    its message       (doc/channel.md)
 *   service   the box's frames  (the same)
 *
 * Little-endian; a stream in each direction, closed at its end.
 */
#ifndef CONFBOX_SERVICE_H
#define CONFBOX_SERVICE_H

#include <confbox/confbox.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CBX_HELLO_MAGIC "CBXHELO1"
#define CBX_OFFER_MAGIC "CBXEVID1"
/** Instead of an offer: what follows is a line of text that says why. */
#define CBX_SORRY_MAGIC "CBXSORRY"
#define CBX_SORRY_BYTES CBX_ERROR_TEXT /* at most */

/** The client's challenge, never used before. */
struct cbx_hello {
	char magic[8];
	uint8_t nonce[32];
};

/** What the service answers with. */
struct cbx_offer {
	char magic[8];
	uint64_t size; /* bytes that follow: of evidence at most
			* CBX_EVIDENCE_ROOM */
};

/**
 * Serve one client with a box: answer its challenge, deliver its message, send
 * back what the box answers.
 *
 * The box, of a program with CBX_PROGRAM_CONFINE, is run to its end; before it
 * asks for its client's data nothing is read from the socket.
 *
 * @param fd          a connected stream socket; the caller closes it
 * @param timeout_ns  kill the box after that; 0: never
 *
 * @retval CBX_OK        the box was confined and has ended; how, is its
 *                       client's to know
 * @retval CBX_E_STATE   it ended and never asked for its client's data
 * @retval CBX_E_INVALID the client said something else, or went away, before
 *                       its data was complete
 * @return else as cbx_box_run; the box can only be destroyed
 */
CBX_API CBX_CHECKED enum cbx_status cbx_box_serve(
	struct cbx_box *box, int fd, uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif

#endif
