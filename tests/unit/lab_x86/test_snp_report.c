/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports, keys and messages of the lab's firmware; what it signs is what
 * confbox verifies, and only with the lab's root.
 */
#include "../client/unit.h"

#include <stdio.h>
#include <time.h>

#include "../verify/lab.h"
#include "../verify/snp_case.h"

#include "psp.h"

#define NOW 1767225600 /* 2026-01-01 */

/* A firmware, and the page a guest asks and is answered in. */
struct world {
	struct snp_firmware psp;
	uint8_t request[SNP_MESSAGE_BYTES];
	uint8_t response[SNP_MESSAGE_BYTES];
};

static int boot(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->psp = psp_make();
	*state = world;
	return 0;
}

static int stop(void **state)
{
	free(*state);
	return 0;
}

/* Seal, serve, open; the status of the command, or of the response. */
static uint32_t ask(struct world *world, const struct psp_message *message)
{
	enum snp_status status;

	assert_true(psp_seal(&world->psp, message, world->request));
	memset(world->response, 0xee, sizeof(world->response));
	status =
		snp_message_serve(&world->psp, world->request, world->response);
	if (status != SNP_STATUS_SUCCESS) {
		for (size_t i = 0; i < sizeof(world->response); i++) {
			assert_int_equal(world->response[i], 0xee);
		}
		return 0x1000u + status;
	}
	assert_true(psp_open(&world->psp, message, world->response));
	return (uint32_t)snp_load(world->response + 0x60, 4);
}
#define COMMAND(status) (0x1000u + (status))

static void a_report_says_what_the_guest_is(void **state)
{
	struct world *world = *state;
	struct snp_firmware *psp = &world->psp;
	uint8_t data[64];
	uint8_t report[SNP_REPORT_BYTES];

	memset(data, 0xda, sizeof(data));
	memset(psp->guest.author_key, 0x77, 48);
	assert_true(snp_report_make(psp, 2, data, report));
	assert_int_equal(snp_load(report, 4), 3);
	assert_int_equal(snp_load(report + 0x004, 4), 7);
	assert_int_equal(snp_load(report + 0x008, 8), 0x30000);
	assert_int_equal(snp_load(report + 0x030, 4), 2);
	assert_int_equal(snp_load(report + 0x034, 4), 1);
	assert_int_equal(snp_load(report + 0x038, 8), psp->platform.current);
	assert_int_equal(snp_load(report + 0x040, 8), 0x25);
	assert_int_equal(snp_load(report + 0x048, 4), 1);
	assert_memory_equal(report + 0x050, data, 64);
	assert_memory_equal(report + 0x090, psp->guest.measurement, 48);
	assert_memory_equal(report + 0x0c0, psp->guest.host_data, 32);
	assert_memory_equal(report + 0x110, psp->guest.author_key, 48);
	assert_memory_equal(report + 0x140, psp->guest.report_id, 32);
	assert_int_equal(snp_load(report + 0x160, 8), UINT64_MAX);
	assert_int_equal(snp_load(report + 0x180, 8), psp->platform.reported);
	assert_int_equal(snp_load(report + 0x188, 3), 0x010119);
	assert_memory_equal(report + 0x1a0, psp->platform.chip, 64);
	assert_int_equal(snp_load(report + 0x1e0, 8), psp->platform.committed);
	assert_int_equal(
		snp_load(report + 0x1e8, 8), UINT64_C(0x0001371500013715));
	assert_int_equal(snp_load(report + 0x1f0, 8), psp->platform.launch);
	assert_true(snp_is_zero(report + 0x18b, 21));
	assert_true(snp_is_zero(report + 0x1f8, 0xa8));
	assert_true(snp_is_zero(report + 0x2a0 + 48, 24));
	assert_true(snp_is_zero(report + 0x2e8 + 48, 24));
	assert_true(snp_is_zero(report + 0x330, 0x170));
	psp->platform.version = 2;
	assert_true(snp_report_make(psp, 2, data, report));
	assert_true(snp_is_zero(report + 0x188, 24));
}

static void a_key_that_is_none_signs_nothing(void **state)
{
	struct world *world = *state;
	uint8_t report[SNP_REPORT_BYTES] = { 9 };
	const uint8_t data[64] = { 0 };

	memset(world->psp.vcek, 0, SNP_SCALAR);
	assert_false(snp_report_make(&world->psp, 0, data, report));
	memset(world->psp.vcek, 0xff, SNP_SCALAR);
	assert_false(snp_report_make(&world->psp, 0, data, report));
	assert_int_equal(report[0], 9);
	assert_int_equal(
		ask(world, &(struct psp_message){ 0, 5, 1, 0x60, { 0 } }),
		SNP_STATUS_INVALID_KEY);
	assert_true(snp_is_zero(
		world->response + 0x64, 0x20 + SNP_REPORT_BYTES - 4));
}

