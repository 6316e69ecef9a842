/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner: every encoding on the list, wherever it lies; nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <hal/pks-vm/pure/scan.h>

#define PAGE 4096
#define NOP  0x90

struct code {
	size_t size;
	uint8_t byte[12];
	const char *name; /* NULL: allowed */
};

#define BYTES(...)                          \
	sizeof((uint8_t[]){ __VA_ARGS__ }), \
	{                                   \
		__VA_ARGS__                 \
	}

/* Written from the manuals' tables, not from sensitive.def. */
static const struct code refused[] = {
	{ BYTES(0x0f, 0x22, 0xc0), "mov to a control register" },
	{ BYTES(0x0f, 0x22, 0xdf), "mov to a control register" },
	{ BYTES(0x44, 0x0f, 0x22, 0xc0), "mov to a control register" },
	{ BYTES(0xf0, 0x0f, 0x22, 0xc0), "mov to a control register" },
	{ BYTES(0x0f, 0x22, 0x20), "mov to a control register" },
	{ BYTES(0x0f, 0x01, 0xf0), "lmsw" },
	{ BYTES(0x0f, 0x01, 0xf7), "lmsw" },
	{ BYTES(0x0f, 0x01, 0x30), "lmsw" },
	{ BYTES(0x0f, 0x06), "clts" },
	{ BYTES(0x0f, 0x23, 0xf8), "mov to a debug register" },
	{ BYTES(0x0f, 0x30), "wrmsr" },
	{ BYTES(0x66, 0x0f, 0x30), "wrmsr" },
	{ BYTES(0x48, 0x0f, 0x30), "wrmsr" },
	{ BYTES(0x0f, 0x01, 0xc6), "wrmsrns" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xc6), "wrmsrlist" },
	{ BYTES(0xc4, 0xe7, 0x7a, 0xf6, 0xc0, 0xe1, 6, 0, 0),
		"wrmsrns with an immediate" },
	{ BYTES(0xc4, 0xe7, 0x7a, 0xf8, 0xc0, 0xe1, 6, 0, 0),
		"urdmsr, uwrmsr with an immediate" },
	{ BYTES(0xc4, 0xc7, 0x7b, 0xf8, 0xc0, 0xe1, 6, 0, 0),
		"urdmsr, uwrmsr with an immediate" },
	{ BYTES(0xf3, 0x0f, 0x38, 0xf8, 0xc8), "urdmsr, uwrmsr" },
	{ BYTES(0xf2, 0x0f, 0x38, 0xf8, 0xc8), "urdmsr, uwrmsr" },
	{ BYTES(0x0f, 0x01, 0x10), "lgdt" },
	{ BYTES(0x0f, 0x01, 0x15, 1, 2, 3, 4), "lgdt" },
	{ BYTES(0x0f, 0x01, 0x18), "lidt" },
	{ BYTES(0x0f, 0x01, 0x5c, 0x24, 0x08), "lidt" },
	{ BYTES(0x0f, 0x00, 0xd0), "lldt" },
	{ BYTES(0x0f, 0x00, 0x10), "lldt" },
	{ BYTES(0x0f, 0x00, 0xd8), "ltr" },
	{ BYTES(0x0f, 0x00, 0x58, 0x10), "ltr" },
	{ BYTES(0xf2, 0x0f, 0x00, 0xf0), "lkgs" },
	{ BYTES(0xf2, 0x48, 0x0f, 0x00, 0x30), "lkgs" },
	{ BYTES(0x0f, 0x01, 0xcb), "stac" },
	{ BYTES(0x0f, 0x01, 0xdf), "invlpga" },
	{ BYTES(0x0f, 0x01, 0xfe), "invlpgb" },
	{ BYTES(0x0f, 0x01, 0xff), "tlbsync" },
	{ BYTES(0x0f, 0x01, 0xef), "wrpkru" },
	{ BYTES(0x0f, 0x01, 0xd1), "xsetbv" },
	{ BYTES(0x0f, 0xc7, 0x18), "xrstors" },
	{ BYTES(0x48, 0x0f, 0xc7, 0x5f, 0x40), "xrstors" },
	{ BYTES(0x0f, 0x07), "sysret" },
	{ BYTES(0x48, 0x0f, 0x07), "sysret" },
	{ BYTES(0x0f, 0x35), "sysexit" },
	{ BYTES(0xf2, 0x0f, 0x01, 0xca), "erets, eretu" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xca), "erets, eretu" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xec), "uiret" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xed), "testui" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xee), "clui" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xef), "stui" },
	{ BYTES(0xf3, 0x0f, 0xc7, 0xf0), "senduipi" },
	{ BYTES(0x0f, 0xaa), "rsm" },
	{ BYTES(0x0f, 0x08), "invd" },
	{ BYTES(0x0f, 0x09), "wbinvd" },
	{ BYTES(0xf3, 0x0f, 0x09), "wbinvd" },
	{ BYTES(0x0f, 0x01, 0xc0), "enclv" },
	{ BYTES(0x0f, 0x01, 0xc1), "vmcall" },
	{ BYTES(0x0f, 0x01, 0xc2), "vmlaunch" },
	{ BYTES(0x0f, 0x01, 0xc3), "vmresume" },
	{ BYTES(0x0f, 0x01, 0xc4), "vmxoff" },
	{ BYTES(0x0f, 0x01, 0xc5), "pconfig" },
	{ BYTES(0x0f, 0x01, 0xc7), "pbndkb" },
	{ BYTES(0x0f, 0xc7, 0x30), "vmptrld" },
	{ BYTES(0x66, 0x0f, 0xc7, 0x30), "vmclear" },
	{ BYTES(0xf3, 0x0f, 0xc7, 0x30), "vmxon" },
	{ BYTES(0x0f, 0xc7, 0x38), "vmptrst" },
	{ BYTES(0x0f, 0x78, 0xc8), "vmread" },
	{ BYTES(0x0f, 0x79, 0xc8), "vmwrite" },
	{ BYTES(0x0f, 0x01, 0xd4), "vmfunc" },
	{ BYTES(0x66, 0x0f, 0x38, 0x80, 0x00), "invept" },
	{ BYTES(0x66, 0x0f, 0x38, 0x81, 0x00), "invvpid" },
	{ BYTES(0x66, 0x0f, 0x01, 0xcc), "tdcall" },
	{ BYTES(0x66, 0x48, 0x0f, 0x01, 0xcc), "tdcall" },
	{ BYTES(0x66, 0x0f, 0x01, 0xcf), "seamcall" },
	{ BYTES(0x66, 0x0f, 0x01, 0xcd), "seamret" },
	{ BYTES(0x66, 0x0f, 0x01, 0xce), "seamops" },
	{ BYTES(0x0f, 0x01, 0xd8), "vmrun" },
	{ BYTES(0x0f, 0x01, 0xda), "vmload" },
	{ BYTES(0x0f, 0x01, 0xdb), "vmsave" },
	{ BYTES(0x0f, 0x01, 0xdc), "stgi" },
	{ BYTES(0x0f, 0x01, 0xdd), "clgi" },
	{ BYTES(0x0f, 0x01, 0xde), "skinit" },
	{ BYTES(0x0f, 0x01, 0xd9), "vmmcall, vmgexit" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xd9), "vmmcall, vmgexit" },
	{ BYTES(0xf2, 0x0f, 0x01, 0xd9), "vmmcall, vmgexit" },
	{ BYTES(0xf2, 0x0f, 0x01, 0xff), "pvalidate" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xfe), "rmpadjust" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xfd), "rmpquery, rmpread" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xff), "psmash" },
	{ BYTES(0xf2, 0x0f, 0x01, 0xfe), "rmpupdate" },
	{ BYTES(0x0f, 0x37), "getsec" },
	{ BYTES(0x0f, 0x01, 0xcf), "encls" },
	{ BYTES(0x0f, 0x01, 0xd7), "enclu" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xe8), "setssbsy" },
	{ BYTES(0xf3, 0x0f, 0xae, 0x30), "clrssbsy" },
	{ BYTES(0x0f, 0x38, 0xf6, 0x00), "wrss" },
	{ BYTES(0x48, 0x0f, 0x38, 0xf6, 0x04, 0x24), "wrss" },
	{ BYTES(0x66, 0x0f, 0x38, 0xf5, 0x00), "wruss" },
	{ BYTES(0xf3, 0x0f, 0x01, 0x28), "rstorssp" },
	{ BYTES(0xf3, 0x0f, 0x01, 0xea), "saveprevssp" },
	{ BYTES(0x3e, 0xff, 0xd0), "notrack call" },
	{ BYTES(0x3e, 0x41, 0xff, 0x24, 0x24), "notrack jmp" },
	{ BYTES(0x3e, 0xff, 0xe0), "notrack jmp" },
	{ BYTES(0xf3, 0x0f, 0x38, 0xdc, 0xc1), "loadiwkey" },
	{ BYTES(0xf3, 0x0f, 0x3a, 0xf0, 0xc0, 0x01), "hreset" },
	{ BYTES(0xf3, 0x0f, 0x38, 0xf8, 0x01), "enqcmds" },
	/* the last of F2 and F3 counts; prefixes may repeat and mix */
	{ BYTES(0xf2, 0xf3, 0x0f, 0x01, 0xe8), "setssbsy" },
	{ BYTES(0xf3, 0x66, 0x2e, 0x0f, 0x01, 0xe8), "setssbsy" },
	{ BYTES(0xf3, 0x67, 0x65, 0x36, 0x4f, 0x0f, 0xae, 0x31), "clrssbsy" },
	{ BYTES(0x66, 0x26, 0x0f, 0x38, 0x80, 0x00), "invept" },
	{ BYTES(0x66, 0xf2, 0x0f, 0x01, 0xff), "pvalidate" },
	/* within an immediate: mov $0x300f, %eax */
	{ BYTES(0xb8, 0x0f, 0x30, 0x00, 0x00), "wrmsr" },
	/* within a displacement: lea 0xd0220f(%rax), %rbx */
	{ BYTES(0x48, 0x8d, 0x98, 0x0f, 0x22, 0xd0, 0x00),
		"mov to a control register" },
};

