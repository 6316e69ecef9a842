/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab's side of the GHCB: pages that are right, pages with one thing wrong,
 * and what goes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snp/ghcb.h"

#define GPA	     UINT64_C(0x7654000)
#define BUFFER	     (GPA + SNP_GHCB_BUFFER)
#define ALL_FEATURES UINT64_C(0x3f)

enum {
	AT_CPL = 0x0cb,
	AT_XSS = 0x140,
	AT_RAX = 0x1f8,
	AT_RCX = 0x308,
	AT_RDX = 0x310,
	AT_RBX = 0x318,
	AT_RSI = 0x330,
	AT_CODE = 0x390,
	AT_INFO1 = 0x398,
	AT_INFO2 = 0x3a0,
	AT_SCRATCH = 0x3a8,
	AT_XCR0 = 0x3e8,
	AT_BITMAP = 0x3f0,
	AT_VERSION = 0xffa,
	AT_USAGE = 0xffc,
};

static const struct snp_ghcb_host host = { GPA, ALL_FEATURES, 1, 2 };

static void put(uint8_t *page, size_t offset, uint64_t value)
{
	memcpy(page + offset, &value, offset == AT_CPL ? 1 : 8);
	page[AT_BITMAP + offset / 64] |= (uint8_t)(1 << offset / 8 % 8);
}

static void unmark(uint8_t *page, size_t offset)
{
	page[AT_BITMAP + offset / 64] &= (uint8_t) ~(1 << offset / 8 % 8);
}

static uint64_t get(const uint8_t *page, size_t offset)
{
	uint64_t value;

	memcpy(&value, page + offset, 8);
	return value;
}

static bool is_marked(const uint8_t *page, size_t offset)
{
	return (page[AT_BITMAP + offset / 64] >> offset / 8 % 8 & 1) != 0;
}

static void begin(uint8_t *page, uint64_t code, uint64_t info1, uint64_t info2)
{
	memset(page, 0, SNP_GHCB_BYTES);
	page[AT_VERSION] = 2;
	put(page, AT_CODE, code);
	put(page, AT_INFO1, info1);
	put(page, AT_INFO2, info2);
}

static enum snp_ghcb_error decode(const uint8_t *page, struct snp_nae *nae)
{
	return snp_ghcb_decode(page, &host, GPA, nae);
}

/* One page that is right, per event: what it needs, and no more. */
static const struct right {
	uint64_t code, info1, info2;
	uint16_t needs[4]; /* offsets; value 0x1000 in each, but for CPL */
	uint64_t scratch;  /* an address; 0 for none */
	uint64_t features;
} rights[] = {
	{ 0x27, 0, 0, { 0 }, 0, 0 },
	{ 0x37, 0, 0, { AT_RAX }, 0, 0 },
	{ 0x6e, 0, 0, { 0 }, 0, 0 },
	{ 0x6f, 0, 0, { AT_RCX }, 0, 0 },
	{ 0x72, 0, 0, { AT_RAX, AT_RCX }, 0, 0 },
	{ 0x76, 0, 0, { 0 }, 0, 0 },
	{ 0x7b, 0x03f80010, 0, { AT_RAX }, 0, 0 },
	{ 0x7b, 0x03f80011, 0, { 0 }, 0, 0 },
	{ 0x7b, 0x03f8021c, 0x7f0, { 0 }, BUFFER, 0 },
	{ 0x7b, 0x03f80245, 0x1fc, { 0 }, BUFFER, 0 },
	{ 0x7c, 0, 0, { AT_RCX }, 0, 0 },
	{ 0x7c, 1, 0, { AT_RCX, AT_RAX, AT_RDX }, 0, 0 },
	{ 0x81, 0, 0, { AT_RAX, AT_CPL }, 0, 0 },
	{ 0x87, 0, 0, { 0 }, 0, 0 },
	{ 0x89, 0, 0, { 0 }, 0, 0 },
	{ 0x8a, 0, 0, { AT_RAX, AT_RCX, AT_RDX }, 0, 0 },
	{ 0x8b, 0, 0, { AT_RAX, AT_RCX }, 0, 0 },
	{ 0x80000001, 0xfee00020, 4, { 0 }, BUFFER, 0 },
	{ 0x80000002, 0xfee00020, 0x7f0, { 0 }, BUFFER, 0 },
	{ 0x80000003, 0, 0, { 0 }, 0, 0 },
	{ 0x80000004, 0, 0, { 0 }, 0, 0 },
	{ 0x80000005, 1, 0, { 0 }, 0, 0 },
	{ 0x80000010, 0, 0, { 0 }, BUFFER, 0x01 },
	{ 0x80000011, 0x1000, 0x2000, { 0 }, 0, 0x01 },
	{ 0x80000012, 0x1000, 0x2000, { AT_RAX, AT_RBX }, 0, 0x01 },
	{ 0x80000013, UINT64_C(1) << 32 | 2 << 16 | 1, 0x5000, { AT_RAX }, 0,
		0x03 },
	{ 0x80000013, UINT64_C(1) << 32 | 2, 0, { 0 }, 0, 0x03 },
	{ 0x80000014, 1, 0x3000, { 0 }, 0, 0x05 },
	{ 0x80000014, 3, 0, { 0 }, 0, 0x05 },
	{ 0x80000015, 0x4500, 0, { 0 }, 0, 0x05 },
	{ 0x80000016, 0, 0, { 0 }, 0, 0x0d },
	{ 0x80000017, 0, 0, { AT_RAX, AT_RBX }, 0, 0x10 },
	{ 0x80000018, 3, 0, { 0 }, 0, 0x21 },
	{ 0x8000fffd, 0, 0, { 0 }, 0, 0 },
	{ 0x8000fffe, 0x11, 0, { 0 }, 0, 0 },
	{ 0x8000ffff, 0x7d, 0, { 0 }, 0, 0 },
};
#define RIGHTS (sizeof(rights) / sizeof(rights[0]))

