/* SPDX-License-Identifier: Apache-2.0 */
/* Gates by which the monitor vouches for boxes. */
#include <string.h>

#include <keeper/secret.h>
#include <trust/cose.h>

#include "support/client.h"

static struct client client;

/* ---- evidence ---- */

static struct cbx_cbor items[128];

/* The claims of the evidence asked for last; a submodule of them. */
static const struct cbx_cbor *claims(void)
{
	struct cbx_cose_sign1 sign1;

	assert_int_equal(
		cbx_cose_sign1_read((struct cbx_span){ client.evidence,
					    client.evidence_bytes },
			CBX_COSE_ACCEPT_ES384 | CBX_COSE_PLAIN, &sign1),
		CBX_COSE_FINE);
	assert_int_equal(cbx_cbor_decode(sign1.payload, CBX_CBOR_DETERMINISTIC,
				 items, 128),
		CBX_CBOR_FINE);
	return items;
}

static const struct cbx_cbor *module(const char *name)
{
	return cbx_cbor_find_text(
		cbx_cbor_find(claims(), CBX_EAT_SUBMODS), name);
}

static void assert_bytes(
	const struct cbx_cbor *item, const void *bytes, size_t size)
{
	assert_non_null(item);
	assert_int_equal(item->kind, CBX_CBOR_BYTES);
	assert_int_equal(item->bytes.size, size);
	assert_memory_equal(item->bytes.bytes, bytes, size);
}

static void assert_number(const struct cbx_cbor *item, uint64_t number)
{
	assert_non_null(item);
	assert_int_equal(item->kind, CBX_CBOR_UINT);
	assert_int_equal(item->number, number);
}

static void evidence_says_what_the_box_is(void **state)
{
	const struct cbx_cbor *box;
	struct machine_box it;
	uint8_t nonce[32];
	struct cbx_reply digest;

	(void)state;
	machine_box(&it);
	client_meet(&client, &it);
	memset(nonce, 0x4e, sizeof(nonce));
	assert_bytes(
		cbx_cbor_find(claims(), CBX_EAT_NONCE), nonce, sizeof(nonce));
	assert_true(cbx_cbor_is_text(cbx_cbor_find(claims(), CBX_EAT_PROFILE),
		CBX_EVIDENCE_PROFILE));
	box = module(CBX_SUBMOD_BOX);
	digest = gate(BOX_DIGEST, it.handle, CBX_DIGEST_MEASUREMENT);
	assert_bytes(cbx_cbor_find(box, CBX_LABEL_MEASUREMENT), digest.ret,
		CBX_DIGEST_BYTES);
	digest = gate(BOX_DIGEST, it.handle, CBX_DIGEST_INPUT);
	assert_bytes(cbx_cbor_find(box, CBX_LABEL_INPUT_DIGEST), digest.ret,
		CBX_DIGEST_BYTES);
	assert_number(cbx_cbor_find(box, CBX_LABEL_STATE), CBX_DOMAIN_READY);
	assert_number(cbx_cbor_find(box, CBX_LABEL_FLAGS), 0);
	assert_number(cbx_cbor_at(cbx_cbor_find(box, CBX_LABEL_POLICY), 0),
		CBX_POLICY_PLAIN);
	assert_number(
		cbx_cbor_find(box, CBX_EAT_DBGSTAT), CBX_DBGSTAT_DISABLED);
	assert_int_equal(
		cbx_cbor_find(box, CBX_LABEL_PARENT)->kind, CBX_CBOR_NULL);
	assert_int_equal(cbx_cbor_find(box, CBX_LABEL_CHILDREN)->number, 0);
	assert_int_equal(cbx_cbor_find(box, CBX_LABEL_LENDERS)->number, 0);
	assert_true(cbx_cbor_is_text(
		cbx_cbor_find(module(CBX_SUBMOD_MONITOR), CBX_LABEL_BACKEND),
		"mock"));
	assert_number(cbx_cbor_find(module(CBX_SUBMOD_MONITOR), CBX_LABEL_CAPS),
		cbx_hal_caps().bits);
	assert_true(cbx_cbor_is_text(
		cbx_cbor_find(module(CBX_SUBMOD_PLATFORM), CBX_LABEL_KIND),
		"none"));
	assert_null(
		cbx_cbor_find(module(CBX_SUBMOD_PLATFORM), CBX_LABEL_REPORT));
	client_end(&client);
	machine_assert_sound();
}

