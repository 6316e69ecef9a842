/* SPDX-License-Identifier: Apache-2.0 */
/* Files of confbox verify: small, and read whole. */
#ifndef CBX_TOOLS_VERIFY_FILE_H
#define CBX_TOOLS_VERIFY_FILE_H

#include <confbox/verify.h>

/** Most bytes of one file. */
#define CBX_VERIFY_FILE_MOST ((size_t)16 << 20)

/**
 * Read a file, or standard input when it is "-".
 *
 * @param[out] span  the caller frees it
 *
 * @return 0, or CBX_VERIFY_UNREAD after saying why
 */
int cbx_verify_file_read(const char *path, struct cbx_span *span);

/** Free what was read; the span is empty then. */
void cbx_verify_file_free(struct cbx_span *span);

#endif
