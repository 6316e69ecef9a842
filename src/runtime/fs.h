/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building the file system a box begins with.
 */
#ifndef CBX_RUNTIME_FS_H
#define CBX_RUNTIME_FS_H

#include "path.h"

/**
 * Mount an archive as the root, and add /dev, /proc, /tmp and the files every
 * program expects, where the archive does not have them.  File contents stay
 * in the archive until they are written.
 *
 * @param archive     archive[bytes], whole pages, then its list of contents
 *                    (base/contents.h); never changed, lives as long as the box
 * @param list_bytes  of the list; 0: there are no files
 *
 * @return NULL, or what is wrong in words
 */
const char *cbx_fs_mount(
	const uint8_t *archive, uint64_t bytes, uint64_t list_bytes);

/**
 * Make a node and name it.
 *
 * @pre there is no such name in @p dir
 * @return NULL when there is no memory
 */
struct cbx_node *cbx_fs_make(
	struct cbx_node *dir, const char *name, uint64_t length, uint32_t mode);

/** Whether a name can be added where a walk ended.
 * @retval 0, -EEXIST, -EACCES, -ENOENT */
CBX_MUST_CHECK int64_t cbx_fs_check_new(const struct cbx_walk *walk);

/** Make a symbolic link.  @pre as cbx_fs_make */
struct cbx_node *cbx_fs_make_link(struct cbx_node *dir, const char *name,
	uint64_t length, const char *target);

/** The directory at a path, made with its parents when it is not there; NULL
 * when something else is in the way or there is no memory. */
struct cbx_node *cbx_fs_make_path(const char *path, uint32_t mode);

/** Make a file of bytes that are there, with its directories.
 * @param base  base[bytes], whole pages; never changed, lives as long as the box
 * @retval false  no memory, or something is in the way */
CBX_MUST_CHECK bool cbx_fs_make_shared(
	const char *path, const uint8_t *base, uint64_t bytes);

/** Fill /dev and /proc.  false when there is no memory */
CBX_MUST_CHECK bool cbx_fs_make_system(void);

#endif