static void make(uint8_t *page, const struct right *right)
{
	begin(page, right->code, right->info1, right->info2);
	for (size_t i = 0; i < 4 && right->needs[i] != 0; i++) {
		put(page, right->needs[i],
			right->needs[i] == AT_CPL ? 3 : 0x1000);
	}
	if (right->scratch != 0) {
		put(page, AT_SCRATCH, right->scratch);
	}
}

static void every_event_is_taken_with_what_it_needs(void **state)
{
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	for (size_t i = 0; i < RIGHTS; i++) {
		make(page, &rights[i]);
		assert_int_equal(decode(page, &nae), SNP_GHCB_OK);
		assert_int_equal(nae.event, rights[i].code);
		assert_int_equal(nae.info1, rights[i].info1);
		assert_int_equal(nae.info2, rights[i].info2);
		assert_int_equal(nae.scratch,
			rights[i].scratch == 0 ? 0 : SNP_GHCB_BUFFER);
	}
}

static void every_event_there_is_has_a_page_here(void **state)
{
	static const uint64_t codes[] = {
#define EVENT(code, NAME, fields, feature) (code),
#include "snp/ghcb_event.def"
#undef EVENT
	};

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		bool found = false;

		for (size_t j = 0; j < RIGHTS; j++) {
			found |= rights[j].code == codes[i];
		}
		assert_true(found);
	}
}

static void a_field_not_marked_valid_is_missing(void **state)
{
	static const uint16_t always[] = { AT_CODE, AT_INFO1, AT_INFO2 };
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	for (size_t i = 0; i < RIGHTS; i++) {
		for (size_t j = 0; j < 3; j++) {
			make(page, &rights[i]);
			unmark(page, always[j]);
			assert_int_equal(
				decode(page, &nae), SNP_GHCB_MISSING_INPUT);
		}
		for (size_t j = 0; j < 4 && rights[i].needs[j] != 0; j++) {
			make(page, &rights[i]);
			unmark(page, rights[i].needs[j]);
			assert_int_equal(
				decode(page, &nae), SNP_GHCB_MISSING_INPUT);
		}
		make(page, &rights[i]);
		unmark(page, AT_SCRATCH);
		assert_int_equal(decode(page, &nae),
			rights[i].scratch == 0 ? SNP_GHCB_OK
					       : SNP_GHCB_MISSING_INPUT);
	}
}

