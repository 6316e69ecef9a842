/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/cca.h>

#include <stdlib.h>

#include <trust/cose.h>
#include <trust/labels.h>
#include <verify/key.h>
#include <verify/signature.h>
#include <verify/span.h>
#include <verify/verdict.h>

/* How a token is put together. */
#define TAG_LEGACY	      399 /* values are byte strings */
#define TAG_COLLECTION	      907 /* values are CMW records (RFC 9999) */
#define FORMAT_EAT_CWT	      263 /* CoAP content format of a record */
#define LABEL_PLATFORM	      44234
#define LABEL_REALM	      44241
#define COLLECTION_ITEMS      16u
#define KEY_ITEMS	      32u
#define CHALLENGE_BYTES	      64u
#define LIFECYCLE_STATE_SHIFT 8

#define HOW_SIGNED                                       \
	(CBX_COSE_ACCEPT_ES256 | CBX_COSE_ACCEPT_ES384 | \
		CBX_COSE_ACCEPT_ES512 | CBX_COSE_SHORTEST)

/* One signed half of a token, taken apart. */
struct half {
	const char *name;
	struct cbx_span token;
	struct cbx_cose_sign1 sign1;
	struct cbx_cbor claims[CBX_CCA_ITEMS];
};

struct token {
	struct half platform;
	struct half realm;
};

/* ---------------------------------------------------------------- parse -- */

/* A half's bytes: an empty span when the value is none. */
static struct cbx_span half_of(const struct cbx_cbor *value, uint64_t tag)
{
	if (value != NULL && tag == TAG_COLLECTION) {
		if (value->kind != CBX_CBOR_ARRAY || value->number != 2 ||
			!cbx_cbor_is(cbx_cbor_at(value, 0), FORMAT_EAT_CWT)) {
			return (struct cbx_span){ 0 };
		}
		value = cbx_cbor_at(value, 1);
	}
	return value == NULL || value->kind != CBX_CBOR_BYTES
		       ? (struct cbx_span){ 0 }
		       : value->bytes;
}

static enum cbx_refusal parse_collection(struct cbx_verdict *verdict,
	struct token *token, const struct cbx_cbor *outer)
{
	uint64_t tag = outer->number;
	const struct cbx_cbor *map = cbx_cbor_tagged(outer, tag);

	if (map == NULL || map->kind != CBX_CBOR_MAP) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"the token is no collection");
	}
	token->platform.token =
		half_of(cbx_cbor_find(map, LABEL_PLATFORM), tag);
	token->realm.token = half_of(cbx_cbor_find(map, LABEL_REALM), tag);
	if (token->platform.token.size == 0 || token->realm.token.size == 0) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"a token of %s is missing",
			token->platform.token.size == 0 ? "the platform"
							: "the realm");
	}
	if (map->number != 2) {
		return cbx_refuse(verdict, CBX_REFUSED_UNSUPPORTED,
			"the collection has more than two tokens");
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal parse_wrapping(struct cbx_verdict *verdict,
	struct token *token, struct cbx_span evidence)
{
	struct cbx_cbor items[COLLECTION_ITEMS];
	enum cbx_cbor_error error;

	if (evidence.size > CBX_CCA_TOKEN_MAX) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"longer than %u bytes", CBX_CCA_TOKEN_MAX);
	}
	error = cbx_cbor_decode(
		evidence, CBX_CBOR_SHORTEST, items, COLLECTION_ITEMS);
	if (error != CBX_CBOR_FINE) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED, "token: %s",
			cbx_cbor_error_text(error));
	}
	if (items[0].kind != CBX_CBOR_TAG ||
		(items[0].number != TAG_LEGACY &&
			items[0].number != TAG_COLLECTION)) {
		return cbx_refuse(verdict, CBX_REFUSED_WRONG_TYPE,
			"CBOR, but no CCA token");
	}
	return parse_collection(verdict, token, items);
}

static enum cbx_refusal parse_half(
	struct cbx_verdict *verdict, struct half *half)
{
	enum cbx_cose_error wrong =
		cbx_cose_sign1_read(half->token, HOW_SIGNED, &half->sign1);
	enum cbx_cbor_error error;

