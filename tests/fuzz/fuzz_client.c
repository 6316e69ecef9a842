/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client opens: the input is a frame's plaintext, of a keeper that writes
 * anything; and it is a saved session.
 */
#include "fuzz.h"

#include <string.h>

#include <confbox/client.h>
#include <trust/aead.h>

#define FRAME 4096u

/* A saved session with one page a frame, whose key is zero. */
static void make_saved(uint8_t saved[CBX_CLIENT_SAVED_BYTES])
{
	memset(saved, 0, CBX_CLIENT_SAVED_BYTES);
	memcpy(saved, "CBXSESS1", 8);
	saved[0x35] = FRAME >> 8;
}

static void open_frame(struct cbx_client *client, struct cbx_span frame)
{
	struct cbx_client_frame opened;
	enum cbx_client_error error = cbx_client_open(client, frame, &opened);

	if (error == CBX_CLIENT_OK) {
		FUZZ_ASSERT(opened.data.size <= FRAME - 48);
		FUZZ_ASSERT(opened.end == 0 || opened.data.size == 0);
		FUZZ_ASSERT(opened.end != 0 || opened.port != 0);
		FUZZ_ASSERT(opened.reason <= 4);
	} else {
		FUZZ_ASSERT(error == CBX_CLIENT_E_LIBRARY);
		FUZZ_ASSERT(opened.data.size == 0 && opened.end == 0);
	}
	FUZZ_ASSERT(cbx_client_open(client, frame, &opened) != CBX_CLIENT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const uint8_t zero[CBX_AEAD_KEY];
	uint8_t saved[CBX_CLIENT_SAVED_BYTES];
	uint8_t plain[FRAME - CBX_AEAD_TAG] = { 0 };
	uint8_t frame[FRAME];
	struct cbx_client *client;
	struct cbx_aead aead;

	if (size >= sizeof(saved) &&
		cbx_client_restore(input, &client) == CBX_CLIENT_OK) {
		cbx_client_end(client);
	}
	make_saved(saved);
	FUZZ_ASSERT(cbx_client_restore(saved, &client) == CBX_CLIENT_OK);
	FUZZ_ASSERT(cbx_client_frame_size(client) == FRAME);
	if (size != 0) {
		memcpy(plain, input,
			size < sizeof(plain) ? size : sizeof(plain));
	}
	FUZZ_ASSERT(cbx_aead_start(
		&aead, (struct cbx_span){ zero, sizeof(zero) }, zero));
	FUZZ_ASSERT(cbx_aead_seal(&aead, (struct cbx_span){ 0 },
		(struct cbx_span){ plain, sizeof(plain) }, frame));
	cbx_aead_stop(&aead);
	open_frame(client, (struct cbx_span){ frame, sizeof(frame) });
	cbx_client_end(client);
	return 0;
}
