/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of CCA tokens by the table, without signatures: public claim sets. */
#include "cca_samples.h"
#include "cca_text.h"

#define PLATFORM "cca/claims-go/platform/"
#define REALM	 "cca/claims-go/realm/"

static const struct {
	const char *file;
	enum cbx_cca_half half;
	enum cbx_refusal expected;
	const char *about; /* what the detail names */
} sets[] = {
	{ PLATFORM "cbor/CcaPlatformClaimsAll.diag", 0, CBX_ACCEPTED, "" },
	{ PLATFORM "cbor/CcaPlatformClaimsMandatoryOnly.diag", 0, CBX_ACCEPTED,
		"" },
	{ PLATFORM "cbor/CcaPlatformExample.diag", 0, CBX_ACCEPTED, "" },
	{ PLATFORM "cbor/CcaPlatformLegacyClaimsAll.diag", 0, CBX_ACCEPTED,
		"" },
	{ PLATFORM "cbor/CcaPlatformLegacyClaimsMandatoryOnly.diag", 0,
		CBX_ACCEPTED, "" },
	{ PLATFORM "cbor/CcaPlatformClaimsInvalidMultiNonce.diag", 0,
		CBX_REFUSED_MALFORMED, "cca.platform.challenge: of the wrong" },
	{ PLATFORM "cbor/CcaPlatformClaimsMissingMandatoryNonce.diag", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.challenge: it is missing" },
	{ PLATFORM "json/test-token-valid-full.json", 0, CBX_ACCEPTED, "" },
	{ PLATFORM "json/test-config-missing.json", 0, CBX_REFUSED_MALFORMED,
		"cca.platform.config: it is missing" },
	{ PLATFORM "json/test-hash-algid-invalid.json", 0,
		CBX_REFUSED_UNSUPPORTED, "cca.platform.hash-algorithm: n" },
	{ PLATFORM "json/test-hash-algid-missing.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.hash-algorithm: it is missing" },
	{ PLATFORM "json/test-implementation-id-invalid-long.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.implementation-id: of the wrong" },
	{ PLATFORM "json/test-implementation-id-invalid-missing.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.implementation-id: it is missing" },
	{ PLATFORM "json/test-instance-id-invalid.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.instance-id: of the wrong" },
	{ PLATFORM "json/test-instance-id-missing.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.instance-id: it is missing" },
	{ PLATFORM "json/test-invalid-profile.json", 0, CBX_REFUSED_UNSUPPORTED,
		"cca.platform.profile" },
	{ PLATFORM "json/test-invalid-psa-claims.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.implementation-id: it is missing" },
	{ PLATFORM "json/test-lifecycle-invalid.json", 0, CBX_REFUSED_MALFORMED,
		"cca.platform.lifecycle: of the wrong" },
	{ PLATFORM "json/test-no-sw-components.json", 0, CBX_REFUSED_MALFORMED,
		"cca.platform.components: it is missing" },
	{ PLATFORM "json/test-nonce-invalid.json", 0, CBX_REFUSED_MALFORMED,
		"cca.platform.challenge: of the wrong" },
	{ PLATFORM "json/test-sw-components-invalid-combo.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.component.0.measurement: of the wrong" },
	{ PLATFORM "json/test-sw-components-invalid-missing.json", 0,
		CBX_REFUSED_MALFORMED,
		"cca.platform.components: it is missing" },
	{ PLATFORM "json/test-vsi-invalid-empty.json", 0, CBX_REFUSED_MALFORMED,
		"cca.platform.verification-service: of the wrong" },
	{ REALM "cbor/CcaRealmClaimsAll.diag", 1, CBX_ACCEPTED, "" },
	{ REALM "cbor/CcaRealmExample.diag", 1, CBX_ACCEPTED, "" },
	{ REALM "cbor/CcaRealmLegacyClaimsAll.diag", 1, CBX_ACCEPTED, "" },
	/* These have a profile and a key as it was before: that is found
	 * first, unless what is missing comes before it in the table. */
	{ REALM "cbor/CcaClaimsMissingMandExtendedMeas.diag", 1,
		CBX_REFUSED_MALFORMED, "cca.key: of the wrong" },
	{ REALM "cbor/CcaClaimsMissingMandHashAlgID.diag", 1,
		CBX_REFUSED_MALFORMED, "cca.hash-algorithm: it is missing" },
	{ REALM "cbor/CcaClaimsMissingMandInitialMeas.diag", 1,
		CBX_REFUSED_MALFORMED, "cca.key: of the wrong" },
	{ REALM "cbor/CcaClaimsMissingMandPubKey.diag", 1,
		CBX_REFUSED_MALFORMED, "cca.key: it is missing" },
	{ REALM "cbor/CcaRealmClaimsMissingMandNonce.diag", 1,
		CBX_REFUSED_MALFORMED, "cca.challenge: it is missing" },
	{ REALM "json/test-cca-claims-all-valid.json", 1, CBX_ACCEPTED, "" },
	{ REALM "json/test-invalid-extended-meas.json", 1,
		CBX_REFUSED_MALFORMED, "cca.rem: of the wrong" },
	{ REALM "json/test-invalid-initial-meas.json", 1, CBX_REFUSED_MALFORMED,
		"cca.rim: of the wrong" },
	{ REALM "json/test-invalid-nonce.json", 1, CBX_REFUSED_MALFORMED,
		"cca.challenge: of the wrong" },
	{ REALM "json/test-invalid-personalization-val.json", 1,
		CBX_REFUSED_MALFORMED, "cca.personalization: of the wrong" },
	{ REALM "json/test-invalid-public-key.json", 1, CBX_REFUSED_MALFORMED,
		"cca.key: of the wrong" },
	{ REALM "json/test-missing-extended-meas.json", 1,
		CBX_REFUSED_MALFORMED, "cca.rem: it is missing" },
	{ REALM "json/test-missing-hash-alg-id.json", 1, CBX_REFUSED_MALFORMED,
		"cca.hash-algorithm: it is missing" },
	{ REALM "json/test-missing-initial-meas.json", 1, CBX_REFUSED_MALFORMED,
		"cca.rim: it is missing" },
	{ REALM "json/test-missing-nonce.json", 1, CBX_REFUSED_MALFORMED,
		"cca.challenge: it is missing" },
	{ REALM "json/test-missing-personalization-val.json", 1,
		CBX_REFUSED_MALFORMED, "cca.personalization: it is missing" },
	{ REALM "json/test-missing-public-key-alg-id.json", 1,
		CBX_REFUSED_MALFORMED,
		"cca.key-hash-algorithm: it is missing" },
	{ REALM "json/test-missing-public-key.json", 1, CBX_REFUSED_MALFORMED,
		"cca.key: it is missing" },
};

/* A set of a file, decoded. */
static const struct cbx_cbor *load(const char *name)
{
	static struct cbx_cbor items[CBX_CCA_ITEMS];
	static uint8_t room[8192];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };
	struct cbx_span file = evidence_load(name);

	if (strstr(name, ".json") != NULL) {
		cca_from_json(file, &writer);
	} else {
		cca_from_diagnostic(file, &writer);
	}
	evidence_free(file);
	assert_int_equal(cbx_cbor_decode(cbx_cbor_written(&writer),
				 CBX_CBOR_SHORTEST, items, CBX_CCA_ITEMS),
		CBX_CBOR_FINE);
	return items;
}