static void no_two_boxes_have_one_key(void **state)
{
	uint8_t key[2][32];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		struct machine_box box;
		const struct cbx_cbor *x;

		machine_box(&box);
		assert_int_equal(client_ask(&client, &box, 1, 16), CBX_OK);
		x = cbx_cbor_find(
			cbx_cbor_find(cbx_cbor_find(module(CBX_SUBMOD_BOX),
					      CBX_EAT_CNF),
				CBX_EAT_CNF_KEY),
			CBX_COSE_KEY_X);
		assert_non_null(x);
		memcpy(key[i], x->bytes.bytes, 32);
		machine_erase(&box);
	}
	assert_memory_not_equal(key[0], key[1], 32);
}

static void lenders_stand_in_the_evidence(void **state)
{
	struct machine_box lender;
	struct machine_box box;
	const struct cbx_cbor *list;
	struct cbx_reply digest;

	(void)state;
	machine_lender(&lender);
	repeat(BOX_TEMPLATE, lender.handle, 0);
	machine_building(&box, NULL);
	repeat(BOX_BORROW, box.handle, lender.handle);
	must(BOX_FINALIZE, box.handle);
	assert_int_equal(client_ask(&client, &box, 1, 16), CBX_OK);
	list = cbx_cbor_find(module(CBX_SUBMOD_BOX), CBX_LABEL_LENDERS);
	assert_int_equal(list->number, 1);
	digest = gate(BOX_DIGEST, lender.handle, CBX_DIGEST_MEASUREMENT);
	assert_bytes(cbx_cbor_at(cbx_cbor_at(list, 0), 0), digest.ret,
		CBX_DIGEST_BYTES);
	assert_number(cbx_cbor_find(module(CBX_SUBMOD_BOX), CBX_LABEL_FLAGS),
		CBX_BOX_CLONE);
}

static void a_question_that_is_wrong_has_no_answer(void **state)
{
	struct machine_box box;
	struct mock_snapshot *before;

	(void)state;
	machine_box(&box);
	before = machine_snapshot();
	refuse(E_INVALID, BOX_EVIDENCE, box.handle, box.io, 65, box.io, 1);
	refuse(E_INVALID, BOX_EVIDENCE, box.handle, box.io, UINT64_MAX, box.io,
		1);
	refuse(E_INVALID, BOX_EVIDENCE, box.handle, box.io, 16, box.io,
		CBX_EVIDENCE_PAGES_MAX + 1);
	refuse(E_DENIED, BOX_EVIDENCE, box.handle, box.io, 16, box.code, 1);
	refuse(E_DENIED, MONITOR_EVIDENCE, box.io, 16, box.code, 1);
	machine_assert_same(before);
	/* These the keeper, or nobody before it, finds. */
	refuse(E_INVALID, BOX_EVIDENCE, box.handle, box.io, 15, box.io, 1);
	refuse(E_INVALID, MONITOR_EVIDENCE, box.io, 0, box.io, 1);
	refuse(E_DENIED, BOX_EVIDENCE, box.handle, box.code, 16, box.io, 1);
	refuse(E_NOMEM, BOX_EVIDENCE, box.handle, box.io, 16, box.io, 0);
	machine_assert_sound();
}

/* ---- a machine with a root ---- */

static void with_root(uint32_t delay)
{
	const struct mock_options options = {
		.pages = MACHINE_PAGES, .root = true, .report_delay = delay
	};

	machine_again(&options, true);
}