	if (wrong != CBX_COSE_FINE) {
		return cbx_refuse(verdict,
			wrong == CBX_COSE_MALFORMED ? CBX_REFUSED_MALFORMED
						    : CBX_REFUSED_UNSUPPORTED,
			"%s token: %s", half->name, cbx_cose_error_text(wrong));
	}
	error = cbx_cbor_decode(half->sign1.payload, CBX_CBOR_SHORTEST,
		half->claims, CBX_CCA_ITEMS);
	if (error != CBX_CBOR_FINE) {
		return cbx_refuse(verdict, CBX_REFUSED_MALFORMED,
			"%s claims: %s", half->name,
			cbx_cbor_error_text(error));
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal parse(struct cbx_verdict *verdict, struct token *token,
	struct cbx_span evidence)
{
	enum cbx_refusal reason = parse_wrapping(verdict, token, evidence);

	if (reason == CBX_ACCEPTED) {
		reason = parse_half(verdict, &token->platform);
	}
	if (reason == CBX_ACCEPTED) {
		reason = parse_half(verdict, &token->realm);
	}
	if (reason == CBX_ACCEPTED) {
		reason = cbx_cca_claims(
			verdict, CBX_CCA_HALF_PLATFORM, token->platform.claims);
	}
	if (reason == CBX_ACCEPTED) {
		reason = cbx_cca_claims(
			verdict, CBX_CCA_HALF_REALM, token->realm.claims);
	}
	return reason;
}

/* --------------------------------------------------------------- checks -- */

static enum cbx_refusal check_platform(struct cbx_verdict *verdict,
	const struct token *token, const struct cbx_endorsements *endorsements)
{
	struct cbx_key key;
	const char *why;

	if (endorsements == NULL || endorsements->platform_key.size == 0) {
		return cbx_refuse(verdict, CBX_REFUSED_CERTIFICATE,
			"there is no platform key to verify it with");
	}
	why = cbx_key_from_file(&key, endorsements->platform_key);
	if (why != NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_CERTIFICATE,
			"the platform key: %s", why);
	}
	if (!cbx_check_sign1(&token->platform.sign1, cbx_key_point(&key))) {
		return cbx_refuse(verdict, CBX_REFUSED_SIGNATURE,
			"the platform token is not signed by the platform key");
	}
	return CBX_ACCEPTED;
}

static psa_algorithm_t hash_of(size_t digest_bytes)
{
	return digest_bytes == 32   ? PSA_ALG_SHA_256
	       : digest_bytes == 48 ? PSA_ALG_SHA_384
				    : PSA_ALG_SHA_512;
}

/* The platform vouches for the realm's key: its challenge is the digest of the
 * claim that holds the key, byte for byte. */
static enum cbx_refusal check_binding(
	struct cbx_verdict *verdict, const struct token *token)
{
	const struct cbx_cbor *key =
		cbx_cbor_find(token->realm.claims, CBX_CCA_REALM_KEY);
	const struct cbx_cbor *algorithm =
		cbx_cbor_find(token->realm.claims, CBX_CCA_REALM_KEY_HASH);
	const struct cbx_cbor *challenge =
		cbx_cbor_find(token->platform.claims, CBX_CCA_CHALLENGE);
	uint8_t digest[PSA_HASH_MAX_SIZE];
	size_t size = 0;

	if (psa_hash_compute(hash_of(cbx_cca_digest_bytes(algorithm)),
		    key->bytes.bytes, key->bytes.size, digest, sizeof(digest),
		    &size) != PSA_SUCCESS) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no hash");
	}
	if (!cbx_span_equal(
		    challenge->bytes, (struct cbx_span){ digest, size })) {
		return cbx_refuse(verdict, CBX_REFUSED_BINDING,
			"the platform vouches for another realm key");
	}
	return CBX_ACCEPTED;
}

/* The realm's key: a COSE_Key or, in old tokens, a point. */
static const char *realm_key(struct cbx_key *key, struct cbx_span bytes)
{
	struct cbx_cbor items[KEY_ITEMS];
	struct cbx_cose_key cose;

	if (bytes.bytes[0] >> 5 != CBX_CBOR_MAP) {
		return cbx_key_from_point(key, bytes);
	}
	if (cbx_cbor_decode(bytes, CBX_CBOR_SHORTEST, items, KEY_ITEMS) !=
			CBX_CBOR_FINE ||
		!cbx_cose_key_read(items, &cose) ||
		cose.kty != CBX_COSE_KTY_EC2) {
		return "no COSE_Key of P-256, P-384 or P-521";
	}
	return cbx_key_from_coordinates(key,
		(struct cbx_span){ cose.x, cose.size },
		(struct cbx_span){ cose.y, cose.size });
}

static enum cbx_refusal check_realm(
	struct cbx_verdict *verdict, const struct token *token)
{
	const struct cbx_cbor *claim =
		cbx_cbor_find(token->realm.claims, CBX_CCA_REALM_KEY);
	struct cbx_key key;
	const char *why = realm_key(&key, claim->bytes);

