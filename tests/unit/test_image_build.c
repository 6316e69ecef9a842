/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <base/start.h>
#include <client/embed.h>
#include <client/image.h>
#include <client/level.h>

#define RUNTIME_SIZE 4096u

/* A runtime of one page, and a program of the same bytes. */
static uint8_t runtime[RUNTIME_SIZE];

struct cbx_blob cbx_embed_runtime(void)
{
	return (struct cbx_blob){ runtime, sizeof(runtime) };
}

static int make_runtime(void **state)
{
	Elf64_Ehdr header = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_entry = CBX_RUNTIME_VA + 0x800,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	Elf64_Phdr segment = { .p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = CBX_RUNTIME_VA,
		.p_filesz = RUNTIME_SIZE,
		.p_memsz = RUNTIME_SIZE };

	(void)state;
	memcpy(runtime, &header, sizeof(header));
	memcpy(runtime + sizeof(header), &segment, sizeof(segment));
	return 0;
}

static struct cbx_program sample(void)
{
	return (struct cbx_program){ .size = sizeof(struct cbx_program),
		.path = "/bin/prog",
		.bytes = runtime,
		.byte_count = sizeof(runtime) };
}

static struct cbx_image *build(const struct cbx_program *program)
{
	struct cbx_image *image = NULL;

	assert_int_equal(cbx_image_build(program, &image), CBX_OK);
	return image;
}

/* The segment at an address. */
static const struct cbx_segment *at(const struct cbx_image *image, uint64_t va)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		if (image->segment[i].va == va) {
			return &image->segment[i];
		}
	}
	fail_msg("no segment at 0x%llx", (unsigned long long)va);
	return NULL;
}

static struct cbx_start start_of(const struct cbx_image *image)
{
	struct cbx_start start;

	assert_true(at(image, CBX_START_VA)->byte_count >= sizeof(start));
	memcpy(&start, at(image, CBX_START_VA)->bytes, sizeof(start));
	return start;
}

static const char *string_at(const struct cbx_image *image, uint64_t offset)
{
	const struct cbx_segment *segment = at(image, CBX_START_VA);

	assert_true(offset < segment->byte_count);
	assert_non_null(memchr(segment->bytes + offset, 0,
		(size_t)(segment->byte_count - offset)));
	return (const char *)segment->bytes + offset;
}

static void the_parts_lie_where_the_runtime_expects_them(void **state)
{
	struct cbx_program program = sample();
	struct cbx_image *image = build(&program);

	(void)state;
	assert_int_equal(
		at(image, CBX_RUNTIME_VA)->rights, CBX_RIGHT_R | CBX_RIGHT_X);
	assert_int_equal(at(image, CBX_START_VA)->rights, CBX_RIGHT_R);
	assert_int_equal(at(image, CBX_FILES_VA)->rights, CBX_RIGHT_R);
	assert_int_equal(
		at(image, CBX_STACK_VA)->rights, CBX_RIGHT_R | CBX_RIGHT_W);
	assert_int_equal(at(image, CBX_STACK_VA)->page_count, CBX_STACK_PAGES);
	assert_int_equal(at(image, CBX_STACK_VA)->byte_count, 0);
	assert_int_equal(image->entry, CBX_RUNTIME_VA + 0x800);
	assert_int_equal(
		image->stack, CBX_STACK_VA + CBX_STACK_PAGES * CBX_PAGE_SIZE);
	assert_int_equal(image->arg, CBX_START_VA);
	cbx_image_destroy(image);
}

