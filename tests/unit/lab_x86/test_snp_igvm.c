/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab's reader of IGVM files: one that is right, read step by step; one with
 * one thing wrong, for each thing; and every byte of it changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snp/bytes.h"
#include "snp/igvm.h"

#define POLICY 0x30000u
#define PAGE   UINT64_C(4096)
#define FIXED  24u

/* Where a file's headers are, and the pages behind them. */
enum {
	AT_PLATFORM = FIXED,
	AT_POLICY = AT_PLATFORM + 8 + 16,
	AT_DATA = AT_POLICY + 8 + 16,
	AT_ZEROS = AT_DATA + 8 + 24,
	AT_SECRETS = AT_ZEROS + 8 + 24,
	AT_CPUID = AT_SECRETS + 8 + 24,
	AT_AREA = AT_CPUID + 8 + 24,
	AT_INSERT = AT_AREA + 8 + 16,
	AT_ASKED = AT_INSERT + 8 + 16,
	AT_VMSA = AT_ASKED + 8 + 24,
	AT_END = AT_VMSA + 8 + 24,
	BYTES = AT_END + 2 * 4096,
};

#define GPA_DATA    UINT64_C(0x200000)
#define GPA_ZEROS   UINT64_C(0x201000)
#define GPA_SECRETS UINT64_C(0x203000)
#define GPA_CPUID   UINT64_C(0x204000)
#define GPA_PARAM   UINT64_C(0x205000)
#define GPA_ASKED   UINT64_C(0x400000)
#define GPA_VMSA    UINT64_C(0x202000)
#define ASKED_BYTES UINT64_C(0x200000)

struct file {
	uint8_t bytes[BYTES];
	uint64_t size;
};

static void put(struct file *file, size_t at, uint64_t value, size_t bytes)
{
	snp_store(file->bytes + at, value, bytes);
}

/* Table driven, unlike the lab's. */
static uint32_t crc(const uint8_t *bytes, size_t size)
{
	uint32_t table[256], sum = UINT32_MAX;

	for (uint32_t n = 0; n < 256; n++) {
		table[n] = n;
		for (int bit = 0; bit < 8; bit++) {
			table[n] = (table[n] & 1) != 0
					   ? 0xedb88320u ^ table[n] >> 1
					   : table[n] >> 1;
		}
	}
	for (size_t i = 0; i < size; i++) {
		sum = table[(uint8_t)(sum ^ bytes[i])] ^ sum >> 8;
	}
	return ~sum;
}

static void seal(struct file *file)
{
	put(file, 20, 0, 4);
	put(file, 20, crc(file->bytes, AT_END), 4);
}

static void header(struct file *file, size_t at, uint32_t type, uint32_t bytes)
{
	put(file, at, type, 4);
	put(file, at + 4, bytes, 4);
}

static void page(struct file *file, size_t at, uint64_t gpa, uint32_t what)
{
	header(file, at, 0x302, 24);
	put(file, at + 8, gpa, 8);
	put(file, at + 16, 1, 4);
	put(file, at + 28, what, 2);
}

static struct file good(void)
{
	struct file file = { .size = BYTES };

	memcpy(file.bytes, "IGVM", 4);
	put(&file, 4, 1, 4);
	put(&file, 8, FIXED, 4);
	put(&file, 12, AT_END - FIXED, 4);
	put(&file, 16, BYTES, 4);
	header(&file, AT_PLATFORM, 0x1, 16);
	put(&file, AT_PLATFORM + 8, 1, 4);
	put(&file, AT_PLATFORM + 12, 2, 1);
	put(&file, AT_PLATFORM + 13, 2, 1);
	put(&file, AT_PLATFORM + 14, 1, 2);
	header(&file, AT_POLICY, 0x101, 16);
	put(&file, AT_POLICY + 8, POLICY, 8);
	put(&file, AT_POLICY + 16, 1, 4);
	page(&file, AT_DATA, GPA_DATA, 0);
	put(&file, AT_DATA + 20, AT_END, 4);
	page(&file, AT_ZEROS, GPA_ZEROS, 0);
	page(&file, AT_SECRETS, GPA_SECRETS, 1);
	page(&file, AT_CPUID, GPA_CPUID, 2);
	header(&file, AT_AREA, 0x301, 16);
	put(&file, AT_AREA + 8, PAGE, 8);
	header(&file, AT_INSERT, 0x303, 16);
	put(&file, AT_INSERT + 8, GPA_PARAM, 8);
	put(&file, AT_INSERT + 16, 1, 4);
	header(&file, AT_ASKED, 0x305, 24);
	put(&file, AT_ASKED + 8, GPA_ASKED, 8);
	put(&file, AT_ASKED + 16, 1, 4);
	put(&file, AT_ASKED + 20, ASKED_BYTES, 4);
	header(&file, AT_VMSA, 0x304, 20);
	put(&file, AT_VMSA + 8, GPA_VMSA, 8);
	put(&file, AT_VMSA + 16, 1, 4);
	put(&file, AT_VMSA + 20, AT_END + PAGE, 4);
	seal(&file);
	return file;
}