static void a_level_speaks_for_itself_and_those_below(void **state)
{
	struct world *world = *state;
	uint64_t number[SNP_KEYS] = { 1, 1, 1, 1 };

	for (uint8_t level = 0; level < SNP_KEYS; level++) {
		for (uint32_t vmpl = 0; vmpl < 6; vmpl++) {
			struct psp_message report =
				psp_ask_report(level, number[level], vmpl);
			struct psp_message key =
				psp_ask_key(level, number[level] + 2, vmpl, 0);
			uint32_t want = vmpl >= level && vmpl < SNP_KEYS
						? 0
						: SNP_STATUS_INVALID_PARAM;

			number[level] += 4;
			assert_int_equal(ask(world, &report), want);
			if (want == 0) {
				assert_int_equal(
					snp_load(world->response + 0x64, 4),
					SNP_REPORT_BYTES);
				assert_int_equal(
					snp_load(world->response + 0x80 + 0x30,
						4),
					vmpl);
				assert_memory_equal(
					world->response + 0x80 + 0x50,
					report.payload, 64);
			} else {
				assert_true(snp_is_zero(world->response + 0x64,
					0x20 + SNP_REPORT_BYTES - 4));
			}
			assert_int_equal(ask(world, &key), want);
			assert_int_equal(
				snp_is_zero(world->response + 0x80, 32),
				want != 0);
		}
	}
}

static void requests_that_are_wrong_are_answered_so(void **state)
{
	static const struct {
		uint8_t type;
		uint8_t offset;
		uint8_t value;
		uint32_t status;
	} rows[] = {
		{ 5, 0x44, 1, 0 },			/* VCEK */
		{ 5, 0x44, 2, SNP_STATUS_INVALID_KEY }, /* VLEK */
		{ 5, 0x44, 3, SNP_STATUS_INVALID_PARAM },
		{ 5, 0x44, 4, SNP_STATUS_INVALID_PARAM },
		{ 5, 0x43, 1, SNP_STATUS_INVALID_PARAM },
		{ 5, 0x48, 1, SNP_STATUS_INVALID_PARAM },
		{ 5, 0x5f, 1, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x00, 1, SNP_STATUS_INVALID_PARAM }, /* VMRK */
		{ 3, 0x00, 2, 0 },
		{ 3, 0x00, 4, SNP_STATUS_INVALID_KEY },
		{ 3, 0x00, 6, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x00, 8, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x04, 1, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x08, 0x3f, 0 },
		{ 3, 0x08, 0x40, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x0f, 0x80, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x14, 7, 0 }, /* its own SVN, and the next */
		{ 3, 0x14, 8, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x1a, 2, 0 }, /* part by part: committed is 2 in each */
		{ 3, 0x18, 3, SNP_STATUS_INVALID_PARAM },
		{ 3, 0x1f, 3, SNP_STATUS_INVALID_PARAM },
	};
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t number = 2 * i + 1;
		struct psp_message message =
			rows[i].type == 5 ? psp_ask_report(0, number, 0)
					  : psp_ask_key(0, number, 0, 0);

		message.payload[rows[i].offset] = rows[i].value;
		assert_int_equal(ask(world, &message), rows[i].status);
	}
}

static void derived_keys_depend_on_what_was_selected(void **state)
{
	struct world *world = *state;
	struct snp_launched *guest = &world->psp.guest;
	const struct snp_launched first = *guest;
	uint8_t keys[6][2][32];

	for (unsigned int field = 0; field < 6; field++) {
		for (unsigned int other = 0; other < 2; other++) {
			struct psp_message message = psp_ask_key(
				0, 4 * field + 2 * other + 1, 0, 1u << field);

			*guest = first;
			if (other == 1) {
				guest->policy ^= 0x10000;
				guest->image[3] ^= 1;
				guest->family[4] ^= 1;
				guest->measurement[5] ^= 1;
				message.payload[0x14] = 1;
				message.payload[0x18] = 1;
			}
			assert_int_equal(ask(world, &message), 0);
			memcpy(keys[field][other], world->response + 0x80, 32);
		}
		assert_memory_not_equal(keys[field][0], keys[field][1], 32);
	}
	for (unsigned int i = 0; i < 6; i++) {
		for (unsigned int j = 0; j < i; j++) {
			assert_memory_not_equal(keys[i][0], keys[j][0], 32);
		}
	}
}

