/* SPDX-License-Identifier: Apache-2.0 */
/* A stock kernel's attestation calls, as they end in its memory. */
#include "snp/post.h"

#include <hal/snp/serve.h>
#include <hal/snp/use.h>
#include <psa/crypto.h>

#define FIRST	 100u /* page of the host's own */
#define HOST	 100u /* of them */
#define AREA	 90u  /* its calling area, of the monitor's */
#define OP	 (FIRST + 0)
#define NONCE	 (FIRST + 1)
#define REPORT	 (FIRST + 2)
#define MANIFEST (FIRST + 3)
#define TABLE	 (FIRST + 4) /* 4 pages */
#define ROOM	 CBX_SNP_TABLE_BYTES

static bool whole[MACHINE_PAGES];
static uint64_t op[CBX_SVSM_OP_WORDS];
static struct cbx_svsm_request request;
static struct cbx_svsm_registers registers;

/* What a host would ask: all of it, with room for all. */
static int boot(void **state)
{
	const uint64_t all[CBX_SVSM_OP_WORDS] = { REPORT << 12, 4096,
		(NONCE << 12) + 64, 64, MANIFEST << 12, 4096, TABLE << 12,
		ROOM };

	post_boot_started(state);
	memset(whole, 0, sizeof(whole));
	memset(whole + FIRST, true, HOST);
	memset(cbx_snp_vcpus, 0, sizeof(cbx_snp_vcpus));
	cbx_snp_use_start(whole);
	cbx_snp_vcpus[0].area.n = AREA;
	memcpy(op, all, sizeof(op));
	memset(machine_memory[NONCE] + 64, 0x42, 64);
	request = (struct cbx_svsm_request){
		.call = CBX_SVSM_SERVICES, .page = { OP }, .offset = 0x40
	};
	return 0;
}

static uint32_t ask(void)
{
	memcpy(machine_memory[request.page.n] + request.offset, op, sizeof(op));
	registers = (struct cbx_svsm_registers){ 1, 77, 77, 77 };
	return cbx_snp_serve_attest(0, &request, &registers);
}

/* As a kernel does that is told to come again. */
static uint32_t ask_on(void)
{
	uint32_t result = ask();

	for (uint32_t i = 0; i < 5 && result == CBX_SVSM_INCOMPLETE; i++) {
		(void)post_step();
		result = ask();
	}
	return result;
}

static void assert_report(uint32_t table)
{
	static const uint8_t manifest[CBX_LETTER_MANIFEST_BYTES] =
		CBX_LETTER_MANIFEST;
	uint8_t text[64 + sizeof(manifest)];
	uint8_t hash[64];
	size_t size;

	assert_int_equal(registers.rcx, sizeof(manifest));
	assert_int_equal(registers.rdx, table);
	assert_int_equal(registers.r8, POST_REPORT);
	assert_memory_equal(
		machine_memory[MANIFEST], manifest, sizeof(manifest));
	memset(text, 0x42, 64);
	memcpy(text + 64, manifest, sizeof(manifest));
	assert_int_equal(psa_hash_compute(PSA_ALG_SHA_512, text, sizeof(text),
				 hash, sizeof(hash), &size),
		PSA_SUCCESS);
	assert_memory_equal(
		machine_memory[REPORT] + POST_DATA, hash, sizeof(hash));
	assert_true(snp_is_zero(machine_memory[REPORT] + 0x30, 4));
	for (size_t i = 0; i < ROOM + CBX_PAGE_SIZE; i++) {
		assert_int_equal(machine_memory[TABLE + i / CBX_PAGE_SIZE]
					       [i % CBX_PAGE_SIZE],
			i < table ? 0xce : 0);
	}
	assert_true(snp_is_zero(machine_memory[REPORT] + POST_REPORT,
		CBX_PAGE_SIZE - POST_REPORT));
	assert_int_equal(machine.maps, 0);
}

static void everything_is_where_it_was_asked_for(void **state)
{
	(void)state;
	assert_int_equal(ask(), CBX_SVSM_INCOMPLETE);
	assert_int_equal(registers.rcx, 77);
	assert_int_equal(ask_on(), CBX_SVSM_OK);
	assert_report(ROOM);
}

