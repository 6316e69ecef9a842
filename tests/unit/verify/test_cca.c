/* SPDX-License-Identifier: Apache-2.0 */
/* Public attestation tokens of Arm CCA. */
#include "cca_samples.h"

static void every_sample_is_accepted_by_its_key(void **state)
{
	for (size_t i = 0; i < CCA_SAMPLES; i++) {
		cca_assert_reason(*state,
			cca_verify_sample(*state, cca_samples[i].token,
				cca_samples[i].key),
			CBX_ACCEPTED, cca_samples[i].token);
	}
}

static void a_sample_of_another_platform_is_refused(void **state)
{
	cca_assert_reason(*state,
		cca_verify_sample(
			*state, cca_samples[0].token, cca_samples[3].key),
		CBX_REFUSED_SIGNATURE, "P-256 for ES384");
	cca_assert_reason(*state,
		cca_verify_sample(
			*state, cca_samples[3].token, cca_samples[0].key),
		CBX_REFUSED_SIGNATURE, "P-384 for ES256");
}

static void evidence_of_something_else_is_refused(void **state)
{
	static const struct {
		const char *file;
		enum cbx_refusal expected;
	} others[] = {
		{ "snp/milan-v2-virtee/report.bin", CBX_REFUSED_MALFORMED },
		{ "tdx/v5-google/quote.bin", CBX_REFUSED_MALFORMED },
		{ "cca/tf-rmm/platform_pub.pem", CBX_REFUSED_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cca_assert_reason(*state,
			cca_verify_sample(
				*state, others[i].file, cca_samples[0].key),
			others[i].expected, others[i].file);
		assert_int_equal(cbx_verdict_claim_count(*state), 0);
	}
}

#define LIST_SOME \
	"07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"
#define ZEROS_32 \
	"0000000000000000000000000000000000000000000000000000000000000000"

/* What the samples say, as bytes in hex, numbers in decimal, or text. */
static const struct {
	size_t sample;
	const char *claim;
	const char *value;
} said[] = {
	{ 0, "cca.platform.profile", "http://arm.com/CCA-SSD/1.0.0" },
	{ 0, "cca.platform.challenge",
		"b5973cb68baa9fc55558786b7ec67f69"
		"e40df5ba5aa921cd0c27f40587a011ea" },
	{ 0, "cca.platform.implementation-id",
		"7f454c4602010100000000000000000003003e000100000050580000000000"
		"00" },
	{ 0, "cca.platform.instance-id",
		"0107060504030201000f0e0d0c0b0a0908"
		"17161514131211101f1e1d1c1b1a1918" },
	{ 0, "cca.platform.config",
		"0107060504030201000f0e0d0c0b0a0908"
		"17161514131211101f1e1d1c1b1a1918" },
	{ 0, "cca.platform.lifecycle", "12291" },
	{ 0, "cca.platform.hash-algorithm", "sha-256" },
	{ 0, "cca.platform.verification-service", "whatever.com" },
	{ 0, "cca.platform.components", "4" },
	{ 0, "cca.platform.component.0.type", "BL" },
	{ 0, "cca.platform.component.0.version", "3.4.2" },
	{ 0, "cca.platform.component.0.measurement", LIST_SOME },
	{ 0, "cca.platform.component.0.signer", LIST_SOME },
	{ 0, "cca.platform.component.0.hash-algorithm", "sha-256" },
	{ 0, "cca.platform.component.1.type", "M1" },
	{ 0, "cca.platform.component.1.hash-algorithm", NULL },
	{ 0, "cca.platform.component.4.type", NULL },
	{ 0, "cca.profile", NULL },
	{ 0, "cca.hash-algorithm", "sha-256" },
	{ 0, "cca.key-hash-algorithm", "sha-256" },
	{ 0, "cca.rim", ZEROS_32 },
	{ 0, "cca.rem0", ZEROS_32 },
	{ 0, "cca.rem3", ZEROS_32 },
	{ 0, "cca.rem4", NULL },
	{ 2, "cca.platform.profile", "tag:arm.com,2023:cca_platform#1.0.0" },
	{ 2, "cca.platform.config", "cfcfcfcf" },
	{ 2, "cca.platform.components", "13" },
	{ 2, "cca.platform.component.0.type", "RSE_BL1_2" },
	{ 2, "cca.platform.component.8.type", "RMM" },
	{ 2, "cca.platform.component.8.measurement",
		"a1fb50e6c86fae1679ef3351296fd671"
		"3411a08cf8dd1790a4fd05fae8688164" },
	{ 2, "cca.platform.component.6.signer",
		"f14b4987904bcb5814e4459a057ed4d2"
		"0f58a633152288a761214dcd28780b56" },
	{ 2, "cca.platform.component.12.type", "SOC_FW_CONFIG" },
	{ 2, "cca.platform.verification-service",
		"https://veraison.example/.well-known/veraison/verification" },
	{ 2, "cca.profile", "tag:arm.com,2023:realm#1.0.0" },
	{ 2, "cca.rim",
		"311314ab73620350cf758834ae5c65d9"
		"e8c2dc7febe6e7d9654bbe864e300d49" },
	{ 2, "cca.rem0",
		"24d5b0a296cc05cbd8068c5067c5bd47"
		"3b770dda6ae082fe3ba30abe3f9a6ab1" },
	{ 2, "cca.rem3",
		"32c6afc627e55585c03155359f331a0e"
		"225f6840db947dd96efab81be2671939" },
	{ 3, "cca.platform.profile", "http://arm.com/CCA-SSD/1.0.0" },
	{ 3, "cca.platform.lifecycle", "12288" },
	{ 3, "cca.platform.component.3.type", "M3" },
	{ 3, "cca.platform.component.3.version", "1.0.0" },
	{ 3, "cca.profile", "tag:arm.com,2023:realm#1.0.0" },
	{ 3, "cca.challenge",
		"6f24d6b9635a2c8bbf58e908b94e04c1bfb3ae80cdebe832424578499fe317"
		"61"
		"e7f5e1d8bce0121844f54abdfa5286da88f53a657b15335c9396b4329254bc"
		"5c" },
};

/* A claim as the table writes it. */
static void print_claim(const struct cbx_claim *claim, char *text, size_t room)
{
	text[0] = '\0';
	if (claim->value.kind == CBX_VALUE_NUMBER) {
		(void)snprintf(text, room, "%llu",
			(unsigned long long)claim->value.number);
	} else if (claim->value.kind == CBX_VALUE_TEXT) {
		(void)snprintf(text, room, "%s",
			(const char *)claim->value.span.bytes);
	} else {
		for (size_t i = 0; i < claim->value.span.size; i++) {
			(void)snprintf(text + 2 * i, 3, "%02x",
				claim->value.span.bytes[i]);
		}
	}
}

static void claims_are_what_the_samples_say(void **state)
{
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const struct cbx_claim *claim;
		char text[512];

		(void)cca_verify_sample(*state,
			cca_samples[said[i].sample].token,
			cca_samples[said[i].sample].key);
		claim = cbx_verdict_claim(*state, said[i].claim);
		assert_int_equal(claim == NULL, said[i].value == NULL);
		if (claim != NULL) {
			print_claim(claim, text, sizeof(text));
			assert_string_equal(text, said[i].value);
		}
	}
}