static void a_field_not_marked_valid_is_not_read(void **state)
{
	static const uint16_t all[] = { AT_XSS, AT_RAX, AT_RCX, AT_RDX, AT_RBX,
		AT_RSI, AT_SCRATCH, AT_XCR0 };
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	begin(page, 0x76, 0, 0);
	page[AT_CPL] = 3;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		put(page, all[i], UINT64_C(0x1111111111111111));
		unmark(page, all[i]);
	}
	assert_int_equal(decode(page, &nae), SNP_GHCB_OK);
	assert_int_equal(nae.rax | nae.rbx | nae.rcx | nae.rdx | nae.rsi |
				 nae.xcr0 | nae.xss | nae.cpl,
		0);
	assert_int_equal(nae.fields, 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		put(page, all[i], all[i]);
	}
	put(page, AT_CPL, 2);
	assert_int_equal(decode(page, &nae), SNP_GHCB_OK);
	assert_int_equal(nae.rax, AT_RAX);
	assert_int_equal(nae.rbx, AT_RBX);
	assert_int_equal(nae.rcx, AT_RCX);
	assert_int_equal(nae.rdx, AT_RDX);
	assert_int_equal(nae.rsi, AT_RSI);
	assert_int_equal(nae.xcr0, AT_XCR0);
	assert_int_equal(nae.xss, AT_XSS);
	assert_int_equal(nae.cpl, 2);
	assert_int_equal(nae.fields, 0x1ff);
}

static void an_event_the_host_does_not_offer_is_none(void **state)
{
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	for (size_t i = 0; i < RIGHTS; i++) {
		make(page, &rights[i]);
		for (uint64_t bit = 1; bit <= ALL_FEATURES; bit <<= 1) {
			struct snp_ghcb_host less = host;

			less.features &= ~bit;
			assert_int_equal(
				snp_ghcb_decode(page, &less, GPA, &nae),
				(rights[i].features & bit) != 0
					? SNP_GHCB_INVALID_EVENT
					: SNP_GHCB_OK);
		}
	}
}

static void an_event_nobody_knows_is_refused(void **state)
{
	static const uint64_t codes[] = { 0, 0x28, 0x73, 0x400, 0x403,
		0x80000000, 0x80000006, 0x80000019, 0x8000fffc,
		UINT64_C(0x100000072), UINT64_MAX };
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		begin(page, codes[i], 0, 0);
		put(page, AT_RAX, 0);
		put(page, AT_RCX, 0);
		assert_int_equal(decode(page, &nae), SNP_GHCB_INVALID_EVENT);
	}
}

static void an_input_out_of_range_is_invalid(void **state)
{
	static const struct right wrong[] = {
		{ 0x37, 1, 0, { AT_RAX }, 0, 0 },
		{ 0x7b, 0x03f80000, 0, { AT_RAX }, 0, 0 }, /* no size */
		{ 0x7b, 0x03f80030, 0, { AT_RAX }, 0, 0 }, /* two */
		{ 0x7b, 0x03f80012, 0, { AT_RAX }, 0, 0 }, /* reserved */
		{ 0x7b, 0x03f82010, 0, { AT_RAX }, 0, 0 },
		{ 0x7b, UINT64_C(0x103f80010), 0, { AT_RAX }, 0, 0 },
		{ 0x7c, 2, 0, { AT_RCX, AT_RAX, AT_RDX }, 0, 0 },
		{ 0x80000005, 2, 0, { 0 }, 0, 0 },
		{ 0x80000011, 0x1008, 0x2000, { 0 }, 0, 0 },
		{ 0x80000011, 0x1000, 0x2001, { 0 }, 0, 0 },
		{ 0x80000011, 0x1000, 0x1000, { 0 }, 0, 0 },
		{ 0x80000011, UINT64_C(1) << 52, 0x1000, { 0 }, 0, 0 },
		{ 0x80000012, 0x1000, 0x1000, { AT_RAX, AT_RBX }, 0, 0 },
		{ 0x80000013, 3, 0x5000, { AT_RAX }, 0, 0 },
		{ 0x80000013, 4 << 16 | 1, 0x5000, { AT_RAX }, 0, 0 },
		{ 0x80000013, 0x100 << 16 | 1, 0x5000, { AT_RAX }, 0, 0 },
		{ 0x80000013, 1, 0x5001, { AT_RAX }, 0, 0 },
		{ 0x80000014, 4, 0, { 0 }, 0, 0 },
		{ 0x80000014, 1, 0x3010, { 0 }, 0, 0 },
		{ 0x80000014, UINT64_C(1) << 32, 0, { 0 }, 0, 0 },
		{ 0x80000018, 4, 0, { 0 }, 0, 0 },
		{ 0x80000018, UINT64_C(1) << 32, 0, { 0 }, 0, 0 },
	};
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make(page, &wrong[i]);
		assert_int_equal(decode(page, &nae), SNP_GHCB_INVALID_INPUT);
	}
	begin(page, 0x81, 0, 0);
	put(page, AT_RAX, 0);
	put(page, AT_CPL, 4);
	assert_int_equal(decode(page, &nae), SNP_GHCB_INVALID_INPUT);
	begin(page, 0x80000012, 0x1000, 0x2000);
	put(page, AT_RAX, 0x1800);
	put(page, AT_RBX, 1);
	assert_int_equal(decode(page, &nae), SNP_GHCB_INVALID_INPUT);
}

