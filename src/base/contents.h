/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies where in the archive of a box's files.  The headers of an archive
 * are scattered over all of it; a box reads this list instead, which lies at
 * the first page behind the archive and is measured like it.
 *
 * struct cbx_contents, its members, its strings.  Members are in the archive's
 * order: a directory comes before what lies in it.
 */
#ifndef CBX_BASE_CONTENTS_H
#define CBX_BASE_CONTENTS_H

#include <confbox/abi.h>

struct cbx_contents {
	uint64_t members;      /* how many */
	uint64_t string_bytes; /* of all strings */
	uint64_t seconds;      /* every member's time, since 1970 */
	uint64_t reserved;     /* zero */
};

/** Types in a member's mode, as Linux has them. */
#define CBX_MEMBER_TYPE	     0170000u
#define CBX_MEMBER_DIRECTORY 0040000u
#define CBX_MEMBER_FILE	     0100000u
#define CBX_MEMBER_LINK	     0120000u
#define CBX_MEMBER_RIGHTS    07777u

#define CBX_MEMBER_NAME_MAX 255u

/** One file, directory or symbolic link, whose owner is zero. */
struct cbx_member {
	uint64_t offset; /* of a file's content in the archive, of a link's
			  * target among the strings; else zero */
	uint64_t size;	 /* of that, in bytes; a target ends with a zero more */
	uint32_t parent; /* 0: the root; else 1 + the number of a member before
			  * this one */
	uint32_t name;	 /* offset among the strings; a zero byte follows */
	uint32_t mode;
	uint32_t name_bytes; /* 1 to CBX_MEMBER_NAME_MAX */
};

CBX_SIZE(0x20, cbx_contents);
CBX_AT(0x00, 8, cbx_member, offset);
CBX_AT(0x08, 8, cbx_member, size);
CBX_AT(0x10, 4, cbx_member, parent);
CBX_AT(0x14, 4, cbx_member, name);
CBX_AT(0x18, 4, cbx_member, mode);
CBX_AT(0x1c, 4, cbx_member, name_bytes);
CBX_SIZE(0x20, cbx_member);

#endif
