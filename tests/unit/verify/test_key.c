/* SPDX-License-Identifier: Apache-2.0 */
/* Platform keys, as their files come; tried on a token of a public key. */
#include "cca_samples.h"

#include <jansson.h>

#include <verify/key.h>

/* The keys of a list of trust anchors, as JWK files. */
static struct cbx_span key_in_list(const char *name)
{
	struct cbx_span file = evidence_load(name);
	json_t *list = json_loadb((const char *)file.bytes, file.size, 0, NULL);
	char *text =
		json_dumps(json_object_get(json_array_get(list, 0), "pkey"), 0);
	struct cbx_span copy;

	assert_non_null(text);
	copy.size = strlen(text);
	copy.bytes = evidence_copy(
		(struct cbx_span){ (const uint8_t *)text, copy.size },
		copy.size);
	free(text);
	json_decref(list);
	evidence_free(file);
	return copy;
}

static void check_key(struct cbx_verdict *verdict, struct cbx_span key,
	enum cbx_refusal expected, const char *what)
{
	struct cbx_span token = evidence_load(cca_samples[3].token); /* P-256 */
	struct cbx_endorsements endorsements = cca_by(key);
	struct cbx_appraisal appraisal = cca_anything();

	cca_assert_reason(verdict,
		cbx_verify_cca(verdict, token, &endorsements, &appraisal),
		expected, what);
	evidence_free(token);
}

static void keys_of_the_samples_that_are_no_good_are_refused(void **state)
{
	struct cbx_span key = key_in_list("cca/neg-keys/ta-02-bad.json");

	check_key(*state, key, CBX_REFUSED_CERTIFICATE, "off its curve");
	assert_non_null(strstr(cbx_verdict_detail(*state), "curve"));
	evidence_free(key);
	key = key_in_list("cca/neg-keys/ta.json");
	check_key(*state, key, CBX_REFUSED_SIGNATURE, "another key");
	evidence_free(key);
	key = evidence_load("cca/neg-keys/ta.json");
	check_key(*state, key, CBX_REFUSED_CERTIFICATE, "a list, no JWK");
	evidence_free(key);
}

static void without_a_key_nothing_is_accepted(void **state)
{
	struct cbx_span token = evidence_load(cca_samples[3].token);
	struct cbx_appraisal appraisal = cca_anything();

	cca_assert_reason(*state,
		cbx_verify_cca(*state, token, NULL, &appraisal),
		CBX_REFUSED_CERTIFICATE, "no endorsements");
	check_key(*state, (struct cbx_span){ 0 }, CBX_REFUSED_CERTIFICATE,
		"no key");
	evidence_free(token);
}

static void endorsements_of_another_version_are_not_used(void **state)
{
	struct cbx_endorsements endorsements = { .size = 8 };
	struct cbx_appraisal appraisal = cca_anything();

	cca_assert_reason(*state,
		cbx_verify_cca(*state, (struct cbx_span){ 0 }, &endorsements,
			&appraisal),
		CBX_REFUSED_INTERNAL, "another version");
}

#define X256 "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define Y256 "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
#define JWK(kty, crv, x, y) \
	"{\"kty\":" kty ",\"crv\":" crv ",\"x\":" x ",\"y\":" y "}"

