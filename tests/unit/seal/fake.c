/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <errno.h>

#include <seal/device.h>
#include <trust/counter.h>
#include <trust/seal_key.h>

struct fake_box box;
struct fake_counter counter;

int fake_reset(void **state)
{
	(void)state;
	assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
	box = (struct fake_box){ .root = "root",
		.root_kind = CBX_ROOT_RELEASED,
		.measurement = "a program",
		.signer = "its signer",
		.family = "editors",
		.security_version = 5 };
	counter = (struct fake_counter){ .secret = { [47] = 3 }, .value = 7 };
	return 0;
}

static struct cbx_seal_info info_of(const struct cbx_seal_want *want)
{
	struct cbx_seal_info info = { .label = CBX_SEAL_KEY_LABEL,
		.selector = want->selector,
		.backend = "mock" };
	bool exact = want->selector == CBX_SEAL_EXACT;

	if (want->selector == CBX_SEAL_ROOT) {
		return info;
	}
	info.policy_flags = box.policy_flags;
	info.security_version = want->security_version;

	memcpy(info.identity, exact ? box.measurement : box.signer,
		sizeof(info.identity));
	if (want->selector == CBX_SEAL_FAMILY) {
		memcpy(info.family, box.family, sizeof(info.family));
	}
	memcpy(info.key_id, want->key_id, sizeof(info.key_id));
	return info;
}

enum cbx_seal_result cbx_seal_key(
	const struct cbx_seal_want *want, struct cbx_seal_key *key)
{
	const struct cbx_seal_info info = info_of(want);
	bool signer = want->selector == CBX_SEAL_SIGNER ||
		      want->selector == CBX_SEAL_FAMILY;

	if (want->selector < CBX_SEAL_EXACT || want->selector > CBX_SEAL_ROOT ||
		(!signer && want->security_version != 0)) {
		return CBX_SEAL_E_INVALID;
	}
	if (signer && (box.signer[0] == 0 ||
			      want->security_version > box.security_version)) {
		return CBX_SEAL_E_DENIED;
	}
	if (box.root_kind == CBX_ROOT_NONE) {
		return CBX_SEAL_E_ROOT;
	}
	key->root = box.root_kind;
	key->reserved = 0;
	key->security_version = box.security_version;
	assert_true(cbx_seal_derive(box.root,
		(struct cbx_span){ (const uint8_t *)&info, sizeof(info) },
		key->key));
	return CBX_SEAL_OK;
}

struct cbx_counter_id fake_counter_id(void)
{
	struct cbx_counter_id id = { .name = "state" };
	uint8_t point[CBX_COUNTER_POINT_BYTES];
	psa_key_id_t key = cbx_counter_key(counter.secret);

	assert_true(cbx_counter_service_of(key, point, id.service));
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
	return id;
}

int cbx_seal_device_ask(void *arg, const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	psa_key_id_t key;

	assert_null(arg);
	if (counter.status != 0) {
		return counter.status;
	}
	key = cbx_counter_key(counter.secret);
	*answer = (struct cbx_counter_answer){ .asked = *question };
	if (question->op == CBX_COUNTER_ADVANCE &&
		question->from == counter.value) {
		counter.value++;
		answer->done = 1;
	}
	answer->value = counter.value;
	assert_true(cbx_counter_sign(key, answer));
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
	if (counter.host != NULL) {
		counter.host(answer);
	}
	return 0;
}