/* In memory of its own size: what reads behind it is seen by sanitizers. */
static const char *check(const struct file *file, uint64_t *at)
{
	uint8_t *copy = malloc(file->size + 1);
	struct snp_igvm_bad bad = { "nothing said", 0 };
	bool is_good;

	assert_non_null(copy);
	memcpy(copy, file->bytes, file->size);
	copy = realloc(copy, file->size == 0 ? 1 : file->size);
	is_good = snp_igvm_check(copy, file->size, POLICY, &bad);
	free(copy);
	assert_int_equal(is_good, bad.why == NULL);
	*at = bad.at;
	return bad.why;
}

static void a_file_is_read_step_by_step(void **state)
{
	const struct file file = good();
	const struct snp_igvm_step steps[] = {
		{ SNP_IGVM_DATA, GPA_DATA, PAGE, file.bytes + AT_END },
		{ SNP_IGVM_DATA, GPA_ZEROS, PAGE, NULL },
		{ SNP_IGVM_SECRETS, GPA_SECRETS, PAGE, NULL },
		{ SNP_IGVM_CPUID, GPA_CPUID, PAGE, NULL },
		{ SNP_IGVM_PARAM, GPA_PARAM, PAGE, NULL },
		{ SNP_IGVM_ASKED, GPA_ASKED, ASKED_BYTES, NULL },
		{ SNP_IGVM_VMSA, GPA_VMSA, PAGE, file.bytes + AT_END + PAGE },
	};
	struct snp_igvm_step step;
	uint64_t at = 0, where;

	(void)state;
	assert_true(snp_igvm_is(file.bytes, BYTES));
	assert_null(check(&file, &where));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_true(snp_igvm_next(file.bytes, &at, &step));
		assert_int_equal(step.what, steps[i].what);
		assert_int_equal(step.gpa, steps[i].gpa);
		assert_int_equal(step.bytes, steps[i].bytes);
		assert_ptr_equal(step.data, steps[i].data);
	}
	assert_false(snp_igvm_next(file.bytes, &at, &step));
}

#define FORM	 "no IGVM file of version 1, at"
#define LENGTH	 "the IGVM file is not as long as it says, at"
#define HEADERS	 "the IGVM file's headers are not in it, at"
#define CHECKSUM "the IGVM file's checksum is wrong, at"
#define UNKNOWN	 "an IGVM header is of an unknown type, at"
#define BEHIND	 "an IGVM header comes behind the registers, at"
#define SIZE	 "an IGVM header is not as long as its type, at"
#define PADDING	 "behind an IGVM header there are not zeros, at"
#define LATE	 "an IGVM header comes too late, at"
#define FOREIGN	 "an IGVM header is for another platform, at"
#define PLATFORM "the IGVM file is not for SEV-SNP alone, at"
#define GUEST	 "the IGVM file's policy is not this machine's, at"
#define AREA	 "an IGVM parameter area is not one page of zeros, at"
#define INSERT	 "an IGVM parameter area is not there, at"
#define KIND	 "an IGVM page is of another kind, at"
#define ELSE	 "an IGVM page has its bytes elsewhere, at"
#define REQUIRED "memory an IGVM file requires is of another kind, at"
#define OTHER	 "an IGVM file's registers are not CPU 0's, at"
#define PLACE	 "an IGVM header names no pages, at"
#define AGAIN	 "an IGVM header names a page again, at"
#define NONE	 "the IGVM file has no policy, at"
#define NO_VMSA	 "the IGVM file has no registers, at"

