/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cryptography the modelled firmware needs.  crypto/mbedtls.c has it from
 * the distribution's mbedTLS; crypto/shim.c is the libc that library needs on
 * the machine itself.
 */
#ifndef LAB_X86_SNP_CRYPTO_H
#define LAB_X86_SNP_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNP_AEAD_KEY 32
#define SNP_AEAD_TAG 16
#define SNP_SCALAR   48
#define SNP_DIGEST   48

/** AES-256-GCM over @p text, in place.  The IV is @p number, little endian, and
 * four bytes zero. */
struct snp_aead {
	const uint8_t *key; /* SNP_AEAD_KEY bytes */
	uint64_t number;
	const uint8_t *aad;
	size_t aad_size;
	uint8_t *text;
	size_t text_size;
};

/** @retval false  the library failed; text is undefined */
bool snp_aead_seal(const struct snp_aead *aead, uint8_t tag[SNP_AEAD_TAG]);

/** @retval false  it is not authentic; text is zero */
bool snp_aead_open(
	const struct snp_aead *aead, const uint8_t tag[SNP_AEAD_TAG]);

/** SHA-384.  @retval false  the library failed */
bool snp_digest(const uint8_t *text, size_t size, uint8_t digest[SNP_DIGEST]);

/** SHA-384 with a key.  @retval false  the library failed */
bool snp_hmac(const uint8_t key[SNP_DIGEST], const uint8_t *text, size_t size,
	uint8_t digest[SNP_DIGEST]);

/**
 * ECDSA over P-384 with SHA-384, deterministic (RFC 6979).
 *
 * @param      scalar  the private key, big endian
 * @param[out] r, s    big endian
 *
 * @retval false  the scalar is no key
 */
bool snp_sign(const uint8_t scalar[SNP_SCALAR], const uint8_t *text,
	size_t size, uint8_t r[SNP_SCALAR], uint8_t s[SNP_SCALAR]);

#endif
