/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a box's sealing keys come from the root: the keeper's part of sealing
 * (doc/sealing.md).
 */
#ifndef CBX_TRUST_SEAL_KEY_H
#define CBX_TRUST_SEAL_KEY_H

#include <stdbool.h>

#include <confbox/seal.h>
#include <confbox/span.h>

#define CBX_SEAL_KEY_LABEL  "libconfbox seal key"
#define CBX_SEAL_BLOB_LABEL "libconfbox seal blob"

/** Whose key it is; all of it is hashed. */
struct cbx_seal_info {
	char label[32];	   /* CBX_SEAL_KEY_LABEL, zeros */
	uint32_t selector; /* enum cbx_seal_selector */
	uint32_t policy_flags;
	uint64_t security_version; /* zero of EXACT */
	uint8_t identity[CBX_DIGEST_BYTES];
	uint8_t family[16]; /* zero but of FAMILY */
	uint8_t key_id[CBX_SEAL_ID_BYTES];
	char backend[16]; /* its name, zeros */
};

/**
 * Derive a key: HKDF-SHA384, no salt.
 *
 * @param      info  a label of 32 bytes, and what there is
 * @param[out] key   zeros on failure
 *
 * @return false: PSA refused
 */
bool cbx_seal_derive(const uint8_t secret[CBX_SEAL_KEY_BYTES],
	struct cbx_span info, uint8_t key[CBX_SEAL_KEY_BYTES]);

CBX_AT(0x20, 4, cbx_seal_info, selector);
CBX_AT(0x24, 4, cbx_seal_info, policy_flags);
CBX_AT(0x28, 8, cbx_seal_info, security_version);
CBX_AT(0x30, 48, cbx_seal_info, identity);
CBX_AT(0x60, 16, cbx_seal_info, family);
CBX_AT(0x70, 32, cbx_seal_info, key_id);
CBX_AT(0x90, 16, cbx_seal_info, backend);
CBX_SIZE(0xa0, cbx_seal_info);

#endif