static const struct {
	const char *file;
	bool good;
} keys[] = {
	{ JWK("\"EC\"", "\"P-256\"", "\"" X256 "\"", "\"" Y256 "\""), true },
	{ " \n" JWK("\"EC\"", "\"P-256\"", "\"" X256 "\"", "\"" Y256 "\"") "\n",
		true },
	{ JWK("\"EC\"", "\"P-384\"", "\"" X256 "\"", "\"" Y256 "\""), false },
	{ JWK("\"EC\"", "\"P-224\"", "\"" X256 "\"", "\"" Y256 "\""), false },
	{ JWK("\"EC\"", "\"secp256k1\"", "\"" X256 "\"", "\"" Y256 "\""),
		false },
	{ JWK("\"RSA\"", "\"P-256\"", "\"" X256 "\"", "\"" Y256 "\""), false },
	{ JWK("1", "\"P-256\"", "\"" X256 "\"", "\"" Y256 "\""), false },
	{ JWK("\"EC\"", "1", "\"" X256 "\"", "\"" Y256 "\""), false },
	{ JWK("\"EC\"", "\"P-256\"", "1", "\"" Y256 "\""), false },
	{ JWK("\"EC\"", "\"P-256\"", "\"" X256 "\"", "\"\""), false },
	{ JWK("\"EC\"", "\"P-256\"", "\"" X256 "\"", "\"" X256 "\""), false },
	{ JWK("\"EC\"", "\"P-256\"", "\"" X256 "=\"", "\"" Y256 "\""), false },
	{ JWK("\"EC\"", "\"P-256\"", "\"" X256 "AA\"", "\"" Y256 "\""), false },
	{ JWK("\"EC\"", "\"P-256\"",
		  "\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D+\"",
		  "\"" Y256 "\""),
		false },
	{ JWK("\"EC\"", "\"P-256\"",
		  "\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D\\u0000\"",
		  "\"" Y256 "\""),
		false },
	{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\",\"y\":\"" Y256
	  "\",\"crv\":\"P-256\"}",
		false },
	{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" X256 "\"}", false },
	{ "{}", false },
	{ "[]", false },
	{ "\"\"", false },
	{ "{", false },
	{ "\x04", false },
	{ "\x02", false },
	{ "-----BEGIN ", false },
	{ "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", false },
	{ "-----BEGIN PUBLIC KEY-----\n"
	  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A\n"
	  "iTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==\n"
	  "-----END PUBLIC KEY-----\n",
		true },
	{ "-----BEGIN PUBLIC KEY-----\n" /* its y is another's */
	  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A\n"
	  "iTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXJA==\n"
	  "-----END PUBLIC KEY-----\n",
		false },
	{ "-----BEGIN PUBLIC KEY-----\n" /* X25519 */
	  "MCowBQYDK2VuAyEAEiNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=\n"
	  "-----END PUBLIC KEY-----\n",
		false },
};

/* Keys that are good, and others of their files' kinds. */
static const char *const p521[] = {
	"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":"
	"\"APTSX_2owFi02pGx3IYhIsBNkmHFl41MWhqmoy4V4plqNiEd_"
	"uZLB7X9qyNFCzds05T0vghmdhfBiB-97krSQOXD\",\"y\":"
	"\"AJHfOcCkrsRUie4fq5bRBVLlnMx8oUN9j-Rwdgy1u6mz6u2wWx7qJU4UqG5NZpPfH-"
	"zpAX9lRWT-bH_jIaq6Hfcw\"}",
	"-----BEGIN PUBLIC KEY-----\n"
	"MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA9NJf/ajAWLTakbHchiEiwE2SYcWX\n"
	"jUxaGqajLhXimWo2IR3+5ksHtf2rI0ULN2zTlPS+CGZ2F8GIH73uStJA5cMAkd85\n"
	"wKSuxFSJ7h+rltEFUuWczHyhQ32P5HB2DLW7qbPq7bBbHuolThSobk1mk98f7OkB\n"
	"f2VFZP5sf+Mhqrod9zA=\n"
	"-----END PUBLIC KEY-----\n",
};
static const char *const wrong[] = {
	/* secp256k1 */
	"-----BEGIN PUBLIC KEY-----\n"
	"MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEssC3Yb1tosOBIFYTJnhcJ0+FaoBCVuxu\n"
	"WIfJUwWpPVFS0foEXsZg+ijhNa5Rtft9zc62OrDm+TFrHzAwhJ33EA==\n"
	"-----END PUBLIC KEY-----\n",
	/* RSA */
	"-----BEGIN PUBLIC KEY-----\n"
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtwQIbJ6/WPolwR0nciuZ\n"
	"8W9oX0H9GMrCcj6vFLqqsBJtxmi1/RQA7of0PnDSVZPkyoQcSDEoY/iWdgyIxzW+\n"
	"MBvqlSXFNnT1hZN5DAiWnsI2SRdEM6vhy0cVMm2mkIAQuTtwuZqxhy3CmBN/6vd9\n"
	"3sPmYF4vJC81Fj4tsdK3LiGHj8W69yyIaqE41jReAP9gCMeWMX+C+X1R7SNAhWpx\n"
	"7vOhVvIMQPk+3bL8wsa5qqsJ3+z/DG11pbuijQNlUiLSoH0SVX5D7iaG/NR/AXdR\n"
	"84lLF1CdvLaAh3fhZlDZy7sa/BrbpqCFuceg9OcphMHOPcbhHpGsBBVKPqsR1m1G\n"
	"gwIDAQAB\n"
	"-----END PUBLIC KEY-----\n",
};

