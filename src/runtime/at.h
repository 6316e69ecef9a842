/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the path arguments of a system call to a node.
 */
#ifndef CBX_RUNTIME_AT_H
#define CBX_RUNTIME_AT_H

#include "host_file.h"
#include "path.h"

/**
 * Follow the path at @p path_va from a directory descriptor.
 *
 * @param      follow  otherwise the last name is CBX_PATH_NAME
 * @param      dirfd   a descriptor or LX_AT_FDCWD, as passed in a register
 * @param[out] walk    as cbx_path_walk; valid until the next call
 *
 * @retval -EFAULT, -EBADF, -ENOTDIR and what cbx_path_walk returns
 */
CBX_MUST_CHECK int64_t cbx_at_walk(
	uint64_t dirfd, uint64_t path_va, bool follow, struct cbx_walk *walk);

/** The same with conditions.  @param flags  CBX_PATH_* */
CBX_MUST_CHECK int64_t cbx_at_resolve(uint64_t dirfd, uint64_t path_va,
	uint32_t flags, struct cbx_walk *walk);

/**
 * The same for a node that must exist.
 *
 * @param      flags  LX_AT_EMPTY_PATH: an empty path is the descriptor's own
 *                    file; LX_AT_SYMLINK_NOFOLLOW
 * @param[out] node   what the path names
 */
CBX_MUST_CHECK int64_t cbx_at_node(uint64_t dirfd, uint64_t path_va,
	uint64_t flags, struct cbx_node **node);

/** Whether the path is the host's (host_file.h): name->bytes is not 0 then.
 * @retval -EFAULT, -EBADF, -ENOTDIR, -ENAMETOOLONG */
CBX_MUST_CHECK int64_t cbx_at_host(
	uint64_t dirfd, uint64_t path_va, struct cbx_host_name *name);

/** With the flags: what the path names is only looked at, and may be the
 * host's. */
#define CBX_AT_LOOK (1ull << 40)

/** LX_AT_FDCWD as a register holds it. */
#define CBX_AT_CWD ((uint64_t)(int64_t)-100)

#endif