static void begin(struct cbx_verdict *verdict)
{
	struct cbx_appraisal appraisal = cca_anything();

	assert_int_equal(
		cbx_verdict_begin(verdict, "cca", &appraisal), CBX_ACCEPTED);
}

static void every_set_gets_its_verdict(void **state)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		const struct cbx_cbor *claims = load(sets[i].file);
		enum cbx_refusal reason;

		begin(*state);
		reason = cbx_cca_claims(*state, sets[i].half, claims);
		if (reason != sets[i].expected ||
			strncmp(cbx_verdict_detail(*state), sets[i].about,
				strlen(sets[i].about)) != 0) {
			fail_msg("%s: %s: %s", sets[i].file,
				cbx_refusal_word(reason),
				cbx_verdict_detail(*state));
		}
	}
}

/* Each half with the other's claims. */
static void a_half_is_not_the_other(void **state)
{
	begin(*state);
	assert_int_equal(cbx_cca_claims(*state, CBX_CCA_HALF_REALM,
				 load(PLATFORM "cbor/CcaPlatformExample.diag")),
		CBX_REFUSED_UNSUPPORTED);
	begin(*state);
	assert_int_equal(cbx_cca_claims(*state, CBX_CCA_HALF_PLATFORM,
				 load(REALM "cbor/CcaRealmExample.diag")),
		CBX_REFUSED_UNSUPPORTED);
	begin(*state);
	assert_int_equal(
		cbx_cca_claims(*state, CBX_CCA_HALF_PLATFORM,
			load(REALM "cbor/CcaRealmLegacyClaimsAll.diag")),
		CBX_REFUSED_MALFORMED);
}

