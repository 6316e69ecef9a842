/* SPDX-License-Identifier: Apache-2.0 */
/* The image of a Linux program (base/start.h). */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <base/cpuid.h>
#include <base/start.h>
#include <base/types.h>
#include <client/archive.h>
#include <client/collect.h>
#include <client/content.h>
#include <client/elf_file.h>
#include <client/embed.h>
#include <client/error.h>
#include <client/file.h>
#include <client/sized.h>
#include <client/program_policy.h>
#include <client/share.h>
#include <client/start_block.h>

#define OUTPUT_PAGES_DEFAULT 16u
#define THREADS_DEFAULT	     1024u
#define WAKE_STEP_DEFAULT    1000000u
#define MEMORY_MOST	     (1ull << 42)
#define RESERVE_SLACK	     256u /* pages: tables of scattered mappings */

/* What is being built. */
struct build {
	struct cbx_program program;
	char *path; /* of the program in the box */
	struct cbx_archive files;
	struct cbx_image *image;
};

enum cbx_status cbx_program_check(const char *path)
{
	uint8_t *bytes;
	size_t size;
	enum cbx_status status = cbx_file_read(path, &bytes, &size);

	if (status == CBX_OK) {
		status = cbx_script_is(bytes, size)
				 ? CBX_OK
				 : cbx_elf_check(path, bytes, size);
		free(bytes);
	}
	return status;
}

static void set_defaults(struct cbx_program *program)
{
	if (program->memory_bytes == 0) {
		program->memory_bytes = CBX_PROGRAM_MEMORY_DEFAULT;
	}
	if (program->epoch_ns == 0) {
		program->epoch_ns = CBX_PROGRAM_EPOCH_DEFAULT;
	}
	if (program->wake_step_ns == 0) {
		program->wake_step_ns = WAKE_STEP_DEFAULT;
	}
	if (program->output_pages == 0) {
		program->output_pages = OUTPUT_PAGES_DEFAULT;
	}
	if (program->threads_max == 0) {
		program->threads_max = THREADS_DEFAULT;
	}
	if (program->cwd == NULL) {
		program->cwd = "/";
	}
	if ((program->flags & CBX_PROGRAM_TRACE) != 0) {
		program->flags |= CBX_PROGRAM_DEBUG;
	}
	if ((program->flags & CBX_PROGRAM_GDB) != 0) {
		program->flags |= CBX_PROGRAM_DEBUG | CBX_PROGRAM_NO_REWRITE;
	}
}

/* What CPUID tells must not be withheld. */
static bool told_is_there(const struct cbx_program *program)
{
	uint64_t needs = CBX_FEATURE_COUNTER;

	needs |= program->cpuid >= 3 ? CBX_FEATURE_AVX : 0;
	needs |= program->cpuid >= 4 ? CBX_FEATURE_AVX512 : 0;
	return program->features == 0 || (program->features & needs) == needs;
}

static enum cbx_status check_cpuid(const struct cbx_program *program)
{
	if (program->cpuid > CBX_CPUID_LEVELS) {
		return cbx_fail(CBX_E_INVALID,
			"CPUID: there is no level %u of x86-64, only 1 to %u",
			program->cpuid, CBX_CPUID_LEVELS);
	}
	if (program->cpuid != 0 &&
		(program->flags & CBX_PROGRAM_EXECUTE_ONLY) != 0) {
		return cbx_fail(CBX_E_INVALID,
			"CPUID: who answers for it reads the program's text, "
			"which is to be execute-only; leave out one of the "
			"two");
	}
	if (program->cpuid != 0 && !told_is_there(program)) {
		return cbx_fail(CBX_E_INVALID,
			"CPUID: level %u has features that are withheld from "
			"the program; list counter, from level 3 on avx, and "
			"for level 4 avx512, or tell a lower level",
			program->cpuid);
	}
	return CBX_OK;
}

static enum cbx_status check(const struct cbx_program *program)
{
	const uint32_t known =
		CBX_PROGRAM_CONFINE | CBX_PROGRAM_TRACE | CBX_PROGRAM_DEBUG |
		CBX_PROGRAM_EXECUTE_ONLY | CBX_PROGRAM_ALONE |
		CBX_PROGRAM_NO_REWRITE | CBX_PROGRAM_REWRITE_FIRST |
		CBX_PROGRAM_CLOCK_FIXED | CBX_PROGRAM_TEMPLATE |
		CBX_PROGRAM_SHARE_FILES | CBX_PROGRAM_GDB | CBX_PROGRAM_CLEAN;

