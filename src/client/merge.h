/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of a system, one over the other.
 */
#ifndef CBX_CLIENT_MERGE_H
#define CBX_CLIENT_MERGE_H

#include <client/tree.h>

/**
 * Drop what a later layer takes away or replaces, and the marks that say so.
 *
 * Of one name the last one of the highest layer stays.  A whiteout, or
 * something else in a directory's place, takes everything lower layers have
 * below it.
 *
 * @retval CBX_OK       one node of each name is left
 * @retval CBX_E_NOMEM  out of memory; the tree is as it was
 */
CBX_CHECKED enum cbx_status cbx_tree_merge(struct cbx_tree *tree);

#endif
