/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measured files of a box: a ustar archive, with extended headers for long
 * names and so that the content of a larger file begins with a page.
 */
#ifndef CBX_CLIENT_ARCHIVE_H
#define CBX_CLIENT_ARCHIVE_H

#include <client/tree.h>

/** Bytes that grow. */
struct cbx_archive {
	uint8_t *bytes;
	size_t size;
	size_t room;
};

/**
 * Pack a finished tree: names in order, owners zero, times constant, two zero
 * blocks at the end.
 *
 * @param[out] archive  the caller frees bytes; untouched on failure
 *
 * @retval CBX_OK         packed
 * @retval CBX_E_INVALID  a file cannot be read, changed meanwhile, or is of 8
 *                        GiB or more
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_archive_pack(
	const struct cbx_tree *tree, struct cbx_archive *archive);

#endif
