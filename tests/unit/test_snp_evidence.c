/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence on SEV-SNP, from the nonce to the client: the keeper's key is in the
 * report's data, the report comes by the backend's mail, the lab's chip signs
 * it, and only who trusts the lab's root accepts it. */
#include "snp/post.h"

#include <stdio.h>
#include <time.h>

#include <confbox/verify.h>
#include <keeper/secret.h>
#include <keeper/serve.h>
#include <trust/labels.h>

#define ROOM 16384u

/* As vendor.py writes it. */
struct chip {
	uint8_t magic[8];
	uint8_t id[64];
	uint8_t tcb[8];
	uint8_t vcek[SNP_SCALAR];
	uint32_t table_bytes;
	uint32_t reserved;
	uint8_t table[ROOM];
};

static struct chip chip;
static uint8_t root[ROOM];
static size_t root_bytes;
static const uint8_t nonce[32] = { 0x4e, 0x6f };

static struct cbx_desk desk;
static uint8_t data[CBX_DESK_DATA_PAGES * CBX_PAGE_SIZE];
static struct cbx_verdict *verdict;

static size_t read_file(const char *name, void *bytes, size_t room)
{
	const char *folder = getenv("LAB_SNP_VENDOR");
	char path[4096];
	size_t size;
	FILE *file;

	assert_non_null(folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	size = fread(bytes, 1, room, file);
	assert_int_equal(fclose(file), 0);
	assert_true(size != 0 && size < room);
	return size;
}

/* A monitor on the lab's chip. */
static int boot(void **state)
{
	size_t size = read_file("chip.bin", &chip, sizeof(chip));

	post_boot(state);
	assert_int_equal(size, offsetof(struct chip, table) + chip.table_bytes);
	memcpy(firmware.platform.chip, chip.id, sizeof(chip.id));
	memcpy(firmware.vcek, chip.vcek, sizeof(chip.vcek));
	firmware.platform.current = snp_load(chip.tcb, 8);
	firmware.platform.reported = firmware.platform.current;
	firmware.platform.committed = firmware.platform.current;
	firmware.platform.launch = firmware.platform.current;
	post.table = chip.table;
	post.table_bytes = chip.table_bytes;
	post_start();
	(void)post_step();
	root_bytes = read_file("ark.pem", root, sizeof(root));
	verdict = cbx_verdict_create();
	assert_non_null(verdict);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	cbx_verdict_destroy(verdict);
	return 0;
}

static void serve(void)
{
	assert_int_equal(cbx_keeper_serve(&desk, data, sizeof(data)), CBX_OK);
}

/* As the core asks for it (core/attest.c): of a box, or of the monitor. */
static void ask(uint64_t box)
{
	struct cbx_hal_report report = { .size = 1 };

	desk = (struct cbx_desk){ .op = CBX_DESK_REPORT_DATA,
		.nonce_bytes = sizeof(nonce),
		.box = { .number = box, .state = 2 },
		.monitor = { .backend = CBX_BACKEND_SNP,
			.caps = CBX_CAP_HARDWARE_ROOT |
				CBX_CAP_HYPERVISOR_OUT } };
	memcpy(desk.nonce, nonce, sizeof(nonce));
	serve();
	assert_int_equal(cbx_hal_report_start(desk.key), CBX_OK);
	while (post_step() != 0) {
	}
	for (uint32_t i = 0; i < cbx_pages_of(report.size); i++) {
		assert_int_equal(
			cbx_hal_report_next(
				i, data + (size_t)i * CBX_PAGE_SIZE, &report),
			CBX_OK);
	}
	desk.op = CBX_DESK_EVIDENCE;
	desk.size = report.size;
	desk.endorsements = report.endorsements;
	desk.monitor.platform = (uint32_t)report.platform;
	serve();
}

static enum cbx_refusal verify(bool box, bool with_root)
{
	const struct cbx_span evidence = { data, (size_t)desk.size };
	const struct cbx_span anchor = { root, root_bytes };
	const struct cbx_appraisal appraisal = {
		.size = sizeof(appraisal),
		.now = time(NULL),
		.nonce = { nonce, sizeof(nonce) },
		.roots = with_root ? &anchor : NULL,
		.root_count = with_root ? 1 : 0,
	};

	return box ? cbx_verify_box(verdict, evidence, NULL, &appraisal)
		   : cbx_verify_monitor(verdict, evidence, NULL, &appraisal);
}

static void accepted(bool box)
{
	enum cbx_refusal reason = verify(box, true);

	if (reason != CBX_ACCEPTED) {
		fail_msg("%s: %s", cbx_refusal_word(reason),
			cbx_verdict_detail(verdict));
	}
}

static void it_is_accepted_with_the_lab_s_root(void **state)
{
	const struct cbx_claim *measurement;

	(void)state;
	for (uint64_t box = 0; box < 2; box++) {
		ask(box);
		accepted(box != 0);
		measurement = cbx_verdict_claim(verdict, "snp.measurement");
		assert_non_null(measurement);
		assert_memory_equal(measurement->value.span.bytes,
			firmware.guest.measurement, 48);
	}
}

static void without_it_it_is_refused(void **state)
{
	(void)state;
	for (uint64_t box = 0; box < 2; box++) {
		ask(box);
		assert_int_equal(verify(box != 0, false), CBX_REFUSED_CHAIN);
	}
}

static void it_says_that_the_root_is_the_platform_s(void **state)
{
	const struct cbx_claim *kind;

	(void)state;
	ask(0);
	accepted(false);
	kind = cbx_verdict_claim(verdict, "monitor.root");
	assert_non_null(kind);
	assert_string_equal((const char *)kind->value.span.bytes, "platform");
}

/* Certificates take their room and no more; a host without any is the relying
 * party's worry. */
static void the_table_is_as_long_as_it_says(void **state)
{
	size_t with;

	(void)state;
	ask(0);
	with = (size_t)desk.size;
	post.table_bytes = 0;
	ask(0);
	assert_in_range(
		with - desk.size, chip.table_bytes, chip.table_bytes + 16);
	assert_int_equal(verify(false, true), CBX_REFUSED_CERTIFICATE);
}

/* What is no table is told whole, and refused by who reads it. */
static void what_is_no_table_is_told_whole(void **state)
{
	static uint8_t table[CBX_SNP_TABLE_BYTES];
	static const uint8_t ends[][8] = {
		{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
		{ 1, 0x40, 0, 0, 0, 0, 0, 0 },
		{ 8, 0, 0, 0, 8, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		memset(table, 0, sizeof(table));
		memset(table, 0x11, i < 3 ? 16 : sizeof(table));
		if (i < 3) {
			memcpy(table + 16, ends[i], 8);
		}
		post.table = table;
		post.table_bytes = sizeof(table);
		ask(0);
		assert_in_range(
			desk.size, sizeof(table), CBX_EVIDENCE_BYTES_MAX);
		assert_int_equal(verify(false, true), CBX_REFUSED_CERTIFICATE);
	}
}

/* The report as it was signed, and another keeper's word around it. */
static void a_report_on_another_key_is_refused(void **state)
{
	struct cbx_hal_report report;

	(void)state;
	ask(0);
	accepted(false);
	cbx_secret_forget();
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(
			cbx_hal_report_next(
				i, data + (size_t)i * CBX_PAGE_SIZE, &report),
			CBX_OK);
	}
	desk.size = report.size;
	desk.endorsements = report.endorsements;
	serve();
	assert_int_equal(verify(false, true), CBX_REFUSED_BINDING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_accepted_with_the_lab_s_root),
		TEST(without_it_it_is_refused),
		TEST(it_says_that_the_root_is_the_platform_s),
		TEST(the_table_is_as_long_as_it_says),
		TEST(what_is_no_table_is_told_whole),
		TEST(a_report_on_another_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