static void the_start_block_says_what_was_asked(void **state)
{
	const char *const argv[] = { "prog", "", "two words", NULL };
	const char *const envp[] = { "A=1", "B=", NULL };
	struct cbx_program program = sample();
	struct cbx_image *image;
	struct cbx_start start;

	(void)state;
	program.argv = argv;
	program.envp = envp;
	program.cwd = "/work";
	program.memory_bytes = 64u << 20;
	program.flags = CBX_PROGRAM_CONFINE | CBX_PROGRAM_TRACE;
	image = build(&program);
	start = start_of(image);
	assert_int_equal(start.magic, CBX_START_MAGIC);
	assert_int_equal(start.size, at(image, CBX_START_VA)->byte_count);
	assert_int_equal(start.argc, 3);
	assert_int_equal(start.envc, 2);
	assert_string_equal(string_at(image, start.argv_offset), "prog");
	assert_string_equal(
		string_at(image, start.argv_offset + 6), "two words");
	assert_string_equal(string_at(image, start.envp_offset), "A=1");
	assert_string_equal(string_at(image, start.envp_offset + 4), "B=");
	assert_string_equal(string_at(image, start.path_offset), "/bin/prog");
	assert_string_equal(string_at(image, start.cwd_offset), "/work");
	assert_int_equal(start.memory_pages, (64u << 20) / CBX_PAGE_SIZE);
	assert_int_equal(start.flags, CBX_START_CONFINE | CBX_START_TRACE);
	assert_true(start.files_bytes != 0 && start.list_bytes != 0);
	assert_int_equal(
		(start.files_bytes + 4095) / 4096 * 4096 + start.list_bytes,
		at(image, CBX_FILES_VA)->byte_count);
	assert_int_equal(start.epoch_ns, CBX_PROGRAM_EPOCH_DEFAULT);
	cbx_image_destroy(image);
}

static void the_policy_denies_by_default(void **state)
{
	struct cbx_program program = sample();
	struct cbx_image *image = build(&program);

	(void)state;
	assert_int_equal(image->policy.flags, 0);
	assert_int_equal(image->policy.rule_count, 0);
	assert_int_equal(image->policy.output_pages, 16);
	assert_int_equal(image->policy.threads_max, 1024);
	assert_int_equal(image->policy.wake_step, 1000000);
	cbx_image_destroy(image);
	program.flags = CBX_PROGRAM_TRACE;
	image = build(&program);
	assert_int_equal(
		image->policy.flags, CBX_POLICY_TRACE | CBX_POLICY_DEBUG);
	cbx_image_destroy(image);
}

/* The sample, with a segment that leaves the headers out. */
static const uint8_t *text_apart(void)
{
	static uint8_t bytes[RUNTIME_SIZE];
	Elf64_Phdr segment;

	memcpy(bytes, runtime, sizeof(bytes));
	memcpy(&segment, bytes + sizeof(Elf64_Ehdr), sizeof(segment));
	segment.p_offset = 0x400;
	segment.p_vaddr += 0x400;
	segment.p_filesz -= 0x400;
	segment.p_memsz -= 0x400;
	memcpy(bytes + sizeof(Elf64_Ehdr), &segment, sizeof(segment));
	return bytes;
}

/* What nobody writes goes with the files, what somebody does stays. */
static void shared_files_take_the_runtimes_text_along(void **state)
{
	struct cbx_program program = sample();
	struct cbx_image *image;
	const struct cbx_image *share;

	(void)state;
	program.flags = CBX_PROGRAM_SHARE_FILES;
	image = build(&program);
	assert_int_equal(image->lender_count, 1);
	share = image->share[0];
	assert_int_equal(
		at(share, CBX_RUNTIME_VA)->rights, CBX_RIGHT_R | CBX_RIGHT_X);
	assert_int_equal(at(share, CBX_FILES_VA)->rights, CBX_RIGHT_R);
	assert_int_equal(share->segment_count, 2);
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct cbx_segment *segment = &image->segment[i];

		assert_true(segment->va >= CBX_START_VA ||
			    (segment->rights & CBX_RIGHT_W) != 0);
		assert_true(segment->va != CBX_FILES_VA);
	}
	assert_int_equal(at(image, CBX_START_VA)->rights, CBX_RIGHT_R);
	cbx_image_destroy(image);
	program.bytes = text_apart();
	program.flags |= CBX_PROGRAM_EXECUTE_ONLY;
	image = build(&program);
	assert_int_equal(image->share[0]->segment_count, 1);
	assert_int_equal(at(image, CBX_RUNTIME_VA)->rights, CBX_RIGHT_X);
	cbx_image_destroy(image);
}

