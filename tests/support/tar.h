/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a ustar archive in memory, with the names of POSIX.1-2001's extended
 * headers.  Pure, and safe on any bytes.
 */
#ifndef CBX_TESTS_SUPPORT_TAR_H
#define CBX_TESTS_SUPPORT_TAR_H

#include <base/types.h>

#define CBX_TAR_PATH 4095u /* longest path or target */

enum cbx_tar_kind {
	CBX_TAR_FILE,
	CBX_TAR_DIRECTORY,
	CBX_TAR_SYMLINK,
	CBX_TAR_HARDLINK,
};

/** One member. */
struct cbx_tar_entry {
	enum cbx_tar_kind kind;
	char path[CBX_TAR_PATH + 1]; /* not empty */
	char link[CBX_TAR_PATH + 1]; /* not empty for links */
	uint32_t mode;		     /* permissions */
	uint32_t uid;
	uint32_t gid;
	int64_t mtime;	      /* seconds since 1970 */
	const uint8_t *bytes; /* FILE: within the archive */
	uint64_t size;
};

enum cbx_tar_status {
	CBX_TAR_NEXT, /* an entry */
	CBX_TAR_END,  /* a zero block, or the end of the bytes */
	CBX_TAR_BAD,  /* not ustar, a bad sum, truncated, an unknown kind */
};

/**
 * The member at *offset.
 *
 * @param[in,out] offset  where to read, a multiple of 512; advanced past the
 *                        member on NEXT, untouched otherwise
 * @param[out]    entry   on NEXT
 */
enum cbx_tar_status cbx_tar_read(const uint8_t *archive, uint64_t bytes,
	uint64_t *offset, struct cbx_tar_entry *entry);

#endif
