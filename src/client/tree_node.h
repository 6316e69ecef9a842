/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a walk over a directory adds to a tree.
 */
#ifndef CBX_CLIENT_TREE_NODE_H
#define CBX_CLIENT_TREE_NODE_H

#include <client/tree.h>

/** Free what a node has. */
void cbx_node_fini(struct cbx_node *node);

/** Add a node, which is the tree's, also on failure. */
CBX_CHECKED enum cbx_status cbx_tree_add_node(
	struct cbx_tree *tree, struct cbx_node *node);

/** Add a symbolic link. @param target  owned by the tree, also on failure */
CBX_CHECKED enum cbx_status cbx_tree_add_link(
	struct cbx_tree *tree, const struct cbx_path *path, char *target);

/** Add a directory with its modes, without what it holds. */
CBX_CHECKED enum cbx_status cbx_tree_add_folder(
	struct cbx_tree *tree, const struct cbx_path *path, uint32_t mode);

/**
 * Add a file or a directory with all it holds, at the path it has without
 * symbolic links, and every link that leads there.
 *
 * @retval CBX_E_INVALID  it cannot be found or read
 */
CBX_CHECKED enum cbx_status cbx_tree_add_real(
	struct cbx_tree *tree, const char *path);

/** Move every node below a symbolic link of the tree to where the link leads.
 * @retval CBX_E_INVALID  links lead in a circle */
CBX_CHECKED enum cbx_status cbx_tree_follow(struct cbx_tree *tree);

/**
 * The node a path leads to, over the tree's own symbolic links.
 *
 * @pre cbx_tree_sort
 * @return NULL when there is none
 */
const struct cbx_node *cbx_tree_find(
	const struct cbx_tree *tree, const char *path);

/** Sort by name and drop what is there twice, as cbx_tree_finish. */
CBX_CHECKED enum cbx_status cbx_tree_sort(struct cbx_tree *tree);

#endif
