/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One certificate: what the X.509 library read, and what it leaves unread.
 */
#ifndef CBX_VERIFY_CERTIFICATE_H
#define CBX_VERIFY_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include <confbox/verify.h>
#include <verify/compat.h>

/** Seconds since 1970. */
int64_t cbx_x509_seconds(const mbedtls_x509_time *time);

/** From the first to the last second of its validity. */
bool cbx_certificate_valid_at(const mbedtls_x509_crt *certificate, int64_t now);

/** A key of a kind and size that vendors use: RSA of 2048 to 4096 bits with a
 * short exponent, NIST P-256, P-384 or P-521.  Others may take seconds to
 * check, which is what an attacker would choose them for. */
bool cbx_certificate_key_usual(const mbedtls_x509_crt *certificate);

/**
 * The public point of an elliptic curve key, as 04 X Y.
 *
 * @param group  the curve it has to be on
 *
 * @return an empty span when the key is another; it lives with the certificate
 */
struct cbx_span cbx_certificate_point(
	const mbedtls_x509_crt *certificate, mbedtls_ecp_group_id group);

enum cbx_extension_found {
	CBX_EXTENSION_ABSENT,
	CBX_EXTENSION_FOUND,
	CBX_EXTENSION_BROKEN, /* not DER, or there twice */
};

/**
 * The value of an extension: what is inside the OCTET STRING.
 *
 * @param oid         the bytes of the identifier, without tag and length
 * @param[out] value  empty unless it was found; lives with the certificate
 */
enum cbx_extension_found cbx_certificate_extension(
	const mbedtls_x509_crt *certificate, struct cbx_span oid,
	struct cbx_span *value);

/** The first common name of the subject; an empty span when it has none. */
struct cbx_span cbx_certificate_name(const mbedtls_x509_crt *certificate);

#endif
