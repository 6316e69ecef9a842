/* SPDX-License-Identifier: Apache-2.0 */
#include <client/start_block.h>

#include <stdlib.h>
#include <string.h>

#include <base/start.h>
#include <client/error.h>

#define STRINGS_MOST (1u << 20)

static uint64_t count_of(const char *const *strings)
{
	uint64_t count = 0;

	while (strings != NULL && strings[count] != NULL) {
		count++;
	}
	return count;
}

static size_t bytes_of(const char *const *strings)
{
	size_t bytes = 0;

	for (uint64_t i = 0; i < count_of(strings); i++) {
		bytes += strlen(strings[i]) + 1;
	}
	return bytes;
}

/* Copy to *at and move it on. @return where the string is */
static uint64_t put_string(uint8_t *block, size_t *at, const char *string)
{
	uint64_t offset = *at;
	size_t size = strlen(string) + 1;

	memcpy(block + *at, string, size);
	*at += size;
	return offset;
}

static uint64_t put_strings(
	uint8_t *block, size_t *at, const char *const *strings)
{
	uint64_t offset = *at;

	for (uint64_t i = 0; i < count_of(strings); i++) {
		(void)put_string(block, at, strings[i]);
	}
	return offset;
}

/* What the policy lets the box forward, if anything. */
static uint64_t put_policy(
	uint8_t *block, size_t *at, const struct cbx_policy *policy)
{
	uint64_t offset = *at;

	if (policy->rule_count == 0) {
		return 0;
	}
	memcpy(block + *at, policy, sizeof(*policy));
	*at += sizeof(*policy);
	return offset;
}

/* Where the box sees a shared file. */
static const char *place_of(const struct cbx_path *path)
{
	return path->box != NULL ? path->box : path->host;
}

static uint64_t put_shares(
	uint8_t *block, size_t *at, const struct cbx_start_block *from)
{
	uint64_t offset = *at;
	const struct cbx_program *program = from->program;

	*at += program->share_count * sizeof(struct cbx_start_share);
	for (size_t i = 0; i < program->share_count; i++) {
		struct cbx_start_share share = {
			.bytes = from->image->share[i]->segment[0].byte_count,
		};

		share.path_offset =
			put_string(block, at, place_of(&program->shares[i]));
		memcpy(block + offset + i * sizeof(share), &share,
			sizeof(share));
	}
	return offset;
}

static size_t share_bytes(const struct cbx_program *program)
{
	size_t bytes = program->share_count * sizeof(struct cbx_start_share);

	for (size_t i = 0; i < program->share_count; i++) {
		bytes += strlen(place_of(&program->shares[i])) + 1;
	}
	return bytes;
}

static void fill(const struct cbx_start_block *from, const char *const *argv,
	uint8_t *bytes, size_t size)
{
	size_t at = sizeof(struct cbx_start);
	struct cbx_start start = {
		.magic = CBX_START_MAGIC,
		.version = CBX_START_VERSION,
		.flags = from->flags,
		.size = size,
		.memory_pages = from->memory_pages,
		.files_bytes = from->files_bytes,
		.list_bytes = from->list_bytes,
		.argc = count_of(argv),
		.envc = count_of(from->program->envp),
		.epoch_ns = from->epoch_ns,
		.share_count = from->program->share_count,
		.template_ns = from->program->template_after_ns,
		.cpuid = from->program->cpuid,
	};

	start.share_offset = put_shares(bytes, &at, from);
	start.policy_offset = put_policy(bytes, &at, from->policy);
	start.argv_offset = put_strings(bytes, &at, argv);
	start.envp_offset = put_strings(bytes, &at, from->program->envp);
	start.path_offset = put_string(bytes, &at, from->path);
	start.cwd_offset = put_string(bytes, &at, from->cwd);
	memcpy(bytes, &start, sizeof(start));
}

enum cbx_status cbx_start_block_make(
	const struct cbx_start_block *block, uint8_t **bytes, size_t *size)
{
	const char *just_path[] = { block->path, NULL };
	const char *const *argv =
		block->program->argv != NULL ? block->program->argv : just_path;
	size_t strings = bytes_of(argv) + bytes_of(block->program->envp) +
			 strlen(block->path) + strlen(block->cwd) + 2;
	size_t policy =
		block->policy->rule_count == 0 ? 0 : sizeof(*block->policy);
	uint8_t *fresh;

	if (strings > STRINGS_MOST) {
		return cbx_fail(CBX_E_INVALID,
			"arguments and environment: more than 1 MiB");
	}
	strings += share_bytes(block->program);
	fresh = calloc(1, sizeof(struct cbx_start) + policy + strings);
	if (fresh == NULL) {
		return cbx_fail_memory("start block");
	}
	*size = sizeof(struct cbx_start) + policy + strings;
	fill(block, argv, fresh, *size);
	*bytes = fresh;
	return CBX_OK;
}