static const struct code kept[] = {
	{ BYTES(0x0f, 0x20, 0xc0), NULL },	       /* mov %cr0, %rax */
	{ BYTES(0x0f, 0x21, 0xc0), NULL },	       /* mov %db0, %rax */
	{ BYTES(0x0f, 0x01, 0xe0), NULL },	       /* smsw */
	{ BYTES(0x0f, 0x32), NULL },		       /* rdmsr */
	{ BYTES(0x0f, 0x33), NULL },		       /* rdpmc */
	{ BYTES(0x0f, 0x31), NULL },		       /* rdtsc */
	{ BYTES(0x0f, 0x01, 0xf9), NULL },	       /* rdtscp */
	{ BYTES(0x0f, 0x01, 0x00), NULL },	       /* sgdt */
	{ BYTES(0x0f, 0x01, 0x08), NULL },	       /* sidt */
	{ BYTES(0x0f, 0x00, 0xc0), NULL },	       /* sldt */
	{ BYTES(0x0f, 0x00, 0xc8), NULL },	       /* str */
	{ BYTES(0x0f, 0x00, 0xf0), NULL },	       /* lkgs without F2 */
	{ BYTES(0x0f, 0x01, 0xca), NULL },	       /* clac */
	{ BYTES(0x0f, 0x01, 0x38), NULL },	       /* invlpg */
	{ BYTES(0x66, 0x0f, 0x38, 0x82, 0), NULL },    /* invpcid */
	{ BYTES(0x0f, 0x01, 0xf8), NULL },	       /* swapgs */
	{ BYTES(0xf3, 0x48, 0x0f, 0xae, 0xd0), NULL }, /* wrfsbase */
	{ BYTES(0xf3, 0x48, 0x0f, 0xae, 0xd8), NULL }, /* wrgsbase */
	{ BYTES(0x0f, 0x01, 0xd0), NULL },	       /* xgetbv */
	{ BYTES(0x0f, 0x01, 0xd5), NULL },	       /* xend */
	{ BYTES(0x0f, 0x01, 0xe8), NULL },	       /* serialize */
	{ BYTES(0xf2, 0x0f, 0x01, 0xe8), NULL },       /* xsusldtrk */
	{ BYTES(0xf3, 0xf2, 0x0f, 0x01, 0xe8), NULL }, /* F2 is the last */
	{ BYTES(0xf3, 0x90, 0x0f, 0x01, 0xe8), NULL }, /* pause; serialize */
	{ BYTES(0x0f, 0x01, 0xee), NULL },	       /* rdpkru */
	{ BYTES(0x0f, 0xc7, 0x28), NULL },	       /* xsaves */
	{ BYTES(0x0f, 0xae, 0x28), NULL },	       /* xrstor */
	{ BYTES(0x0f, 0xae, 0xe8), NULL },	       /* lfence */
	{ BYTES(0x0f, 0xae, 0xf0), NULL },	       /* mfence */
	{ BYTES(0x0f, 0xc7, 0xf0), NULL },	       /* rdrand */
	{ BYTES(0x0f, 0xc7, 0xf8), NULL },	       /* rdseed */
	{ BYTES(0xf3, 0x0f, 0xc7, 0xf8), NULL },       /* rdpid */
	{ BYTES(0x0f, 0xc7, 0x08), NULL },	       /* cmpxchg8b */
	{ BYTES(0xfa, 0xfb, 0xf4, 0x9d), NULL },       /* cli sti hlt popf */
	{ BYTES(0x48, 0xcf, 0xcb, 0xca, 8, 0), NULL }, /* iretq lret lret 8 */
	{ BYTES(0xe4, 1, 0xe6, 1, 0xec, 0xee, 0x6c, 0x6e), NULL },
	{ BYTES(0xcc, 0xcd, 0x80, 0xf1), NULL },
	{ BYTES(0x0f, 0xa2), NULL },		       /* cpuid */
	{ BYTES(0x0f, 0x05), NULL },		       /* syscall */
	{ BYTES(0x0f, 0x0b), NULL },		       /* ud2 */
	{ BYTES(0xf3, 0x0f, 0x1e, 0xfa), NULL },       /* endbr64 */
	{ BYTES(0x66, 0x0f, 0x38, 0xf6, 0xc1), NULL }, /* adcx */
	{ BYTES(0x0f, 0x38, 0xf8, 0xc8), NULL },
	{ BYTES(0x0f, 0x38, 0x80, 0x00), NULL },
	{ BYTES(0x0f, 0x01, 0xcc), NULL },
	{ BYTES(0xff, 0xd0), NULL },	   /* call *%rax */
	{ BYTES(0xff, 0x24, 0x24), NULL }, /* jmp *(%rsp) */
	{ BYTES(0x3e, 0xff, 0x30), NULL }, /* push %ds:(%rax) */
	{ BYTES(0xc4, 0xe7, 0x7b, 0xf6, 0xc0, 0xe1, 6, 0, 0), NULL },
	{ BYTES(0xc4, 0xe2, 0x7a, 0xf6, 0xc0), NULL }, /* mulx and the like */
	{ BYTES(0x0f, 0xe6, 0x30), NULL },
	{ BYTES(0x30, 0x0f), NULL },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t text[2 * PAGE];

/* The findings in text[], fed in pieces cut at @p cut. */
static size_t scan_text(size_t cut, struct cbx_scan_finding *first)
{
	const uint8_t *piece[] = { text, text + cut };
	size_t size[] = { cut, sizeof(text) - cut };
	struct cbx_scan_finding finding = { 0 };
	struct cbx_scan scan;
	size_t count = 0;

	cbx_scan_start(&scan, 0x1000);
	for (size_t i = 0; i < 2; i++) {
		while (cbx_scan_feed(&scan, &piece[i], &size[i], &finding)) {
			*first = count++ == 0 ? finding : *first;
		}
	}
	while (cbx_scan_end(&scan, &finding)) {
		*first = count++ == 0 ? finding : *first;
	}
	return count;
}

static void place(const struct code *code, size_t offset)
{
	memset(text, NOP, sizeof(text));
	memcpy(text + offset, code->byte, code->size);
}

static void expect_found(const struct code *code, size_t offset, size_t cut)
{
	struct cbx_scan_finding finding = { 0 };

	place(code, offset);
	if (scan_text(cut, &finding) == 0) {
		fail_msg("%s at %zu, cut at %zu: not found", code->name, offset,
			cut);
	}
	assert_string_equal(finding.name, code->name);
	assert_in_range(finding.offset, 0x1000 + offset,
		0x1000 + offset + code->size - 1);
}

static void every_encoding_at_odd_offsets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		for (size_t offset = 0; offset < 35; offset++) {
			expect_found(&refused[i], offset, PAGE);
		}
	}
}

