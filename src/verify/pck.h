/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PCK certificate says about the processor it was made for: the
 * extension 1.2.840.113741.1.13.1.
 */
#ifndef CBX_VERIFY_PCK_H
#define CBX_VERIFY_PCK_H

#include <verify/certificate.h>
#include <verify/verdict.h>

#define CBX_PCK_COMPONENTS 16u

/** @source Intel SGX PCK Certificate and CRL Profile Specification, 1.3.5 */
struct cbx_pck {
	struct cbx_span ppid;			/* 16 bytes */
	uint8_t components[CBX_PCK_COMPONENTS]; /* security versions */
	uint16_t pcesvn;
	struct cbx_span cpusvn;	       /* 16 bytes */
	struct cbx_span pceid;	       /* 2 bytes */
	struct cbx_span fmspc;	       /* 6 bytes */
	uint8_t sgx_type;	       /* 0 standard, 1 and 2 scalable */
	struct cbx_span instance;      /* 16 bytes; empty when it has none */
	struct cbx_span configuration; /* DER; empty when it has none */
};

/**
 * Read the extension of a PCK certificate.
 *
 * @param[out] pck  its spans lie in @p certificate; undefined after a refusal
 *
 * @retval CBX_ACCEPTED             every part that has to be there is, once
 * @retval CBX_REFUSED_CERTIFICATE  the extension is missing or malformed
 */
CBX_VERIFY_CHECKED enum cbx_refusal cbx_pck_read(struct cbx_verdict *verdict,
	const mbedtls_x509_crt *certificate, struct cbx_pck *pck);

/** Claims "tdx.pck...." of all of it. */
void cbx_pck_claim(struct cbx_verdict *verdict, const struct cbx_pck *pck);

#endif