/* SHA-512(label || key || nonce), from what the evidence says. */
static void report_data(uint8_t byte, size_t nonce_bytes, uint8_t data[64])
{
	uint8_t input[CBX_LABEL_BYTES + CBX_P384_POINT_BYTES + 64] =
		CBX_REPORT_DATA_LABEL;
	struct cbx_cose_key key;
	size_t size;

	assert_true(cbx_cose_key_read(
		cbx_cbor_find(
			cbx_cbor_find(module(CBX_SUBMOD_MONITOR), CBX_EAT_CNF),
			CBX_EAT_CNF_KEY),
		&key));
	assert_int_equal(cbx_cose_key_point(&key, input + CBX_LABEL_BYTES),
		CBX_P384_POINT_BYTES);
	memset(input + CBX_LABEL_BYTES + CBX_P384_POINT_BYTES, byte,
		nonce_bytes);
	assert_int_equal(
		psa_hash_compute(PSA_ALG_SHA_512, input,
			CBX_LABEL_BYTES + CBX_P384_POINT_BYTES + nonce_bytes,
			data, 64, &size),
		PSA_SUCCESS);
}

static void assert_rooted(uint8_t byte, size_t nonce_bytes)
{
	uint8_t report[72] = "CBXTEST1";

	assert_true(cbx_cbor_is_text(
		cbx_cbor_find(module(CBX_SUBMOD_PLATFORM), CBX_LABEL_KIND),
		"test"));
	report_data(byte, nonce_bytes, report + 8);
	assert_bytes(
		cbx_cbor_find(module(CBX_SUBMOD_PLATFORM), CBX_LABEL_REPORT),
		report, sizeof(report));
}

static void the_platform_s_report_binds_key_and_nonce(void **state)
{
	struct machine_box box;

	(void)state;
	with_root(0);
	machine_box(&box);
	assert_int_equal(client_ask(&client, &box, 0x21, 16), CBX_OK);
	assert_rooted(0x21, 16);
	assert_int_equal(client_ask(&client, &box, 0x22, 64), CBX_OK);
	assert_rooted(0x22, 64);
}

static uint64_t ask_once(const struct machine_box *box, uint8_t byte)
{
	uint8_t nonce[16];

	memset(nonce, byte, sizeof(nonce));
	machine_put(box->io, nonce, sizeof(nonce));
	return gate(MONITOR_EVIDENCE, box->io, 16, box->io + 1, 2).status;
}

static void a_report_that_takes_time_blocks_nobody_for_long(void **state)
{
	struct machine_box box;

	(void)state;
	with_root(3);
	machine_box(&box);
	assert_int_equal(ask_once(&box, 1), CBX_E_BUSY);
	assert_int_equal(ask_once(&box, 2), CBX_E_BUSY); /* 1's goes on */
	assert_int_equal(ask_once(&box, 1), CBX_E_BUSY);
	assert_int_equal(ask_once(&box, 1), CBX_E_BUSY);
	assert_int_equal(ask_once(&box, 1), CBX_OK);
	assert_int_equal(ask_once(&box, 2), CBX_E_BUSY);
	/* Whoever asked did not come back for it. */
	assert_int_equal(ask_once(&box, 3), CBX_E_BUSY);
	mock_ticks_advance(2000000000);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(ask_once(&box, 3), CBX_E_BUSY);
	}
	assert_int_equal(ask_once(&box, 3), CBX_OK);
}

static void a_platform_that_refuses_leaves_nothing(void **state)
{
	struct machine_box box;

	(void)state;
	with_root(0);
	machine_box(&box);
	for (uint64_t n = 1; n <= 2; n++) {
		mock_refuse_nth(n);
		assert_int_equal(ask_once(&box, 5), CBX_E_HARDWARE);
	}
	assert_int_equal(ask_once(&box, 5), CBX_OK);
	machine_assert_sound();
}

/* ---- signers ---- */

static psa_key_id_t make_signer(struct cbx_signature *signature)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	uint8_t point[CBX_P384_POINT_BYTES];
	psa_key_id_t key;
	size_t size;

	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	psa_set_key_type(
		&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 384);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_384));
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
	assert_int_equal(psa_generate_key(&attributes, &key), PSA_SUCCESS);
	assert_int_equal(
		psa_export_public_key(key, point, sizeof(point), &size),
		PSA_SUCCESS);
	memcpy(signature->key, point + 1, sizeof(signature->key));
	return key;
}

