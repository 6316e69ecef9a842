/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file system of another system as a box's.
 */
#ifndef CBX_CLIENT_ROOT_H
#define CBX_CLIENT_ROOT_H

#include <client/tree.h>

/**
 * Add a directory, a tar archive or an OCI image, as a folder or an archive,
 * at the root of an empty tree.
 *
 * @param path  of this machine
 *
 * @retval CBX_OK             added, one node of each name
 * @retval CBX_E_INVALID      it cannot be read or is none of these, or holds
 *                            what cannot go into a box; the text names it
 * @retval CBX_E_UNSUPPORTED  it is no directory, and this library was built
 *                            without archives
 * @retval CBX_E_NOMEM        out of memory
 */
CBX_CHECKED enum cbx_status cbx_root_add(
	struct cbx_tree *tree, const char *path);

#endif
