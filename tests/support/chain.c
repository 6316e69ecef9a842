/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <psa/crypto.h>

#include "support/chain.h"

static void put(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 8; i++) {
		to[i] = (uint8_t)(value >> (8 * i));
	}
}

void chain_add(struct chain *chain, const char *kind, struct chain_entry entry,
	const void *data, size_t size)
{
	uint8_t input[CBX_DIGEST_BYTES + 40 + CBX_PAGE_SIZE] = { 0 };
	uint8_t *record = input + CBX_DIGEST_BYTES;
	size_t bytes;

	assert_true(size <= CBX_PAGE_SIZE);
	memcpy(input, chain->value, CBX_DIGEST_BYTES);
	memcpy(record, kind, strlen(kind));
	put(record + 8, entry.address);
	put(record + 16, entry.info);
	put(record + 24, entry.info2);
	put(record + 32, size);
	if (size != 0) {
		memcpy(record + 40, data, size);
	}
	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	assert_int_equal(psa_hash_compute(PSA_ALG_SHA_384, input,
				 CBX_DIGEST_BYTES + 40 + size, chain->value,
				 sizeof(chain->value), &bytes),
		PSA_SUCCESS);
	assert_int_equal(bytes, CBX_DIGEST_BYTES);
}

void chain_assert(
	const struct chain *chain, uint64_t box, enum cbx_digest_kind kind)
{
	struct cbx_reply reply = gate(BOX_DIGEST, box, (uint64_t)kind);

	assert_int_equal(reply.status, CBX_OK);
	assert_memory_equal(reply.ret, chain->value, CBX_DIGEST_BYTES);
}