static void sign(const struct machine_box *box, uint64_t version,
	struct cbx_signature *signature)
{
	uint8_t text[CBX_LABEL_BYTES + CBX_DIGEST_BYTES + 24] = CBX_SIGN_LABEL;
	psa_key_id_t key = make_signer(signature);
	struct cbx_reply digest =
		gate(BOX_DIGEST, box->handle, CBX_DIGEST_MEASUREMENT);
	size_t size;

	memset(signature->family, 'f', sizeof(signature->family));
	signature->version = version;
	memcpy(text + CBX_LABEL_BYTES, digest.ret, CBX_DIGEST_BYTES);
	memcpy(text + CBX_LABEL_BYTES + CBX_DIGEST_BYTES, signature->family,
		24);
	assert_int_equal(psa_sign_message(key, PSA_ALG_ECDSA(PSA_ALG_SHA_384),
				 text, sizeof(text), signature->signature,
				 sizeof(signature->signature), &size),
		PSA_SUCCESS);
	(void)psa_destroy_key(key);
}

static void a_signer_is_who_signed_the_measurement(void **state)
{
	struct cbx_signature signature;
	struct machine_box box;
	const struct cbx_cbor *signer;
	uint8_t hash[CBX_DIGEST_BYTES];
	size_t size;

	(void)state;
	machine_box(&box);
	sign(&box, 7, &signature);
	for (size_t i = 0; i < sizeof(signature); i++) {
		((uint8_t *)&signature)[i] ^= 4;
		machine_put(box.io, &signature, sizeof(signature));
		refuse(E_DENIED, BOX_SIGN, box.handle, box.io);
		((uint8_t *)&signature)[i] ^= 4;
	}
	machine_put(box.io, &signature, sizeof(signature));
	must(BOX_SIGN, box.handle, box.io);
	refuse(E_STATE, BOX_SIGN, box.handle, box.io);
	assert_int_equal(client_ask(&client, &box, 1, 16), CBX_OK);
	signer = cbx_cbor_find(module(CBX_SUBMOD_BOX), CBX_LABEL_SIGNER);
	assert_int_equal(
		psa_hash_compute(PSA_ALG_SHA_384, signature.key,
			sizeof(signature.key), hash, sizeof(hash), &size),
		PSA_SUCCESS);
	assert_bytes(cbx_cbor_at(signer, 0), hash, sizeof(hash));
	assert_bytes(cbx_cbor_at(signer, 1), signature.family,
		sizeof(signature.family));
	assert_number(cbx_cbor_at(signer, 2), 7);
}

/* ---- reports between boxes ---- */

static void write_bytes(struct machine_box *box, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = 0;

		memcpy(&word, (const uint8_t *)bytes + i,
			size - i < 8 ? size - i : 8);
		assert_true(machine_write(box, MACHINE_DATA + i, word));
	}
}

static void read_bytes(struct machine_box *box, void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word;

		assert_true(machine_read(box, MACHINE_DATA + i, &word));
		memcpy((uint8_t *)bytes + i, &word,
			size - i < 8 ? size - i : 8);
	}
}

static void one_box_believes_another_by_its_report(void **state)
{
	struct cbx_report said = { .number = 77, .flags = 99 };
	struct machine_box box;
	struct machine_box other;
	struct cbx_reply digest;

	(void)state;
	machine_box(&box);
	machine_box(&other);
	memset(said.data, 0x64, sizeof(said.data));
	write_bytes(&box, &said, sizeof(said));
	assert_int_equal(in_box(&box, REPORT, MACHINE_DATA).status, CBX_OK);
	read_bytes(&box, &said, sizeof(said));
	digest = gate(BOX_DIGEST, box.handle, CBX_DIGEST_MEASUREMENT);
	assert_memory_equal(said.measurement, digest.ret, CBX_DIGEST_BYTES);
	assert_int_not_equal(said.number, 77);
	assert_int_equal(said.flags, 0);
	assert_int_equal(said.data[63], 0x64);
	write_bytes(&other, &said, sizeof(said));
	assert_int_equal(
		in_box(&other, REPORT_CHECK, MACHINE_DATA).status, CBX_OK);
	for (size_t i = 0; i < sizeof(said); i++) {
		((uint8_t *)&said)[i] ^= 1;
		write_bytes(&other, &said, sizeof(said));
		assert_int_equal(
			in_box(&other, REPORT_CHECK, MACHINE_DATA).status,
			CBX_E_DENIED);
		((uint8_t *)&said)[i] ^= 1;
	}
	assert_int_equal(
		in_box(&box, REPORT, MACHINE_FREE).status, CBX_E_FAULT);
	assert_int_equal(
		in_box(&box, REPORT, MACHINE_CODE(&box)).status, CBX_E_FAULT);
	assert_int_equal(
		in_box(&box, REPORT_CHECK, MACHINE_FREE).status, CBX_E_FAULT);
}

