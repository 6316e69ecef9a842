/* SPDX-License-Identifier: Apache-2.0 */
/* A root goes to the keeper that was verified, and nobody else opens it. */
#include "unit.h"

#include <confbox/release.h>
#include <trust/hpke.h>
#include <trust/release.h>
#include <verify/verdict.h>

static const uint8_t root[CBX_RELEASE_ROOT_BYTES] =
	"thirty-two bytes, all of them..";

/* A keeper, the verdict about its monitor, and what came of it. */
struct keeper {
	psa_key_id_t key;
	uint8_t public[CBX_X25519];
	uint8_t digest[CBX_DIGEST_BYTES];
	struct cbx_verdict *verdict;
	uint8_t message[CBX_RELEASE_MESSAGE_BYTES];
};
static struct keeper keeper;

/* Accept a monitor of these claims. */
static void accept(struct cbx_span key, struct cbx_span digest)
{
	const struct cbx_appraisal any = { .size = sizeof(any) };

	assert_int_equal(
		cbx_verdict_begin(keeper.verdict, "box", &any), CBX_ACCEPTED);
	cbx_claim_bytes(keeper.verdict, key, "monitor.channel-key");
	cbx_claim_bytes(keeper.verdict, digest, "monitor.digest");
	assert_int_equal(
		cbx_verdict_appraise(keeper.verdict, &any), CBX_ACCEPTED);
}

static const struct cbx_span key_span = { keeper.public,
	sizeof(keeper.public) };
static const struct cbx_span digest_span = { keeper.digest,
	sizeof(keeper.digest) };

static int make(void **state)
{
	(void)state;
	keeper = (struct keeper){ .digest = "what the monitor is",
		.verdict = cbx_verdict_create() };
	if (keeper.verdict == NULL ||
		!cbx_x25519_generate(&keeper.key, keeper.public)) {
		return -1;
	}
	accept(key_span, digest_span);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	cbx_verdict_destroy(keeper.verdict);
	return psa_destroy_key(keeper.key) == PSA_SUCCESS ? 0 : -1;
}

static enum cbx_refusal release(void)
{
	return cbx_release_seal(keeper.verdict, root, keeper.message);
}

/* Open the message as doc/channel.md says, as the monitor that is so. */
static bool opens(
	psa_key_id_t key, const uint8_t digest[CBX_DIGEST_BYTES], uint8_t *got)
{
	struct cbx_root_message message;
	uint8_t info[CBX_CHANNEL_INFO_BYTES] = CBX_ROOT_LABEL;
	struct cbx_hpke hpke;
	bool opened;

	memcpy(&message, keeper.message, sizeof(message));
	memcpy(info + 32, message.header.session, 32);
	memcpy(info + 64, digest, CBX_DIGEST_BYTES);
	assert_true(cbx_hpke_receive(&hpke, CBX_HPKE_AES_256_GCM, key,
		message.header.enc, (struct cbx_span){ info, sizeof(info) }));
	opened = cbx_hpke_open(&hpke,
		(struct cbx_span){ (const uint8_t *)&message.record, 16 },
		(struct cbx_span){ message.root, sizeof(message.root) }, got);
	cbx_hpke_end(&hpke);
	return opened;
}

static void the_keeper_that_was_verified_opens_it(void **state)
{
	struct cbx_root_message message;
	uint8_t got[32];

	(void)state;
	assert_int_equal(release(), CBX_ACCEPTED);
	assert_true(opens(keeper.key, keeper.digest, got));
	assert_memory_equal(got, root, sizeof(got));
	memcpy(&message, keeper.message, sizeof(message));
	assert_memory_equal(message.header.magic, "CBXROOT1", 8);
	assert_int_equal(message.header.reserved, 0);
	assert_int_equal(message.record.size, 32);
	assert_int_equal(message.record.flags, CBX_CHANNEL_FINAL);
	assert_int_equal(message.record.sequence, 0);
	for (size_t i = 0; i + sizeof(root) <= sizeof(message); i++) {
		assert_memory_not_equal(keeper.message + i, root, sizeof(root));
	}
}

static void nobody_else_does(void **state)
{
	psa_key_id_t other;
	uint8_t public[CBX_X25519];
	uint8_t got[32];

	(void)state;
	assert_int_equal(release(), CBX_ACCEPTED);
	assert_true(cbx_x25519_generate(&other, public));
	assert_false(opens(other, keeper.digest, got));
	assert_int_equal(psa_destroy_key(other), PSA_SUCCESS);
}

