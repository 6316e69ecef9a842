/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed data in other hands: another box's, an altered box's, a host's that
 * kept yesterday's. */
#include <string.h>

#include <confbox/appraisal.h>
#include <confbox/release.h>
#include <confbox/seal.h>
#include <seal/device.h>
#include <trust/counter.h>

#include "attack/attack.h"

static const char text[] = "what outlives the box";
#define BLOB_BYTES (sizeof(text) + CBX_SEAL_MORE)

/* ---- a root, as a key service gives it ---- */

#define NONCE_BYTES 32u

static struct cbx_span evidence_of_monitor(void)
{
	static uint8_t evidence[CBX_EVIDENCE_PAGES_MAX * CBX_PAGE_SIZE];
	static const uint8_t nonce[NONCE_BYTES] = "once";
	uint64_t pages = machine_pages(1 + CBX_EVIDENCE_PAGES_MAX);
	size_t size;

	machine_put(pages, nonce, sizeof(nonce));
	size = (size_t)must(MONITOR_EVIDENCE, pages, sizeof(nonce), pages + 1,
		CBX_EVIDENCE_PAGES_MAX);
	assert_in_range(size, 1, sizeof(evidence));
	for (size_t at = 0; at < size; at += CBX_PAGE_SIZE) {
		ask_page(pages + 1 + at / CBX_PAGE_SIZE, 0, evidence + at,
			CBX_PAGE_SIZE);
	}
	return (struct cbx_span){ evidence, size };
}

/* One machine may serve several tests: its keeper takes a root once. */
static void give_root(void)
{
	static const uint8_t root[CBX_RELEASE_ROOT_BYTES] = "a root";
	const struct cbx_appraisal appraisal = { .size = sizeof(appraisal),
		.flags = CBX_APPRAISE_NO_HARDWARE | CBX_APPRAISE_DEBUG };
	struct cbx_verdict *verdict = cbx_verdict_create();
	uint8_t message[CBX_RELEASE_MESSAGE_BYTES];
	const struct cbx_claim *kind;
	uint64_t page = machine_pages(1);

	assert_non_null(verdict);
	assert_int_equal(cbx_verify_monitor(verdict, evidence_of_monitor(),
				 NULL, &appraisal),
		CBX_ACCEPTED);
	kind = cbx_verdict_claim(verdict, "monitor.root");
	assert_non_null(kind);
	if (strcmp((const char *)kind->value.span.bytes, "none") == 0) {
		assert_int_equal(
			cbx_release_seal(verdict, root, message), CBX_ACCEPTED);
		machine_put(page, message, sizeof(message));
		must(ROOT_RELEASE, page, sizeof(message));
		refuse(E_STATE, ROOT_RELEASE, page, sizeof(message));
	}
	cbx_verdict_destroy(verdict);
}

/* ---- the box, as its library sees it ---- */

static struct machine_box *inside;

enum cbx_seal_result cbx_seal_key(
	const struct cbx_seal_want *want, struct cbx_seal_key *key)
{
	uint64_t arg[CBX_CALL_ARGS] = { want->selector,
		want->security_version };
	struct cbx_reply reply;

	memcpy(&arg[2], want->key_id, sizeof(want->key_id));
	reply = machine_in_box(inside, 0, CBX_CALL_SEAL_KEY, arg);
	if (reply.status != CBX_OK) {
		return reply.status == CBX_E_UNSUPPORTED ? CBX_SEAL_E_ROOT
							 : CBX_SEAL_E_DENIED;
	}
	memcpy(key->key, reply.ret, sizeof(key->key));
	key->root = (uint32_t)reply.ret[4];
	return CBX_SEAL_OK;
}

/* A box; of one index there is always the same one, if its policy is. */
static void make_box(struct machine_box *box, uint64_t index, uint32_t flags)
{
	struct cbx_policy policy = machine_policy();

	policy.flags |= flags;
	machine_boxes = index;
	machine_building(box, &policy);
	must(BOX_FINALIZE, box->handle);
	inside = box;
}

static void seal(uint8_t *blob, const struct cbx_counter_value *counter)
{
	const struct cbx_seal_options options = { .size = sizeof(options),
		.selector = CBX_SEAL_EXACT,
		.counter = counter };

	assert_int_equal(
		cbx_seal(&options, text, sizeof(text), blob), CBX_SEAL_OK);
}

/* What opening comes to: all of the text, or nothing of it. */
static void opening_is(const uint8_t *blob,
	const struct cbx_counter_value *counter, enum cbx_seal_result result)
{
	const struct cbx_seal_options options = { .size = sizeof(options),
		.counter = counter };
	static const char nothing[sizeof(text)];
	char data[sizeof(text)] = { 0 };

	assert_int_equal(cbx_unseal(&options, blob, BLOB_BYTES, data), result);
	assert_memory_equal(
		data, result == CBX_SEAL_OK ? text : nothing, sizeof(text));
}

