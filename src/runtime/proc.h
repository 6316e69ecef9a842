/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc: files whose content is written when they are opened, and links.
 */
#ifndef CBX_RUNTIME_PROC_H
#define CBX_RUNTIME_PROC_H

#include "file.h"
#include "lib.h"

/** Write what a /proc file says now; what does not fit is only counted. */
void cbx_proc_write(const struct cbx_node *node, struct cbx_text *text);

/** Take the content of a /proc file.
 * @retval -ENOMEM  and @p shot is empty */
CBX_MUST_CHECK int64_t cbx_proc_take(
	const struct cbx_node *node, struct cbx_data *shot);

/** Where a /proc link points; at most @p size bytes, no zero. */
uint64_t cbx_proc_link(const struct cbx_node *link, char *to, uint64_t size);

/** The link of an open descriptor, by its number as text; NULL when it is not
 * open or there is no memory. */
struct cbx_node *cbx_proc_fd_find(const char *name, uint64_t length);

/** The node a descriptor's link leads to; NULL when it was closed. */
struct cbx_node *cbx_proc_fd_node(const struct cbx_node *link);

#endif
