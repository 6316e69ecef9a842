/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and layouts of evidence and of the client's channel: what the keeper
 * writes and a relying party or client reads.  doc/evidence.md and
 * doc/channel.md say what they mean.
 */
#ifndef CBX_TRUST_LABELS_H
#define CBX_TRUST_LABELS_H

#include <confbox/abi.h>

/* ------------------------------------------------------------ evidence -- */

#define CBX_EVIDENCE_PROFILE   "tag:libconfbox,2026:evidence#1"
#define CBX_EVIDENCE_NAME      "libconfbox"
#define CBX_EVIDENCE_BYTES_MAX 65536u

#define CBX_NONCE_BYTES_MIN 16u
#define CBX_NONCE_BYTES_MAX 64u

/** COSE (RFC 9052, 9053). */
enum cbx_cose_label {
	CBX_COSE_TAG_SIGN1 = 18,
	CBX_COSE_HEADER_ALG = 1,
	CBX_COSE_HEADER_CRIT = 2,
	CBX_COSE_HEADER_CONTENT_TYPE = 3,
	CBX_COSE_HEADER_KID = 4,
	CBX_COSE_ALG_ES256 = -7,
	CBX_COSE_ALG_ES384 = -35,
	CBX_COSE_ALG_ES512 = -36,
	CBX_COSE_KEY_KTY = 1,
	CBX_COSE_KEY_KID = 2,
	CBX_COSE_KEY_ALG = 3,
	CBX_COSE_KEY_CRV = -1,
	CBX_COSE_KEY_X = -2,
	CBX_COSE_KEY_Y = -3,
	CBX_COSE_KTY_OKP = 1,
	CBX_COSE_KTY_EC2 = 2,
	CBX_COSE_CRV_P256 = 1,
	CBX_COSE_CRV_P384 = 2,
	CBX_COSE_CRV_P521 = 3,
	CBX_COSE_CRV_X25519 = 4,
};

/** EAT and CWT claims (RFC 9711, RFC 8392, RFC 8747). */
enum cbx_eat_label {
	CBX_EAT_CNF = 8,
	CBX_EAT_CNF_KEY = 1, /* in it */
	CBX_EAT_NONCE = 10,
	CBX_EAT_DBGSTAT = 263,
	CBX_EAT_PROFILE = 265,
	CBX_EAT_SUBMODS = 266,
	CBX_EAT_SWNAME = 270,
	CBX_EAT_SWVERSION = 271,
};
#define CBX_DBGSTAT_ENABLED  0u
#define CBX_DBGSTAT_DISABLED 3u /* permanently */

#define CBX_SUBMOD_BOX	    "box"
#define CBX_SUBMOD_MONITOR  "monitor"
#define CBX_SUBMOD_PLATFORM "platform"

/** Ours: private use (RFC 8392, 9.1). */
enum cbx_evidence_label {
	CBX_LABEL_MEASUREMENT = -75001,
	CBX_LABEL_INPUT_DIGEST = -75002,
	CBX_LABEL_INPUT_BYTES = -75003,
	CBX_LABEL_STATE = -75004,
	CBX_LABEL_FLAGS = -75005,
	CBX_LABEL_POLICY_DIGEST = -75006,
	CBX_LABEL_POLICY = -75007,
	CBX_LABEL_LENDERS = -75008,
	CBX_LABEL_PARENT = -75009,
	CBX_LABEL_CHILDREN = -75010,
	CBX_LABEL_SIGNER = -75011,
	CBX_LABEL_NUMBER = -75012,
	CBX_LABEL_RUNTIME = -75013,

	CBX_LABEL_BACKEND = -75101,
	CBX_LABEL_CAPS = -75102,
	CBX_LABEL_BOOT_DIGEST = -75103,
	CBX_LABEL_CHANNEL_KEY = -75104,
	CBX_LABEL_ROOT = -75105,
	CBX_LABEL_BOOT_LOG = -75106,

	CBX_LABEL_KIND = -75201,
	CBX_LABEL_REPORT = -75202,
	CBX_LABEL_ENDORSEMENTS = -75203,
};

#define CBX_EVIDENCE_LENDERS_MAX 8u
#define CBX_BOOT_LOG_BYTES_MAX	 4096u

/** What a signature, and a key of P-384, is made of. */
#define CBX_P384_BYTES	     48u
#define CBX_P384_POINT_BYTES (1u + 2 * CBX_P384_BYTES)
#define CBX_ES384_BYTES	     (2 * CBX_P384_BYTES)

/** Report data: SHA-512(label || keeper's key as a point || nonce). */
#define CBX_LABEL_BYTES	      32u /* zero bytes follow a shorter text */
#define CBX_REPORT_DATA_LABEL "libconfbox report data"
#define CBX_REPORT_DATA_BYTES 64u

/** What a signer's signature begins with (struct cbx_signature). */
#define CBX_SIGN_LABEL "libconfbox signer 1"

/* ------------------------------------------------------------- channel -- */

#define CBX_CHANNEL_LABEL    "libconfbox channel 1"
#define CBX_ROOT_LABEL	     "libconfbox root 1"
#define CBX_CHANNEL_MAGIC    "CBXCHAN1"
#define CBX_ROOT_MAGIC	     "CBXROOT1"
#define CBX_OUTPUT_KEY	     "libconfbox output key"
#define CBX_OUTPUT_NONCE     "libconfbox output nonce"
#define CBX_X25519_BYTES     32u
#define CBX_SESSION_BYTES    32u
#define CBX_AEAD_KEY_BYTES   32u
#define CBX_AEAD_NONCE_BYTES 12u
#define CBX_AEAD_TAG_BYTES   16u
#define CBX_ROOT_KEY_BYTES   32u

/** label || session || box digest (monitor digest, for a root). */
#define CBX_CHANNEL_INFO_BYTES \
	(CBX_LABEL_BYTES + CBX_SESSION_BYTES + CBX_DIGEST_BYTES)

/** A message begins with it. */
struct cbx_channel_header {
	char magic[8];
	uint8_t session[CBX_SESSION_BYTES];
	uint8_t enc[CBX_X25519_BYTES];
	uint64_t reserved; /* zero */
};

/** A record: this, size bytes of ciphertext, the tag. */
struct cbx_channel_record {
	uint32_t size;
	uint32_t flags; /* CBX_CHANNEL_FINAL or 0 */
	uint64_t sequence;
};
#define CBX_CHANNEL_FINAL	 1u
#define CBX_CHANNEL_RECORD_BYTES 65536u /* at most, as a whole */
#define CBX_CHANNEL_DATA_BYTES                                          \
	(CBX_CHANNEL_RECORD_BYTES - sizeof(struct cbx_channel_record) - \
		CBX_AEAD_TAG_BYTES)

CBX_AT(0x00, 8, cbx_channel_header, magic);
CBX_AT(0x08, 32, cbx_channel_header, session);
CBX_AT(0x28, 32, cbx_channel_header, enc);
CBX_AT(0x48, 8, cbx_channel_header, reserved);
CBX_SIZE(0x50, cbx_channel_header);

CBX_AT(0x00, 4, cbx_channel_record, size);
CBX_AT(0x04, 4, cbx_channel_record, flags);
CBX_AT(0x08, 8, cbx_channel_record, sequence);
CBX_SIZE(0x10, cbx_channel_record);

#endif
