/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/chain.h>

static psa_status_t hash_parts(psa_hash_operation_t *hash,
	const uint8_t *digest, const struct cbx_record *record,
	const void *data)
{
	psa_status_t status = psa_hash_setup(hash, PSA_ALG_SHA_384);

	if (status == PSA_SUCCESS) {
		status = psa_hash_update(hash, digest, CBX_DIGEST_BYTES);
	}
	if (status == PSA_SUCCESS) {
		status = psa_hash_update(
			hash, (const uint8_t *)record, sizeof(*record));
	}
	if (status == PSA_SUCCESS && record->length != 0) {
		status = psa_hash_update(hash, data, (size_t)record->length);
	}
	return status;
}

psa_status_t cbx_chain_extend(uint8_t digest[CBX_DIGEST_BYTES],
	const struct cbx_record *record, const void *data)
{
	psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
	size_t size = 0;
	psa_status_t status = hash_parts(&hash, digest, record, data);

	if (status == PSA_SUCCESS) {
		status =
			psa_hash_finish(&hash, digest, CBX_DIGEST_BYTES, &size);
	}
	if (status != PSA_SUCCESS) {
		(void)psa_hash_abort(&hash);
		return status;
	}
	return size == CBX_DIGEST_BYTES ? PSA_SUCCESS : PSA_ERROR_GENERIC_ERROR;
}