static void derived_keys_do_not_depend_on_the_rest(void **state)
{
	struct world *world = *state;
	uint8_t key[32];
	struct psp_message message = psp_ask_key(0, 1, 0, 0x01);

	assert_int_equal(ask(world, &message), 0);
	memcpy(key, world->response + 0x80, 32);
	world->psp.guest.measurement[0] ^= 1;
	world->psp.guest.host_data[0] ^= 1;
	message = psp_ask_key(0, 3, 0, 0x01);
	assert_int_equal(ask(world, &message), 0);
	assert_memory_equal(key, world->response + 0x80, 32);
	message = psp_ask_key(0, 5, 1, 0x01);
	assert_int_equal(ask(world, &message), 0);
	assert_memory_not_equal(key, world->response + 0x80, 32);
	/* A lower level gets what VMPL0 gets in its name. */
	memcpy(key, world->response + 0x80, 32);
	message = psp_ask_key(1, 1, 1, 0x01);
	assert_int_equal(ask(world, &message), 0);
	assert_memory_equal(key, world->response + 0x80, 32);
	world->psp.root[0] ^= 1;
	message = psp_ask_key(1, 3, 1, 0x01);
	assert_int_equal(ask(world, &message), 0);
	assert_memory_not_equal(key, world->response + 0x80, 32);
}

static void numbers_follow_each_other_per_key(void **state)
{
	struct world *world = *state;
	struct psp_message message = psp_ask_report(0, 1, 0);

	assert_int_equal(ask(world, &message), 0);
	assert_int_equal(ask(world, &message),
		COMMAND(SNP_STATUS_INVALID_PARAM)); /* replayed */
	message.number = 2;
	assert_int_equal(
		ask(world, &message), COMMAND(SNP_STATUS_INVALID_PARAM));
	message.number = 5;
	assert_int_equal(
		ask(world, &message), COMMAND(SNP_STATUS_INVALID_PARAM));
	message.number = 3;
	assert_int_equal(ask(world, &message), 0);
	message = psp_ask_report(2, 1, 2); /* another key has its own */
	assert_int_equal(ask(world, &message), 0);
	assert_int_equal(world->psp.count[0], 4);
	assert_int_equal(world->psp.count[1], 0);
	assert_int_equal(world->psp.count[2], 2);
}

static void numbers_end(void **state)
{
	struct world *world = *state;
	struct psp_message message = psp_ask_report(0, UINT64_MAX - 2, 0);

	world->psp.count[0] = UINT64_MAX - 3;
	assert_int_equal(ask(world, &message), 0);
	message.number = UINT64_MAX;
	assert_int_equal(
		ask(world, &message), COMMAND(SNP_STATUS_AEAD_OVERFLOW));
	assert_int_equal(world->psp.count[0], UINT64_MAX - 1);
}

static void a_changed_message_is_none(void **state)
{
	struct world *world = *state;
	struct psp_message message = psp_ask_report(1, 1, 1);
	struct snp_firmware before;

	assert_true(psp_seal(&world->psp, &message, world->request));
	before = world->psp;
	for (unsigned int at = 0; at < 0x60 + 0x60; at++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			enum snp_status status;

			world->request[at] ^= (uint8_t)(1u << bit);
			status = snp_message_serve(
				&world->psp, world->request, world->response);
			assert_int_not_equal(status, SNP_STATUS_SUCCESS);
			if (at < 0x10 || at >= 0x60) {
				assert_int_equal(
					status, SNP_STATUS_BAD_MEASUREMENT);
			}
			world->request[at] ^= (uint8_t)(1u << bit);
		}
	}
	assert_memory_equal(&before, &world->psp, sizeof(before));
	assert_int_equal(
		snp_message_serve(&world->psp, world->request, world->response),
		SNP_STATUS_SUCCESS);
}

static void a_message_under_another_levels_key_is_none(void **state)
{
	struct world *world = *state;
	struct psp_message message = psp_ask_report(2, 1, 0);

	assert_true(psp_seal(&world->psp, &message, world->request));
	world->request[0x3c] = 0; /* says it is VMPL0's */
	assert_int_equal(
		snp_message_serve(&world->psp, world->request, world->response),
		SNP_STATUS_BAD_MEASUREMENT);
}