/* A number in its place, and what is said of it at which header. */
static const struct {
	size_t at, bytes;
	uint64_t value;
	const char *why;
	size_t where;
} wrong[] = {
	{ 0, 4, 0x4d564748, FORM, 0 },
	{ 4, 4, 0, FORM, 0 },
	{ 4, 4, 2, FORM, 0 },
	{ 16, 4, BYTES - 1, LENGTH, 0 },
	{ 16, 4, BYTES + 1, LENGTH, 0 },
	{ 8, 4, 16, HEADERS, 0 },
	{ 8, 4, FIXED + 4, HEADERS, 0 },
	{ 8, 4, UINT32_MAX - 7, HEADERS, 0 },
	{ 12, 4, UINT32_MAX - 7, HEADERS, 0 },
	{ 12, 4, BYTES - FIXED + 8, HEADERS, 0 },
	{ 12, 4, AT_END - FIXED - 4, HEADERS, 0 },
	{ AT_PLATFORM, 4, 0, UNKNOWN, AT_PLATFORM },
	{ AT_PLATFORM, 4, 2, UNKNOWN, AT_PLATFORM },
	{ AT_PLATFORM + 4, 4, 24, SIZE, AT_PLATFORM },
	{ AT_PLATFORM + 8, 4, 0, PLATFORM, AT_PLATFORM },
	{ AT_PLATFORM + 8, 4, 3, PLATFORM, AT_PLATFORM },
	{ AT_PLATFORM + 8, 4, 2, FOREIGN, AT_POLICY },
	{ AT_PLATFORM + 12, 1, 1, PLATFORM, AT_PLATFORM },
	{ AT_PLATFORM + 13, 1, 0, PLATFORM, AT_PLATFORM },
	{ AT_PLATFORM + 13, 1, 3, PLATFORM, AT_PLATFORM },
	{ AT_PLATFORM + 14, 2, 2, PLATFORM, AT_PLATFORM },
	{ AT_PLATFORM + 16, 8, 1ull << 46, PLATFORM, AT_PLATFORM },
	{ AT_POLICY, 4, 0x102, UNKNOWN, AT_POLICY },
	{ AT_POLICY + 8, 8, POLICY | 1 << 19, GUEST, AT_POLICY }, /* debug */
	{ AT_POLICY + 8, 8, POLICY | 1ull << 32, GUEST, AT_POLICY },
	{ AT_POLICY + 16, 4, 2, FOREIGN, AT_POLICY },
	{ AT_POLICY + 20, 4, 1, GUEST, AT_POLICY },
	{ AT_DATA, 4, 0x306, UNKNOWN, AT_DATA },
	{ AT_DATA, 4, 0x80000302, UNKNOWN, AT_DATA },
	{ AT_DATA + 4, 4, 16, SIZE, AT_DATA },
	{ AT_DATA + 4, 4, UINT32_MAX, SIZE, AT_DATA },
	{ AT_DATA + 8, 8, GPA_DATA + 8, PLACE, AT_DATA },
	{ AT_DATA + 8, 8, 1ull << 47, PLACE, AT_DATA },
	{ AT_DATA + 8, 8, (uint64_t)-PAGE, PLACE, AT_DATA },
	{ AT_DATA + 16, 4, 2, FOREIGN, AT_DATA },
	{ AT_DATA + 16, 4, 3, FOREIGN, AT_DATA },
	{ AT_DATA + 20, 4, AT_END - 1, ELSE, AT_DATA },
	{ AT_DATA + 20, 4, 1, ELSE, AT_DATA },
	{ AT_DATA + 20, 4, AT_END + PAGE + 1, ELSE, AT_DATA },
	{ AT_DATA + 20, 4, BYTES, ELSE, AT_DATA },
	{ AT_DATA + 20, 4, UINT32_MAX, ELSE, AT_DATA },
	{ AT_DATA + 24, 4, 1, KIND, AT_DATA }, /* 2 MiB */
	{ AT_DATA + 24, 4, 2, KIND, AT_DATA }, /* not measured */
	{ AT_DATA + 24, 4, 4, KIND, AT_DATA }, /* shared */
	{ AT_DATA + 28, 2, 3, KIND, AT_DATA },
	{ AT_DATA + 30, 2, 1, KIND, AT_DATA },
	{ AT_ZEROS + 8, 8, GPA_DATA, AGAIN, AT_ZEROS },
	{ AT_SECRETS + 20, 4, AT_END, ELSE, AT_SECRETS },
	{ AT_CPUID + 20, 4, AT_END, ELSE, AT_CPUID },
	{ AT_CPUID + 8, 8, GPA_SECRETS, AGAIN, AT_CPUID },
	{ AT_AREA + 8, 8, 2 * PAGE, AREA, AT_AREA },
	{ AT_AREA + 8, 8, 0, AREA, AT_AREA },
	{ AT_AREA + 16, 4, 1, AREA, AT_AREA },
	{ AT_AREA + 20, 4, AT_END, AREA, AT_AREA },
	{ AT_INSERT + 8, 8, GPA_PARAM + 1, PLACE, AT_INSERT },
	{ AT_INSERT + 8, 8, GPA_CPUID, AGAIN, AT_INSERT },
	{ AT_INSERT + 16, 4, 0, FOREIGN, AT_INSERT },
	{ AT_INSERT + 20, 4, 1, INSERT, AT_INSERT },
	{ AT_ASKED + 8, 8, GPA_PARAM, AGAIN, AT_ASKED },
	{ AT_ASKED + 8, 8, GPA_DATA - ASKED_BYTES + PAGE, AGAIN, AT_ASKED },
	{ AT_ASKED + 8, 8, (1ull << 47) - PAGE, PLACE, AT_ASKED },
	{ AT_ASKED + 20, 4, 0, PLACE, AT_ASKED },
	{ AT_ASKED + 20, 4, PAGE + 1, PLACE, AT_ASKED },
	{ AT_ASKED + 24, 4, 1, REQUIRED, AT_ASKED },
	{ AT_ASKED + 28, 4, 1, REQUIRED, AT_ASKED },
	{ AT_VMSA, 4, 0x305, SIZE, AT_VMSA },
	{ AT_VMSA + 4, 4, 24, SIZE, AT_VMSA },
	{ AT_VMSA + 8, 8, GPA_DATA, AGAIN, AT_VMSA },
	{ AT_VMSA + 8, 8, 0xfffffffff000, PLACE, AT_VMSA }, /* KVM's */
	{ AT_VMSA + 20, 4, 0, OTHER, AT_VMSA },
	{ AT_VMSA + 20, 4, AT_END + PAGE + 1, OTHER, AT_VMSA },
	{ AT_VMSA + 24, 2, 1, OTHER, AT_VMSA },
	{ AT_VMSA + 26, 2, 1, OTHER, AT_VMSA },
	{ AT_VMSA + 28, 4, 1, PADDING, AT_VMSA },
	{ 12, 4, AT_VMSA - FIXED, NO_VMSA, AT_VMSA },
	{ 12, 4, AT_VMSA + 24 - FIXED, SIZE, AT_VMSA },
	{ 12, 4, AT_POLICY - FIXED, NONE, AT_POLICY },
	{ 12, 4, 0, NONE, AT_PLATFORM },
};

