/* SPDX-License-Identifier: Apache-2.0 */
/* Programs by name. */
#ifndef CBX_TOOLS_FIND_H
#define CBX_TOOLS_FIND_H

#include <stdbool.h>

/**
 * Find a program: as it is if its name has a slash, else along PATH.
 *
 * @param[out] path  the caller frees it
 *
 * @return 0, or the exit status after saying that there is none
 */
int cbx_find_program(const char *name, char **path);

/** Whether a word that could be an image is a program's: it begins as one, or
 * has no slash and is in PATH. */
bool cbx_find_is_program(const char *name);

/** Whether a file begins as an image does. */
bool cbx_find_is_image(const char *name);

#endif
