/* SPDX-License-Identifier: Apache-2.0 */
#include "maker.h"

#include <stdio.h>

#include <trust/cose.h>

struct keeper keeper_make(void)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	struct keeper keeper = { 0 };
	size_t size;

	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_384));
	psa_set_key_type(
		&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 384);
	assert_int_equal(
		psa_generate_key(&attributes, &keeper.key), PSA_SUCCESS);
	assert_int_equal(psa_export_public_key(keeper.key, keeper.point,
				 sizeof(keeper.point), &size),
		PSA_SUCCESS);
	return keeper;
}

struct facts evidence_facts(void)
{
	struct facts facts = {
		.nonce_size = 32,
		.profile = CBX_EVIDENCE_PROFILE,
		.has_box = true,
		.dbgstat = CBX_DBGSTAT_DISABLED,
		.state = 2,
		.policy = { CBX_POLICY_STRICT, 1, 1000000, 0, 0 },
		.number = 7,
		.name = CBX_EVIDENCE_NAME,
		.backend = "mock",
		.caps = CBX_CAP_HOST_KERNEL_OUT | CBX_CAP_FEATURES,
		.kind = "none",
	};

	memset(facts.nonce, 0x4e, sizeof(facts.nonce));
	memset(facts.measurement, 0xaa, sizeof(facts.measurement));
	memset(facts.box_key, 0xb0, sizeof(facts.box_key));
	memset(facts.monitor_key, 0xb1, sizeof(facts.monitor_key));
	return facts;
}

void evidence_report_data(const struct keeper *keeper,
	const struct facts *facts, uint8_t data[CBX_REPORT_DATA_BYTES])
{
	uint8_t label[CBX_LABEL_BYTES] = CBX_REPORT_DATA_LABEL;
	psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
	size_t size = 0;

	assert_int_equal(psa_hash_setup(&hash, PSA_ALG_SHA_512), PSA_SUCCESS);
	assert_int_equal(
		psa_hash_update(&hash, label, sizeof(label)), PSA_SUCCESS);
	assert_int_equal(
		psa_hash_update(&hash, keeper->point, sizeof(keeper->point)),
		PSA_SUCCESS);
	assert_int_equal(
		psa_hash_update(&hash, facts->nonce, facts->nonce_size),
		PSA_SUCCESS);
	assert_int_equal(
		psa_hash_finish(&hash, data, CBX_REPORT_DATA_BYTES, &size),
		PSA_SUCCESS);
}

/* ------------------------------------------------------------- boot log -- */

#define SPEC_EVENT                                                 \
	"\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\x21\0\0\0Spec ID Event03\0\0\0\0\0\0\2\0\2\1\0\0\0\x0c\0\x30\0\0"
#define TWELVE(letter)                                                        \
	letter letter letter letter letter letter letter letter letter letter \
		letter letter
#define EVENT(pcr, letter, size, name)                                     \
	pcr "\0\0\0\x0d\0\0\0\1\0\0\0\x0c\0" TWELVE(letter) TWELVE(letter) \
		TWELVE(letter) TWELVE(letter) size "\0\0\0" name

struct cbx_span evidence_boot_log(void)
{
	static const char log[] = SPEC_EVENT EVENT("\x08", "m", "\x07",
		"monitor") EVENT("\x09", "h", "\x04", "host");

	return (struct cbx_span){ (const uint8_t *)log, sizeof(log) - 1 };
}

void evidence_boot_digest(struct cbx_span log, uint8_t digest[48])
{
	uint8_t input[48 + 40 + 8192] = { 0 };
	size_t size;

	assert_in_range(log.size, 0, 8192);
	memcpy(input + 48, "boot", 4);
	input[48 + 32] = (uint8_t)log.size;
	input[48 + 33] = (uint8_t)(log.size >> 8);
	memcpy(input + 88, log.bytes, log.size);
	assert_int_equal(psa_hash_compute(PSA_ALG_SHA_384, input, 88 + log.size,
				 digest, 48, &size),
		PSA_SUCCESS);
}

/* ----------------------------------------------------------------- maps -- */

#define OWN_RUNTIME 15 /* its place among the runtimes' digests */

/* A map being written whose keys may be left out, or be too many. */
struct map {
	struct cbx_cbor_writer *writer;
	const struct facts *facts;
};

/* Begin a value: its key, and what a row wants in front of it.  @return false:
 * the value is left out */
static bool key(const struct map *map, int64_t label)
{
	if (map->facts->left_out == label) {
		return false;
	}
	cbx_cbor_put_int(map->writer, label);
	return true;
}

static void put_number(const struct map *map, int64_t label, uint64_t number)
{
	if (key(map, label)) {
		cbx_cbor_put_uint(map->writer, number);
	}
}

static void put_bytes(
	const struct map *map, int64_t label, const uint8_t *bytes, size_t size)
{
	if (key(map, label)) {
		cbx_cbor_put_bytes(map->writer, bytes, size);
	}
}

