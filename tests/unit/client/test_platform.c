/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a platform for evidence, in front of a kernel that is ours. */
#include "unit.h"

#include <errno.h>

#include <client/platform.h>

#include "fake_platform.h"

static uint8_t data[CBX_PLATFORM_DATA_BYTES];

static int begin(void **state)
{
	(void)state;
	fake_platform_reset();
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(i + 1);
	}
	return 0;
}

static void provide(const char *provider)
{
	fake.tsm = true;
	fake.provider = provider;
}

static struct cbx_platform_options options_of(
	uint32_t flags, uint32_t privilege)
{
	return (struct cbx_platform_options){
		sizeof(struct cbx_platform_options), flags, privilege
	};
}

/* Ask; nothing may be left behind, whatever comes of it. */
static enum cbx_status ask_with(const struct cbx_platform_options *options,
	struct cbx_platform_evidence **evidence)
{
	struct cbx_platform_evidence *untouched =
		(struct cbx_platform_evidence *)data;
	enum cbx_status status;

	*evidence = untouched;
	status = cbx_platform_report_at(FAKE_ROOT, data, options, evidence);
	assert_int_equal(fake.open, 0);
	assert_int_equal(fake.entries, 0);
	assert_int_equal(*evidence == untouched, status != CBX_OK);
	return status;
}

static enum cbx_status ask(struct cbx_platform_evidence **evidence)
{
	return ask_with(NULL, evidence);
}

static enum cbx_status refused(const struct cbx_platform_options *options)
{
	struct cbx_platform_evidence *evidence;
	enum cbx_status status = ask_with(options, &evidence);

	assert_int_not_equal(status, CBX_OK);
	assert_int_equal(cbx_error_last()->status, status);
	assert_int_not_equal(cbx_error_last()->text[0], '\0');
	return status;
}

static void assert_answers_us(const struct cbx_platform_evidence *evidence)
{
	assert_int_equal(evidence->report_bytes, fake.report_bytes);
	for (size_t i = 0; i < evidence->report_bytes; i++) {
		assert_int_equal(
			evidence->report[i], fake_report_byte(data, i));
	}
}