void attack_t03_sealed_data_open_for_their_box_only(void **state)
{
	static struct machine_box victim;
	static struct machine_box other;
	uint8_t blob[BLOB_BYTES];

	(void)state;
	give_root();
	make_box(&victim, 3, 0);
	seal(blob, NULL);
	opening_is(blob, NULL, CBX_SEAL_OK);

	make_box(&other, 4, 0); /* another measurement */
	opening_is(blob, NULL, CBX_SEAL_E_ALTERED);
	box_refuse(E_DENIED, &other, SEAL_KEY, CBX_SEAL_SIGNER, 0);
	box_refuse(E_DENIED, &other, SEAL_KEY, CBX_SEAL_FAMILY, 0);
	box_refuse(E_INVALID, &other, SEAL_KEY, CBX_SEAL_EXACT, 1);
	box_refuse(E_INVALID, &other, SEAL_KEY, 0, 0);
	box_refuse(E_INVALID, &other, SEAL_KEY, CBX_SEAL_ROOT + 1, 0);
	assert_int_not_equal(gate(SEAL_KEY, CBX_SEAL_EXACT, 0).status, CBX_OK);

	machine_erase(&victim);
	make_box(&victim, 3, CBX_POLICY_DEBUG); /* altered */
	opening_is(blob, NULL, CBX_SEAL_E_ALTERED);
	machine_erase(&victim);
	make_box(&victim, 3, 0); /* as it was */
	opening_is(blob, NULL, CBX_SEAL_OK);
	attack_sound();
}

/* ---- a host that keeps yesterday's ---- */

/* A service elsewhere, and the host on the way to it. */
static struct {
	psa_key_id_t key;
	uint64_t value;
	struct cbx_counter_answer kept;
	enum {
		HONEST,
		KEEPS,
		REPLAYS,
		LIES
	} host;
} counting;

int cbx_seal_device_ask(void *arg, const struct cbx_counter_question *question,
	struct cbx_counter_answer *answer)
{
	(void)arg;
	*answer = (struct cbx_counter_answer){ .asked = *question };
	if (question->op == CBX_COUNTER_ADVANCE &&
		question->from == counting.value) {
		answer->done = 1;
		counting.value++;
	}
	answer->value = counting.value;
	assert_true(cbx_counter_sign(counting.key, answer));
	if (counting.host == KEEPS) {
		counting.kept = *answer;
	} else if (counting.host == REPLAYS) {
		*answer = counting.kept;
		answer->asked = *question;
	} else if (counting.host == LIES) {
		answer->value--;
	}
	return 0;
}

static struct cbx_counter_value read_counter(
	const struct cbx_counter_value *which, enum cbx_seal_result result)
{
	struct cbx_counter_value now = { .value = UINT64_MAX };

	assert_int_equal(cbx_counter_read(NULL, &which->id, &now), result);
	return now;
}

void attack_h09_sealed_state_is_not_rolled_back(void **state)
{
	static const uint8_t secret[CBX_COUNTER_SECRET_BYTES] = { 1 };
	static struct machine_box box;
	struct cbx_counter_value value = { .id.name = "state" };
	uint8_t point[CBX_COUNTER_POINT_BYTES];
	uint8_t yesterday[BLOB_BYTES];
	uint8_t today[BLOB_BYTES];

	(void)state;
	give_root();
	counting.key = cbx_counter_key(secret);
	counting.value = 7;
	assert_true(
		cbx_counter_service_of(counting.key, point, value.id.service));
	make_box(&box, 5, 0);
	counting.host = KEEPS;
	value = read_counter(&value, CBX_SEAL_OK);
	seal(yesterday, &value);
	counting.host = HONEST;
	assert_int_equal(cbx_counter_advance(NULL, &value), CBX_SEAL_OK);
	seal(today, &value);

	/* The box begins anew, and the host brings the old blob. */
	machine_erase(&box);
	make_box(&box, 5, 0);
	value = read_counter(&value, CBX_SEAL_OK);
	opening_is(yesterday, &value, CBX_SEAL_E_OLD);
	opening_is(yesterday, NULL, CBX_SEAL_E_COUNTER);
	opening_is(today, &value, CBX_SEAL_OK);
	counting.host = REPLAYS;
	(void)read_counter(&value, CBX_SEAL_E_FORGED);
	counting.host = LIES;
	(void)read_counter(&value, CBX_SEAL_E_FORGED);

	/* It sets the service itself back. */
	counting.host = HONEST;
	counting.value = 7;
	value = read_counter(&value, CBX_SEAL_OK);
	opening_is(today, &value, CBX_SEAL_E_BEHIND);
	assert_int_equal(psa_destroy_key(counting.key), PSA_SUCCESS);
	attack_sound();
}
