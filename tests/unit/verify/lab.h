/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vendor of our own: fresh keys, certificates as AMD's are, reports signed
 * with them, revocation lists.  What the samples do not have is made here.
 */
#ifndef CBX_TESTS_LAB_H
#define CBX_TESTS_LAB_H

#include <stdbool.h>

#include <confbox/verify.h>
#include <verify/compat.h>

#define LAB_ROOM 4096u

/** One of its keys with its certificate. */
struct lab_party {
	mbedtls_pk_context key;
	uint8_t room[LAB_ROOM]; /* where the certificate is */
	struct cbx_span certificate;
};

/** What the next certificate says. */
struct lab_form {
	const char *subject; /* "CN=..." */
	const char *issuer;
	const char *from; /* YYYYMMDDhhmmss */
	const char *to;
	uint32_t serial;
	bool ca;
	bool version_1; /* no extensions at all */

	/* AMD's extensions; 0 or NULL: not there */
	const char *product;
	int structure;	 /* -1: not there */
	int16_t spl[10]; /* [1] to [9]; -1: not there */
	size_t chip_size;
	uint8_t chip[64];
	const char *provider;
	uint8_t longer; /* extension 1.x with a byte behind its value */
};

/** A form of a VCEK of the product (the size of its chip's identity is 64,
 * Turin's 8; all levels 1), issued by SEV-product, valid from 2020 to 2040. */
struct lab_form lab_vcek_form(const char *product);

/** A key on P-384.  lab_party_free frees it. */
void lab_key(struct lab_party *party);

/** A key on another curve. */
void lab_key_on(struct lab_party *party, mbedtls_ecp_group_id group);

/** Half a key: an RSA modulus of that size, without factors, and an exponent,
 * in hexadecimal. */
void lab_key_rsa(struct lab_party *party, size_t bits, const char *exponent);
void lab_party_free(struct lab_party *party);

/** Make @p party's certificate, signed by @p issuer, which may be itself. */
void lab_certify(struct lab_party *party, struct lab_party *issuer,
	const struct lab_form *form);

/** Sign the report's first 672 bytes, in place. */
void lab_sign_report(struct lab_party *party, uint8_t *report);

/**
 * A revocation list of @p issuer, YYMMDDhhmmssZ.
 *
 * @param serials  of @p count certificates
 * @param room     LAB_ROOM bytes, where it goes
 */
struct cbx_span lab_list(struct lab_party *issuer, const char *const times[2],
	const uint32_t *serials, size_t count, uint8_t *room);

#endif
