/* SPDX-License-Identifier: Apache-2.0 */
/* Standard descriptors that may be closed. */
#ifndef CBX_TOOLS_DESCRIPTOR_H
#define CBX_TOOLS_DESCRIPTOR_H

/** Put /dev/null where a standard descriptor is closed, so that nothing else
 * lands there; remember which. Call it first. */
void cbx_descriptor_guard(void);

/** @p fd, or -1 when it was closed. */
int cbx_descriptor_fd(int fd);

#endif