static void hidden_text_is_asked_for_everywhere(void **state)
{
	struct cbx_program program = sample();
	struct cbx_image *image;

	(void)state;
	program.bytes = text_apart();
	image = build(&program);
	assert_int_equal(
		at(image, CBX_RUNTIME_VA)->rights, CBX_RIGHT_R | CBX_RIGHT_X);
	cbx_image_destroy(image);
	program.flags = CBX_PROGRAM_EXECUTE_ONLY;
	image = build(&program);
	assert_int_equal(image->policy.flags, CBX_POLICY_EXECUTE_ONLY);
	assert_int_equal(at(image, CBX_RUNTIME_VA)->rights, CBX_RIGHT_X);
	assert_int_equal(start_of(image).flags, CBX_START_EXECUTE_ONLY);
	cbx_image_destroy(image);
}

static void what_cpuid_tells_is_in_policy_and_start_block(void **state)
{
	struct cbx_program program = sample();
	struct cbx_image *image;

	(void)state;
	image = build(&program);
	assert_int_equal(image->policy.flags & CBX_POLICY_CPUID, 0);
	assert_int_equal(cbx_level_of(image), 0);
	cbx_image_destroy(image);
	for (program.cpuid = 1; program.cpuid <= 4; program.cpuid++) {
		image = build(&program);
		assert_int_equal(image->policy.flags, CBX_POLICY_CPUID);
		assert_int_equal(start_of(image).cpuid, program.cpuid);
		assert_int_equal(cbx_level_of(image), program.cpuid);
		assert_int_equal(cbx_level_check(image),
			program.cpuid <= cbx_level_here() ? CBX_OK
							  : CBX_E_UNSUPPORTED);
		cbx_image_destroy(image);
	}
}

static void what_cpuid_tells_is_not_withheld(void **state)
{
	static const struct {
		uint32_t cpuid, flags;
		uint64_t features;
		const char *why; /* NULL: it is built */
	} cases[] = {
		{ 1, CBX_PROGRAM_EXECUTE_ONLY, 0, "execute-only" },
		{ 1, 0, CBX_FEATURE_BASIC, "withheld" },
		{ 2, 0, CBX_FEATURE_BASIC | CBX_FEATURE_COUNTER, NULL },
		{ 3, 0, CBX_FEATURE_BASIC | CBX_FEATURE_COUNTER, "withheld" },
		{ 3, 0, CBX_FEATURES & ~CBX_FEATURE_AVX512, NULL },
		{ 4, 0, CBX_FEATURES & ~CBX_FEATURE_AVX512, "withheld" },
		{ 4, 0, CBX_FEATURES, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cbx_program program = sample();
		struct cbx_image *image = NULL;
		enum cbx_status status;

		program.bytes = text_apart();
		program.cpuid = cases[i].cpuid;
		program.flags = cases[i].flags;
		program.features = cases[i].features;
		status = cbx_image_build(&program, &image);
		assert_int_equal(
			status, cases[i].why == NULL ? CBX_OK : CBX_E_INVALID);
		assert_true(
			cases[i].why == NULL ||
			strstr(cbx_error_last()->text, cases[i].why) != NULL);
		cbx_image_destroy(image);
	}
}

static void withheld_features_are_in_policy_and_start_block(void **state)
{
	struct cbx_program program = sample();
	struct cbx_image *image;

	(void)state;
	program.features = CBX_FEATURE_BASIC | CBX_FEATURE_AVX;
	image = build(&program);
	assert_int_equal(image->policy.features, 3);
	assert_int_equal(start_of(image).flags, CBX_START_NO_COUNTER);
	cbx_image_destroy(image);
	program.features |= CBX_FEATURE_COUNTER;
	image = build(&program);
	assert_int_equal(image->policy.features, 11);
	assert_int_equal(start_of(image).flags, 0);
	cbx_image_destroy(image);
}

static void the_reserve_holds_memory_and_tables(void **state)
{
	struct cbx_program program = sample();
	uint64_t memory = (256u << 20) / CBX_PAGE_SIZE;
	struct cbx_image *image = build(&program);

	(void)state;
	assert_true(image->reserve_pages >=
		    memory + memory / 512 + cbx_image_tables(image) + 64);
	assert_true(image->reserve_pages < memory + memory / 50);
	cbx_image_destroy(image);
}

/* Everything that may shape a box shows in its measurement. */
static void every_option_is_measured(void **state)
{
	static const char *const argv[] = { "other", NULL };
	static const char *const envp[] = { "X=1", NULL };
	static const struct cbx_path file = { "/etc/hostname", "/f" };
	struct cbx_program variant[10];
	uint8_t digest[10][CBX_DIGEST_BYTES];

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		variant[i] = sample();
	}
	variant[1].argv = argv;
	variant[2].envp = envp;
	variant[3].files = &file;
	variant[3].file_count = 1;
	variant[4].cwd = "/tmp";
	variant[5].memory_bytes = 8u << 20;
	variant[6].flags = CBX_PROGRAM_CONFINE;
	variant[7].epoch_ns = 1;
	variant[8].output_pages = 1;
	variant[9].features = CBX_FEATURE_BASIC;
	for (size_t i = 0; i < 10; i++) {
		struct cbx_image *image = build(&variant[i]);

		assert_int_equal(cbx_image_measure(image, digest[i]), CBX_OK);
		cbx_image_destroy(image);
		for (size_t k = 0; k < i; k++) {
			assert_memory_not_equal(
				digest[i], digest[k], CBX_DIGEST_BYTES);
		}
	}
}

