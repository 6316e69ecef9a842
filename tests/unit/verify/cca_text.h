/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claim sets written as text become CBOR.
 */
#ifndef CBX_TESTS_CCA_TEXT_H
#define CBX_TESTS_CCA_TEXT_H

#include <confbox/verify.h>
#include <trust/cbor.h>

/** CBOR of diagnostic notation (RFC 8949, 8), as far as the samples use it; the
 * test fails when the text uses more. */
void cca_from_diagnostic(struct cbx_span text, struct cbx_cbor_writer *writer);

/** CBOR of a set of claims of the platform or of a realm in the JSON form of
 * public tools: member names become keys, base64 becomes bytes. */
void cca_from_json(struct cbx_span text, struct cbx_cbor_writer *writer);

#endif