	if (why != NULL) {
		return cbx_refuse(
			verdict, CBX_REFUSED_MALFORMED, "cca.key: %s", why);
	}
	if (!cbx_check_sign1(&token->realm.sign1, cbx_key_point(&key))) {
		return cbx_refuse(verdict, CBX_REFUSED_SIGNATURE,
			"the realm token is not signed by the realm's key");
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_challenge(struct cbx_verdict *verdict,
	const struct token *token, const struct cbx_appraisal *appraisal,
	struct cbx_span wanted)
{
	struct cbx_span challenge =
		cbx_cbor_find(token->realm.claims, CBX_CCA_CHALLENGE)->bytes;

	if (wanted.size != 0 && !cbx_span_equal(wanted, challenge)) {
		return cbx_refuse(verdict, CBX_REFUSED_BINDING,
			"cca.challenge is of something else");
	}
	if (wanted.size == 0 && !cbx_nonce_matches(appraisal, challenge)) {
		return cbx_refuse(verdict, CBX_REFUSED_NONCE,
			"cca.challenge is another one");
	}
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_lifecycle(struct cbx_verdict *verdict,
	const struct token *token, const struct cbx_appraisal *appraisal)
{
	uint64_t lifecycle =
		cbx_cbor_find(token->platform.claims, CBX_CCA_LIFECYCLE)
			->number;
	uint64_t state = lifecycle >> LIFECYCLE_STATE_SHIFT;
	bool debug =
		state == CBX_CCA_REALM_DEBUG || state == CBX_CCA_PLATFORM_DEBUG;

	if (debug && !cbx_appraisal_has(appraisal, CBX_APPRAISE_DEBUG)) {
		return cbx_refuse(verdict, CBX_REFUSED_DEBUG,
			"the platform's lifecycle is %#06x: %s can be debugged",
			(unsigned)lifecycle,
			state == CBX_CCA_REALM_DEBUG ? "realm management"
						     : "its root of trust");
	}
	if (!debug && state != CBX_CCA_SECURED) {
		return cbx_refuse(verdict, CBX_REFUSED_LIFECYCLE,
			"the platform's lifecycle is %#06x, not 0x30..",
			(unsigned)lifecycle);
	}
	verdict->trust[CBX_TRUST_CONFIGURATION] = debug ? 32 : 2;
	verdict->trust[CBX_TRUST_RUNTIME_OPAQUE] = debug ? 96 : 2;
	return CBX_ACCEPTED;
}

static enum cbx_refusal check_signatures(struct cbx_verdict *verdict,
	const struct token *token, const struct cbx_endorsements *endorsements)
{
	enum cbx_refusal reason = check_platform(verdict, token, endorsements);

	if (reason == CBX_ACCEPTED) {
		reason = check_binding(verdict, token);
	}
	if (reason == CBX_ACCEPTED) {
		reason = check_realm(verdict, token);
	}
	if (reason == CBX_ACCEPTED) {
		verdict->trust[CBX_TRUST_INSTANCE] = 2;
		verdict->trust[CBX_TRUST_HARDWARE] = 2;
	}
	return reason;
}

static enum cbx_refusal check_meaning(struct cbx_verdict *verdict,
	const struct token *token, const struct cbx_appraisal *appraisal,
	struct cbx_span challenge)
{
	enum cbx_refusal reason =
		check_challenge(verdict, token, appraisal, challenge);

	return reason == CBX_ACCEPTED
		       ? check_lifecycle(verdict, token, appraisal)
		       : reason;
}

enum cbx_refusal cbx_cca_check(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal, struct cbx_span challenge)
{
	struct token *token;
	enum cbx_refusal reason;

	if (endorsements != NULL &&
		endorsements->size != sizeof(*endorsements)) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL,
			"the endorsements are of another version");
	}
	token = calloc(1, sizeof(*token));
	if (token == NULL) {
		return cbx_refuse(verdict, CBX_REFUSED_INTERNAL, "no memory");
	}
	token->platform.name = "platform";
	token->realm.name = "realm";
	reason = parse(verdict, token, evidence);
	if (reason == CBX_ACCEPTED) {
		reason = check_signatures(verdict, token, endorsements);
	}
	if (reason == CBX_ACCEPTED) {
		reason = check_meaning(verdict, token, appraisal, challenge);
	}
	free(token);
	return reason;
}

enum cbx_refusal cbx_verify_cca(struct cbx_verdict *verdict,
	struct cbx_span evidence, const struct cbx_endorsements *endorsements,
	const struct cbx_appraisal *appraisal)
{
	enum cbx_refusal reason = cbx_verdict_begin(verdict, "cca", appraisal);

	if (reason == CBX_ACCEPTED) {
		reason = cbx_cca_check(verdict, evidence, endorsements,
			appraisal, (struct cbx_span){ 0 });
	}
	return reason == CBX_ACCEPTED ? cbx_verdict_appraise(verdict, appraisal)
				      : reason;
}
