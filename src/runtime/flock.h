/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File locks: record locks of processes (fcntl; a process
 * is known by its table of descriptors), of open files (OFD), and
 * whole-file locks of open files (flock).  Real, and waited for.
 */
#ifndef CBX_RUNTIME_FLOCK_H
#define CBX_RUNTIME_FLOCK_H

#include "file.h"
#include "range.h"
#include "wait.h"

/** The locks on one node; of the heap, from its first lock on. */
struct cbx_flock {
	struct cbx_range *records; /* fcntl's, of both kinds */
	struct cbx_range *whole;   /* flock's */
	struct cbx_wait_queue queue;
};

/** fcntl's lock commands.  @pre the command is one */
int64_t cbx_flock_fcntl(struct cbx_file *file, uint64_t command, uint64_t va);

/** Whether an fcntl command is about record locks. */
bool cbx_flock_is_command(uint64_t command);

/** A descriptor of a node was closed: the record locks of its table go. */
void cbx_flock_table_close(
	struct cbx_node *node, const struct cbx_fd_table *table);

/** An open file was closed for good: its locks go. */
void cbx_flock_file_close(const struct cbx_file *file);

/** A node is freed. */
void cbx_flock_free(struct cbx_node *node);

#endif