static void what_is_no_map_is_malformed(void **state)
{
	static const char *const texts[] = { "0", "[265, 10]", "\"a\"", "{}",
		"h'00'" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint8_t room[64];
		struct cbx_cbor_writer writer = { .bytes = room,
			.size = sizeof(room) };
		struct cbx_cbor items[8];

		cca_from_diagnostic(cbx_span_text(texts[i]), &writer);
		assert_int_equal(
			cbx_cbor_decode(cbx_cbor_written(&writer), 0, items, 8),
			CBX_CBOR_FINE);
		begin(*state);
		assert_int_equal(
			cbx_cca_claims(*state, CBX_CCA_HALF_PLATFORM, items),
			CBX_REFUSED_MALFORMED);
		begin(*state);
		assert_int_equal(
			cbx_cca_claims(*state, CBX_CCA_HALF_REALM, items),
			CBX_REFUSED_MALFORMED);
	}
	begin(*state);
	assert_int_equal(cbx_cca_claims(*state, CBX_CCA_HALF_REALM, NULL),
		CBX_REFUSED_MALFORMED);
}

/* Replace the value of one key of an encoded map by @p value. */
static struct cbx_span replace(const struct cbx_cbor *map, int64_t key,
	struct cbx_span value, struct cbx_cbor_writer *writer)
{
	const struct cbx_cbor *item = map + 1;

	cbx_cbor_put_map(writer, map->number);
	for (uint64_t i = 0; i < map->number; i++) {
		bool ours = cbx_cbor_is(item, key);

		cbx_cbor_put_encoded(writer, item->whole);
		item = cbx_cbor_next(item);
		cbx_cbor_put_encoded(writer, ours ? value : item->whole);
		item = cbx_cbor_next(item);
	}
	return cbx_cbor_written(writer);
}

/* What hardly any claim is. */
static const struct {
	const char *what;
	uint8_t bytes[10];
	size_t size;
} strange[] = {
	{ "null", { 0xf6 }, 1 },
	{ "-1", { 0x20 }, 1 },
	{ "true", { 0xf5 }, 1 },
	{ "{}", { 0xa0 }, 1 },
	{ "[]", { 0x80 }, 1 },
	{ "a tag", { 0xc1, 0x00 }, 2 },
	{ "2^64 - 1", { 0x1b, 255, 255, 255, 255, 255, 255, 255, 255 }, 9 },
	{ "no bytes", { 0x40 }, 1 },
	{ "no text", { 0x60 }, 1 },
	{ "two bytes", { 0x42, 0x01, 0x02 }, 3 },
};

/* Whether the set is taken with another value for that key. */
static bool takes(struct cbx_verdict *verdict, enum cbx_cca_half half,
	const struct cbx_cbor *map, int64_t key, size_t value)
{
	static struct cbx_cbor changed[CBX_CCA_ITEMS];
	static uint8_t room[8192];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };
	struct cbx_span with = { strange[value].bytes, strange[value].size };

	assert_int_equal(cbx_cbor_decode(replace(map, key, with, &writer), 0,
				 changed, CBX_CCA_ITEMS),
		CBX_CBOR_FINE);
	begin(verdict);
	return cbx_cca_claims(verdict, half, changed) == CBX_ACCEPTED;
}

