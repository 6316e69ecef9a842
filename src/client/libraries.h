/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The libraries an ELF file needs, into a tree: its interpreter and all it
 * needs by the rules of ld.so(8), found without running anything.
 */
#ifndef CBX_CLIENT_LIBRARIES_H
#define CBX_CLIENT_LIBRARIES_H

#include <client/search.h>
#include <client/tree.h>

/** What is known while libraries are collected. */
struct cbx_libraries {
	struct cbx_tree *tree;
	struct cbx_search search;
	const char *library_path; /* LD_LIBRARY_PATH of the box, or NULL */
	char **seen; /* files whose libraries are in the tree; owned */
	size_t seen_count;
	bool dynamic; /* an interpreter is in the tree */
};

/** Begin. @param tree  gets the files, as automatic ones */
CBX_CHECKED enum cbx_status cbx_libraries_init(
	struct cbx_libraries *libraries, struct cbx_tree *tree);

/** Free what collecting took. */
void cbx_libraries_fini(struct cbx_libraries *libraries);

/**
 * Add what one ELF file needs.
 *
 * @param path      of the file; its folder is $ORIGIN
 * @param bytes     bytes[size] of it; what is no ELF file needs nothing
 * @param required  a library that is not found is an error
 *
 * @retval CBX_OK         everything is in the tree, or, unless required, what
 *                        was found
 * @retval CBX_E_INVALID  a library or the interpreter is missing; the text
 *                        names it
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_libraries_add(struct cbx_libraries *libraries,
	const char *path, const uint8_t *bytes, size_t size, bool required);

/** As cbx_libraries_add, of a file by its name. */
CBX_CHECKED enum cbx_status cbx_libraries_add_file(
	struct cbx_libraries *libraries, const char *path, bool required);

#endif
