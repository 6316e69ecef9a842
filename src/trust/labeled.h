/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LabeledExtract and LabeledExpand of RFC 9180 (4), for a KEM and for a suite.
 */
#ifndef CBX_TRUST_LABELED_H
#define CBX_TRUST_LABELED_H

#include <stdbool.h>

#include <confbox/span.h>
#include <trust/hkdf.h>

#define CBX_HPKE_KEM_X25519  0x0020u
#define CBX_HPKE_HKDF_SHA256 0x0001u

/** Whose the labels are: "KEM" || kem, or "HPKE" || kem || kdf || aead. */
struct cbx_suite {
	uint8_t bytes[10];
	size_t size;
};

/** The KEM's; a suite's with that AEAD. */
struct cbx_suite cbx_suite_kem(void);
struct cbx_suite cbx_suite_hpke(uint16_t aead);

/** LabeledExtract(salt, label, ikm).  @return as cbx_hkdf_extract */
bool cbx_labeled_extract(const struct cbx_suite *suite, struct cbx_span salt,
	const char *label, struct cbx_span ikm, uint8_t prk[CBX_HKDF_BYTES]);

/** LabeledExpand(prk, label, info, size).  @return as cbx_hkdf_expand */
bool cbx_labeled_expand(const struct cbx_suite *suite,
	const uint8_t prk[CBX_HKDF_BYTES], const char *label,
	struct cbx_span info, struct cbx_hkdf_output output);

#endif
