/* SPDX-License-Identifier: Apache-2.0 */
/* A service's socket, as confbox send uses it. */
#ifndef CBX_TOOLS_SEND_SOCKET_H
#define CBX_TOOLS_SEND_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

/** Whether it is meant as an address: HOST:PORT, or a socket that is there. */
bool cbx_send_is_address(const char *to);

/**
 * Connect to HOST:PORT or to the path of a socket.
 *
 * @return the descriptor, which the caller closes; -1 after saying why not
 */
int cbx_send_connect(const char *to);

/** Read exactly so many bytes.  @return false: there are fewer; errno is 0, or
 * says why */
bool cbx_send_read(int fd, void *bytes, size_t size);

/** Write all.  @return false, errno set */
bool cbx_send_write(int fd, const void *bytes, size_t size);

#endif