	if (program->path == NULL) {
		return cbx_fail(CBX_E_INVALID, "no program is named");
	}
	if (program->memory_bytes < CBX_PROGRAM_MEMORY_MIN ||
		program->memory_bytes > MEMORY_MOST) {
		return cbx_fail(
			CBX_E_INVALID, "memory: must be 4 MiB to 4 TiB");
	}
	if (program->cwd[0] != '/') {
		return cbx_fail(CBX_E_INVALID,
			"%s: the working directory must begin with /",
			program->cwd);
	}
	if ((program->flags & CBX_PROGRAM_SHARE_FILES) != 0 &&
		(program->flags & CBX_PROGRAM_TEMPLATE) != 0) {
		return cbx_fail(CBX_E_INVALID,
			"program: a template cannot lend files on");
	}
	if ((program->flags & CBX_PROGRAM_TEMPLATE) == 0 &&
		program->template_after_ns != 0) {
		return cbx_fail(CBX_E_INVALID,
			"program: a point by time, and it is no template");
	}
	if ((program->flags & CBX_PROGRAM_TEMPLATE) != 0 &&
		(program->flags & CBX_PROGRAM_GDB) != 0) {
		return cbx_fail(CBX_E_INVALID,
			"program: a template's clones have no debugger");
	}
	if ((program->flags & ~known) != 0) {
		return cbx_fail(CBX_E_INVALID, "program: unknown flags");
	}
	return check_cpuid(program);
}

static enum cbx_status read_program(
	const struct cbx_program *program, struct cbx_program *known)
{
	if (!cbx_sized_read(known, sizeof(*known), program,
		    offsetof(struct cbx_program, with))) {
		return cbx_fail(CBX_E_INVALID,
			"program: of an unknown size or version");
	}
	set_defaults(known);
	return check(known);
}

static enum cbx_status append_owned(
	struct cbx_image *image, uint64_t va, uint8_t *bytes, size_t size)
{
	struct cbx_segment segment = { va, cbx_pages_of(size), CBX_RIGHT_R,
		size, bytes, bytes };

	return cbx_image_append(image, &segment);
}

static uint32_t start_flags(const struct cbx_program *program)
{
	static const struct {
		uint32_t program, start;
	} same[] = {
		{ CBX_PROGRAM_CONFINE, CBX_START_CONFINE },
		{ CBX_PROGRAM_TRACE, CBX_START_TRACE },
		{ CBX_PROGRAM_EXECUTE_ONLY, CBX_START_EXECUTE_ONLY },
		{ CBX_PROGRAM_NO_REWRITE, CBX_START_NO_REWRITE },
		{ CBX_PROGRAM_REWRITE_FIRST, CBX_START_REWRITE_FIRST },
		{ CBX_PROGRAM_CLOCK_FIXED, CBX_START_CLOCK_FIXED },
		{ CBX_PROGRAM_TEMPLATE, CBX_START_TEMPLATE },
		{ CBX_PROGRAM_SHARE_FILES, CBX_START_FILES_LENT },
		{ CBX_PROGRAM_GDB, CBX_START_GDB },
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		if ((program->flags & same[i].program) != 0) {
			flags |= same[i].start;
		}
	}
	if (program->features != 0 &&
		(program->features & CBX_FEATURE_COUNTER) == 0) {
		flags |= CBX_START_NO_COUNTER;
	}
	return flags;
}

static enum cbx_status add_start_block(struct build *build)
{
	struct cbx_start_block block = {
		.program = &build->program,
		.path = build->path,
		.cwd = build->program.cwd,
		.memory_pages = build->program.memory_bytes / CBX_PAGE_SIZE,
		.files_bytes = build->files.size,
		.list_bytes = build->files.list_bytes,
		.epoch_ns = build->program.epoch_ns,
		.policy = &build->image->policy,
		.image = build->image,
		.flags = start_flags(&build->program),
	};
	enum cbx_status status;
	uint8_t *bytes;
	size_t size;

	status = cbx_start_block_make(&block, &bytes, &size);
	return status == CBX_OK
		       ? append_owned(build->image, CBX_START_VA, bytes, size)
		       : status;
}

