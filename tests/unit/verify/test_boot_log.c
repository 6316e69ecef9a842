/* SPDX-License-Identifier: Apache-2.0 */
/* The boot log in a monitor's evidence. */
#include "maker.h"

#include <verify/boot_log.h>

static struct cbx_verdict *verdict;
static struct cbx_boot_log boot;

/* Read a log under its own digest. */
static enum cbx_refusal read_log(const uint8_t *bytes, size_t size)
{
	const struct cbx_span log = { bytes, size };
	uint8_t digest[48];

	evidence_boot_digest(log, digest);
	return cbx_boot_log_read(
		verdict, log, (struct cbx_span){ digest, 48 }, &boot);
}

/* The log evidence_boot_log() has, to be changed; its parts. */
#define HEADER 65u
#define FIRST  (66u + 7u)
#define SECOND (66u + 4u)

static uint8_t bytes[8192];
static size_t size;

static int begin(void **state)
{
	const struct cbx_span log = evidence_boot_log();

	(void)state;
	verdict = cbx_verdict_create();
	assert_int_equal(log.size, HEADER + FIRST + SECOND);
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, log.bytes, log.size);
	size = log.size;
	return 0;
}

static int end(void **state)
{
	(void)state;
	cbx_verdict_destroy(verdict);
	return 0;
}

static void assert_digest(struct cbx_span digest, char byte)
{
	assert_int_equal(digest.size, 48);
	for (size_t i = 0; i < 48; i++) {
		assert_int_equal(digest.bytes[i], byte);
	}
}

static void a_log_says_what_was_loaded(void **state)
{
	(void)state;
	assert_int_equal(read_log(bytes, size), CBX_ACCEPTED);
	assert_digest(boot.monitor, 'm');
	assert_digest(boot.host, 'h');
	assert_int_equal(boot.options.size, 0);
	assert_int_equal(boot.events, 2);
}

static void a_part_of_a_log_is_none(void **state)
{
	(void)state;
	for (size_t n = 0; n < size; n++) {
		/* The monitor's event alone is a log, too. */
		assert_int_equal(read_log(bytes, n),
			n == HEADER + FIRST ? CBX_ACCEPTED
					    : CBX_REFUSED_EVENT_LOG);
	}
	assert_int_equal(read_log(bytes, size + 1), CBX_REFUSED_EVENT_LOG);
}

static void the_digest_is_of_this_log(void **state)
{
	const struct cbx_span log = { bytes, size };
	uint8_t digest[48];

	(void)state;
	evidence_boot_digest(log, digest);
	for (size_t i = 0; i < size; i++) {
		bytes[i] ^= 0x10;
		assert_int_equal(
			cbx_boot_log_read(verdict, log,
				(struct cbx_span){ digest, 48 }, &boot),
			CBX_REFUSED_EVENT_LOG);
		bytes[i] ^= 0x10;
	}
	assert_int_equal(cbx_boot_log_read(verdict, log,
				 (struct cbx_span){ digest, 47 }, &boot),
		CBX_REFUSED_EVENT_LOG);
}

static void nothing_is_said_twice(void **state)
{
	(void)state;
	memcpy(bytes + size, bytes + HEADER, FIRST);
	assert_int_equal(read_log(bytes, size + FIRST), CBX_REFUSED_EVENT_LOG);
	memcpy(bytes + size, bytes + HEADER + FIRST, SECOND);
	assert_int_equal(read_log(bytes, size + SECOND), CBX_REFUSED_EVENT_LOG);
}

static void an_event_of_another_register_is_of_something_else(void **state)
{
	(void)state;
	bytes[HEADER + FIRST] = 8; /* the host, in the monitor's register */
	assert_int_equal(read_log(bytes, size), CBX_ACCEPTED);
	assert_int_equal(boot.host.size, 0);
	assert_int_equal(boot.events, 2);
	bytes[HEADER] = 9; /* and the monitor in the host's */
	assert_int_equal(read_log(bytes, size), CBX_REFUSED_EVENT_LOG);
}

static void a_log_is_at_most_a_page(void **state)
{
	const size_t event = 66 + 3000;

	(void)state;
	memcpy(bytes + size, bytes + HEADER + FIRST, 66);
	bytes[size + 62] = (uint8_t)(3000 & 0xff);
	bytes[size + 63] = (uint8_t)(3000 >> 8);
	assert_int_equal(read_log(bytes, size + event), CBX_ACCEPTED);
	assert_int_equal(boot.events, 3);
	memcpy(bytes + size + event, bytes + size, 66);
	assert_int_equal(
		read_log(bytes, size + 2 * event), CBX_REFUSED_EVENT_LOG);
}

int main(void)
{
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		LOG_TEST(a_log_says_what_was_loaded),
		LOG_TEST(a_part_of_a_log_is_none),
		LOG_TEST(the_digest_is_of_this_log),
		LOG_TEST(nothing_is_said_twice),
		LOG_TEST(an_event_of_another_register_is_of_something_else),
		LOG_TEST(a_log_is_at_most_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