static void cpuid_of_xsave_needs_xcr0(void **state)
{
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	begin(page, 0x72, 0, 0);
	put(page, AT_RAX, 0xd);
	put(page, AT_RCX, 1);
	assert_int_equal(decode(page, &nae), SNP_GHCB_MISSING_INPUT);
	put(page, AT_XCR0, 7);
	assert_int_equal(decode(page, &nae), SNP_GHCB_OK);
	assert_int_equal(nae.xcr0, 7);
}

static void a_scratch_area_lies_in_the_shared_buffer(void **state)
{
	static const struct {
		uint64_t code, info1, info2, scratch;
		enum snp_ghcb_error error;
	} areas[] = {
		{ 0x80000001, 0, 0x7f0, BUFFER, SNP_GHCB_OK },
		{ 0x80000001, 0, 1, BUFFER + 0x7ef, SNP_GHCB_OK },
		{ 0x80000001, 0, 2, BUFFER + 0x7ef, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 0x7f1, BUFFER, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 0x7f0, BUFFER + 1, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 8, BUFFER - 1, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 8, GPA, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 8, GPA + 0x1000, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 8, 0, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 8, UINT64_MAX - 3, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, 0, BUFFER, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000001, 0, UINT64_MAX, BUFFER, SNP_GHCB_BAD_SCRATCH },
		{ 0x80000002, 0, UINT64_C(1) << 32, BUFFER,
			SNP_GHCB_BAD_SCRATCH },
		{ 0x80000010, 0, 0, BUFFER + 0x7e8, SNP_GHCB_OK },
		{ 0x80000010, 0, 0, BUFFER + 0x7e9, SNP_GHCB_BAD_SCRATCH },
		{ 0x7b, 0x45, 0x1fc, BUFFER, SNP_GHCB_OK },
		{ 0x7b, 0x45, 0x1fd, BUFFER, SNP_GHCB_BAD_SCRATCH },
		{ 0x7b, 0x25, 0, BUFFER, SNP_GHCB_BAD_SCRATCH },
		{ 0x7b, 0x45, UINT64_C(0x4000000000000001), BUFFER,
			SNP_GHCB_BAD_SCRATCH },
	};
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
		begin(page, areas[i].code, areas[i].info1, areas[i].info2);
		put(page, AT_SCRATCH, areas[i].scratch);
		assert_int_equal(decode(page, &nae), areas[i].error);
	}
	begin(page, 0x80000010, 0, 0);
	put(page, AT_SCRATCH, BUFFER + 0x10);
	assert_int_equal(decode(page, &nae), SNP_GHCB_OK);
	assert_int_equal(nae.scratch, SNP_GHCB_BUFFER + 0x10);
	assert_int_equal(nae.scratch_bytes, SNP_GHCB_BUFFER_BYTES - 0x10);
}

static void a_page_is_the_registered_one_of_a_version_there_is(void **state)
{
	struct snp_ghcb_host none = host;
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae nae;

	(void)state;
	begin(page, 0x76, 0, 0);
	assert_int_equal(snp_ghcb_decode(page, &host, GPA + 0x1000, &nae),
		SNP_GHCB_NOT_REGISTERED);
	none.registered = UINT64_MAX;
	assert_int_equal(snp_ghcb_decode(page, &none, GPA, &nae),
		SNP_GHCB_NOT_REGISTERED);
	assert_int_equal(snp_ghcb_decode(page, &none, UINT64_MAX, &nae),
		SNP_GHCB_NOT_REGISTERED);
	page[AT_USAGE + 3] = 1;
	assert_int_equal(decode(page, &nae), SNP_GHCB_BAD_USAGE);
	page[AT_USAGE + 3] = 0;
	for (unsigned int version = 0; version < 5; version++) {
		page[AT_VERSION] = (uint8_t)version;
		assert_int_equal(decode(page, &nae),
			version == 1 || version == 2 ? SNP_GHCB_OK
						     : SNP_GHCB_BAD_USAGE);
	}
	page[AT_VERSION] = 2;
	page[AT_VERSION + 1] = 1;
	assert_int_equal(decode(page, &nae), SNP_GHCB_BAD_USAGE);
}

