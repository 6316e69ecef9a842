/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a walk over a directory adds to a tree.
 */
#ifndef CBX_CLIENT_TREE_NODE_H
#define CBX_CLIENT_TREE_NODE_H

#include <client/tree.h>

/** Add a symbolic link. @param target  owned by the tree, also on failure */
CBX_CHECKED enum cbx_status cbx_tree_add_link(
	struct cbx_tree *tree, const struct cbx_path *path, char *target);

/** Add a directory with its modes, without what it holds. */
CBX_CHECKED enum cbx_status cbx_tree_add_folder(
	struct cbx_tree *tree, const struct cbx_path *path, uint32_t mode);

#endif