static void every_encoding_across_two_pages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		for (size_t back = 0; back <= refused[i].size; back++) {
			expect_found(&refused[i], PAGE - back, PAGE);
		}
	}
}

static void every_encoding_at_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		expect_found(&refused[i], sizeof(text) - refused[i].size, PAGE);
	}
}

static void byte_by_byte_is_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		for (size_t cut = 0; cut < 16; cut++) {
			expect_found(&refused[i], 3, cut);
		}
	}
}

static void harmless_code_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kept); i++) {
		struct cbx_scan_finding finding = { 0 };

		place(&kept[i], PAGE - 1);
		if (scan_text(PAGE, &finding) != 0) {
			fail_msg("code %zu holds %s", i, finding.name);
		}
	}
}

/* Whatever is cut off an encoding's end is not there to be executed. */
static void half_an_instruction_is_none(void **state)
{
	static const struct code half[] = {
		{ BYTES(0x0f), NULL },
		{ BYTES(0x0f, 0x01), NULL },
		{ BYTES(0xf3, 0x0f, 0xae), NULL },
		{ BYTES(0x66, 0x0f, 0x38), NULL },
		{ BYTES(0xc4, 0xe7, 0x7a, 0xf6), NULL },
		{ BYTES(0x3e, 0xff), NULL },
	};
	struct cbx_scan_finding finding = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(half); i++) {
		place(&half[i], sizeof(text) - half[i].size);
		assert_int_equal(scan_text(PAGE, &finding), 0);
	}
}

