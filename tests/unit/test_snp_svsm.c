/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of a stock kernel, decoded; numbers that are out of range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hal/snp/pure/svsm.h>

#define PAGES	   0x1000ull /* 16 MiB */
#define END	   (PAGES << 12)
#define CALL(p, n) ((uint64_t)(p) << 32 | (n))

static struct cbx_svsm_request q;

static uint32_t decode(uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	const struct cbx_svsm_registers r = { rax, rcx, rdx, r8 };

	q = (struct cbx_svsm_request){ .offset = 77 };
	return cbx_svsm_decode(&r, PAGES, &q);
}

static void calls_are_decoded(void **state)
{
	(void)state;
	assert_int_equal(decode(CALL(0, 0), 0x5000, 0, 0), CBX_SVSM_OK);
	assert_true(q.call == CBX_SVSM_REMAP_CA && q.page.n == 5);
	assert_int_equal(decode(CALL(0, 1), 0x5ff0, 0, 0), CBX_SVSM_OK);
	assert_true(q.call == CBX_SVSM_PVALIDATE && q.page.n == 5 &&
		    q.offset == 0xff0);
	assert_int_equal(decode(CALL(0, 2), 0x5000, 0x6000, 9), CBX_SVSM_OK);
	assert_true(q.call == CBX_SVSM_CREATE_VCPU && q.page.n == 5 &&
		    q.area.n == 6 && q.apic == 9);
	assert_int_equal(decode(CALL(0, 3), END - 0x1000, 0, 0), CBX_SVSM_OK);
	assert_true(q.call == CBX_SVSM_DELETE_VCPU && q.page.n == PAGES - 1);
	assert_int_equal(decode(CALL(1, 0), 0x5fc0, 0, 0), CBX_SVSM_OK);
	assert_true(q.call == CBX_SVSM_SERVICES && q.offset == 0xfc0);
}

static void calls_there_are_not(void **state)
{
	static const struct {
		uint64_t rax;
		uint32_t result;
	} rows[] = {
		{ CALL(0, 4), CBX_SVSM_NO_CALL }, /* DEPOSIT_MEM */
		{ CALL(0, 5), CBX_SVSM_NO_CALL }, /* WITHDRAW_MEM */
		{ CALL(0, 8), CBX_SVSM_NO_CALL },
		{ CALL(0, 0xffffffff), CBX_SVSM_NO_CALL },
		{ CALL(1, 1), CBX_SVSM_BAD_PARAMETER }, /* of no service */
		{ CALL(1, 2), CBX_SVSM_NO_CALL },
		{ CALL(2, 0), CBX_SVSM_NO_PROTOCOL },
		{ CALL(0x80000000, 0), CBX_SVSM_NO_PROTOCOL },
		{ ~0ull, CBX_SVSM_NO_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			decode(rows[i].rax, 0x5000, 0, 0), rows[i].result);
		assert_int_equal(q.offset, 77);
	}
}

/* Calls whose RCX is a page, and whose RCX is a structure and how long. */
static void addresses_are_in_range(void **state)
{
	static const uint64_t pages[] = { CALL(0, 0), CALL(0, 3) };
	static const struct {
		uint64_t rax;
		uint64_t bytes;
	} places[] = {
		{ CALL(0, 1), 16 },
		{ CALL(1, 0), 0x40 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			decode(pages[i], END, 0, 0), CBX_SVSM_BAD_ADDRESS);
		assert_int_equal(decode(pages[i], ~0xfffull, 0, 0),
			CBX_SVSM_BAD_ADDRESS);
		assert_int_equal(
			decode(pages[i], 0x5008, 0, 0), CBX_SVSM_BAD_PARAMETER);
		assert_int_equal(q.offset, 77);
	}
	for (size_t i = 0; i < 2; i++) {
		uint64_t last = 0x6000 - places[i].bytes;

		assert_int_equal(
			decode(places[i].rax, last, 0, 0), CBX_SVSM_OK);
		assert_int_equal(decode(places[i].rax, last + 8, 0, 0),
			CBX_SVSM_BAD_PARAMETER);
		assert_int_equal(decode(places[i].rax, 0x5004, 0, 0),
			CBX_SVSM_BAD_PARAMETER);
		assert_int_equal(
			decode(places[i].rax, END, 0, 0), CBX_SVSM_BAD_ADDRESS);
		assert_int_equal(decode(places[i].rax, ~7ull, 0, 0),
			CBX_SVSM_BAD_PARAMETER);
		assert_int_equal(decode(places[i].rax, ~0xfffull, 0, 0),
			CBX_SVSM_BAD_ADDRESS);
	}
}

