/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders that belong to a language's interpreter, as python3's own library.
 */
#ifndef CBX_CLIENT_COMPANION_H
#define CBX_CLIENT_COMPANION_H

#include <client/tree.h>

/**
 * Add the folders that go with a program, if it is one of those known.
 *
 * @param path  of the program
 *
 * @retval CBX_OK         added, or there are none
 * @retval CBX_E_INVALID  one of them cannot be read
 * @retval CBX_E_NOMEM    out of memory
 */
CBX_CHECKED enum cbx_status cbx_companions_add(
	struct cbx_tree *tree, const char *path);

#endif
