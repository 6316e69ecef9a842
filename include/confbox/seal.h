/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing: data that outlives a box, for the same box or its signer's to open.
 *
 * What a program in a box links (libconfbox-seal.a, and mbedTLS), and the
 * layouts it shares with whoever keeps counters.  doc/sealing.md says what
 * they mean and what they protect against.
 *
 *   cbx_seal_key      a key of this box's own
 *   cbx_seal          data become a blob
 *   cbx_unseal        and data again, or one reason why not
 *   cbx_counter_read, cbx_counter_advance
 *                     which blob is the last one
 *
 * Functions keep no state, and may be called by any thread.
 */
#ifndef CONFBOX_SEAL_H
#define CONFBOX_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include <confbox/counter.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- keys -- */

/** A key that is asked for: written to CBX_SEAL_KEY_DEVICE. */
struct cbx_seal_want {
	uint32_t selector; /* enum cbx_seal_selector */
	uint32_t reserved; /* zero */
	uint64_t security_version;
	uint8_t key_id[CBX_SEAL_ID_BYTES];
};

/** And read from there afterwards. */
struct cbx_seal_key {
	uint8_t key[CBX_SEAL_KEY_BYTES];
	uint32_t root; /* enum cbx_root_kind */
	uint32_t reserved;
	uint64_t security_version; /* the box's own; 0 without a signer */
};

#define CBX_SEAL_KEY_DEVICE "/dev/confbox/key"

/**
 * Get a key of this box's.  The caller wipes it.
 *
 * @param[out] key  untouched on failure
 *
 * @retval CBX_SEAL_OK         as long as want and the box are the same it is
 *                             the same key
 * @retval CBX_SEAL_E_INVALID  no such selector, or a version with EXACT
 * @retval CBX_SEAL_E_DENIED   a newer version than the box's, or no signer
 * @retval CBX_SEAL_E_ROOT     there is no root
 * @retval CBX_SEAL_E_SILENT   not in a box, or its monitor did not answer
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_seal_key(
	const struct cbx_seal_want *want, struct cbx_seal_key *key);

/* --------------------------------------------------------------- blobs -- */

#define CBX_SEAL_MAGIC	     "CBXSEAL1"
#define CBX_SEAL_VERSION     1u
#define CBX_SEAL_COUNTED     1u /* flags: bound to a counter */
#define CBX_SEAL_TAG_BYTES   16u
#define CBX_SEAL_CONTEXT_MAX 1024u
#define CBX_SEAL_DATA_MAX    (1ull << 31)

struct cbx_seal_header {
	char magic[8];
	uint32_t version;
	uint32_t root; /* enum cbx_root_kind */
	uint32_t selector;
	uint32_t flags; /* CBX_SEAL_COUNTED */
	uint64_t security_version;
	uint8_t key_id[CBX_SEAL_ID_BYTES];
	struct cbx_counter_value counter; /* zero when not COUNTED */
	uint8_t nonce[12];
	uint32_t reserved; /* zero */
	uint64_t size;	   /* bytes of data */
};

/** How much longer a blob is than its data. */
#define CBX_SEAL_MORE (sizeof(struct cbx_seal_header) + CBX_SEAL_TAG_BYTES)

/** Open what is bound to a counter, whatever it stands at: rollback is not
 * detected. */
#define CBX_UNSEAL_UNCOUNTED 1u

struct cbx_seal_options {
	size_t size;		   /* sizeof(struct cbx_seal_options) */
	uint32_t selector;	   /* to seal: for whom.  To open: 0 is any */
	uint32_t flags;		   /* to open: CBX_UNSEAL_*; else zero */
	uint64_t security_version; /* to seal: no more than the box's own.
				    * To open: no less is accepted */
	const void *context;	   /* context[context_bytes]: who opens says the
				* same */
	size_t context_bytes;	   /* at most CBX_SEAL_CONTEXT_MAX */
	const uint8_t *root; /* root[32]: the name the root has to have; NULL:
			      * any, even one that the host released */
	const struct cbx_counter_value *counter; /* to seal: what it is bound
				* to.  To open: what it is to be bound to, and
				* the value now.  NULL: no counter */
};

/**
 * Seal data.
 *
 * @param      data  data[bytes], at most CBX_SEAL_DATA_MAX
 * @param[out] blob  blob[bytes + CBX_SEAL_MORE], apart from data; zeros on
 *                   failure
 *
 * @retval CBX_SEAL_OK         sealed, under a key id of its own
 * @retval CBX_SEAL_E_ROOT     no root, or not the one that options name
 * @retval CBX_SEAL_E_NOMEM, CBX_SEAL_E_LIBRARY
 * @retval ...                 as cbx_seal_key
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_seal(
	const struct cbx_seal_options *options, const void *data, size_t bytes,
	void *blob);

/**
 * What a blob says of itself; nothing is verified.
 *
 * @param      blob    blob[bytes], from anywhere
 * @param[out] header  untouched on failure
 *
 * @retval CBX_SEAL_OK        well-formed, and as long as it says
 * @retval CBX_SEAL_E_FORMAT  it is not
 * @retval CBX_SEAL_E_SIZE    nor as long
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_seal_look(
	const void *blob, size_t bytes, struct cbx_seal_header *header);

/**
 * Open a blob.
 *
 * @param      blob  blob[bytes], from anywhere
 * @param[out] data  data[bytes - CBX_SEAL_MORE], apart from blob; zeros on
 *                   failure
 *
 * @retval CBX_SEAL_OK            the data are what this box, or one the selector
 *                                lets in, sealed
 * @retval CBX_SEAL_E_FORMAT, CBX_SEAL_E_SIZE  as cbx_seal_look
 * @retval CBX_SEAL_E_UNEXPECTED  not of the selector, the version or the
 *                                counter that options ask for
 * @retval CBX_SEAL_E_COUNTER     bound to a counter, and options have none
 * @retval CBX_SEAL_E_ROOT        sealed with a root of another kind; none, or
 *                                not the one that options name
 * @retval CBX_SEAL_E_ALTERED     one bit of blob or context, or the box, is
 *                                another
 * @retval CBX_SEAL_E_OLD         authentic, of a value the counter has passed
 * @retval CBX_SEAL_E_BEHIND      authentic, of a value the counter has not
 * @retval ...                    as cbx_seal
 */
CBX_SEAL_CHECKED enum cbx_seal_result cbx_unseal(
	const struct cbx_seal_options *options, const void *blob, size_t bytes,
	void *data);

CBX_SIZE(48, cbx_seal_want);
CBX_SIZE(48, cbx_seal_key);
CBX_AT(0x18, 8, cbx_seal_header, security_version);
CBX_AT(0x40, 72, cbx_seal_header, counter);
CBX_AT(0x88, 12, cbx_seal_header, nonce);
CBX_AT(0x98, 8, cbx_seal_header, size);
CBX_SIZE(0xa0, cbx_seal_header);

#ifdef __cplusplus
}
#endif

#endif