static void a_provider_answers_for_its_platform(void **state)
{
	static const struct {
		const char *provider;
		enum cbx_platform_kind kind;
		const char *name;
	} known[] = {
		{ "sev_guest", CBX_PLATFORM_SNP, "snp" },
		{ "tdx_guest", CBX_PLATFORM_TDX, "tdx" },
		{ "arm_cca_guest", CBX_PLATFORM_CCA, "cca" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct cbx_platform_evidence *evidence;

		begin(state);
		provide(known[i].provider);
		assert_int_equal(ask(&evidence), CBX_OK);
		assert_int_equal(evidence->kind, known[i].kind);
		assert_string_equal(
			cbx_platform_name(evidence->kind), known[i].name);
		assert_string_equal(evidence->source, "configfs-tsm");
		assert_int_equal(evidence->flags, 0);
		assert_answers_us(evidence);
		assert_null(evidence->table);
		assert_int_equal(evidence->table_bytes, 0);
		cbx_platform_destroy(evidence);
	}
}

static void a_certificate_table_comes_along(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("sev_guest");
	fake.auxblob = true;
	fake.table_bytes = 4000;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_int_equal(evidence->table_bytes, 4000);
	assert_int_equal(evidence->table[3999], (uint8_t)(3999 * 7 + 1));
	cbx_platform_destroy(evidence);
}

static void an_empty_table_is_none(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("sev_guest");
	fake.auxblob = true;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_null(evidence->table);
	cbx_platform_destroy(evidence);
}

static void an_answer_comes_in_pieces_between_signals(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("tdx_guest");
	fake.report_bytes = 40000; /* more than is read at first */
	fake.piece = 1000;
	fake.signals = true;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_answers_us(evidence);
	cbx_platform_destroy(evidence);
}

static void the_longest_answer_is_taken_and_no_longer_one(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("tdx_guest");
	fake.report_bytes = CBX_PLATFORM_BLOB_MAX;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_answers_us(evidence);
	cbx_platform_destroy(evidence);

	fake.report_bytes = CBX_PLATFORM_BLOB_MAX + 1;
	assert_int_equal(refused(NULL), CBX_E_HARDWARE);
	assert_int_equal(cbx_error_last()->os_error, EFBIG);
}

static void no_answer_is_no_evidence(void **state)
{
	(void)state;
	provide("tdx_guest");
	fake.report_bytes = 0;
	assert_int_equal(refused(NULL), CBX_E_HARDWARE);
}

static void an_answer_to_somebody_else_is_not_taken(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("arm_cca_guest");
	fake.intruders = 3;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_int_equal(fake.intruders, 0);
	assert_int_equal(fake.pauses, 3);
	assert_answers_us(evidence);
	cbx_platform_destroy(evidence);
}

static void who_is_always_disturbed_is_told(void **state)
{
	(void)state;
	provide("arm_cca_guest");
	fake.intruders = 1000;
	assert_int_equal(refused(NULL), CBX_E_BUSY);
	assert_int_equal(fake.intruders, 1000 - CBX_PLATFORM_ATTEMPTS);
}

static void a_question_the_kernel_lost_is_asked_again(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("sev_guest");
	fake.lost_writes = 2;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_answers_us(evidence);
	cbx_platform_destroy(evidence);
}

static void a_busy_platform_is_asked_again(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("tdx_guest");
	fake.busy_reads = 2;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_answers_us(evidence);
	cbx_platform_destroy(evidence);

	fake.busy_reads = 1000;
	assert_int_equal(refused(NULL), CBX_E_BUSY);
}

static void a_name_in_use_is_left_alone(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("sev_guest");
	fake.taken_names = 5;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_int_equal(fake.made, 1);
	cbx_platform_destroy(evidence);

	fake.taken_names = 1000;
	assert_int_equal(refused(NULL), CBX_E_HARDWARE);
	assert_int_equal(cbx_error_last()->os_error, EEXIST);
}

static void two_questions_have_two_names(void **state)
{
	struct cbx_platform_evidence *evidence;
	char first[sizeof(fake.name)];

	(void)state;
	provide("sev_guest");
	assert_int_equal(ask(&evidence), CBX_OK);
	memcpy(first, fake.name, sizeof(first));
	cbx_platform_destroy(evidence);
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_string_not_equal(first, fake.name);
	cbx_platform_destroy(evidence);
}

static void what_the_kernel_refuses_is_refused(void **state)
{
	static const struct {
		int error;
		enum cbx_status status;
	} cases[] = {
		{ EIO, CBX_E_HARDWARE },
		{ ENXIO, CBX_E_HARDWARE },
		{ EINVAL, CBX_E_HARDWARE },
		{ EFBIG, CBX_E_HARDWARE },
		{ ETIMEDOUT, CBX_E_HARDWARE },
		{ EACCES, CBX_E_DENIED },
		{ EPERM, CBX_E_DENIED },
		{ ENOMEM, CBX_E_NOMEM },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(state);
		provide("sev_guest");
		fake.outblob_error = cases[i].error;
		assert_int_equal(refused(NULL), cases[i].status);
		assert_int_equal(cbx_error_last()->os_error, cases[i].error);
	}
}

static void who_may_not_ask_is_told(void **state)
{
	(void)state;
	provide("sev_guest");
	fake.tsm_denied = EACCES;
	assert_int_equal(refused(NULL), CBX_E_DENIED);

	begin(state);
	fake.sev_guest = true;
	fake.device_denied = EACCES;
	assert_int_equal(refused(NULL), CBX_E_DENIED);
	assert_non_null(strstr(cbx_error_last()->text, "/dev/sev-guest"));
}

static void a_generation_that_is_no_number_is_refused(void **state)
{
	char zeros[80];
	const char *const said[] = { "", "\n", "x\n", "1x\n", "1\n\n",
		"99999999999999999999999\n", zeros };

	memset(zeros, '0', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		begin(state);
		provide("sev_guest");
		fake.generation = said[i];
		assert_int_equal(refused(NULL), CBX_E_HARDWARE);
	}
}

static void a_generation_that_stands_still_is_no_success(void **state)
{
	(void)state;
	provide("sev_guest");
	fake.generation = "7\n";
	assert_int_equal(refused(NULL), CBX_E_BUSY);
}

static void an_unknown_provider_is_named(void **state)
{
	(void)state;
	provide("some_guest");
	assert_int_equal(refused(NULL), CBX_E_UNSUPPORTED);
	assert_non_null(strstr(cbx_error_last()->text, "some_guest"));
}

static void a_privilege_goes_to_the_platform(void **state)
{
	struct cbx_platform_options options =
		options_of(CBX_PLATFORM_PRIVILEGE, 2);
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("sev_guest");
	fake.privlevels = true;
	fake.floor = 1;
	assert_int_equal(ask_with(&options, &evidence), CBX_OK);
	assert_int_equal(fake.vmpl, 2);
	cbx_platform_destroy(evidence);

	options.privilege = 0;
	assert_int_equal(refused(&options), CBX_E_INVALID);

	begin(state);
	provide("tdx_guest");
	assert_int_equal(refused(&options), CBX_E_UNSUPPORTED);
}

static void an_option_nobody_knows_is_refused(void **state)
{
	struct cbx_platform_options options = options_of(0, 4);

	(void)state;
	provide("sev_guest");
	assert_int_equal(refused(&options), CBX_E_INVALID);
	options = options_of(8, 0);
	assert_int_equal(refused(&options), CBX_E_INVALID);
	options = options_of(0, 0);
	options.size = 4;
	assert_int_equal(refused(&options), CBX_E_INVALID);
	assert_int_equal(fake.made, 0);
}

static void without_a_platform_there_is_no_evidence(void **state)
{
	(void)state;
	assert_int_equal(refused(NULL), CBX_E_UNSUPPORTED);
	fake.tsm = true; /* configfs is there, nobody provides anything */
	assert_int_equal(refused(NULL), CBX_E_UNSUPPORTED);
}

static void this_machine_is_asked_without_harm(void **state)
{
	struct cbx_platform_evidence *evidence = NULL;

	(void)state;
	assert_int_equal(
		cbx_platform_report_at("/nowhere", data, NULL, &evidence),
		CBX_E_UNSUPPORTED);
	assert_null(evidence);
	cbx_platform_destroy(NULL);
}

/* ---------------------------------------------------------- sev-guest -- */

static void the_device_is_asked_where_there_is_no_provider(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	fake.sev_guest = true;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_int_equal(evidence->kind, CBX_PLATFORM_SNP);
	assert_string_equal(evidence->source, "/dev/sev-guest");
	assert_answers_us(evidence);
	assert_null(evidence->table); /* the host has no certificates */
	cbx_platform_destroy(evidence);
}

static void certificates_get_the_room_they_take(void **state)
{
	static const uint32_t needed[] = { 100, 0x4000, 0x4001, 0x9123 };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct cbx_platform_evidence *evidence;

		begin(state);
		fake.sev_guest = true;
		fake.certs_needed = needed[i];
		fake.signals = true;
		assert_int_equal(ask(&evidence), CBX_OK);
		assert_answers_us(evidence);
		assert_int_equal(evidence->table_bytes, needed[i]);
		assert_int_equal(evidence->table[needed[i] - 1], 0x30);
		cbx_platform_destroy(evidence);
	}
}

