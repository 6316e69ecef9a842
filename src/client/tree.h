/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a box: what goes where, sorted by name.
 */
#ifndef CBX_CLIENT_TREE_H
#define CBX_CLIENT_TREE_H

#include <stdbool.h>

#include <confbox/confbox.h>

enum cbx_node_kind {
	CBX_NODE_DIRECTORY,
	CBX_NODE_FILE,
	CBX_NODE_LINK,	   /* symbolic */
	CBX_NODE_WHITEOUT, /* there is nothing of this name in lower layers */
	CBX_NODE_OPAQUE,   /* nothing below this name in lower layers */
};

/** One file. */
struct cbx_node {
	char *box;  /* absolute, clean path in the box; owned */
	char *host; /* where its bytes are; NULL: none, or bytes; owned */
	enum cbx_node_kind kind;
	bool automatic;	      /* gives way to another one of its name */
	uint32_t mode;	      /* permission bits */
	const uint8_t *bytes; /* the caller's; instead of host */
	size_t byte_count;
	uint64_t device; /* with inode: which file of the host it is */
	uint64_t inode;
	char *target;	/* of a link; owned */
	uint8_t *owned; /* bytes that are freed with it, or NULL */
	uint32_t layer; /* of the system it is from */
};

struct cbx_tree {
	struct cbx_node *node;
	size_t count;
	size_t room;
	bool automatic; /* what is added now is */
};

/** Free everything in it. */
void cbx_tree_fini(struct cbx_tree *tree);

/**
 * Add a regular file, following symbolic links.
 *
 * @retval CBX_OK         added
 * @retval CBX_E_INVALID  it cannot be found, is no regular file, or its path
 *                        in the box is not absolute
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_tree_add_file(
	struct cbx_tree *tree, const struct cbx_path *path);

/** Add bytes[size], the caller's, as an executable file; as
 * cbx_tree_add_file. */
CBX_CHECKED enum cbx_status cbx_tree_add_bytes(struct cbx_tree *tree,
	const char *box, const uint8_t *bytes, size_t size);

/** Add a directory and all it holds; symbolic links inside stay links; as
 * cbx_tree_add_file.  A device, socket or pipe inside is CBX_E_INVALID. */
CBX_CHECKED enum cbx_status cbx_tree_add_directory(
	struct cbx_tree *tree, const struct cbx_path *path);

/** Add an empty directory. */
CBX_CHECKED enum cbx_status cbx_tree_add_empty(
	struct cbx_tree *tree, const char *box);

/**
 * Move what is named below a symbolic link to where it leads, add the parents
 * of everything, sort by name, drop what is there twice.
 *
 * @retval CBX_OK         every node's parent is a directory before it
 * @retval CBX_E_INVALID  one name for two different files
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_tree_finish(struct cbx_tree *tree);

/**
 * The absolute, clean form of a path: one slash between parts, no "." or "..",
 * none at the end.
 *
 * @param      path   relative ones begin at the working directory
 * @param[out] clean  the caller frees it
 *
 * @retval CBX_OK         made
 * @retval CBX_E_INVALID  empty, or the working directory is not known
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_path_clean(const char *path, char **clean);

#endif