/* A key of X25519, as a claim, maybe in a cnf. */
static void put_channel_key(const struct map *map, int64_t label,
	const uint8_t bytes[CBX_X25519_BYTES])
{
	struct cbx_cose_key made = { .kty = CBX_COSE_KTY_OKP,
		.crv = CBX_COSE_CRV_X25519,
		.size = CBX_X25519_BYTES };

	if (!key(map, label)) {
		return;
	}
	memcpy(made.x, bytes, CBX_X25519_BYTES);
	if (label == CBX_EAT_CNF) {
		cbx_cbor_put_map(map->writer, 1);
		cbx_cbor_put_int(map->writer, CBX_EAT_CNF_KEY);
	}
	cbx_cose_key_write(map->writer, &made);
}

void evidence_lender(size_t i, uint8_t digest[48])
{
	memset(digest, (int)(0x10 + i), 48);
}

void evidence_runtime(size_t i, uint8_t digest[48])
{
	memset(digest, (int)(0x40 + i), 48);
}

static void put_runtime(const struct map *map, bool there, size_t i)
{
	uint8_t digest[48];

	evidence_runtime(i, digest);
	if (there) {
		cbx_cbor_put_bytes(map->writer, digest, 48);
	} else {
		cbx_cbor_put_null(map->writer);
	}
}

static void put_relatives(const struct map *map)
{
	const struct facts *facts = map->facts;
	size_t first = facts->lenders - facts->running_lenders;
	uint8_t digest[48];

	if (key(map, CBX_LABEL_LENDERS)) {
		cbx_cbor_put_array(map->writer, facts->lenders);
		for (size_t i = 0; i < facts->lenders; i++) {
			cbx_cbor_put_array(map->writer, 3);
			evidence_lender(i, digest);
			cbx_cbor_put_bytes(map->writer, digest, 48);
			cbx_cbor_put_bytes(
				map->writer, facts->input_digest, 48);
			put_runtime(map, i >= first, i);
		}
	}
	if (key(map, CBX_LABEL_PARENT)) {
		evidence_lender(first + (facts->other_parent ? 1 : 0), digest);
		if (facts->has_parent) {
			cbx_cbor_put_bytes(map->writer, digest, 48);
		} else {
			cbx_cbor_put_null(map->writer);
		}
	}
	put_number(map, CBX_LABEL_CHILDREN, facts->children);
}

static void put_signer(const struct map *map)
{
	if (!key(map, CBX_LABEL_SIGNER)) {
		return;
	}
	if (!map->facts->has_signer) {
		cbx_cbor_put_null(map->writer);
		return;
	}
	cbx_cbor_put_array(map->writer, 3);
	cbx_cbor_put_bytes(map->writer, map->facts->measurement, 48);
	cbx_cbor_put_bytes(
		map->writer, map->facts->measurement, CBX_FAMILY_BYTES);
	cbx_cbor_put_uint(map->writer, 3);
}

static bool is_in_box(int64_t label)
{
	return label == CBX_EAT_DBGSTAT ||
	       (label <= CBX_LABEL_MEASUREMENT && label >= CBX_LABEL_RUNTIME);
}

static void put_box(struct cbx_cbor_writer *writer, const struct facts *facts)
{
	const struct map map = { writer, facts };

	cbx_cbor_put_map(writer, is_in_box(facts->left_out) ? 14 : 15);
	put_channel_key(&map, CBX_EAT_CNF, facts->box_key);
	put_number(&map, CBX_EAT_DBGSTAT, facts->dbgstat);
	put_bytes(&map, CBX_LABEL_MEASUREMENT, facts->measurement, 48);
	put_bytes(&map, CBX_LABEL_INPUT_DIGEST, facts->input_digest, 48);
	put_number(&map, CBX_LABEL_INPUT_BYTES, facts->input_bytes);
	put_number(&map, CBX_LABEL_STATE, facts->state);
	put_number(&map, CBX_LABEL_FLAGS, facts->flags);
	put_bytes(&map, CBX_LABEL_POLICY_DIGEST, facts->measurement, 48);
	if (key(&map, CBX_LABEL_POLICY)) {
		cbx_cbor_put_array(writer, 5);
		for (size_t i = 0; i < 5; i++) {
			cbx_cbor_put_uint(writer, facts->policy[i]);
		}
	}
	put_relatives(&map);
	put_signer(&map);
	put_number(&map, CBX_LABEL_NUMBER, facts->number);
	if (key(&map, CBX_LABEL_RUNTIME)) {
		put_runtime(&map, facts->has_runtime, OWN_RUNTIME);
	}
}

static bool is_in_monitor(int64_t label)
{
	return label == CBX_EAT_SWNAME || label == CBX_EAT_SWVERSION ||
	       (label <= CBX_LABEL_BACKEND && label >= CBX_LABEL_BOOT_LOG);
}

static void put_text(const struct map *map, int64_t label, const char *text)
{
	if (key(map, label)) {
		cbx_cbor_put_text(map->writer, text);
	}
}

static struct cbx_span boot_log_of(const struct facts *facts)
{
	return facts->boot_log.bytes != NULL ? facts->boot_log
					     : evidence_boot_log();
}