static void bad_programs_are_refused_with_a_reason(void **state)
{
	struct cbx_image *image = NULL;
	struct cbx_program p;

	(void)state;
#define REFUSED(member, value, word)                                          \
	do {                                                                  \
		p = sample();                                                 \
		p.member = (value);                                           \
		assert_int_equal(cbx_image_build(&p, &image), CBX_E_INVALID); \
		assert_non_null(strstr(cbx_error_last()->text, (word)));      \
		assert_null(image);                                           \
	} while (0)
	REFUSED(size, 8, "size");
	REFUSED(path, NULL, "program");
	REFUSED(byte_count, 100, "truncated");
	REFUSED(memory_bytes, 4096, "memory");
	REFUSED(memory_bytes, UINT64_MAX, "memory");
	REFUSED(cwd, "here", "directory");
	REFUSED(flags, 1u << 30, "flags");
	REFUSED(flags, CBX_PROGRAM_EXECUTE_ONLY, "separate-code");
	REFUSED(features, CBX_FEATURE_AVX, "features");
	REFUSED(cpuid, 5, "no level 5 of x86-64");
	REFUSED(threads_max, 5000, "threads");
	REFUSED(output_pages, 65, "range");
#undef REFUSED
}

static void a_missing_file_is_named(void **state)
{
	static const struct cbx_path file = { "/nonexistent/f", NULL };
	struct cbx_program program = sample();
	struct cbx_image *image = NULL;

	(void)state;
	program.files = &file;
	program.file_count = 1;
	assert_int_equal(cbx_image_build(&program, &image), CBX_E_INVALID);
	assert_int_equal(cbx_error_last()->os_error, ENOENT);
	assert_non_null(strstr(cbx_error_last()->text, "/nonexistent/f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_lie_where_the_runtime_expects_them),
		cmocka_unit_test(the_start_block_says_what_was_asked),
		cmocka_unit_test(the_policy_denies_by_default),
		cmocka_unit_test(shared_files_take_the_runtimes_text_along),
		cmocka_unit_test(hidden_text_is_asked_for_everywhere),
		cmocka_unit_test(what_cpuid_tells_is_in_policy_and_start_block),
		cmocka_unit_test(what_cpuid_tells_is_not_withheld),
		cmocka_unit_test(
			withheld_features_are_in_policy_and_start_block),
		cmocka_unit_test(the_reserve_holds_memory_and_tables),
		cmocka_unit_test(every_option_is_measured),
		cmocka_unit_test(bad_programs_are_refused_with_a_reason),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, make_runtime, NULL);
}
