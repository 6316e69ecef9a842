/* SPDX-License-Identifier: Apache-2.0 */
/* Standard descriptors that may be closed. */
#ifndef CBX_TOOLS_STDIO_H
#define CBX_TOOLS_STDIO_H

/** Put /dev/null where a standard descriptor is closed, so that nothing else
 * lands there; remember which. Call it first. */
void cbx_stdio_guard(void);

/** @p fd, or -1 when it was closed. */
int cbx_stdio_fd(int fd);

#endif