static void expect(const struct file *file, const char *why, size_t where)
{
	uint64_t at;
	const char *said = check(file, &at);

	assert_non_null(said);
	assert_string_equal(said, why);
	assert_int_equal(at, where);
}

/* Over what the file says its headers are. */
static void seal_as_said(struct file *file)
{
	uint64_t end = FIXED + snp_load(file->bytes + 12, 4);

	put(file, 20, 0, 4);
	put(file, 20, crc(file->bytes, end <= BYTES ? end : FIXED), 4);
}

static void one_wrong_number_is_one_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct file file = good();

		put(&file, wrong[i].at, wrong[i].value, wrong[i].bytes);
		seal_as_said(&file);
		expect(&file, wrong[i].why, wrong[i].where);
	}
}

static void swap(struct file *file, size_t first, size_t second, size_t bytes)
{
	struct file old = *file;

	memcpy(file->bytes + first, old.bytes + second, bytes);
	memcpy(file->bytes + second, old.bytes + first, bytes);
	seal(file);
}

static void headers_have_an_order(void **state)
{
	struct file file = good();

	(void)state;
	swap(&file, AT_PLATFORM, AT_POLICY, 24);
	expect(&file, FOREIGN, AT_PLATFORM); /* of a platform not said yet */
	put(&file, AT_PLATFORM + 16, 0, 4);
	seal(&file);
	expect(&file, FOREIGN, AT_PLATFORM); /* of none */
	file = good();
	swap(&file, AT_POLICY, AT_AREA, 24);
	expect(&file, LATE, AT_AREA);
	file = good();
	swap(&file, AT_AREA, AT_INSERT, 24);
	expect(&file, INSERT, AT_AREA);
	file = good();
	swap(&file, AT_ASKED, AT_VMSA, 32);
	expect(&file, BEHIND, AT_VMSA);
}

