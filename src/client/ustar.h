/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of a ustar archive: POSIX.1-1988's, and before it POSIX.1-2001's
 * extended one where a name does not fit or content is to begin with a page.
 */
#ifndef CBX_CLIENT_USTAR_H
#define CBX_CLIENT_USTAR_H

#include <stddef.h>
#include <stdint.h>

#define CBX_USTAR_BLOCK 512u

/** Content of so many bytes begins with a page. */
#define CBX_USTAR_ALIGNED_FROM 0x4000u

/** Longest name or target, as a box reads it. */
#define CBX_USTAR_NAME_MAX 4095u
#define CBX_USTAR_PART_MAX 255u /* of it between two slashes */

/** The time of every file in a box, 1980-01-01T00:00:00Z: the earliest that
 * archivers can say. */
#define CBX_USTAR_TIME 315532800u

/** One file, directory or link; its owner is zero, its time CBX_USTAR_TIME. */
struct cbx_ustar {
	const char *path;   /* without a slash in front */
	const char *target; /* of a link, or NULL */
	char type;	    /* '0' file, '2' symbolic link, '5' directory */
	uint32_t mode;
	uint64_t size; /* of the content that follows; less than 8 GiB */
};

/** Bytes of a member's headers, a multiple of CBX_USTAR_BLOCK.
 * @param at  where they begin in the archive, such a multiple */
size_t cbx_ustar_size(const struct cbx_ustar *member, size_t at);

/** Write them.  @param to  to[cbx_ustar_size(member, at)], zeros */
void cbx_ustar_write(const struct cbx_ustar *member, size_t at, uint8_t *to);

#endif
