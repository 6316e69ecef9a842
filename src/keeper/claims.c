/* SPDX-License-Identifier: Apache-2.0 */
/* What evidence says, as CBOR. */
#include <string.h>

#include <keeper/secret.h>
#include <keeper/work.h>
#include <trust/cose.h>

/* The larger of the two maps: a boot log is a page of it. */
#define MAP_BYTES 6144u

static uint8_t map[MAP_BYTES];

const char *cbx_claims_backend(uint64_t backend)
{
	static const char *const names[] = {
		[CBX_BACKEND_MOCK] = "mock",
		[CBX_BACKEND_LINUX] = "linux",
		[CBX_BACKEND_PKS_VM] = "pks-vm",
		[CBX_BACKEND_SNP] = "snp",
		[CBX_BACKEND_TDX] = "tdx",
		[CBX_BACKEND_CCA] = "cca",
	};

	return backend < sizeof(names) / sizeof(names[0]) ? names[backend]
							  : NULL;
}

uint32_t cbx_claims_root(const struct cbx_facts_monitor *facts)
{
	if (facts->root == CBX_ROOT_PLATFORM) {
		return CBX_ROOT_PLATFORM;
	}
	return cbx_secret_root_kind();
}

/* cnf, or another claim: a channel's public key. */
static bool put_channel_key(
	struct cbx_cbor_writer *writer, uint64_t number, bool confirmation)
{
	struct cbx_cose_key key = {
		.kty = CBX_COSE_KTY_OKP,
		.crv = CBX_COSE_CRV_X25519,
		.size = CBX_X25519_BYTES,
	};
	psa_key_id_t pair;
	bool made = cbx_secret_channel(number, &pair, key.x);

	(void)psa_destroy_key(pair);
	if (confirmation) {
		cbx_cbor_put_map(writer, 1);
		cbx_cbor_put_int(writer, CBX_EAT_CNF_KEY);
	}
	cbx_cose_key_write(writer, &key);
	return made;
}

static void put_digest(
	struct cbx_cbor_writer *writer, int64_t label, const uint8_t *digest)
{
	cbx_cbor_put_int(writer, label);
	cbx_cbor_put_bytes(writer, digest, CBX_DIGEST_BYTES);
}

/* A digest that is zero is none. */
static bool is_zero(const uint8_t digest[CBX_DIGEST_BYTES])
{
	static const uint8_t zero[CBX_DIGEST_BYTES];

	return memcmp(digest, zero, sizeof(zero)) == 0;
}

static void put_digest_or_null(
	struct cbx_cbor_writer *writer, const uint8_t *digest)
{
	if (digest == NULL || is_zero(digest)) {
		cbx_cbor_put_null(writer);
	} else {
		cbx_cbor_put_bytes(writer, digest, CBX_DIGEST_BYTES);
	}
}

static void put_number(
	struct cbx_cbor_writer *writer, int64_t label, uint64_t number)
{
	cbx_cbor_put_int(writer, label);
	cbx_cbor_put_uint(writer, number);
}

static void put_policy(
	struct cbx_cbor_writer *writer, const struct cbx_facts *facts)
{
	put_digest(writer, CBX_LABEL_POLICY_DIGEST, facts->policy_digest);
	cbx_cbor_put_int(writer, CBX_LABEL_POLICY);
	cbx_cbor_put_array(writer, CBX_POLICY_WORDS);
	for (int i = 0; i < CBX_POLICY_WORDS; i++) {
		cbx_cbor_put_uint(writer, facts->policy[i]);
	}
}

/* The template whose program the box goes on with: the first lender that has a
 * runtime, when the box was given none of its own. */
static const uint8_t *parent_of(const struct cbx_facts *facts)
{
	uint64_t i = 0;

	while (i < facts->lender_count && is_zero(facts->lender[i][2])) {
		i++;
	}
	return i < facts->lender_count && is_zero(facts->runtime)
		       ? facts->lender[i][0]
		       : NULL;
}

/* Lenders, parent, how many borrow of it: all there are. */
static void put_relatives(
	struct cbx_cbor_writer *writer, const struct cbx_facts *facts)
{
	cbx_cbor_put_int(writer, CBX_LABEL_LENDERS);
	cbx_cbor_put_array(writer, facts->lender_count);
	for (uint64_t i = 0; i < facts->lender_count; i++) {
		cbx_cbor_put_array(writer, 3);
		for (int j = 0; j < 2; j++) {
			cbx_cbor_put_bytes(
				writer, facts->lender[i][j], CBX_DIGEST_BYTES);
		}
		put_digest_or_null(writer, facts->lender[i][2]);
	}
	cbx_cbor_put_int(writer, CBX_LABEL_PARENT);
	put_digest_or_null(writer, parent_of(facts));
	put_number(writer, CBX_LABEL_CHILDREN, facts->borrowers);
}

static void put_signer(
	struct cbx_cbor_writer *writer, const struct cbx_facts *facts)
{
	cbx_cbor_put_int(writer, CBX_LABEL_SIGNER);
	if (facts->has_signer == 0) {
		cbx_cbor_put_null(writer);
		return;
	}
	cbx_cbor_put_array(writer, 3);
	cbx_cbor_put_bytes(writer, facts->signer.key, CBX_DIGEST_BYTES);
	cbx_cbor_put_bytes(writer, facts->signer.family, CBX_FAMILY_BYTES);
	cbx_cbor_put_uint(writer, facts->signer.version);
}

