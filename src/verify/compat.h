/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mbedTLS 2.28 and 3 call by different names.
 */
#ifndef CBX_VERIFY_COMPAT_H
#define CBX_VERIFY_COMPAT_H

#include <stdbool.h>

#include <mbedtls/pem.h>
#include <mbedtls/rsa.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

/** Whether the certificate's basic constraints say that it issues others. */
static inline bool cbx_certificate_is_ca(const mbedtls_x509_crt *certificate)
{
	return certificate->MBEDTLS_PRIVATE(ca_istrue) != 0;
}

/** What a PEM block holds; @p size is how much. */
static inline const unsigned char *cbx_pem_bytes(
	const mbedtls_pem_context *pem, size_t *size)
{
	*size = pem->MBEDTLS_PRIVATE(buflen);
	return pem->MBEDTLS_PRIVATE(buf);
}

#endif