static void there_are_four_keys(void **state)
{
	struct world *world = *state;

	for (unsigned int key = SNP_KEYS; key < 256; key++) {
		struct psp_message message = psp_ask_report((uint8_t)key, 1, 3);

		assert_int_equal(ask(world, &message),
			COMMAND(SNP_STATUS_INVALID_PARAM));
	}
}

static void other_types_and_sizes_are_not_served(void **state)
{
	struct world *world = *state;

	for (unsigned int type = 0; type < 256; type++) {
		struct psp_message message = { 0, (uint8_t)type, 1, 0x60,
			{ 0 } };

		if (type != SNP_MESSAGE_REPORT) {
			assert_int_equal(ask(world, &message),
				COMMAND(SNP_STATUS_INVALID_PARAM));
		}
	}
	for (uint16_t size = 0; size < 0x60; size++) {
		struct psp_message message = { 0, 5, 1, size, { 0 } };

		assert_int_equal(ask(world, &message),
			COMMAND(SNP_STATUS_INVALID_PARAM));
	}
	assert_int_equal(world->psp.count[0], 0);
}

/* A vendor of the lab's own: VCEK, ASK, ARK. */
struct vendor {
	struct lab_party root, issuer, leaf;
	struct snp_case test;
	struct cbx_span anchor;
};

static void vendor_make(struct vendor *vendor, struct snp_firmware *psp)
{
	struct lab_form ca = { .subject = "CN=ARK-Lab",
		.issuer = "CN=ARK-Lab",
		.from = "20200101000000",
		.to = "20400101000000",
		.serial = 1,
		.ca = true };
	struct lab_form leaf = lab_vcek_form("Milan-B0");

	snp_case_make(&vendor->test);
	lab_key(&vendor->root);
	lab_key(&vendor->issuer);
	lab_key(&vendor->leaf);
	memcpy(leaf.chip, psp->platform.chip, 64);
	lab_certify(&vendor->root, &vendor->root, &ca);
	ca.subject = leaf.issuer;
	ca.serial = 2;
	lab_certify(&vendor->issuer, &vendor->root, &ca);
	lab_certify(&vendor->leaf, &vendor->issuer, &leaf);
	assert_int_equal(
		mbedtls_mpi_write_binary(&mbedtls_pk_ec(vendor->leaf.key)->d,
			psp->vcek, SNP_SCALAR),
		0);
	vendor->anchor = vendor->root.certificate;
}

static void vendor_free(struct vendor *vendor)
{
	snp_case_free(&vendor->test);
	lab_party_free(&vendor->root);
	lab_party_free(&vendor->issuer);
	lab_party_free(&vendor->leaf);
}

static void vendor_prepare(struct vendor *vendor, const uint8_t *report)
{
	struct snp_case *test = &vendor->test;

	snp_case_report(test, (struct cbx_span){ report, SNP_REPORT_BYTES },
		SNP_REPORT_BYTES);
	snp_case_leaf(test, vendor->leaf.certificate);
	test->certificates[test->count++] =
		(struct cbx_span){ evidence_copy(vendor->issuer.certificate,
					   vendor->issuer.certificate.size),
			vendor->issuer.certificate.size };
	test->appraisal.now = NOW;
	test->appraisal.roots = &vendor->anchor;
	test->appraisal.root_count = 1;
}

static void confbox_accepts_reports_with_the_labs_root_only(void **state)
{
	struct world *world = *state;
	struct vendor vendor;
	uint64_t number = 1;

	vendor_make(&vendor, &world->psp);
	for (uint32_t version = 2; version <= 3; version++) {
		for (uint32_t vmpl = 0; vmpl < SNP_KEYS; vmpl++) {
			struct psp_message message =
				psp_ask_report(0, number, vmpl);
			const struct cbx_claim *claim;

			number += 2;
			world->psp.platform.version = version;
			assert_int_equal(ask(world, &message), 0);
			vendor_prepare(&vendor, world->response + 0x80);
			assert_int_equal(
				snp_case_run(&vendor.test), CBX_ACCEPTED);
			claim = cbx_verdict_claim(
				vendor.test.verdict, "snp.vmpl");
			assert_non_null(claim);
			assert_int_equal(claim->value.number, vmpl);
			vendor.test.appraisal.root_count = 0;
			assert_int_equal(
				snp_case_run(&vendor.test), CBX_REFUSED_CHAIN);
			vendor.test.appraisal.root_count = 1;
			vendor.test.report[0x90] ^= 1;
			assert_int_equal(snp_case_run(&vendor.test),
				CBX_REFUSED_SIGNATURE);
		}
	}
	vendor_free(&vendor);
}