static void a_monitor_that_is_another_by_then_does_not(void **state)
{
	uint8_t got[32];

	(void)state;
	assert_int_equal(release(), CBX_ACCEPTED);
	keeper.digest[CBX_DIGEST_BYTES - 1] ^= 1;
	assert_false(opens(keeper.key, keeper.digest, got));
}

static void two_messages_are_two(void **state)
{
	uint8_t first[CBX_RELEASE_MESSAGE_BYTES];

	(void)state;
	assert_int_equal(release(), CBX_ACCEPTED);
	memcpy(first, keeper.message, sizeof(first));
	assert_int_equal(release(), CBX_ACCEPTED);
	assert_memory_not_equal(first + 8, keeper.message + 8, 64);
}

static void nothing_comes_of(enum cbx_refusal refusal)
{
	static const uint8_t zero[CBX_RELEASE_MESSAGE_BYTES];

	memset(keeper.message, 0x5a, sizeof(keeper.message));
	assert_int_equal(release(), refusal);
	assert_memory_equal(keeper.message, zero, sizeof(zero));
}

static void nothing_is_released_without_acceptance(void **state)
{
	(void)state;
	assert_int_equal(
		cbx_refuse(keeper.verdict, CBX_REFUSED_NONCE, "another"),
		CBX_REFUSED_NONCE);
	nothing_comes_of(CBX_REFUSED_NONCE);
	cbx_verdict_destroy(keeper.verdict);
	keeper.verdict = cbx_verdict_create();
	nothing_comes_of(CBX_REFUSED_INTERNAL);
}

static void what_names_no_monitors_key_gets_none(void **state)
{
	const struct cbx_appraisal any = { .size = sizeof(any) };
	const struct cbx_span short_key = { keeper.public, 31 };
	const struct cbx_span short_digest = { keeper.digest, 32 };

	(void)state;
	accept(short_key, digest_span);
	nothing_comes_of(CBX_REFUSED_WRONG_TYPE);
	accept(key_span, short_digest);
	nothing_comes_of(CBX_REFUSED_WRONG_TYPE);
	assert_int_equal(
		cbx_verdict_begin(keeper.verdict, "snp", &any), CBX_ACCEPTED);
	assert_int_equal(
		cbx_verdict_appraise(keeper.verdict, &any), CBX_ACCEPTED);
	nothing_comes_of(CBX_REFUSED_WRONG_TYPE);
}

/* A key of small order: everybody would know the secret. */
static void a_key_that_is_none_gets_none(void **state)
{
	(void)state;
	memset(keeper.public, 0, sizeof(keeper.public));
	accept(key_span, digest_span);
	nothing_comes_of(CBX_REFUSED_INTERNAL);
}

static void a_root_has_a_name(void **state)
{
	uint8_t name[CBX_RELEASE_NAME_BYTES];
	uint8_t other[CBX_RELEASE_NAME_BYTES];
	uint8_t another_root[CBX_RELEASE_ROOT_BYTES] = { 1 };

	(void)state;
	assert_int_equal(cbx_release_name(root, "linux", name), CBX_ACCEPTED);
	assert_memory_not_equal(name, root, sizeof(name));
	assert_int_equal(cbx_release_name(root, "linux", other), CBX_ACCEPTED);
	assert_memory_equal(name, other, sizeof(name));
	assert_int_equal(cbx_release_name(root, "snp", other), CBX_ACCEPTED);
	assert_memory_not_equal(name, other, sizeof(name));
	assert_int_equal(
		cbx_release_name(another_root, "linux", other), CBX_ACCEPTED);
	assert_memory_not_equal(name, other, sizeof(name));
	assert_int_equal(cbx_release_name(root, "sixteen-letters!", other),
		CBX_REFUSED_INTERNAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_keeper_that_was_verified_opens_it),
		TEST(nobody_else_does),
		TEST(a_monitor_that_is_another_by_then_does_not),
		TEST(two_messages_are_two),
		TEST(nothing_is_released_without_acceptance),
		TEST(what_names_no_monitors_key_gets_none),
		TEST(a_key_that_is_none_gets_none),
		TEST(a_root_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