static void who_wants_no_certificates_gets_none(void **state)
{
	(void)state;
	op[7] = 0;
	assert_int_equal(ask_on(), CBX_SVSM_OK);
	assert_report(0);
}

/* Its calling area is where a stock kernel writes the call. */
static void the_call_may_lie_in_the_calling_area(void **state)
{
	(void)state;
	request.page.n = AREA;
	op[2] = (AREA << 12) + 256;
	memset(machine_memory[AREA] + 256, 0x42, 64);
	assert_int_equal(ask_on(), CBX_SVSM_OK);
	assert_report(ROOM);
}

/* It is told how much, and nothing is written. */
static void too_little_room_is_told(void **state)
{
	static const struct {
		uint32_t word;
		uint64_t bytes;
	} rows[] = { { 1, POST_REPORT - 1 }, { 1, 0 },
		{ 5, CBX_LETTER_MANIFEST_BYTES - 1 }, { 5, 0 }, { 7, 1 },
		{ 7, ROOM - 1 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		boot(state);
		op[rows[i].word] = rows[i].bytes;
		assert_int_equal(ask_on(), CBX_SVSM_BAD_PARAMETER);
		assert_int_equal(registers.rcx, CBX_LETTER_MANIFEST_BYTES);
		assert_int_equal(registers.rdx, ROOM);
		assert_int_equal(registers.r8, POST_REPORT);
		assert_true(snp_is_zero(machine_memory[REPORT], CBX_PAGE_SIZE));
		assert_true(
			snp_is_zero(machine_memory[MANIFEST], CBX_PAGE_SIZE));
	}
}

/* A page that is a box's, the monitor's, or in use for the host: whichever of
 * those a call is about, nothing is read or written there. */
static void pages_that_are_not_the_hosts_own_are_refused(void **state)
{
	const uint64_t pages[] = { OP, NONCE, REPORT, MANIFEST, TABLE,
		TABLE + 3 };

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		boot(state);
		whole[pages[i]] = false;
		memset(machine_memory[pages[i]], 0x5e, CBX_PAGE_SIZE);
		assert_int_equal(ask_on(), CBX_SVSM_BAD_ADDRESS);
		assert_int_equal(machine_memory[pages[i]][0], 0x5e);
		assert_int_equal(machine_memory[pages[i]][4095], 0x5e);
		assert_true(pages[i] == REPORT ||
			    snp_is_zero(machine_memory[REPORT], CBX_PAGE_SIZE));
		assert_int_equal(machine.maps, 0);
	}
}

static void registers_and_areas_are_not_written(void **state)
{
	const uint64_t pages[] = { REPORT, MANIFEST, TABLE, TABLE + 3 };

	for (size_t i = 0; i < 2 * sizeof(pages) / sizeof(pages[0]); i++) {
		boot(state);
		if (i % 2 == 0) {
			cbx_snp_vcpus[1].vmsa.n = pages[i / 2];
		} else {
			cbx_snp_vcpus[0].area.n = pages[i / 2];
		}
		memset(machine_memory[pages[i / 2]], 0x5e, CBX_PAGE_SIZE);
		assert_int_equal(ask_on(), CBX_SVSM_BAD_ADDRESS);
		assert_int_equal(machine_memory[pages[i / 2]][0], 0x5e);
	}
}

static void a_call_that_is_malformed_is_refused(void **state)
{
	(void)state;
	op[3] = 63; /* a nonce of another length */
	assert_int_equal(ask(), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(registers.rcx, 77);
	boot(state);
	op[0]++;
	assert_int_equal(ask(), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(post_step(), 0); /* nothing was asked for */
}

static void without_a_firmware_it_is_refused(void **state)
{
	(void)state;
	post.refuses = true;
	assert_int_equal(ask_on(), CBX_SVSM_BAD_REQUEST);
	assert_true(snp_is_zero(machine_memory[REPORT], CBX_PAGE_SIZE));
}

#define TEST(name) cmocka_unit_test_setup(name, boot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_where_it_was_asked_for),
		TEST(who_wants_no_certificates_gets_none),
		TEST(the_call_may_lie_in_the_calling_area),
		TEST(too_little_room_is_told),
		TEST(pages_that_are_not_the_hosts_own_are_refused),
		TEST(registers_and_areas_are_not_written),
		TEST(a_call_that_is_malformed_is_refused),
		TEST(without_a_firmware_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
