/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a box of a program holds: the program, what it needs, its files.
 */
#ifndef CBX_CLIENT_CONTENT_H
#define CBX_CLIENT_CONTENT_H

#include <client/archive.h>

/**
 * Collect and pack it.
 *
 * @param      program  of which every field is in range
 * @param[out] path     of the program in the box; the caller frees it
 * @param[out] files    the caller frees its bytes
 *
 * @retval CBX_OK             packed
 * @retval CBX_E_INVALID      a file is missing, malformed or cannot go into a
 *                            box; the text names it
 * @retval CBX_E_UNSUPPORTED  the root is an archive, and this library was built
 *                            without them
 * @retval CBX_E_NOMEM        out of memory
 */
CBX_CHECKED enum cbx_status cbx_content_pack(const struct cbx_program *program,
	char **path, struct cbx_archive *files);

#endif
