/* SPDX-License-Identifier: Apache-2.0 */
/* An attestation result as JSON: draft-fv-rats-ear, AR4SI. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <mbedtls/base64.h>

#include <trust/labels.h>
#include <verify/verdict.h>

#define PROFILE	      "tag:github.com,2023:veraison/ear"
#define NONCE_MIN     8u
#define BASE64_MAX    96u
#define FAILED_CRYPTO 99
#define NOT_TRUSTED   96
#define UNRECOGNIZED  97
#define MALFUNCTION   (-1)
#define UNEXPECTED    1

/* Tiers by rank; none says nothing and ranks lowest. */
enum tier {
	NONE,
	AFFIRMING,
	WARNING,
	CONTRAINDICATED
};
static const char *const tier_names[] = { "none", "affirming", "warning",
	"contraindicated" };

static const char *const trust_names[CBX_TRUSTS] = {
	[CBX_TRUST_INSTANCE] = "instance-identity",
	[CBX_TRUST_CONFIGURATION] = "configuration",
	[CBX_TRUST_EXECUTABLES] = "executables",
	[CBX_TRUST_FILE_SYSTEM] = "file-system",
	[CBX_TRUST_HARDWARE] = "hardware",
	[CBX_TRUST_RUNTIME_OPAQUE] = "runtime-opaque",
	[CBX_TRUST_STORAGE_OPAQUE] = "storage-opaque",
	[CBX_TRUST_SOURCED_DATA] = "sourced-data",
};

static enum tier tier_of(int8_t value)
{
	if (value >= -1 && value <= 1) {
		return NONE;
	}
	if (value >= -32 && value <= 31) {
		return AFFIRMING;
	}
	return value >= -96 && value <= 95 ? WARNING : CONTRAINDICATED;
}

/* What a refusal says about the attester: one entry of the vector. */
static const struct {
	enum cbx_refusal reason;
	enum cbx_trust part;
	int8_t value;
} meanings[] = {
	{ CBX_REFUSED_MALFORMED, CBX_TRUST_INSTANCE, UNEXPECTED },
	{ CBX_REFUSED_WRONG_TYPE, CBX_TRUST_INSTANCE, UNEXPECTED },
	{ CBX_REFUSED_UNSUPPORTED, CBX_TRUST_INSTANCE, UNEXPECTED },
	{ CBX_REFUSED_NONCE, CBX_TRUST_INSTANCE, UNEXPECTED },
	{ CBX_REFUSED_CERTIFICATE, CBX_TRUST_INSTANCE, FAILED_CRYPTO },
	{ CBX_REFUSED_CHAIN, CBX_TRUST_INSTANCE, FAILED_CRYPTO },
	{ CBX_REFUSED_SIGNATURE, CBX_TRUST_INSTANCE, FAILED_CRYPTO },
	{ CBX_REFUSED_BINDING, CBX_TRUST_INSTANCE, FAILED_CRYPTO },
	{ CBX_REFUSED_COLLATERAL, CBX_TRUST_INSTANCE, FAILED_CRYPTO },
	{ CBX_REFUSED_EXPIRED, CBX_TRUST_INSTANCE, NOT_TRUSTED },
	{ CBX_REFUSED_REVOKED, CBX_TRUST_INSTANCE, NOT_TRUSTED },
	{ CBX_REFUSED_IDENTITY, CBX_TRUST_INSTANCE, UNRECOGNIZED },
	{ CBX_REFUSED_TCB, CBX_TRUST_HARDWARE, NOT_TRUSTED },
	{ CBX_REFUSED_LIFECYCLE, CBX_TRUST_HARDWARE, NOT_TRUSTED },
	{ CBX_REFUSED_NO_HARDWARE, CBX_TRUST_HARDWARE, UNRECOGNIZED },
	{ CBX_REFUSED_DEBUG, CBX_TRUST_RUNTIME_OPAQUE, NOT_TRUSTED },
	{ CBX_REFUSED_EVENT_LOG, CBX_TRUST_EXECUTABLES, FAILED_CRYPTO },
	{ CBX_REFUSED_NOT_PRISTINE, CBX_TRUST_CONFIGURATION, NOT_TRUSTED },
	{ CBX_REFUSED_REQUIREMENT, CBX_TRUST_CONFIGURATION, NOT_TRUSTED },
	{ CBX_REFUSED_INTERNAL, CBX_TRUST_INSTANCE, MALFUNCTION },
};

/* The vector: the verifier's, and what the refusal means. */
static void make_vector(
	const struct cbx_verdict *verdict, int8_t vector[CBX_TRUSTS])
{
	memcpy(vector, verdict->trust, CBX_TRUSTS);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].reason == verdict->reason) {
			vector[meanings[i].part] = meanings[i].value;
		}
	}
}