static void a_cpu_needs_two_pages_and_a_number(void **state)
{
	const uint64_t create = CALL(0, 2);

	(void)state;
	assert_int_equal(
		decode(create, 0x5000, 0x5000, 0), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(
		decode(create, 0x5000, 0x6001, 0), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(
		decode(create, 0x5001, 0x6000, 0), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(decode(create, END, 0x6000, 0), CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(decode(create, 0x5000, END, 0), CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(decode(create, 0x5000, 0x6000, 0x100000000ull),
		CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(
		decode(create, 0x5000, 0x6000, 0xffffffff), CBX_SVSM_OK);
}

static void protocols_are_told(void **state)
{
	static const struct {
		uint64_t rcx;
		uint64_t answer;
	} rows[] = {
		{ CALL(0, 1), CALL(1, 1) },
		{ CALL(1, 1), CALL(1, 1) },
		{ CALL(0, 0), 0 },
		{ CALL(0, 2), 0 },
		{ CALL(2, 1), 0 },
		{ ~0ull, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			decode(CALL(0, 6), rows[i].rcx, 0, 0), CBX_SVSM_OK);
		assert_int_equal(q.call, CBX_SVSM_QUERY_PROTOCOL);
		assert_true(q.answer == rows[i].answer);
	}
	assert_int_equal(decode(CALL(0, 7), 1, 0, 0), CBX_SVSM_OK);
	assert_int_equal(q.answer, 0);
	assert_int_equal(decode(CALL(0, 7), 0, 0, 0), CBX_SVSM_BAD_REQUEST);
}

static void a_list_stays_in_its_page(void **state)
{
	struct cbx_svsm_list list = { 0 };

	(void)state;
	assert_int_equal(cbx_svsm_list(3u | 2u << 16, 0, &list), CBX_SVSM_OK);
	assert_true(list.count == 3 && list.next == 2);
	assert_int_equal(cbx_svsm_list(511, 0, &list), CBX_SVSM_OK);
	for (uint32_t offset = 0; offset < 0x1000; offset += 8) {
		uint32_t most = (0x1000 - offset) / 8 - 1;

		assert_int_equal(cbx_svsm_list(most + 1, offset, &list),
			CBX_SVSM_BAD_PARAMETER);
		assert_int_equal(
			cbx_svsm_list(most, offset, &list) == CBX_SVSM_OK,
			most != 0);
	}
	assert_int_equal(
		cbx_svsm_list(1, 0x1000, &list), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(cbx_svsm_list(1, ~7u, &list), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(cbx_svsm_list(1, 4, &list), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(cbx_svsm_list(0, 0, &list), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(
		cbx_svsm_list(3u | 3u << 16, 0, &list), CBX_SVSM_BAD_PARAMETER);
	for (uint32_t bit = 32; bit < 64; bit++) {
		assert_int_equal(cbx_svsm_list(3 | 1ull << bit, 0, &list),
			CBX_SVSM_BAD_PARAMETER);
	}
}

static void an_entry_names_pages_there_are(void **state)
{
	struct cbx_svsm_entry e;

	(void)state;
	assert_int_equal(cbx_svsm_entry(0x5004, PAGES, &e), CBX_SVSM_OK);
	assert_true(
		e.pfn.n == 5 && e.pages == 1 && e.validate && !e.same_is_fine);
	assert_int_equal(cbx_svsm_entry(0x400009, PAGES, &e), CBX_SVSM_OK);
	assert_true(e.pfn.n == 0x400 && e.pages == 512 && !e.validate &&
		    e.same_is_fine);
	assert_int_equal(cbx_svsm_entry(END - 0x1000, PAGES, &e), CBX_SVSM_OK);
	assert_int_equal(cbx_svsm_entry(END, PAGES, &e), CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(
		cbx_svsm_entry(~0xfffull, PAGES, &e), CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(
		cbx_svsm_entry(0x5001, PAGES, &e), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(
		cbx_svsm_entry(END - 0x200000 + 1, PAGES, &e), CBX_SVSM_OK);
	assert_int_equal(cbx_svsm_entry(END - 0x200000 + 1, PAGES - 1, &e),
		CBX_SVSM_BAD_ADDRESS);
	assert_int_equal(
		cbx_svsm_entry(0x5002, PAGES, &e), CBX_SVSM_BAD_PARAMETER);
	assert_int_equal(
		cbx_svsm_entry(0x400003, PAGES, &e), CBX_SVSM_BAD_PARAMETER);
	for (uint32_t bit = 4; bit < 12; bit++) {
		assert_int_equal(
			cbx_svsm_entry(0x5000 | 1ull << bit, PAGES, &e),
			CBX_SVSM_BAD_PARAMETER);
	}
}

/* report, nonce, manifest, certificates */
static void make(uint64_t op[CBX_SVSM_OP_WORDS])
{
	const uint64_t words[CBX_SVSM_OP_WORDS] = { 0x5000, 0x1000, 0x6fc0, 64,
		0x7000, 0x2000, 0xa000, 0x4000 };

	for (size_t i = 0; i < CBX_SVSM_OP_WORDS; i++) {
		op[i] = words[i];
	}
}

static void an_attestation_is_decoded(void **state)
{
	uint64_t op[CBX_SVSM_OP_WORDS];
	struct cbx_svsm_attest a;

	(void)state;
	make(op);
	assert_int_equal(cbx_svsm_attest(op, PAGES, &a), CBX_SVSM_OK);
	assert_true(a.report.address == 0x5000 && a.report.bytes == 0x1000);
	assert_true(a.nonce.address == 0x6fc0 && a.nonce.bytes == 64);
	assert_true(a.manifest.address == 0x7000 && a.manifest.bytes == 0x2000);
	assert_true(a.certificate.address == 0xa000 &&
		    a.certificate.bytes == 0x4000);
}

static void an_attestation_out_of_range_is_none(void **state)
{
	static const struct {
		uint8_t word;
		uint64_t value;
	} rows[] = {
		{ 0, 0x5001 },
		{ 0, END },
		{ 0, ~0xfffull },
		{ 1, END - 0x5000 + 1 },
		{ 1, 0xffffffff },
		{ 1, 0x100000010 },
		{ 2, 0x6fc1 }, /* crosses a page */
		{ 2, END },
		{ 2, ~0ull },
		{ 3, 63 },
		{ 3, 65 },
		{ 3, 0x10040 },
		{ 4, 0x7008 },
		{ 4, END - 0x1000 },
		{ 5, 0x100000000 },
		{ 6, 0xa800 },
		{ 7, 0x4001 },
		{ 7, 0x100000000 },
	};
	uint64_t op[CBX_SVSM_OP_WORDS];
	struct cbx_svsm_attest a = { .report = { .bytes = 77 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(op);
		op[rows[i].word] = rows[i].value;
		assert_int_equal(
			cbx_svsm_attest(op, PAGES, &a), CBX_SVSM_BAD_PARAMETER);
		assert_int_equal(a.report.bytes, 77);
	}
	make(op);
	op[1] = END - 0x5000; /* all there is */
	op[6] = 0;
	op[7] = 0; /* none */
	assert_int_equal(cbx_svsm_attest(op, PAGES, &a), CBX_SVSM_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_decoded),
		cmocka_unit_test(calls_there_are_not),
		cmocka_unit_test(addresses_are_in_range),
		cmocka_unit_test(a_cpu_needs_two_pages_and_a_number),
		cmocka_unit_test(protocols_are_told),
		cmocka_unit_test(a_list_stays_in_its_page),
		cmocka_unit_test(an_entry_names_pages_there_are),
		cmocka_unit_test(an_attestation_is_decoded),
		cmocka_unit_test(an_attestation_out_of_range_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