/* ---- sealing keys ---- */

static struct cbx_reply seal_key(struct machine_box *box, uint64_t selector,
	uint64_t version, uint64_t id)
{
	return in_box(box, SEAL_KEY, selector, version, id, 0, 0, 1);
}

static void sealing_keys_follow_who_asks_and_for_what(void **state)
{
	struct cbx_signature signature;
	struct machine_box box;
	struct cbx_reply key[5];

	(void)state;
	with_root(0);
	machine_box(&box);
	assert_int_equal(in_box(&box, SEAL_KEY, 0).status, CBX_E_INVALID);
	assert_int_equal(in_box(&box, SEAL_KEY, 5).status, CBX_E_INVALID);
	assert_int_equal(in_box(&box, SEAL_KEY, CBX_SEAL_EXACT, 1).status,
		CBX_E_INVALID);
	assert_int_equal(
		in_box(&box, SEAL_KEY, CBX_SEAL_SIGNER).status, CBX_E_DENIED);
	sign(&box, 7, &signature);
	machine_put(box.io, &signature, sizeof(signature));
	must(BOX_SIGN, box.handle, box.io);
	assert_int_equal(in_box(&box, SEAL_KEY, CBX_SEAL_SIGNER, 8).status,
		CBX_E_DENIED);
	key[0] = seal_key(&box, CBX_SEAL_EXACT, 0, 5);
	key[1] = seal_key(&box, CBX_SEAL_SIGNER, 7, 5);
	key[2] = seal_key(&box, CBX_SEAL_FAMILY, 7, 5);
	key[3] = seal_key(&box, CBX_SEAL_FAMILY, 6, 5);
	key[4] = seal_key(&box, CBX_SEAL_EXACT, 0, 6);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(key[i].status, CBX_OK);
		assert_int_equal(key[i].ret[4], CBX_ROOT_PLATFORM);
		assert_int_equal(key[i].ret[5], 7);
		for (uint32_t j = 0; j < i; j++) {
			assert_memory_not_equal(key[i].ret, key[j].ret, 32);
		}
	}
	key[1] = seal_key(&box, CBX_SEAL_EXACT, 0, 5);
	assert_memory_equal(key[0].ret, key[1].ret, 32);
}

static void a_root_has_one_name_in_every_box(void **state)
{
	struct machine_box box;
	struct machine_box other;
	struct cbx_reply name[3];
	struct cbx_reply key;

	(void)state;
	with_root(0);
	machine_box(&box);
	machine_box(&other);
	name[0] = seal_key(&box, CBX_SEAL_ROOT, 0, 5);
	name[1] = seal_key(&box, CBX_SEAL_ROOT, 0, 6);
	name[2] = seal_key(&other, CBX_SEAL_ROOT, 0, 5);
	key = seal_key(&box, CBX_SEAL_EXACT, 0, 5);
	assert_int_equal(key.status, CBX_OK);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(name[i].status, CBX_OK);
		assert_memory_equal(name[i].ret, name[0].ret, 32);
		assert_memory_not_equal(name[i].ret, key.ret, 32);
	}
	assert_int_equal(
		in_box(&box, SEAL_KEY, CBX_SEAL_ROOT, 1).status, CBX_E_INVALID);
}

static void without_a_root_there_is_no_key(void **state)
{
	struct machine_box box;

	(void)state;
	cbx_secret_forget();
	machine_again(NULL, true);
	machine_box(&box);
	assert_int_equal(in_box(&box, SEAL_KEY, CBX_SEAL_EXACT).status,
		CBX_E_UNSUPPORTED);
}