static struct cbx_span load(const char *name)
{
	char path[4096];
	uint8_t *bytes = malloc(8192);
	FILE *file;
	size_t size;

	assert_non_null(bytes);
	assert_true(
		snprintf(path, sizeof(path), "%s/%s", getenv("LAB_SNP_VENDOR"),
			name) < (int)sizeof(path));
	file = fopen(path, "rb");
	assert_non_null(file);
	size = fread(bytes, 1, 8192, file);
	assert_int_equal(fclose(file), 0);
	return (struct cbx_span){ bytes, size };
}

static void unload(struct cbx_span span)
{
	free((void *)(uintptr_t)span.bytes);
}

/* What vendor.py makes: RSA-PSS above the VCEK, its serial number 0, all in the
 * table a guest gets with an extended request. */
static void confbox_accepts_the_vendors_table(void **state)
{
	struct world *world = *state;
	struct psp_message message = psp_ask_report(0, 1, 1);
	struct cbx_span key = load("vcek.key");
	struct cbx_span table = load("table.bin");
	struct cbx_span root = load("ark.pem");
	struct snp_case test;

	assert_int_equal(key.size, SNP_SCALAR);
	memcpy(world->psp.vcek, key.bytes, SNP_SCALAR);
	assert_int_equal(ask(world, &message), 0);
	snp_case_make(&test);
	snp_case_report(&test,
		(struct cbx_span){ world->response + 0x80, SNP_REPORT_BYTES },
		SNP_REPORT_BYTES);
	test.table = table;
	test.appraisal.now = time(NULL);
	assert_int_equal(snp_case_run(&test), CBX_REFUSED_CHAIN);
	test.appraisal.roots = &root;
	test.appraisal.root_count = 1;
	assert_int_equal(snp_case_run(&test), CBX_ACCEPTED);
	test.report[0x180] ^= 1; /* another TCB than the VCEK's */
	assert_int_equal(snp_case_run(&test), CBX_REFUSED_TCB);
	snp_case_free(&test);
	unload(key);
	unload(table);
	unload(root);
}

/* What the lab links is what was tested here, bit for bit. */
static void without_a_libc_it_does_the_same(void **state)
{
	struct world *world = *state;
	uint8_t printed[SNP_REPORT_BYTES + 1];
	/* NOLINTNEXTLINE(cert-env33-c): the build's own program */
	FILE *bare = popen(getenv("LAB_SNP_BARE"), "r");
	struct psp_message message = psp_ask_report(0, 399, 1);

	assert_non_null(bare);
	assert_int_equal(
		fread(printed, 1, sizeof(printed), bare), SNP_REPORT_BYTES);
	assert_int_equal(pclose(bare), 0);
	world->psp.count[0] = 398;
	assert_int_equal(ask(world, &message), 0);
	assert_memory_equal(printed, world->response + 0x80, SNP_REPORT_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_report_says_what_the_guest_is, boot, stop),
		cmocka_unit_test_setup_teardown(
			a_key_that_is_none_signs_nothing, boot, stop),
		cmocka_unit_test_setup_teardown(
			a_level_speaks_for_itself_and_those_below, boot, stop),
		cmocka_unit_test_setup_teardown(
			requests_that_are_wrong_are_answered_so, boot, stop),
		cmocka_unit_test_setup_teardown(
			derived_keys_depend_on_what_was_selected, boot, stop),
		cmocka_unit_test_setup_teardown(
			derived_keys_do_not_depend_on_the_rest, boot, stop),
		cmocka_unit_test_setup_teardown(
			numbers_follow_each_other_per_key, boot, stop),
		cmocka_unit_test_setup_teardown(numbers_end, boot, stop),
		cmocka_unit_test_setup_teardown(
			a_changed_message_is_none, boot, stop),
		cmocka_unit_test_setup_teardown(
			a_message_under_another_levels_key_is_none, boot, stop),
		cmocka_unit_test_setup_teardown(
			there_are_four_keys, boot, stop),
		cmocka_unit_test_setup_teardown(
			other_types_and_sizes_are_not_served, boot, stop),
		cmocka_unit_test_setup_teardown(
			confbox_accepts_reports_with_the_labs_root_only, boot,
			stop),
		cmocka_unit_test_setup_teardown(
			confbox_accepts_the_vendors_table, boot, stop),
		cmocka_unit_test_setup_teardown(
			without_a_libc_it_does_the_same, boot, stop),
	};

	return cmocka_run_group_tests_name("lab snp report", tests, NULL, NULL);
}
