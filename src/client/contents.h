/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of what lies where in an archive (base/contents.h).
 */
#ifndef CBX_CLIENT_CONTENTS_H
#define CBX_CLIENT_CONTENTS_H

#include <client/tree.h>

/** Where the archive has a node's content. */
struct cbx_place {
	uint64_t offset;
	uint64_t size;
};

/**
 * Lay out the list of a finished tree.
 *
 * @param      place  place[tree->count]
 * @param[out] bytes  the caller frees them
 *
 * @retval CBX_OK         laid out
 * @retval CBX_E_INVALID  names of 4 GiB
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_contents_make(const struct cbx_tree *tree,
	const struct cbx_place *place, uint8_t **bytes, size_t *size);

#endif
