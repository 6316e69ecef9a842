/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where gdb meets a box.
 */
#ifndef CBX_TOOLS_GDB_H
#define CBX_TOOLS_GDB_H

/**
 * Wait for a debugger.
 *
 * @param      where  a path, with a slash in it; a port of 127.0.0.1; "" for
 *                    one that is free
 * @param[out] fd     the connection; the caller closes it
 *
 * @return 0, or the exit status after saying what is wrong
 */
int cbx_gdb_accept(const char *where, int *fd);

#endif