/* The host made the table: what it points to need not be there. */
static void a_table_is_cut_within_its_room(void **state)
{
	static const struct {
		uint32_t entry[2];
		size_t bytes;
	} cases[] = {
		{ { 0, 1 }, 48 }, /* an entry and the one that ends it */
		{ { 48, 1 }, 49 },
		{ { 0, 0x4000 }, 0x4000 },
		{ { 0, 0x4001 }, 0x4000 },
		{ { 0xffffffff, 0xffffffff }, 0x4000 },
		{ { 0x80000000, 0x80000000 }, 0x4000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cbx_platform_evidence *evidence;

		begin(state);
		fake.sev_guest = true;
		fake.certs_needed = 100;
		memcpy(fake.entry, cases[i].entry, sizeof(fake.entry));
		assert_int_equal(ask(&evidence), CBX_OK);
		assert_int_equal(evidence->table_bytes, cases[i].bytes);
		cbx_platform_destroy(evidence);
	}
}

static void a_report_comes_without_certificates_that_do_not_fit(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	fake.sev_guest = true;
	fake.certs_needed = 0x5000;
	fake.certs_most = 0x4000; /* as Linux's driver */
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_answers_us(evidence);
	assert_null(evidence->table);
	cbx_platform_destroy(evidence);

	fake.certs_most = 0;
	fake.certs_needed = 0xfffff000; /* says the host */
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_null(evidence->table);
	cbx_platform_destroy(evidence);
}

static void a_host_that_knows_no_certificates_still_answers(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	fake.sev_guest = true;
	fake.extended_error = EIO;
	fake.signals = true;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_answers_us(evidence);
	assert_null(evidence->table);
	cbx_platform_destroy(evidence);
}

static void a_busy_host_is_asked_again(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	fake.sev_guest = true;
	fake.host_busy = 3;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_int_equal(fake.pauses, 3);
	assert_answers_us(evidence);
	cbx_platform_destroy(evidence);

	fake.host_busy = 1000;
	assert_int_equal(refused(NULL), CBX_E_BUSY);
}

static void what_the_firmware_refuses_is_no_report(void **state)
{
	(void)state;
	fake.sev_guest = true;
	fake.firmware_status = 0x16;
	assert_int_equal(refused(NULL), CBX_E_HARDWARE);
	assert_non_null(strstr(cbx_error_last()->text, "0x16"));
}

static void a_size_the_firmware_cannot_mean_is_refused(void **state)
{
	static const uint32_t sizes[] = { 3969, 4000, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		begin(state);
		fake.sev_guest = true;
		fake.firmware_bytes = sizes[i];
		assert_int_equal(refused(NULL), CBX_E_HARDWARE);
	}
	begin(state);
	fake.sev_guest = true;
	fake.report_bytes = 0;
	assert_int_equal(refused(NULL), CBX_E_HARDWARE);
}

static void the_device_is_told_the_privilege(void **state)
{
	struct cbx_platform_options options =
		options_of(CBX_PLATFORM_PRIVILEGE, 3);
	struct cbx_platform_evidence *evidence;

	(void)state;
	fake.sev_guest = true;
	assert_int_equal(ask_with(&options, &evidence), CBX_OK);
	assert_int_equal(fake.vmpl, 3);
	cbx_platform_destroy(evidence);

	options.flags = 0; /* then it means nothing */
	assert_int_equal(ask_with(&options, &evidence), CBX_OK);
	assert_int_equal(fake.vmpl, 0);
	cbx_platform_destroy(evidence);
}

static void a_device_helps_where_the_provider_fails(void **state)
{
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("sev_guest");
	fake.outblob_error = EACCES;
	fake.sev_guest = true;
	assert_int_equal(ask(&evidence), CBX_OK);
	assert_string_equal(evidence->source, "/dev/sev-guest");
	cbx_platform_destroy(evidence);
}

/* ---------------------------------------------------------- tdx_guest -- */

static void a_tdreport_is_not_passed_off_as_a_quote(void **state)
{
	(void)state;
	fake.tdx_guest = true;
	assert_int_equal(refused(NULL), CBX_E_UNSUPPORTED);
	assert_non_null(strstr(cbx_error_last()->text, "TDREPORT"));
}

static void a_tdreport_is_given_to_who_asks_for_one(void **state)
{
	struct cbx_platform_options options = options_of(CBX_PLATFORM_LOCAL, 0);
	struct cbx_platform_evidence *evidence;

	(void)state;
	fake.tdx_guest = true;
	fake.report_bytes = 1024;
	assert_int_equal(ask_with(&options, &evidence), CBX_OK);
	assert_int_equal(evidence->kind, CBX_PLATFORM_TDX);
	assert_int_equal(evidence->flags, CBX_PLATFORM_LOCAL);
	assert_string_equal(evidence->source, "/dev/tdx_guest");
	assert_answers_us(evidence);
	cbx_platform_destroy(evidence);

	fake.tdx_error = EIO;
	assert_int_equal(refused(&options), CBX_E_HARDWARE);
}

static void a_quote_is_better_than_a_tdreport(void **state)
{
	struct cbx_platform_options options = options_of(CBX_PLATFORM_LOCAL, 0);
	struct cbx_platform_evidence *evidence;

	(void)state;
	provide("tdx_guest");
	fake.tdx_guest = true;
	assert_int_equal(ask_with(&options, &evidence), CBX_OK);
	assert_int_equal(evidence->flags, 0);
	cbx_platform_destroy(evidence);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_provider_answers_for_its_platform),
		TEST(a_certificate_table_comes_along),
		TEST(an_empty_table_is_none),
		TEST(an_answer_comes_in_pieces_between_signals),
		TEST(the_longest_answer_is_taken_and_no_longer_one),
		TEST(no_answer_is_no_evidence),
		TEST(an_answer_to_somebody_else_is_not_taken),
		TEST(who_is_always_disturbed_is_told),
		TEST(a_question_the_kernel_lost_is_asked_again),
		TEST(a_busy_platform_is_asked_again),
		TEST(a_name_in_use_is_left_alone),
		TEST(two_questions_have_two_names),
		TEST(what_the_kernel_refuses_is_refused),
		TEST(who_may_not_ask_is_told),
		TEST(a_generation_that_is_no_number_is_refused),
		TEST(a_generation_that_stands_still_is_no_success),
		TEST(an_unknown_provider_is_named),
		TEST(a_privilege_goes_to_the_platform),
		TEST(an_option_nobody_knows_is_refused),
		TEST(without_a_platform_there_is_no_evidence),
		TEST(this_machine_is_asked_without_harm),
		TEST(the_device_is_asked_where_there_is_no_provider),
		TEST(certificates_get_the_room_they_take),
		TEST(a_table_is_cut_within_its_room),
		TEST(a_report_comes_without_certificates_that_do_not_fit),
		TEST(a_host_that_knows_no_certificates_still_answers),
		TEST(a_busy_host_is_asked_again),
		TEST(what_the_firmware_refuses_is_no_report),
		TEST(a_size_the_firmware_cannot_mean_is_refused),
		TEST(the_device_is_told_the_privilege),
		TEST(a_device_helps_where_the_provider_fails),
		TEST(a_tdreport_is_not_passed_off_as_a_quote),
		TEST(a_tdreport_is_given_to_who_asks_for_one),
		TEST(a_quote_is_better_than_a_tdreport),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
