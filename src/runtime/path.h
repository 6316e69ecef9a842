/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a path to a node.
 */
#ifndef CBX_RUNTIME_PATH_H
#define CBX_RUNTIME_PATH_H

#include "node.h"

#define CBX_PATH_LINKS_MAX 40u

/** Where a path leads. */
struct cbx_walk {
	struct cbx_node *dir;  /* that holds, or would hold, the last name */
	struct cbx_node *node; /* NULL when the last name does not exist */
	uint64_t length;       /* of the last name; 0 for the root */
	bool slash;	       /* a slash follows: it must be a directory */
	bool dots;	       /* the last name is "." or ".." */
	char name[256];	       /* the last name and a zero */
};

/** The root directory.  @pre cbx_fs_mount was called */
extern struct cbx_node *cbx_path_root;

/* Conditions on a path. */
#define CBX_PATH_FOLLOW	    1u	/* a link that is the last name is followed */
#define CBX_PATH_NO_LINKS   2u	/* any link is ELOOP */
#define CBX_PATH_NO_JUMPS   4u	/* a link of /proc that leads to a node, too */
#define CBX_PATH_BENEATH    8u	/* what leads out of the base is EXDEV */
#define CBX_PATH_IN_ROOT    16u /* the base is the root */
#define CBX_PATH_ONE_SYSTEM 32u /* what leads into or out of /proc is EXDEV */
#define CBX_PATH_NAME \
	64u		     /* the last name is one, whatever it stands for:
				 * a slash after it changes nothing */
#define CBX_PATH_CREATE 128u /* a slash after the last name is EISDIR */

/** As cbx_path_walk, with conditions.  @param flags  CBX_PATH_* */
CBX_MUST_CHECK int64_t cbx_path_resolve(struct cbx_node *base, const char *path,
	uint32_t flags, struct cbx_walk *walk);

/**
 * Follow a path.
 *
 * @param      base    where a relative path begins
 * @param      path    any string
 * @param      follow  whether a link that is the last name is followed
 * @param[out] walk    on success
 *
 * @retval 0  walk->node or, for a last name that does not exist, walk->dir
 * @retval -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG
 */
CBX_MUST_CHECK int64_t cbx_path_walk(struct cbx_node *base, const char *path,
	bool follow, struct cbx_walk *walk);

/** The absolute path of a node, or what it was and " (deleted)"; at most
 * size - 1 bytes and a zero.  @return its length; 0 when it is longer */
uint64_t cbx_path_of(const struct cbx_node *node, char *path, uint64_t size);

/** Where a link points; at most @p size bytes, no zero.  @return its length */
uint64_t cbx_path_link(const struct cbx_node *link, char *to, uint64_t size);

#endif