static void platform_and_policy_are_there_once(void **state)
{
	struct file file = good();

	(void)state;
	memcpy(file.bytes + AT_POLICY, file.bytes + AT_PLATFORM, 24);
	seal(&file);
	expect(&file, PLATFORM, AT_POLICY);
	file = good();
	memcpy(file.bytes + AT_DATA, file.bytes + AT_POLICY, 24);
	seal(&file);
	expect(&file, GUEST, AT_DATA);
}

static void a_parameter_area_is_there_once(void **state)
{
	struct file file = good();

	(void)state;
	memcpy(file.bytes + AT_INSERT, file.bytes + AT_AREA, 24);
	seal(&file);
	expect(&file, AREA, AT_INSERT);
	file = good(); /* a second use of it, in place of the CPUID page */
	memmove(file.bytes + AT_CPUID, file.bytes + AT_AREA, 48);
	memcpy(file.bytes + AT_CPUID + 48, file.bytes + AT_CPUID + 24, 24);
	put(&file, AT_CPUID + 56, GPA_CPUID, 8);
	memset(file.bytes + AT_CPUID + 72, 0, AT_ASKED - AT_CPUID - 72);
	seal(&file);
	expect(&file, INSERT, AT_CPUID + 48);
}

static void a_checksum_covers_all_headers(void **state)
{
	(void)state;
	for (size_t at = 20; at < AT_END; at++) {
		struct file file = good();

		file.bytes[at] ^= 0x10;
		expect(&file, CHECKSUM, FIXED);
	}
}

static void a_file_that_is_cut_off_is_refused(void **state)
{
	uint64_t at;

	(void)state;
	for (size_t size = 0; size < BYTES; size += size < AT_END ? 1 : 61) {
		struct file file = good();

		file.size = size;
		assert_non_null(check(&file, &at));
		put(&file, 16, size, 4); /* and says so */
		seal(&file);
		assert_non_null(check(&file, &at));
	}
}

/* Each byte of the headers at some values, sealed: what passes can be read. */
static void whatever_passes_can_be_read(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 4, 8, 0x10, 0x7f, 0x80,
		0xff };
	size_t passed = 0;
	uint64_t where;

	(void)state;
	for (size_t i = 0; i < (AT_END - FIXED) * sizeof(values); i++) {
		struct file file = good();
		struct snp_igvm_step step = { 0 };
		uint64_t at = 0;

		file.bytes[FIXED + i / sizeof(values)] =
			values[i % sizeof(values)];
		seal(&file);
		if (check(&file, &where) != NULL) {
			continue;
		}
		passed++;
		while (snp_igvm_next(file.bytes, &at, &step)) {
			assert_int_equal(step.gpa % PAGE, 0);
			assert_true(step.data == NULL ||
				    (step.data >= file.bytes + AT_END &&
					    step.data + PAGE <=
						    file.bytes + BYTES));
		}
		assert_int_equal(step.what, SNP_IGVM_VMSA);
	}
	assert_in_range(passed, (AT_END - FIXED) / 2, AT_END * 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_step_by_step),
		cmocka_unit_test(one_wrong_number_is_one_sentence),
		cmocka_unit_test(headers_have_an_order),
		cmocka_unit_test(platform_and_policy_are_there_once),
		cmocka_unit_test(a_parameter_area_is_there_once),
		cmocka_unit_test(a_checksum_covers_all_headers),
		cmocka_unit_test(a_file_that_is_cut_off_is_refused),
		cmocka_unit_test(whatever_passes_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
