/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls a policy's rules allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <core/rule.h>

#define OPEN  1u
#define WRITE 2u

/* Open for reading below /srv/data; connect (9) to port 80 of one address;
 * write anything. */
static struct cbx_policy policy(void)
{
	return (struct cbx_policy){
		.rule_count = 3,
		.rule = { { .call = OPEN,
				  .text = 3,
				  .text_bytes = 9,
				  .mask = { ~0x8000ull } },
			{ .call = WRITE },
			{ .call = 9,
				.mask = { UINT64_MAX, UINT64_MAX, 0xff00 },
				.value = { 80, 5, 0x1200 } } },
		.text = "xyz/srv/data",
	};
}

static bool opens(const struct cbx_policy *with, const char *name, size_t bytes)
{
	struct cbx_told told = { { { 0 } }, { 0 } };

	/* What follows the payload is another call's, or nobody's. */
	memset(told.name, 'q', sizeof(told.name));
	memcpy(told.name, name,
		bytes < sizeof(told.name) ? bytes : sizeof(told.name));
	return cbx_rules_allow(with, OPEN, &told, bytes);
}

#define OPENS(name) opens(&with, name, sizeof(name) - 1)

static void a_name_is_the_text_or_below_it(void **state)
{
	const struct cbx_policy with = policy();

	(void)state;
	assert_true(OPENS("/srv/data"));
	assert_true(OPENS("/srv/data/a"));
	assert_true(OPENS("/srv/data/a/b.c"));
	assert_true(OPENS("/srv/data/.hidden/..x/x../..."));
	assert_false(OPENS("/srv/dat"));
	assert_false(OPENS("/srv/data2"));
	assert_false(OPENS("/srv"));
	assert_false(OPENS("/etc/passwd"));
	assert_false(OPENS(""));
}

static void another_spelling_is_no_name(void **state)
{
	const struct cbx_policy with = policy();

	(void)state;
	assert_false(OPENS("/srv/data/"));
	assert_false(OPENS("/srv/data/a/"));
	assert_false(OPENS("/srv/data//a"));
	assert_false(OPENS("//srv/data"));
	assert_false(OPENS("/srv/data/."));
	assert_false(OPENS("/srv/data/./a"));
	assert_false(OPENS("/srv/data/.."));
	assert_false(OPENS("/srv/data/../../etc/passwd"));
	assert_false(OPENS("/srv/data/a\0b"));
	assert_false(OPENS("/srv/data\0"));
	assert_false(OPENS("srv/data"));
}

static void a_name_has_a_most(void **state)
{
	const struct cbx_policy with = policy();
	char name[2 * CBX_NAME_MAX];

	(void)state;
	memset(name, 'a', sizeof(name));
	memcpy(name, "/srv/data/", 10);
	assert_true(opens(&with, name, CBX_NAME_MAX));
	assert_false(opens(&with, name, CBX_NAME_MAX + 1));
	assert_false(opens(&with, name, UINT64_MAX));
}

static void arguments_are_compared_under_their_masks(void **state)
{
	const struct cbx_policy with = policy();
	struct cbx_told told = { { { 0 } }, "/srv/data" };

	(void)state;
	told.block.arg[0] = 0x8000;
	assert_true(cbx_rules_allow(&with, OPEN, &told, 9));
	told.block.arg[0] = 1;
	assert_false(cbx_rules_allow(&with, OPEN, &told, 9));
	told.block.arg[0] = 1ull << 63;
	assert_false(cbx_rules_allow(&with, OPEN, &told, 9));
	told.block = (struct cbx_forward){ { 80, 5, 0x4512ff, 7, 8, 9 } };
	told.block.arg[2] = 0x451234;
	assert_true(cbx_rules_allow(&with, 9, &told, 0));
	told.block.arg[2] = 0x451334;
	assert_false(cbx_rules_allow(&with, 9, &told, 0));
	told.block.arg[2] = 0x451234;
	told.block.arg[1] = 4;
	assert_false(cbx_rules_allow(&with, 9, &told, 0));
}

static void a_rule_is_of_one_call(void **state)
{
	struct cbx_policy with = policy();
	const struct cbx_told told = { { { 3, 4, 5 } }, "anything" };

	(void)state;
	assert_true(cbx_rules_allow(&with, WRITE, &told, UINT64_MAX));
	assert_false(cbx_rules_allow(&with, 1ull << 32 | WRITE, &told, 0));
	assert_false(cbx_rules_allow(&with, 0, &told, 0));
	with.rule_count = 1; /* those behind it are none */
	assert_false(cbx_rules_allow(&with, WRITE, &told, 0));
	with.rule_count = 0;
	assert_false(cbx_rules_allow(&with, OPEN, &told, 0));
}

static void a_text_outside_the_policy_allows_nothing(void **state)
{
	struct cbx_policy with = policy();

	(void)state;
	memset(with.text, '/', sizeof(with.text));
	for (uint32_t text = 0; text <= UINT16_MAX; text += 5) {
		for (uint32_t bytes = 1; bytes <= UINT16_MAX; bytes += 997) {
			with.rule[0].text = (uint16_t)text;
			with.rule[0].text_bytes = (uint16_t)bytes;
			assert_false(OPENS("/srv/data/a"));
		}
	}
	memcpy(with.text + CBX_POLICY_TEXT - 4, "/end", 4);
	with.rule[0].text = CBX_POLICY_TEXT - 4;
	with.rule[0].text_bytes = 4;
	assert_true(OPENS("/end"));
	with.rule[0].text_bytes = 5;
	assert_false(OPENS("/end"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_the_text_or_below_it),
		cmocka_unit_test(another_spelling_is_no_name),
		cmocka_unit_test(a_name_has_a_most),
		cmocka_unit_test(arguments_are_compared_under_their_masks),
		cmocka_unit_test(a_rule_is_of_one_call),
		cmocka_unit_test(a_text_outside_the_policy_allows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
