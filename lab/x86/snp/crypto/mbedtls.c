/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The modelled firmware's cryptography, from mbedTLS.
 */
#include "../crypto.h"

#include <string.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>

#define IV_SIZE 12

static void make_iv(const struct snp_aead *aead, uint8_t iv[IV_SIZE])
{
	memset(iv, 0, IV_SIZE);
	for (unsigned int i = 0; i < 8; i++) {
		iv[i] = (uint8_t)(aead->number >> 8 * i);
	}
}

bool snp_aead_seal(const struct snp_aead *aead, uint8_t tag[SNP_AEAD_TAG])
{
	mbedtls_gcm_context gcm;
	uint8_t iv[IV_SIZE];
	bool sealed;

	make_iv(aead, iv);
	mbedtls_gcm_init(&gcm);
	sealed =
		mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, aead->key,
			8 * SNP_AEAD_KEY) == 0 &&
		mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT,
			aead->text_size, iv, IV_SIZE, aead->aad, aead->aad_size,
			aead->text, aead->text, SNP_AEAD_TAG, tag) == 0;
	mbedtls_gcm_free(&gcm);
	return sealed;
}

bool snp_aead_open(const struct snp_aead *aead, const uint8_t tag[SNP_AEAD_TAG])
{
	mbedtls_gcm_context gcm;
	uint8_t iv[IV_SIZE];
	bool authentic;

	make_iv(aead, iv);
	mbedtls_gcm_init(&gcm);
	authentic = mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, aead->key,
			    8 * SNP_AEAD_KEY) == 0 &&
		    mbedtls_gcm_auth_decrypt(&gcm, aead->text_size, iv, IV_SIZE,
			    aead->aad, aead->aad_size, tag, SNP_AEAD_TAG,
			    aead->text, aead->text) == 0;
	mbedtls_gcm_free(&gcm);
	if (!authentic) {
		memset(aead->text, 0, aead->text_size);
	}
	return authentic;
}

bool snp_digest(const uint8_t *text, size_t size, uint8_t digest[SNP_DIGEST])
{
	return mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA384), text,
		       size, digest) == 0;
}

bool snp_hmac(const uint8_t key[SNP_DIGEST], const uint8_t *text, size_t size,
	uint8_t digest[SNP_DIGEST])
{
	const mbedtls_md_info_t *sha384 =
		mbedtls_md_info_from_type(MBEDTLS_MD_SHA384);

	return mbedtls_md_hmac(sha384, key, SNP_DIGEST, text, size, digest) ==
	       0;
}

/* Blinds the computation against whoever measures it; here nobody can, so any
 * numbers do.  The signature does not depend on them. */
static int blind(void *state, unsigned char *bytes, size_t size)
{
	uint32_t *last = state;

	for (size_t i = 0; i < size; i++) {
		*last = *last * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(*last >> 24);
	}
	return 0;
}

/* The parts of a signature while it is made. */
struct signer {
	mbedtls_ecp_group group;
	mbedtls_mpi d, r, s;
};

static bool sign(struct signer *signer, const uint8_t *digest)
{
	uint32_t state = 1;

	return mbedtls_ecp_check_privkey(&signer->group, &signer->d) == 0 &&
	       mbedtls_ecdsa_sign_det_ext(&signer->group, &signer->r,
		       &signer->s, &signer->d, digest, SNP_DIGEST,
		       MBEDTLS_MD_SHA384, blind, &state) == 0;
}

bool snp_sign(const uint8_t scalar[SNP_SCALAR], const uint8_t *text,
	size_t size, uint8_t r[SNP_SCALAR], uint8_t s[SNP_SCALAR])
{
	uint8_t digest[SNP_DIGEST];
	struct signer signer;
	bool made;

	mbedtls_ecp_group_init(&signer.group);
	mbedtls_mpi_init(&signer.d);
	mbedtls_mpi_init(&signer.r);
	mbedtls_mpi_init(&signer.s);
	made = snp_digest(text, size, digest) &&
	       mbedtls_ecp_group_load(
		       &signer.group, MBEDTLS_ECP_DP_SECP384R1) == 0 &&
	       mbedtls_mpi_read_binary(&signer.d, scalar, SNP_SCALAR) == 0 &&
	       sign(&signer, digest) &&
	       mbedtls_mpi_write_binary(&signer.r, r, SNP_SCALAR) == 0 &&
	       mbedtls_mpi_write_binary(&signer.s, s, SNP_SCALAR) == 0;
	mbedtls_mpi_free(&signer.s);
	mbedtls_mpi_free(&signer.r);
	mbedtls_mpi_free(&signer.d);
	mbedtls_ecp_group_free(&signer.group);
	return made;
}