static void put_boot_digest(const struct map *map)
{
	uint8_t digest[48];

	evidence_boot_digest(boot_log_of(map->facts), digest);
	digest[7] ^= map->facts->boot_digest_other ? 1 : 0;
	if (!key(map, CBX_LABEL_BOOT_DIGEST)) {
		return;
	}
	if (map->facts->has_boot_digest) {
		cbx_cbor_put_bytes(map->writer, digest, 48);
	} else {
		cbx_cbor_put_null(map->writer);
	}
}

static void put_boot_log(const struct map *map)
{
	const struct cbx_span log = boot_log_of(map->facts);

	if (!key(map, CBX_LABEL_BOOT_LOG)) {
		return;
	}
	if (map->facts->has_boot_digest != map->facts->boot_log_hidden) {
		cbx_cbor_put_bytes(map->writer, log.bytes, log.size);
	} else {
		cbx_cbor_put_null(map->writer);
	}
}

static void put_monitor(struct cbx_cbor_writer *writer,
	const struct keeper *keeper, const struct facts *facts)
{
	const struct map map = { writer, facts };
	struct cbx_cose_key made;

	assert_true(cbx_cose_key_of_point(
		(struct cbx_span){ keeper->point, sizeof(keeper->point) },
		&made));
	cbx_cbor_put_map(writer, is_in_monitor(facts->left_out) ? 8 : 9);
	cbx_cbor_put_int(writer, CBX_EAT_CNF);
	cbx_cbor_put_map(writer, 1);
	cbx_cbor_put_int(writer, CBX_EAT_CNF_KEY);
	cbx_cose_key_write(writer, &made);
	put_text(&map, CBX_EAT_SWNAME, facts->name);
	if (key(&map, CBX_EAT_SWVERSION)) {
		cbx_cbor_put_array(writer, 1);
		cbx_cbor_put_text(writer, "0.1.0");
	}
	put_text(&map, CBX_LABEL_BACKEND, facts->backend);
	put_number(&map, CBX_LABEL_CAPS, facts->caps);
	put_boot_digest(&map);
	put_channel_key(&map, CBX_LABEL_CHANNEL_KEY, facts->monitor_key);
	put_number(&map, CBX_LABEL_ROOT, facts->root);
	put_boot_log(&map);
}

static void put_platform(struct cbx_cbor_writer *writer,
	const struct keeper *keeper, const struct facts *facts)
{
	uint8_t test[8 + CBX_REPORT_DATA_BYTES] = "CBXTEST1";
	struct cbx_span report = facts->report;

	if (report.bytes == NULL && strcmp(facts->kind, "test") == 0) {
		evidence_report_data(keeper, facts, test + 8);
		report = (struct cbx_span){ test, sizeof(test) };
	}
	cbx_cbor_put_map(writer, 1u + (report.bytes != NULL) +
					 (facts->endorsements.bytes != NULL));
	cbx_cbor_put_int(writer, CBX_LABEL_KIND);
	cbx_cbor_put_text(writer, facts->kind);
	if (report.bytes != NULL) {
		cbx_cbor_put_int(writer, CBX_LABEL_REPORT);
		cbx_cbor_put_bytes(writer, report.bytes, report.size);
	}
	if (facts->endorsements.bytes != NULL) {
		cbx_cbor_put_int(writer, CBX_LABEL_ENDORSEMENTS);
		cbx_cbor_put_bytes(writer, facts->endorsements.bytes,
			facts->endorsements.size);
	}
}

void evidence_make(const struct keeper *keeper, const struct facts *facts,
	struct made *made)
{
	static uint8_t payload[CBX_EVIDENCE_BYTES_MAX + 2048];
	struct cbx_cbor_writer claims = { .bytes = payload,
		.size = sizeof(payload) };
	struct cbx_cbor_writer token = { .bytes = made->bytes,
		.size = sizeof(made->bytes) };

	cbx_cbor_put_map(&claims, facts->profile == NULL ? 2 : 3);
	cbx_cbor_put_int(&claims, CBX_EAT_NONCE);
	cbx_cbor_put_bytes(&claims, facts->nonce, facts->nonce_size);
	if (facts->profile != NULL) {
		cbx_cbor_put_int(&claims, CBX_EAT_PROFILE);
		cbx_cbor_put_text(&claims, facts->profile);
	}
	cbx_cbor_put_int(&claims, CBX_EAT_SUBMODS);
	cbx_cbor_put_map(&claims, facts->has_box ? 3 : 2);
	if (facts->has_box) {
		cbx_cbor_put_text(&claims, CBX_SUBMOD_BOX);
		put_box(&claims, facts);
	}
	cbx_cbor_put_text(&claims, CBX_SUBMOD_MONITOR);
	put_monitor(&claims, keeper, facts);
	cbx_cbor_put_text(&claims, CBX_SUBMOD_PLATFORM);
	put_platform(&claims, keeper, facts);
	assert_int_not_equal(cbx_cbor_written(&claims).size, 0);
	assert_true(cbx_cose_sign1_write(
		facts->signer != 0 ? facts->signer : keeper->key,
		cbx_cbor_written(&claims), &token));
	made->size = cbx_cbor_written(&token).size;
	assert_int_not_equal(made->size, 0);
}