/* Never better than the worst entry; what was refused is contraindicated, what
 * was accepted is affirmed at best. */
static enum tier make_status(
	const struct cbx_verdict *verdict, const int8_t vector[CBX_TRUSTS])
{
	enum tier worst = verdict->reason == CBX_ACCEPTED ? AFFIRMING
			  : verdict->reason == CBX_REFUSED_INTERNAL
				  ? NONE
				  : CONTRAINDICATED;

	for (size_t i = 0; i < CBX_TRUSTS; i++) {
		enum tier tier = tier_of(vector[i]);

		worst = tier > worst ? tier : worst;
	}
	return worst;
}

/* ---------------------------------------------------------------- values -- */

static json_t *json_hex(struct cbx_span bytes)
{
	char *text = malloc(2 * bytes.size + 1);
	json_t *made;

	if (text == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < bytes.size; i++) {
		(void)snprintf(text + 2 * i, 3, "%02x", bytes.bytes[i]);
	}
	text[2 * bytes.size] = '\0';
	made = json_string(text);
	free(text);
	return made;
}

/* A number; in decimal as a text when it is beyond what JSON's readers take. */
static json_t *json_number(uint64_t number)
{
	char text[24];

	if (number <= INT64_MAX) {
		return json_integer((json_int_t)number);
	}
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return json_string(text);
}

static json_t *json_value(const struct cbx_value *value)
{
	switch (value->kind) {
	case CBX_VALUE_BYTES:
		return json_hex(value->span);
	case CBX_VALUE_TEXT:
		return json_stringn(
			(const char *)value->span.bytes, value->span.size);
	case CBX_VALUE_NUMBER:
		return json_number(value->number);
	case CBX_VALUE_FLAG:
	default:
		return json_boolean(value->number != 0);
	}
}

static json_t *json_claims(const struct cbx_verdict *verdict)
{
	json_t *claims = json_object();

	for (size_t i = 0; claims != NULL && i < verdict->claim_count; i++) {
		const struct cbx_claim *claim = &verdict->claims[i];

		if (json_object_set_new(claims, claim->name,
			    json_value(&claim->value)) != 0) {
			json_decref(claims);
			return NULL;
		}
	}
	return claims;
}

static json_t *json_vector(const int8_t vector[CBX_TRUSTS])
{
	json_t *object = json_object();

	for (size_t i = 0; object != NULL && i < CBX_TRUSTS; i++) {
		if (json_object_set_new(object, trust_names[i],
			    json_integer(vector[i])) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* ------------------------------------------------------------------ text -- */

static json_t *json_appraisal(const struct cbx_verdict *verdict)
{
	int8_t vector[CBX_TRUSTS];

	make_vector(verdict, vector);
	return json_pack("{s:s, s:o, s:s, s:s, s:o}", "ear.status",
		tier_names[make_status(verdict, vector)],
		"ear.trustworthiness-vector", json_vector(vector),
		"libconfbox.reason", cbx_refusal_word(verdict->reason),
		"libconfbox.detail", verdict->detail, "libconfbox.claims",
		json_claims(verdict));
}

/* The same in base64url, where it has another character. */
static char url_safe(char c)
{
	switch (c) {
	case '+':
		return '-';
	case '/':
		return '_';
	case '=': /* padding: the end */
		return '\0';
	default:
		return c;
	}
}

/* base64url without padding, as EAT wants it. */
static bool base64url(struct cbx_span bytes, char text[BASE64_MAX])
{
	size_t size = 0;

	if (mbedtls_base64_encode((unsigned char *)text, BASE64_MAX, &size,
		    bytes.bytes, bytes.size) != 0) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		text[i] = url_safe(text[i]);
	}
	return true;
}

/* The challenge, if EAT has room for it. */
static bool add_nonce(const struct cbx_verdict *verdict, json_t *result)
{
	struct cbx_span nonce = { verdict->nonce, verdict->nonce_size };
	char text[BASE64_MAX];

	if (nonce.size < NONCE_MIN) {
		return true;
	}
	return base64url(nonce, text) &&
	       json_object_set_new(result, "eat_nonce", json_string(text)) == 0;
}

char *cbx_verdict_json(const struct cbx_verdict *verdict)
{
	const char *name = verdict->kind[0] != '\0' ? verdict->kind : "none";
	json_t *result = json_pack("{s:s, s:I, s:{s:s, s:s}, s:{s:o}}",
		"eat_profile", PROFILE, "iat", (json_int_t)verdict->now,
		"ear.verifier-id", "developer", CBX_EVIDENCE_NAME, "build",
		CBX_VERSION_TEXT, "submods", name, json_appraisal(verdict));
	char *text = NULL;

	if (result != NULL && add_nonce(verdict, result)) {
		text = json_dumps(result, JSON_INDENT(2));
	}
	json_decref(result);
	return text;
}
