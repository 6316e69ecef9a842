/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed blobs: the input is a blob that anybody wrote; and it is a header and
 * data that were sealed, of which a byte then changes.
 *
 * Input: a blob.  Its last byte says which byte of what was made of it changes,
 * and how.
 */
#include "fuzz.h"

#include <string.h>

#include <psa/crypto.h>

#include <trust/seal.h>

#define BLOB_MAX 8192u

static const uint8_t key[CBX_SEAL_KEY_BYTES] = { 'k' };
static const struct cbx_span context = { (const uint8_t *)"a file", 6 };

/* Nobody can seal for this key but below: what opens would be a forgery. */
static void open_any(struct cbx_span blob)
{
	uint8_t data[BLOB_MAX];
	struct cbx_seal_header header;
	enum cbx_seal_result looked =
		cbx_seal_look(blob.bytes, blob.size, &header);
	enum cbx_seal_result opened = cbx_seal_unwrap(key, context, blob, data);

	if (looked == CBX_SEAL_OK) {
		FUZZ_ASSERT(header.size == blob.size - CBX_SEAL_MORE);
		FUZZ_ASSERT(opened == CBX_SEAL_E_ALTERED);
		for (size_t i = 0; i < header.size; i++) {
			FUZZ_ASSERT(data[i] == 0);
		}
	} else {
		FUZZ_ASSERT(opened == looked);
		FUZZ_ASSERT(looked == CBX_SEAL_E_SIZE ||
			    looked == CBX_SEAL_E_FORMAT);
	}
}

/* One byte of a genuine blob is another one. */
static void open_altered(uint8_t *blob, size_t size, size_t at, uint8_t change)
{
	uint8_t data[BLOB_MAX];

	blob[at] ^= change;
	FUZZ_ASSERT(
		cbx_seal_unwrap(key, context, (struct cbx_span){ blob, size },
			data) != CBX_SEAL_OK);
	blob[at] ^= change;
	FUZZ_ASSERT(
		cbx_seal_unwrap(key, context, (struct cbx_span){ blob, size },
			data) == CBX_SEAL_OK);
}

static void seal_and_open(struct cbx_span input)
{
	uint8_t blob[BLOB_MAX + CBX_SEAL_MORE];
	uint8_t again[BLOB_MAX];
	struct cbx_seal_header header;
	uint8_t last = input.bytes[input.size - 1];
	struct cbx_span data = { input.bytes + sizeof(header),
		input.size - sizeof(header) };
	size_t size = data.size + CBX_SEAL_MORE;
	enum cbx_seal_result sealed;

	memcpy(&header, input.bytes, sizeof(header));
	header.size = data.size;
	sealed = cbx_seal_wrap(&header, key, context, data, blob);
	FUZZ_ASSERT(sealed == CBX_SEAL_OK || sealed == CBX_SEAL_E_INVALID);
	if (sealed != CBX_SEAL_OK) {
		return;
	}
	FUZZ_ASSERT(
		cbx_seal_unwrap(key, context, (struct cbx_span){ blob, size },
			again) == CBX_SEAL_OK);
	FUZZ_ASSERT(memcmp(again, data.bytes, data.size) == 0);
	FUZZ_ASSERT(cbx_seal_unwrap(key, (struct cbx_span){ 0 },
			    (struct cbx_span){ blob, size },
			    again) == CBX_SEAL_E_ALTERED);
	open_altered(blob, size, ((size_t)last * 251 + input.bytes[0]) % size,
		last == 0 ? 0x80 : last);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	FUZZ_ASSERT(psa_crypto_init() == PSA_SUCCESS);
	if (size > BLOB_MAX) {
		return 0;
	}
	open_any((struct cbx_span){ input, size });
	if (size > sizeof(struct cbx_seal_header)) {
		seal_and_open((struct cbx_span){ input, size });
	}
	return 0;
}