static void the_verdict_has_a_trust_vector(void **state)
{
	const struct cbx_verdict *verdict = *state;

	(void)cca_verify_sample(
		*state, cca_samples[2].token, cca_samples[2].key);
	assert_int_equal(verdict->trust[CBX_TRUST_INSTANCE], 2);
	assert_int_equal(verdict->trust[CBX_TRUST_HARDWARE], 2);
	assert_int_equal(verdict->trust[CBX_TRUST_CONFIGURATION], 2);
	assert_int_equal(verdict->trust[CBX_TRUST_RUNTIME_OPAQUE], 2);
	(void)cca_verify_sample(
		*state, cca_samples[2].token, cca_samples[3].key);
	assert_int_equal(verdict->trust[CBX_TRUST_INSTANCE], 0);
	assert_int_equal(verdict->trust[CBX_TRUST_HARDWARE], 0);
}

/* Halves of two genuine tokens: each signature holds. */
static void halves_of_two_tokens_do_not_make_one(void **state)
{
	struct cbx_span first = evidence_load(cca_samples[0].token);
	struct cbx_span second = evidence_load(cca_samples[2].token);
	struct cbx_span file = evidence_load(cca_samples[0].key);
	struct cbx_endorsements endorsements = cca_by(file);
	struct cbx_appraisal appraisal = cca_anything();
	struct cbx_cbor items[2][16];
	static uint8_t room[4096];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };
	const struct cbx_cbor *half;

	assert_int_equal(cbx_cbor_decode(first, 0, items[0], 16), 0);
	assert_int_equal(cbx_cbor_decode(second, 0, items[1], 16), 0);
	cbx_cbor_put_tag(&writer, 399);
	cbx_cbor_put_map(&writer, 2);
	cbx_cbor_put_int(&writer, 44234);
	half = cbx_cbor_find(cbx_cbor_tagged(items[0], 399), 44234);
	cbx_cbor_put_bytes(&writer, half->bytes.bytes, half->bytes.size);
	cbx_cbor_put_int(&writer, 44241);
	half = cbx_cbor_find(cbx_cbor_tagged(items[1], 399), 44241);
	cbx_cbor_put_bytes(&writer, half->bytes.bytes, half->bytes.size);
	cca_assert_reason(*state,
		cbx_verify_cca(*state, cbx_cbor_written(&writer), &endorsements,
			&appraisal),
		CBX_REFUSED_BINDING, "two halves");
	evidence_free(first);
	evidence_free(second);
	evidence_free(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cca_make, cca_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_sample_is_accepted_by_its_key),
		TEST(a_sample_of_another_platform_is_refused),
		TEST(evidence_of_something_else_is_refused),
		TEST(claims_are_what_the_samples_say),
		TEST(the_verdict_has_a_trust_vector),
		TEST(halves_of_two_tokens_do_not_make_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
