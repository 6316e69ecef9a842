/* SPDX-License-Identifier: Apache-2.0 */
/* Counters: which blob is the last one, and answers nobody gave. */
#include "fake.h"

#include <errno.h>

#include <trust/counter.h>

static const char secret[] = "state of today";
#define BLOB_BYTES (sizeof(secret) + CBX_SEAL_MORE)

static uint8_t blob[BLOB_BYTES];

static struct cbx_counter_value read_counter(void)
{
	const struct cbx_counter_id id = fake_counter_id();
	struct cbx_counter_value value;

	assert_int_equal(cbx_counter_read(NULL, &id, &value), CBX_SEAL_OK);
	return value;
}

static void seal(const struct cbx_counter_value *value)
{
	const struct cbx_seal_options options = { .size = sizeof(options),
		.selector = CBX_SEAL_EXACT,
		.counter = value };

	assert_int_equal(
		cbx_seal(&options, secret, sizeof(secret), blob), CBX_SEAL_OK);
}

static enum cbx_seal_result opening(
	const struct cbx_counter_value *value, uint32_t flags)
{
	const struct cbx_seal_options options = {
		.size = sizeof(options), .flags = flags, .counter = value
	};
	static const char none[sizeof(secret)];
	char data[sizeof(secret)] = { 0 };
	enum cbx_seal_result result =
		cbx_unseal(&options, blob, BLOB_BYTES, data);

	assert_memory_equal(
		data, result == CBX_SEAL_OK ? secret : none, sizeof(secret));
	return result;
}

static void the_last_blob_opens_and_the_one_before_does_not(void **state)
{
	struct cbx_counter_value value = read_counter();
	uint8_t before[BLOB_BYTES];

	(void)state;
	assert_int_equal(value.value, 7);
	seal(&value);
	memcpy(before, blob, sizeof(blob));
	assert_int_equal(opening(&value, 0), CBX_SEAL_OK);

	assert_int_equal(cbx_counter_advance(NULL, &value), CBX_SEAL_OK);
	assert_int_equal(value.value, 8);
	seal(&value);
	value = read_counter();
	assert_int_equal(opening(&value, 0), CBX_SEAL_OK);
	memcpy(blob, before, sizeof(blob));
	assert_int_equal(opening(&value, 0), CBX_SEAL_E_OLD);
}

static void a_counter_that_went_back_is_found_out(void **state)
{
	struct cbx_counter_value value = read_counter();

	(void)state;
	assert_int_equal(cbx_counter_advance(NULL, &value), CBX_SEAL_OK);
	seal(&value);
	counter.value = 7;
	value = read_counter();
	assert_int_equal(opening(&value, 0), CBX_SEAL_E_BEHIND);
}

static void what_has_a_counter_is_not_opened_without(void **state)
{
	struct cbx_counter_value value = read_counter();

	(void)state;
	seal(&value);
	assert_int_equal(opening(NULL, 0), CBX_SEAL_E_COUNTER);
	assert_int_equal(opening(NULL, CBX_UNSEAL_UNCOUNTED), CBX_SEAL_OK);
	value.id.name[31] ^= 1;
	assert_int_equal(opening(&value, 0), CBX_SEAL_E_UNEXPECTED);
	value.id.name[31] ^= 1;
	value.id.service[0] ^= 1;
	assert_int_equal(opening(&value, 0), CBX_SEAL_E_UNEXPECTED);
}

static void what_has_none_is_not_taken_for_counted(void **state)
{
	struct cbx_counter_value value = read_counter();

	(void)state;
	seal(NULL);
	assert_int_equal(opening(&value, 0), CBX_SEAL_E_UNEXPECTED);
	assert_int_equal(opening(NULL, 0), CBX_SEAL_OK);
}

static void a_value_in_the_blob_cannot_be_another(void **state)
{
	struct cbx_counter_value value = read_counter();
	struct cbx_seal_header header;

	(void)state;
	seal(&value);
	memcpy(&header, blob, sizeof(header));
	header.counter.value++;
	memcpy(blob, &header, sizeof(header));
	value.value++;
	assert_int_equal(opening(&value, 0), CBX_SEAL_E_ALTERED);
}

static void only_one_of_two_advances(void **state)
{
	struct cbx_counter_value first = read_counter();
	struct cbx_counter_value second = first;

	(void)state;
	assert_int_equal(cbx_counter_advance(NULL, &first), CBX_SEAL_OK);
	assert_int_equal(cbx_counter_advance(NULL, &second), CBX_SEAL_E_MOVED);
	assert_int_equal(second.value, 8);
	assert_int_equal(counter.value, 8);
}

static void a_silent_host_gives_no_value(void **state)
{
	const struct cbx_counter_id id = fake_counter_id();
	struct cbx_counter_value value = { id, 99 };

	(void)state;
	counter.status = -EACCES;
	assert_int_equal(
		cbx_counter_read(NULL, &id, &value), CBX_SEAL_E_SILENT);
	assert_int_equal(cbx_counter_advance(NULL, &value), CBX_SEAL_E_SILENT);
	assert_int_equal(value.value, 99);
}

