/* SPDX-License-Identifier: Apache-2.0 */
/* Files of confbox verify: small, and read whole. */
#ifndef CBX_TOOLS_VERIFY_FILE_H
#define CBX_TOOLS_VERIFY_FILE_H

#include <confbox/verify.h>

/** Most bytes of one file. */
#define CBX_VERIFY_FILE_MOST ((size_t)16 << 20)

/** Files of one option. */
struct cbx_verify_files {
	struct cbx_span *span; /* span[count]; each one's bytes are owned */
	size_t count;
};

/**
 * Read one more file, or standard input when it is "-".
 *
 * @param most  how many there may be
 * @param name  of the option, for what is said
 *
 * @return 0, or CBX_VERIFY_UNREAD after saying why
 */
int cbx_verify_files_add(struct cbx_verify_files *files, size_t most,
	const char *name, const char *path);

/** Free what was read; there are none then. */
void cbx_verify_files_free(struct cbx_verify_files *files);

#endif