/* Every value for one claim. */
static size_t try_values(struct cbx_verdict *verdict, enum cbx_cca_half half,
	const struct cbx_cbor *map, int64_t key)
{
	const size_t values = sizeof(strange) / sizeof(strange[0]);

	for (size_t k = 0; k < values; k++) {
		/* Two bytes of configuration are as good as four. */
		bool good = key == 2401 && k == values - 1;

		if (takes(verdict, half, map, key, k) != good) {
			fail_msg("%d: %s", (int)key, strange[k].what);
		}
	}
	return values;
}

/* Every claim of a set, as every type it is not. */
static size_t try_all(struct cbx_verdict *verdict, enum cbx_cca_half half,
	const struct cbx_cbor *map)
{
	const struct cbx_cbor *item = map + 1;
	size_t tried = 0;

	for (uint64_t i = 0; i < map->number; i++) {
		int64_t key = 0;

		assert_true(cbx_cbor_integer(item, &key));
		tried += try_values(verdict, half, map, key);
		item = cbx_cbor_next(cbx_cbor_next(item));
	}
	return tried;
}

static void no_claim_takes_another_type(void **state)
{
	size_t tried = try_all(*state, CBX_CCA_HALF_PLATFORM,
		load(PLATFORM "cbor/CcaPlatformExample.diag"));

	tried += try_all(*state, CBX_CCA_HALF_REALM,
		load(REALM "cbor/CcaRealmExample.diag"));
	assert_int_equal(tried, 10 * (9 + 8));
}

/* A value of that many bytes for a claim of the platform. */
static enum cbx_refusal of_size(
	struct cbx_verdict *verdict, int64_t key, bool text, size_t size)
{
	static struct cbx_cbor changed[CBX_CCA_ITEMS];
	static uint8_t value[5000];
	static uint8_t room[16384];
	static char letters[5000];
	struct cbx_cbor_writer one = { .bytes = value, .size = sizeof(value) };
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };

	memset(letters, 'a', size);
	letters[size] = '\0';
	if (text) {
		cbx_cbor_put_text(&one, letters);
	} else {
		cbx_cbor_put_bytes(&one, letters, size);
	}
	assert_int_equal(
		cbx_cbor_decode(
			replace(load(PLATFORM "cbor/"
					      "CcaPlatformExample.diag"),
				key, cbx_cbor_written(&one), &writer),
			0, changed, CBX_CCA_ITEMS),
		CBX_CBOR_FINE);
	begin(verdict);
	return cbx_cca_claims(verdict, CBX_CCA_HALF_PLATFORM, changed);
}

static void texts_and_bytes_have_a_longest(void **state)
{
	assert_int_equal(of_size(*state, 2400, true, 512), CBX_ACCEPTED);
	assert_int_equal(
		of_size(*state, 2400, true, 513), CBX_REFUSED_MALFORMED);
	assert_int_equal(of_size(*state, 2401, false, 4096), CBX_ACCEPTED);
	assert_int_equal(
		of_size(*state, 2401, false, 4097), CBX_REFUSED_MALFORMED);
}

static void a_component_is_a_map(void **state)
{
	static const uint8_t list[] = { 0x81, 0x00 };
	static struct cbx_cbor changed[CBX_CCA_ITEMS];
	static uint8_t room[8192];
	struct cbx_cbor_writer writer = { .bytes = room, .size = sizeof(room) };

	assert_int_equal(
		cbx_cbor_decode(
			replace(load(PLATFORM "cbor/CcaPlatformExample.diag"),
				2399, (struct cbx_span){ list, 2 }, &writer),
			0, changed, CBX_CCA_ITEMS),
		CBX_CBOR_FINE);
	begin(*state);
	assert_int_equal(cbx_cca_claims(*state, CBX_CCA_HALF_PLATFORM, changed),
		CBX_REFUSED_MALFORMED);
	assert_non_null(strstr(cbx_verdict_detail(*state), "not a map"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cca_make, cca_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_set_gets_its_verdict),
		TEST(a_half_is_not_the_other),
		TEST(what_is_no_map_is_malformed),
		TEST(no_claim_takes_another_type),
		TEST(texts_and_bytes_have_a_longest),
		TEST(a_component_is_a_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
