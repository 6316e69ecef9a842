/* SPDX-License-Identifier: Apache-2.0 */
/* A client elsewhere, for tests: it verifies a box's evidence, seals to it and
 * opens what it says.  What it sends and gets lies in the box's io pages. */
#ifndef CBX_TESTS_SUPPORT_CLIENT_H
#define CBX_TESTS_SUPPORT_CLIENT_H

#include <client/evidence.h>
#include <client/sealed.h>

#include "support/machine.h"

#define CLIENT_TEXT "the client's data"

struct client {
	struct cbx_channel_session session;
	uint8_t evidence[CBX_EVIDENCE_BYTES_MAX];
	size_t evidence_bytes;
};

/** Get evidence of a box for a nonce of @p bytes times @p byte, into
 * client->evidence.  @return the gate's status */
uint64_t client_ask(struct client *client, const struct machine_box *box,
	uint8_t byte, size_t bytes);

/** Get evidence that must be good, and begin a session. */
void client_meet(struct client *client, const struct machine_box *box);

/** Seal @p size bytes, put them into the box's io pages. @return how many bytes
 * are there */
uint64_t client_seal(struct client *client, const struct machine_box *box,
	const void *data, size_t size, bool final);

/** Let thread 0 ask for its client's data, meet it, and deliver CLIENT_TEXT:
 * the box is CONFINED.  Its policy is not PLAIN. */
void client_confine(struct client *client, struct machine_box *box);

/** Thread 0 asks for its client's data. @return its handle */
uint64_t client_await(struct machine_box *box);

/** Open the frame in the io pages. @param[out] plain  pages of it
 * @return whether it is the next one */
bool client_open(struct client *client, const struct machine_box *box,
	uint64_t pages, uint8_t *plain);

/** Forget the keys. */
void client_end(struct client *client);

#endif
