/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation tokens of Arm CCA, and platform keys in files, from anybody.
 *
 * The first byte says what follows: 0 a token, else a key.  No input would ever
 * be signed, so every signature is taken for good here: what comes after it is
 * reached, too.
 */
#include "fuzz.h"

#include <string.h>

#include <verify/cca.h>
#include <verify/key.h>
#include <verify/signature.h>
#include <verify/span.h>
#include <verify/verdict.h>

/* The base point of P-256: a platform key. */
static const uint8_t platform_key[] = { 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1,
	0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77,
	0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8,
	0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e,
	0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
	0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };

bool cbx_check_sign1(const struct cbx_cose_sign1 *sign1, struct cbx_span point)
{
	FUZZ_ASSERT(sign1->payload.size != 0);
	FUZZ_ASSERT(point.size % 2 == 1 && point.bytes[0] == 4);
	return true;
}

bool cbx_check_point(struct cbx_span point)
{
	FUZZ_ASSERT(point.size == 65 || point.size == 97 || point.size == 133);
	return true;
}

/* What every accepted token says, in a form a policy can ask for. */
static void check_claims(const struct cbx_verdict *verdict)
{
	static const char *const always[] = { "cca.platform.profile",
		"cca.platform.lifecycle", "cca.platform.config",
		"cca.platform.component.0.measurement", "cca.challenge",
		"cca.rim", "cca.rem0", "cca.rem3", "cca.key" };

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		FUZZ_ASSERT(cbx_verdict_claim(verdict, always[i]) != NULL);
	}
	FUZZ_ASSERT(cbx_verdict_claim(verdict, "cca.platform.lifecycle")
				    ->value.number >>
			    8 ==
		    CBX_CCA_SECURED);
	FUZZ_ASSERT(
		cbx_verdict_claim(verdict, "cca.challenge")->value.span.size ==
		64);
}

static void try_token(struct cbx_verdict *verdict, struct cbx_span token)
{
	const struct cbx_endorsements endorsements = { .size = sizeof(
							       endorsements),
		.platform_key = { platform_key, sizeof(platform_key) } };
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal) };
	enum cbx_refusal reason =
		cbx_verify_cca(verdict, token, &endorsements, &appraisal);

	FUZZ_ASSERT(reason == cbx_verdict_reason(verdict));
	FUZZ_ASSERT(reason != CBX_REFUSED_INTERNAL);
	FUZZ_ASSERT(reason != CBX_REFUSED_CERTIFICATE);
	FUZZ_ASSERT(cbx_verdict_claim_count(verdict) <= CBX_VERDICT_CLAIMS);
	if (reason == CBX_ACCEPTED) {
		check_claims(verdict);
	}
}

static void try_key(struct cbx_span file)
{
	struct cbx_key key = { 0 };
	const char *why = cbx_key_from_file(&key, file);

	FUZZ_ASSERT((why == NULL) == (key.field_bytes != 0));
	if (why == NULL) {
		FUZZ_ASSERT(cbx_key_point(&key).bytes[0] == 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct cbx_verdict *verdict = cbx_verdict_create();

	FUZZ_ASSERT(verdict != NULL);
	if (size > 1 && input[0] == 0) {
		try_token(verdict, (struct cbx_span){ input + 1, size - 1 });
	} else if (size > 1) {
		try_key((struct cbx_span){ input + 1, size - 1 });
	}
	cbx_verdict_destroy(verdict);
	return 0;
}