static void every_curve_has_its_key(void **state)
{
	struct cbx_key key[2];

	for (size_t i = 0; i < 2; i++) {
		check_key(*state, cbx_span_text(p521[i]), CBX_REFUSED_SIGNATURE,
			p521[i]);
		assert_null(cbx_key_from_file(&key[i], cbx_span_text(p521[i])));
		check_key(*state, cbx_span_text(wrong[i]),
			CBX_REFUSED_CERTIFICATE, wrong[i]);
	}
	assert_int_equal(cbx_key_point(&key[0]).size, 133);
	assert_true(
		cbx_span_equal(cbx_key_point(&key[0]), cbx_key_point(&key[1])));
}

static void a_key_is_read_to_the_letter(void **state)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t size = strlen(keys[i].file);
		struct cbx_span key = {
			evidence_copy(cbx_span_text(keys[i].file), size), size
		};

		check_key(*state, key,
			keys[i].good ? CBX_ACCEPTED : CBX_REFUSED_CERTIFICATE,
			keys[i].file);
		evidence_free(key);
	}
}

/* base64 of other alphabets, of a key that is good as it is. */
static void a_jwk_has_an_alphabet_of_its_own(void **state)
{
	struct cbx_span file = evidence_load(cca_samples[2].key);
	struct cbx_span copy = { evidence_copy(file, file.size), file.size };
	struct cbx_key key;
	uint8_t *changed = (uint8_t *)(uintptr_t)copy.bytes;
	size_t places = 0;

	(void)state;
	assert_null(cbx_key_from_file(&key, copy));
	for (size_t i = 40; i < copy.size; i++) { /* past "P-384" */
		uint8_t was = changed[i];

		if (was == '-' || was == '_') {
			changed[i] = was == '-' ? '+' : '/';
			assert_non_null(cbx_key_from_file(&key, copy));
			changed[i] = was;
			places++;
		}
	}
	assert_true(places >= 2);
	evidence_free(copy);
	evidence_free(file);
}

static void a_point_is_all_of_one(void **state)
{
	struct cbx_span file = evidence_load(cca_samples[2].key);
	struct cbx_span point;
	struct cbx_key key;
	struct cbx_key other = { 0 };
	uint8_t compressed[CBX_KEY_POINT_MAX] = { 0 };

	(void)state;
	assert_null(cbx_key_from_file(&key, file));
	point = cbx_key_point(&key);
	assert_int_equal(point.size, 97);
	assert_null(cbx_key_from_point(&other, point));
	assert_memory_equal(other.x963, key.x963, 97);
	for (size_t size = 0; size < 97; size++) {
		assert_non_null(cbx_key_from_point(
			&other, (struct cbx_span){ point.bytes, size }));
	}
	memcpy(compressed, point.bytes, 97);
	for (int first = 0; first < 256; first++) {
		compressed[0] = (uint8_t)first;
		assert_int_equal(
			cbx_key_from_point(&other,
				(struct cbx_span){ compressed, 97 }) == NULL,
			first == 4);
	}
	assert_non_null(cbx_key_from_coordinates(&other,
		cbx_span_part(point, 1, 48), cbx_span_part(point, 49, 47)));
	evidence_free(file);
}

static void a_key_is_cut_nowhere(void **state)
{
	for (size_t i = 0; i < CCA_SAMPLES; i++) {
		struct cbx_span file = evidence_load(cca_samples[i].key);

		for (size_t size = 0; size + 30 < file.size; size++) {
			struct cbx_span part = { evidence_copy(file, size),
				size };

			check_key(*state, part, CBX_REFUSED_CERTIFICATE,
				cca_samples[i].key);
			evidence_free(part);
		}
		evidence_free(file);
	}
}

static void a_file_that_is_no_key_by_its_size_is_not_read(void **state)
{
	struct cbx_span key = { evidence_copy((struct cbx_span){ 0 }, 16385),
		16385 };

	memset((void *)(uintptr_t)key.bytes, ' ', key.size);
	memcpy((void *)(uintptr_t)key.bytes, keys[0].file,
		strlen(keys[0].file));
	check_key(*state, key, CBX_REFUSED_CERTIFICATE, "16385 bytes");
	key.size--;
	check_key(*state, key, CBX_ACCEPTED, "16384 bytes");
	evidence_free(key);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cca_make, cca_drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_of_the_samples_that_are_no_good_are_refused),
		TEST(without_a_key_nothing_is_accepted),
		TEST(endorsements_of_another_version_are_not_used),
		TEST(every_curve_has_its_key),
		TEST(a_key_is_read_to_the_letter),
		TEST(a_jwk_has_an_alphabet_of_its_own),
		TEST(a_point_is_all_of_one),
		TEST(a_key_is_cut_nowhere),
		TEST(a_file_that_is_no_key_by_its_size_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
