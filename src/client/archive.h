/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measured files of a box: a ustar archive, with extended headers for long
 * names and so that the content of a larger file begins with a page.
 */
#ifndef CBX_CLIENT_ARCHIVE_H
#define CBX_CLIENT_ARCHIVE_H

#include <client/contents.h>

/** Bytes that grow. */
struct cbx_archive {
	uint8_t *bytes;
	size_t size; /* of the archive */
	size_t room;
	size_t list_bytes;     /* at the next page; 0: there is no list */
	struct cbx_place last; /* content of the last member */
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

/** The same, and then its list (base/contents.h). */
CBX_CHECKED enum cbx_status cbx_archive_pack_listed(
	const struct cbx_tree *tree, struct cbx_archive *archive);

/** Bytes of archive and list together. */
size_t cbx_archive_bytes(const struct cbx_archive *archive);

#endif