static struct cbx_counter_answer kept;

static void keep(struct cbx_counter_answer *answer)
{
	kept = *answer;
}

static void replay(struct cbx_counter_answer *answer)
{
	*answer = kept;
}

static void replay_as_this(struct cbx_counter_answer *answer)
{
	struct cbx_counter_question asked = answer->asked;

	*answer = kept;
	answer->asked = asked;
}

static void an_answer_of_before_is_no_answer(void **state)
{
	const struct cbx_counter_id id = fake_counter_id();
	struct cbx_counter_value value = { id, 99 };

	(void)state;
	counter.host = keep;
	(void)read_counter();
	counter.host = replay;
	assert_int_equal(
		cbx_counter_read(NULL, &id, &value), CBX_SEAL_E_FORGED);
	counter.host = replay_as_this;
	assert_int_equal(
		cbx_counter_read(NULL, &id, &value), CBX_SEAL_E_FORGED);
	assert_int_equal(value.value, 99);
}

/* A service of the host's own, which signs well. */
static void impersonate(struct cbx_counter_answer *answer)
{
	static const uint8_t mine[48] = { [47] = 9 };
	psa_key_id_t key = cbx_counter_key(mine);

	answer->value = 7;
	assert_true(cbx_counter_sign(key, answer));
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static void another_services_answer_is_none(void **state)
{
	const struct cbx_counter_id id = fake_counter_id();
	struct cbx_counter_value value = { id, 99 };

	(void)state;
	counter.value = 8;
	counter.host = impersonate;
	assert_int_equal(
		cbx_counter_read(NULL, &id, &value), CBX_SEAL_E_FORGED);
	assert_int_equal(value.value, 99);
}

/* A service that says what cannot be, and signs it. */
static uint64_t lie_value;
static uint64_t lie_done;

static void lie(struct cbx_counter_answer *answer)
{
	psa_key_id_t key = cbx_counter_key(counter.secret);

	answer->value = lie_value;
	answer->done = lie_done;
	assert_true(cbx_counter_sign(key, answer));
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
}

static void what_cannot_be_is_not_believed(void **state)
{
	static const uint64_t said[][2] = { { 7, 1 }, { 9, 1 }, { 0, 1 },
		{ 8, 2 }, { 8, UINT64_MAX } };
	const struct cbx_counter_id id = fake_counter_id();

	(void)state;
	counter.host = lie;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct cbx_counter_value value = { id, 7 };

		lie_value = said[i][0];
		lie_done = said[i][1];
		assert_int_equal(
			cbx_counter_advance(NULL, &value), CBX_SEAL_E_FORGED);
		assert_int_equal(
			cbx_counter_read(NULL, &id, &value), CBX_SEAL_E_FORGED);
		assert_int_equal(value.value, 7);
	}
}

static void the_last_number_is_not_passed(void **state)
{
	struct cbx_counter_value value = { fake_counter_id(), UINT64_MAX };

	(void)state;
	counter.host = lie;
	lie_value = 0;
	lie_done = 1;
	assert_int_equal(cbx_counter_advance(NULL, &value), CBX_SEAL_E_FORGED);
}

static void no_byte_of_an_answer_can_be_another(void **state)
{
	struct cbx_counter_question question = {
		.op = CBX_COUNTER_READ, .id = fake_counter_id(), .nonce = "once"
	};
	struct cbx_counter_answer answer = { .asked = question, .value = 7 };
	psa_key_id_t key = cbx_counter_key(counter.secret);
	uint8_t *bytes = (uint8_t *)&answer;

	(void)state;
	assert_true(cbx_counter_sign(key, &answer));
	assert_int_equal(psa_destroy_key(key), PSA_SUCCESS);
	assert_int_equal(cbx_counter_check(&question, &answer), CBX_SEAL_OK);
	for (size_t i = 0; i < sizeof(answer); i++) {
		bytes[i] ^= 1;
		assert_int_equal(cbx_counter_check(&question, &answer),
			CBX_SEAL_E_FORGED);
		bytes[i] ^= 1;
	}
	memset(answer.signature, 0, sizeof(answer.signature));
	assert_int_equal(
		cbx_counter_check(&question, &answer), CBX_SEAL_E_FORGED);
}

#define TEST(name) cmocka_unit_test_setup(name, fake_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_blob_opens_and_the_one_before_does_not),
		TEST(a_counter_that_went_back_is_found_out),
		TEST(what_has_a_counter_is_not_opened_without),
		TEST(what_has_none_is_not_taken_for_counted),
		TEST(a_value_in_the_blob_cannot_be_another),
		TEST(only_one_of_two_advances),
		TEST(a_silent_host_gives_no_value),
		TEST(an_answer_of_before_is_no_answer),
		TEST(another_services_answer_is_none),
		TEST(what_cannot_be_is_not_believed),
		TEST(the_last_number_is_not_passed),
		TEST(no_byte_of_an_answer_can_be_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