/* A message with the root, to the keeper of the evidence asked for last. */
static size_t seal_root(const uint8_t root[32], uint8_t *message)
{
	uint8_t info[CBX_CHANNEL_INFO_BYTES] = CBX_ROOT_LABEL;
	struct cbx_channel_header header = { .magic = CBX_ROOT_MAGIC };
	const struct cbx_channel_record record = { 32, CBX_CHANNEL_FINAL, 0 };
	const struct cbx_cbor *monitor = module(CBX_SUBMOD_MONITOR);
	struct cbx_cose_key key;
	struct cbx_hpke hpke;
	size_t size;

	memset(header.session, 3, sizeof(header.session));
	memcpy(info + CBX_LABEL_BYTES, header.session, CBX_SESSION_BYTES);
	assert_int_equal(psa_hash_compute(PSA_ALG_SHA_384, monitor->whole.bytes,
				 monitor->whole.size,
				 info + CBX_LABEL_BYTES + CBX_SESSION_BYTES,
				 CBX_DIGEST_BYTES, &size),
		PSA_SUCCESS);
	assert_true(cbx_cose_key_read(
		cbx_cbor_find(monitor, CBX_LABEL_CHANNEL_KEY), &key));
	assert_true(cbx_hpke_send(&hpke, CBX_HPKE_AES_256_GCM, key.x,
		(struct cbx_span){ info, sizeof(info) }, header.enc));
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), &record, sizeof(record));
	assert_true(cbx_hpke_seal(&hpke,
		(struct cbx_span){ (const uint8_t *)&record, sizeof(record) },
		(struct cbx_span){ root, 32 },
		message + sizeof(header) + sizeof(record)));
	cbx_hpke_end(&hpke);
	return sizeof(header) + sizeof(record) + 32 + 16;
}

static void a_root_is_released_once_to_this_keeper(void **state)
{
	static const uint8_t root[32] = { 1, 2, 3 };
	uint8_t message[256];
	struct machine_box box;
	struct cbx_reply key;
	size_t size;

	(void)state;
	cbx_secret_forget();
	machine_again(NULL, true);
	machine_box(&box);
	assert_int_equal(client_ask(&client, &box, 1, 16), CBX_OK);
	size = seal_root(root, message);
	for (size_t i = 0; i < size; i++) {
		uint64_t status;

		message[i] ^= 2;
		machine_put(box.io, message, size);
		status = gate(ROOT_RELEASE, box.io, size).status;
		assert_true(status == CBX_E_DENIED || status == CBX_E_INVALID);
		message[i] ^= 2;
	}
	machine_put(box.io, message, size);
	refuse(E_INVALID, ROOT_RELEASE, box.io, size - 1);
	refuse(E_INVALID, ROOT_RELEASE, box.io, CBX_PAGE_SIZE + 1);
	refuse(E_DENIED, ROOT_RELEASE, box.code, size);
	assert_int_equal(in_box(&box, SEAL_KEY, CBX_SEAL_EXACT).status,
		CBX_E_UNSUPPORTED);
	must(ROOT_RELEASE, box.io, size);
	refuse(E_STATE, ROOT_RELEASE, box.io, size);
	key = seal_key(&box, CBX_SEAL_EXACT, 0, 5);
	assert_int_equal(key.status, CBX_OK);
	assert_int_equal(key.ret[4], CBX_ROOT_RELEASED);
	cbx_secret_forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE(evidence_says_what_the_box_is),
		MACHINE(no_two_boxes_have_one_key),
		MACHINE(lenders_stand_in_the_evidence),
		MACHINE(a_question_that_is_wrong_has_no_answer),
		MACHINE(the_platform_s_report_binds_key_and_nonce),
		MACHINE(a_report_that_takes_time_blocks_nobody_for_long),
		MACHINE(a_platform_that_refuses_leaves_nothing),
		MACHINE(a_signer_is_who_signed_the_measurement),
		MACHINE(one_box_believes_another_by_its_report),
		MACHINE(sealing_keys_follow_who_asks_and_for_what),
		MACHINE(a_root_has_one_name_in_every_box),
		MACHINE(without_a_root_there_is_no_key),
		MACHINE(a_root_is_released_once_to_this_keeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