bool cbx_claims_box(
	struct cbx_cbor_writer *writer, const struct cbx_facts *facts)
{
	const uint64_t open = CBX_POLICY_DEBUG | CBX_POLICY_TRACE;
	bool made;

	if (facts->number == 0 || facts->lender_count > CBX_LENDERS_MAX) {
		return false;
	}
	cbx_cbor_put_map(writer, 15);
	cbx_cbor_put_int(writer, CBX_EAT_CNF);
	made = put_channel_key(writer, facts->number, true);
	put_number(writer, CBX_EAT_DBGSTAT,
		(facts->policy[CBX_WORD_FLAGS] & open) != 0
			? CBX_DBGSTAT_ENABLED
			: CBX_DBGSTAT_DISABLED);
	put_digest(writer, CBX_LABEL_MEASUREMENT, facts->measurement);
	put_digest(writer, CBX_LABEL_INPUT_DIGEST, facts->input_digest);
	put_number(writer, CBX_LABEL_INPUT_BYTES, facts->input_bytes);
	put_number(writer, CBX_LABEL_STATE, facts->state);
	put_number(writer, CBX_LABEL_FLAGS, facts->flags);
	put_policy(writer, facts);
	put_relatives(writer, facts);
	put_signer(writer, facts);
	put_number(writer, CBX_LABEL_NUMBER, facts->number);
	cbx_cbor_put_int(writer, CBX_LABEL_RUNTIME);
	put_digest_or_null(writer, facts->runtime);
	return made;
}

/* The key that signs. */
static bool put_signing_key(struct cbx_cbor_writer *writer)
{
	uint8_t point[CBX_P384_POINT_BYTES] = { 0 };
	struct cbx_cose_key key = { 0 };
	psa_key_id_t pair;
	bool made = cbx_secret_signer(&pair, point) &&
		    cbx_cose_key_of_point(
			    (struct cbx_span){ point, sizeof(point) }, &key);

	cbx_cbor_put_int(writer, CBX_EAT_CNF);
	cbx_cbor_put_map(writer, 1);
	cbx_cbor_put_int(writer, CBX_EAT_CNF_KEY);
	if (made) {
		cbx_cose_key_write(writer, &key);
	}
	return made;
}

/* What the boot digest is of. */
static bool put_boot_log(
	struct cbx_cbor_writer *writer, const struct cbx_facts_monitor *facts)
{
	const struct cbx_span log = cbx_secret_boot_log();

	cbx_cbor_put_int(writer, CBX_LABEL_BOOT_LOG);
	if (facts->booted == 0) {
		cbx_cbor_put_null(writer);
		return true;
	}
	cbx_cbor_put_bytes(writer, log.bytes, log.size);
	return log.size != 0;
}

bool cbx_claims_monitor(
	struct cbx_cbor_writer *writer, const struct cbx_facts_monitor *facts)
{
	const char *backend = cbx_claims_backend(facts->backend);
	bool made;

	if (backend == NULL) {
		return false;
	}
	cbx_cbor_put_map(writer, 9);
	made = put_signing_key(writer);
	cbx_cbor_put_int(writer, CBX_EAT_SWNAME);
	cbx_cbor_put_text(writer, CBX_EVIDENCE_NAME);
	cbx_cbor_put_int(writer, CBX_EAT_SWVERSION);
	cbx_cbor_put_array(writer, 1);
	cbx_cbor_put_text(writer, CBX_VERSION);
	cbx_cbor_put_int(writer, CBX_LABEL_BACKEND);
	cbx_cbor_put_text(writer, backend);
	put_number(writer, CBX_LABEL_CAPS, facts->caps);
	if (facts->booted != 0) {
		put_digest(writer, CBX_LABEL_BOOT_DIGEST, facts->boot_digest);
	} else {
		cbx_cbor_put_int(writer, CBX_LABEL_BOOT_DIGEST);
		cbx_cbor_put_null(writer);
	}
	cbx_cbor_put_int(writer, CBX_LABEL_CHANNEL_KEY);
	made = made && put_channel_key(writer, 0, false);
	put_number(writer, CBX_LABEL_ROOT, cbx_claims_root(facts));
	return put_boot_log(writer, facts) && made;
}

static bool digest_of(
	const struct cbx_cbor_writer *writer, uint8_t digest[CBX_DIGEST_BYTES])
{
	const struct cbx_span written = cbx_cbor_written(writer);
	size_t size = 0;

	return written.size != 0 &&
	       psa_hash_compute(PSA_ALG_SHA_384, written.bytes, written.size,
		       digest, CBX_DIGEST_BYTES, &size) == PSA_SUCCESS &&
	       size == CBX_DIGEST_BYTES;
}

bool cbx_claims_box_digest(
	const struct cbx_facts *facts, uint8_t digest[CBX_DIGEST_BYTES])
{
	struct cbx_cbor_writer writer = { .bytes = map, .size = sizeof(map) };

	return cbx_claims_box(&writer, facts) && digest_of(&writer, digest);
}

bool cbx_claims_monitor_digest(
	const struct cbx_facts_monitor *facts, uint8_t digest[CBX_DIGEST_BYTES])
{
	struct cbx_cbor_writer writer = { .bytes = map, .size = sizeof(map) };

	return cbx_claims_monitor(&writer, facts) && digest_of(&writer, digest);
}
