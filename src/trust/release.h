/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Releasing a root key to a keeper (doc/channel.md): the service's side.
 */
#ifndef CBX_TRUST_RELEASE_H
#define CBX_TRUST_RELEASE_H

#include <stdbool.h>

#include <trust/labels.h>

/** The one message: nobody but the keeper of that key, and it only as long as
 * its monitor is what the digest says, opens it. */
struct cbx_root_message {
	struct cbx_channel_header header;
	struct cbx_channel_record record;
	uint8_t root[CBX_ROOT_KEY_BYTES + CBX_AEAD_TAG_BYTES]; /* sealed */
};

/** The monitor, as its evidence says. */
struct cbx_root_monitor {
	uint8_t key[CBX_X25519_BYTES];	  /* its channel key */
	uint8_t digest[CBX_DIGEST_BYTES]; /* SHA-384 of its map */
};

CBX_SIZE(0x90, cbx_root_message);

/**
 * Seal a root for a monitor whose evidence was accepted.
 *
 * @param[out] message  zeros on failure
 *
 * @return false: no random numbers, PSA refused, or the key is no good
 */
bool cbx_root_seal(const struct cbx_root_monitor *monitor,
	const uint8_t root[CBX_ROOT_KEY_BYTES],
	struct cbx_root_message *message);

#endif
