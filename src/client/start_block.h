/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start block of a box (base/start.h).
 */
#ifndef CBX_CLIENT_START_BLOCK_H
#define CBX_CLIENT_START_BLOCK_H

#include <client/image.h>

/** What it says. */
struct cbx_start_block {
	const struct cbx_program *program;
	const char *path; /* of the program in the box */
	const char *cwd;
	uint64_t memory_pages;
	uint64_t files_bytes;
	uint64_t list_bytes;
	uint64_t epoch_ns;
	const struct cbx_policy *policy;
	const struct cbx_image *image; /* what it shares */
	uint32_t flags;		       /* CBX_START_* */
};

/**
 * Lay the block out.
 *
 * @param[out] bytes  the caller frees them
 * @param[out] size   how many
 *
 * @retval CBX_OK         laid out
 * @retval CBX_E_INVALID  arguments and environment of more than 1 MiB
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_start_block_make(
	const struct cbx_start_block *block, uint8_t **bytes, size_t *size);

#endif
