/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the keeper alone knows: a secret drawn when it starts, from which its
 * signing key and the keys of boxes follow (doc/adr/0027); the root of sealing
 * keys, once released or derived.  Besides, the boot log it measured.  It keeps nothing
 * else, and nothing for a box.
 */
#ifndef CBX_KEEPER_SECRET_H
#define CBX_KEEPER_SECRET_H

#include <stdbool.h>
#include <stdint.h>

#include <psa/crypto.h>

#include <confbox/abi.h>
#include <confbox/span.h>
#include <trust/labels.h>

/** Draw the secret, if that was not done yet: from then on all keys are fixed.
 * @return false: no entropy */
bool cbx_secret_draw(void);

/** Make sure that PSA and the secret are there.
 * @return false: no entropy, no memory, or a library without what it takes */
bool cbx_secret_start(void);

/** The signing key: what the secret makes it, computed at its first use.
 * @pre started
 * @param[out] point  its public part, 04 || x || y
 * @return false: it could not be made */
bool cbx_secret_signer(psa_key_id_t *key, uint8_t point[CBX_P384_POINT_BYTES]);

/**
 * The channel's key pair of box @p number, or (0) of the keeper itself.
 *
 * @param[out] key     the caller ends it with psa_destroy_key
 * @param[out] public  its public part
 *
 * @pre started
 * @return false: PSA refused; key is 0
 */
bool cbx_secret_channel(
	uint64_t number, psa_key_id_t *key, uint8_t public[CBX_X25519_BYTES]);

/** HMAC-SHA384 with the secret, over label, padded with zero bytes to
 * CBX_LABEL_BYTES, and bytes.  @pre started
 * @return false: PSA refused */
bool cbx_secret_mac(const char *label, struct cbx_span bytes,
	uint8_t mac[CBX_DIGEST_BYTES]);

/** The root of sealing keys that was released, or that the platform derived and
 * nobody else sees: CBX_ROOT_KEY_BYTES of it; NULL: none. */
uint32_t cbx_secret_root_kind(void); /* enum cbx_root_kind */
const uint8_t *cbx_secret_root(void);

/** Keep a root; the first one stays. */
void cbx_secret_keep_root(
	enum cbx_root_kind kind, const uint8_t root[CBX_ROOT_KEY_BYTES]);

/** Keep the boot log for evidence, or give it back: empty when there is none.
 * @param log  at most a page */
void cbx_secret_keep_boot_log(struct cbx_span log);
struct cbx_span cbx_secret_boot_log(void);

/** Forget it all, as a keeper does that starts anew: for tests. */
void cbx_secret_forget(void);

/** label, padded with zero bytes. */
void cbx_secret_label(const char *label, uint8_t bytes[CBX_LABEL_BYTES]);

#endif
