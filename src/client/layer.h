/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Archives of a system's files: tar, plain or compressed.
 */
#ifndef CBX_CLIENT_LAYER_H
#define CBX_CLIENT_LAYER_H

#include <client/tree.h>

/** What all layers of a system together may be. */
#define CBX_LAYER_BYTES_MAX   (8ull << 30)
#define CBX_LAYER_ENTRIES_MAX 1000000u

/** How much of it is used up. */
struct cbx_layer_budget {
	uint64_t bytes;
	uint64_t entries;
};

/** Where an archive is: a file, or bytes[size]. */
struct cbx_layer_source {
	const char *name;     /* of the file; or what errors call the bytes */
	const uint8_t *bytes; /* NULL: read the file */
	size_t size;
};

/**
 * Add the members of an archive to a tree.
 *
 * @param layer  higher than those that are there
 * @param marks  members whose names begin with ".wh." are whiteouts
 *
 * @retval CBX_OK             added; cbx_tree_merge makes one system of it
 * @retval CBX_E_INVALID      it cannot be read, is no tar archive, is damaged,
 *                            or a member is a device, leads upwards, or is one
 *                            too many or too large; the text names it
 * @retval CBX_E_UNSUPPORTED  this library was built without archives
 * @retval CBX_E_NOMEM        out of memory
 */
CBX_CHECKED enum cbx_status cbx_layer_add(struct cbx_tree *tree,
	const struct cbx_layer_source *source, uint32_t layer, bool marks,
	struct cbx_layer_budget *budget);

#endif