static void io_and_processors_are_taken_apart(void **state)
{
	const struct snp_nae out = { .info1 = 0xcf80040 };
	const struct snp_nae in = { .info1 = 0x03fd002d };
	const struct snp_nae ap = { .info1 = UINT64_C(0x1700000000) | 2 << 16 |
					     1 };
	struct snp_io io = snp_nae_io(&out);

	(void)state;
	assert_int_equal(io.port, 0xcf8);
	assert_int_equal(io.bytes, 4);
	assert_false(io.in || io.string || io.repeat);
	io = snp_nae_io(&in);
	assert_int_equal(io.port, 0x3fd);
	assert_int_equal(io.bytes, 2);
	assert_true(io.in && io.string && io.repeat);
	assert_int_equal(snp_nae_ap(&ap).apic, 0x17);
	assert_int_equal(snp_nae_ap(&ap).vmpl, 2);
	assert_int_equal(snp_nae_ap(&ap).op, SNP_AP_NOW);
}

static void an_answer_marks_what_it_brings(void **state)
{
	uint8_t page[SNP_GHCB_BYTES];
	struct snp_nae_answer answer = snp_nae_done(0x1122334455667788);

	(void)state;
	memset(page, 0xff, sizeof(page));
	answer.fields = SNP_FIELD_RAX | SNP_FIELD_RDX;
	answer.rax = 1;
	answer.rbx = 2;
	answer.rdx = 4;
	snp_ghcb_answer(page, &answer);
	assert_int_equal(get(page, AT_INFO1), 0);
	assert_int_equal(get(page, AT_INFO2), 0x1122334455667788);
	assert_int_equal(get(page, AT_RAX), 1);
	assert_int_equal(get(page, AT_RBX), UINT64_MAX);
	assert_int_equal(get(page, AT_RDX), 4);
	for (size_t offset = 0; offset < 0x400; offset += 8) {
		bool brought = offset == AT_INFO1 || offset == AT_INFO2 ||
			       offset == AT_RAX || offset == AT_RDX;

		assert_int_equal(is_marked(page, offset), brought);
	}
	assert_int_equal(page[AT_VERSION], 0xff);
}

static void refusals_and_faults_have_their_codes(void **state)
{
	struct snp_nae_answer answer = snp_nae_refused(SNP_GHCB_MISSING_INPUT);

	(void)state;
	assert_int_equal(answer.info1, 2);
	assert_int_equal(answer.info2, 4);
	answer = snp_nae_raise(true);
	assert_int_equal(answer.info1, 1);
	assert_int_equal(
		answer.info2, UINT64_C(1) << 31 | 1 << 11 | 3 << 8 | 13);
	answer = snp_nae_raise(false);
	assert_int_equal(answer.info1, 1);
	assert_int_equal(answer.info2, UINT64_C(1) << 31 | 3 << 8 | 6);
	assert_int_equal(SNP_REQUEST_INFO2(0x16, SNP_REQUEST_BUSY),
		UINT64_C(0x200000016));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_is_taken_with_what_it_needs),
		cmocka_unit_test(every_event_there_is_has_a_page_here),
		cmocka_unit_test(a_field_not_marked_valid_is_missing),
		cmocka_unit_test(a_field_not_marked_valid_is_not_read),
		cmocka_unit_test(an_event_the_host_does_not_offer_is_none),
		cmocka_unit_test(an_event_nobody_knows_is_refused),
		cmocka_unit_test(an_input_out_of_range_is_invalid),
		cmocka_unit_test(cpuid_of_xsave_needs_xcr0),
		cmocka_unit_test(a_scratch_area_lies_in_the_shared_buffer),
		cmocka_unit_test(
			a_page_is_the_registered_one_of_a_version_there_is),
		cmocka_unit_test(io_and_processors_are_taken_apart),
		cmocka_unit_test(an_answer_marks_what_it_brings),
		cmocka_unit_test(refusals_and_faults_have_their_codes),
	};

	return cmocka_run_group_tests_name("lab snp ghcb", tests, NULL, NULL);
}
