/* SPDX-License-Identifier: Apache-2.0 */
/* Programs by name. */
#ifndef CBX_TOOLS_FIND_H
#define CBX_TOOLS_FIND_H

/**
 * Find a program: as it is if its name has a slash, else along PATH.
 *
 * @param[out] path  the caller frees it
 *
 * @return 0, or the exit status after saying that there is none
 */
int cbx_find_program(const char *name, char **path);

#endif
