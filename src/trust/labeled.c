/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/labeled.h>

#include <string.h>

#define VERSION "HPKE-v1"

static struct cbx_span text(const char *label)
{
	return (struct cbx_span){ (const uint8_t *)label, strlen(label) };
}

struct cbx_suite cbx_suite_kem(void)
{
	return (struct cbx_suite){
		.bytes = { 'K', 'E', 'M', 0, CBX_HPKE_KEM_X25519 },
		.size = 5,
	};
}

struct cbx_suite cbx_suite_hpke(uint16_t aead)
{
	return (struct cbx_suite){
		.bytes = { 'H', 'P', 'K', 'E', 0, CBX_HPKE_KEM_X25519, 0,
			CBX_HPKE_HKDF_SHA256, (uint8_t)(aead >> 8),
			(uint8_t)aead },
		.size = 10,
	};
}

bool cbx_labeled_extract(const struct cbx_suite *suite, struct cbx_span salt,
	const char *label, struct cbx_span ikm, uint8_t prk[CBX_HKDF_BYTES])
{
	const struct cbx_span parts[] = {
		text(VERSION),
		{ suite->bytes, suite->size },
		text(label),
		ikm,
	};

	return cbx_hkdf_extract(
		salt, parts, sizeof(parts) / sizeof(parts[0]), prk);
}

bool cbx_labeled_expand(const struct cbx_suite *suite,
	const uint8_t prk[CBX_HKDF_BYTES], const char *label,
	struct cbx_span info, struct cbx_hkdf_output output)
{
	const uint8_t length[] = { (uint8_t)(output.size >> 8),
		(uint8_t)output.size };
	const struct cbx_span parts[] = {
		{ length, sizeof(length) },
		text(VERSION),
		{ suite->bytes, suite->size },
		text(label),
		info,
	};

	return cbx_hkdf_expand(
		prk, parts, sizeof(parts) / sizeof(parts[0]), output);
}
