/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc: files whose content is written when they are opened, links, and the
 * directories of processes, whose nodes are made when somebody looks.
 *
 * A made node stays for a while after it was last looked at (a ring of them
 * is kept), and as long as a file holds it.  It names its process by number:
 * when that is gone the node is empty.
 */
#ifndef CBX_RUNTIME_PROC_H
#define CBX_RUNTIME_PROC_H

#include "file.h"
#include "lib.h"

struct cbx_process;
struct cbx_task;

/* Nodes and names: proc_node.c */

/** Whether a directory has names that are made when looked at. */
bool cbx_proc_is_live(const struct cbx_node *dir);

/** The node such a name stands for; NULL when there is none, or no memory. */
struct cbx_node *cbx_proc_child(
	struct cbx_node *dir, const char *name, uint64_t length);

/** A name in a live directory. */
struct cbx_proc_name {
	uint64_t key; /* in order; 0: there is none */
	uint32_t mode;
	uint64_t length;
	char name[16];
};

/** The first name whose key is larger than @p after. */
struct cbx_proc_name cbx_proc_next(const struct cbx_node *dir, uint64_t after);

/** The name of a made node. */
struct cbx_proc_name cbx_proc_name_of(const struct cbx_node *node);

/** A number for stat that stays the same. */
uint64_t cbx_proc_ino(const struct cbx_node *dir, uint64_t key);

/** The process of a node; NULL when it is gone. */
struct cbx_process *cbx_proc_process(const struct cbx_node *node);

/** The task of a node: of /proc/PID the first one; NULL when it is gone. */
struct cbx_task *cbx_proc_task(const struct cbx_node *node);

/** Whether a link leads to a node, not to a path. */
static inline bool cbx_proc_is_jump(const struct cbx_node *link)
{
	return link->proc == CBX_PROC_FD || link->proc == CBX_PROC_CWD ||
	       link->proc == CBX_PROC_EXE || link->proc == CBX_PROC_ROOT;
}

/** The node such a link leads to; NULL when it is gone. */
struct cbx_node *cbx_proc_jump(const struct cbx_node *link);

/* Contents: proc.c, proc_text.c, proc_process.c, proc_maps.c */

/** Take the content of a /proc file.
 * @retval -ENOMEM  and @p shot is empty */
CBX_MUST_CHECK int64_t cbx_proc_take(
	const struct cbx_node *node, struct cbx_data *shot);

/** Where a /proc link points; at most @p size bytes, no zero. */
uint64_t cbx_proc_link(const struct cbx_node *link, char *to, uint64_t size);

/** What an open file is called: a path, or a kind and a number. */
uint64_t cbx_proc_file_name(
	const struct cbx_file *file, char *to, uint64_t size);

#define CBX_PROC_UUID_BYTES 37u /* with a line's end, no zero */

/** Write a random UUID.  @param text  text[CBX_PROC_UUID_BYTES] */
void cbx_proc_make_uuid(char *text);

/** Write what a /proc file says now; what does not fit is only counted. */
void cbx_proc_write(const struct cbx_node *node, struct cbx_text *text);

/** The same for the files of a process, which is there. */
void cbx_proc_write_process(const struct cbx_node *node, struct cbx_text *text);

/** maps, and with @p smaps what of each mapping is there. */
void cbx_proc_write_maps(
	const struct cbx_process *process, struct cbx_text *text, bool smaps);

/** Pages of a process's address space, and how many of them are there. */
void cbx_proc_pages(
	const struct cbx_process *process, uint64_t *all, uint64_t *present);

#endif