/* A prefix fourteen bytes before its opcode belongs to it, one more does not:
 * the instruction would have sixteen bytes and fault. */
static void fifteen_bytes_and_no_more(void **state)
{
	struct cbx_scan_finding finding = { 0 };

	(void)state;
	memset(text, NOP, sizeof(text));
	memset(text + 101, 0x2e, 14);
	text[101] = 0xf3;
	memcpy(text + 115, (uint8_t[]){ 0x0f, 0x01, 0xe8 }, 3);
	assert_int_equal(scan_text(PAGE, &finding), 1);
	assert_int_equal(finding.offset, 0x1000 + 101);
	text[101] = 0x2e;
	text[100] = 0xf3;
	assert_int_equal(scan_text(PAGE, &finding), 0);
}

static void offsets_begin_with_the_instruction(void **state)
{
	static const struct code plain = { BYTES(0x66, 0x0f, 0x30), "wrmsr" };
	static const struct code prefixed = {
		BYTES(0xf3, 0x48, 0x0f, 0x01, 0xe8), "setssbsy"
	};
	struct cbx_scan_finding finding = { 0 };

	(void)state;
	place(&plain, 7);
	assert_int_equal(scan_text(PAGE, &finding), 1);
	assert_int_equal(finding.offset, 0x1000 + 8);
	place(&prefixed, 7);
	assert_int_equal(scan_text(PAGE, &finding), 1);
	assert_int_equal(finding.offset, 0x1000 + 7);
}