static enum cbx_status add_files_segment(struct build *build)
{
	struct cbx_archive files = build->files;
	size_t size = cbx_archive_bytes(&files);

	build->files = (struct cbx_archive){ 0 };
	return (build->program.flags & CBX_PROGRAM_SHARE_FILES) != 0
		       ? cbx_share_adopt_files(build->image, files.bytes, size)
		       : append_owned(
				 build->image, CBX_FILES_VA, files.bytes, size);
}

static enum cbx_status add_stack(struct build *build)
{
	struct cbx_segment stack = { CBX_STACK_VA, CBX_STACK_PAGES,
		CBX_RIGHT_R | CBX_RIGHT_W, 0, NULL, NULL };

	build->image->stack = CBX_STACK_VA + CBX_STACK_PAGES * CBX_PAGE_SIZE;
	build->image->arg = CBX_START_VA;
	return cbx_image_append(build->image, &stack);
}

/* Memory, its tables (1/512 each level) and those of scattered mappings, the
 * tables of the image itself.  The runtime pays for threads from memory. */
static void set_reserve(struct build *build)
{
	uint64_t memory = build->program.memory_bytes / CBX_PAGE_SIZE;

	build->image->reserve_pages = memory + memory / 128 + RESERVE_SLACK +
				      cbx_image_tables(build->image) +
				      cbx_share_pages(build->image);
}

/* The runtime's text, as the program's. */
static void hide_text(struct build *build)
{
	if ((build->program.flags & CBX_PROGRAM_EXECUTE_ONLY) == 0) {
		return;
	}
	for (uint32_t i = 0; i < build->image->segment_count; i++) {
		uint64_t *rights = &build->image->segment[i].rights;

		if ((*rights & CBX_RIGHT_X) != 0) {
			*rights = CBX_RIGHT_X;
		}
	}
}

static enum cbx_status add_shares(struct build *build)
{
	const struct cbx_program *program = &build->program;
	bool files = (program->flags & CBX_PROGRAM_SHARE_FILES) != 0;
	size_t most = CBX_SHARES_MAX - (files ? 1 : 0);
	enum cbx_status status = CBX_OK;

	if (program->share_count > most) {
		return cbx_fail(CBX_E_INVALID,
			"shared files: %zu, at most %zu can be",
			program->share_count, most);
	}
	for (size_t i = 0; i < program->share_count && status == CBX_OK; i++) {
		status = program->shares[i].box != NULL &&
					 program->shares[i].box[0] != '/'
				 ? cbx_fail(CBX_E_INVALID,
					   "%s: a shared file's place in the "
					   "box must begin with /",
					   program->shares[i].box)
				 : cbx_share_add(build->image,
					   program->shares[i].host);
	}
	return status;
}

static enum cbx_status make_image(struct build *build)
{
	struct cbx_blob runtime = cbx_embed_runtime();
	enum cbx_status status;

	build->image = cbx_image_new();
	if (build->image == NULL) {
		return cbx_fail_memory("image");
	}
	build->image->policy = cbx_program_policy(&build->program);
	status = cbx_elf_append(build->image, runtime.bytes, runtime.size,
		&build->image->entry);
	hide_text(build);
	if (status == CBX_OK) {
		status = add_shares(build);
	}
	if (status == CBX_OK) {
		status = add_start_block(build);
	}
	if (status == CBX_OK) {
		status = add_files_segment(build);
	}
	if (status == CBX_OK) {
		status = add_stack(build);
	}
	if (status == CBX_OK) {
		set_reserve(build);
		status = cbx_policy_valid(&build->image->policy)
				 ? CBX_OK
				 : cbx_fail(CBX_E_INVALID,
					   "program: threads, output pages, "
					   "wake step or features out of "
					   "range");
	}
	return status;
}

enum cbx_status cbx_image_build(
	const struct cbx_program *program, struct cbx_image **image)
{
	struct build build = { 0 };
	enum cbx_status status = read_program(program, &build.program);

	if (status == CBX_OK) {
		status = cbx_content_pack(
			&build.program, &build.path, &build.files);
	}
	if (status == CBX_OK) {
		status = make_image(&build);
	}
	if (status == CBX_OK) {
		*image = build.image;
	} else {
		cbx_image_destroy(build.image);
	}
	free(build.files.bytes);
	free(build.path);
	return status;
}