static void all_findings_in_order(void **state)
{
	struct cbx_scan_finding finding = { 0 };
	const uint8_t code[] = { 0x0f, 0x30, 0x0f, 0x06, 0x90, 0x0f, 0x0f, 0x22,
		0xc0 };
	const uint64_t offsets[] = { 0, 2, 6 };
	const uint8_t *bytes = code;
	size_t size = sizeof(code);
	struct cbx_scan scan;
	size_t count = 0;

	(void)state;
	cbx_scan_start(&scan, 0);
	while (cbx_scan_feed(&scan, &bytes, &size, &finding) ||
		cbx_scan_end(&scan, &finding)) {
		assert_int_equal(finding.offset,
			count < COUNT(offsets) ? offsets[count] : UINT64_MAX);
		count++;
	}
	assert_int_equal(count, COUNT(offsets));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_encoding_at_odd_offsets),
		cmocka_unit_test(every_encoding_across_two_pages),
		cmocka_unit_test(every_encoding_at_the_end),
		cmocka_unit_test(byte_by_byte_is_the_same),
		cmocka_unit_test(harmless_code_is_kept),
		cmocka_unit_test(half_an_instruction_is_none),
		cmocka_unit_test(fifteen_bytes_and_no_more),
		cmocka_unit_test(offsets_begin_with_the_instruction),
		cmocka_unit_test(all_findings_in_order),
	};

	return cmocka_run_group_tests_name("pks_scan", tests, NULL, NULL);
}
