/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files, and the table of descriptors.
 */
#ifndef CBX_RUNTIME_FILE_H
#define CBX_RUNTIME_FILE_H

#include "node.h"
#include "wait.h"

#define CBX_FD_MOST   0x100000u /* descriptors of one process */
#define CBX_FD_SELECT 1024u	/* that select can name */

struct cbx_epoll_item;
struct cbx_file;
struct cbx_iovec;

/**
 * What a kind of file can do.  Addresses may be the program's and may not be
 * mapped; results are bytes or a negative errno.  Reading and writing may
 * sleep; whoever changes what poll says wakes all of the queue.
 */
struct cbx_file_ops {
	/** NULL: cannot be read.  @p at is 0 for a stream */
	int64_t (*read)(struct cbx_file *file, uint64_t va, uint64_t bytes,
		uint64_t at);
	/** NULL: cannot be written */
	int64_t (*write)(struct cbx_file *file, uint64_t va, uint64_t bytes,
		uint64_t at);
	/** LX_POLL* that hold now; NULL: always ready both ways */
	uint32_t (*poll)(struct cbx_file *file);
	/** what is woken when poll's answer changes; NULL: never */
	struct cbx_wait_queue *(*queue)(struct cbx_file *file);
	/** bytes that can be read at once; NULL: not known */
	uint64_t (*available)(const struct cbx_file *file);
	/** the last descriptor is gone; NULL: nothing to do */
	void (*close)(struct cbx_file *file);
	/** a whole vector at once, for what keeps the borders of messages;
	 * NULL: piece by piece */
	int64_t (*vector)(
		struct cbx_file *file, struct cbx_iovec *vector, bool write);
	/** what /proc/PID/fd calls it; NULL: by its node */
	const char *name;
	bool seekable; /* has a position */
	bool still;    /* which is 0 whatever it is moved to */
};

/** An open file description. */
struct cbx_file {
	const struct cbx_file_ops *ops;
	struct cbx_node *node; /* holds a reference */
	uint64_t position;
	uint32_t flags; /* LX_O_*: access mode and status */
	uint32_t refs;
	void *own; /* anonymous.h: what the operations work on */
	struct cbx_epoll_item *watchers; /* epoll.h: of sets it is in */
	struct cbx_data shot; /* PROC: the content when it was opened */
};

extern const struct cbx_file_ops cbx_regular_ops;
extern const struct cbx_file_ops cbx_directory_ops;
extern const struct cbx_file_ops cbx_shot_ops;
extern const struct cbx_file_ops cbx_pipe_ops;
extern const struct cbx_file_ops cbx_channel_ops;
extern const struct cbx_file_ops cbx_path_ops; /* O_PATH */

/** The operations of a character device; NULL when it cannot be opened. */
const struct cbx_file_ops *cbx_device_ops(uint8_t device);

/**
 * Open a node.
 *
 * @param[out] file  with one reference; untouched on failure
 *
 * @retval -ENOMEM, -EISDIR, -ENXIO as open(2)
 */
CBX_MUST_CHECK int64_t cbx_file_open(
	struct cbx_node *node, uint32_t flags, struct cbx_file **file);

/** One more descriptor stands for the file. */
void cbx_file_hold(struct cbx_file *file);

/** One less; the file is closed after the last. */
void cbx_file_drop(struct cbx_file *file);

static inline bool cbx_file_readable(const struct cbx_file *file)
{
	return (file->flags & 3u) != 1u && file->ops->read != NULL;
}

static inline bool cbx_file_writable(const struct cbx_file *file)
{
	return (file->flags & 3u) != 0u && file->ops->write != NULL;
}

/**
 * Read or write at the file's position, or at @p *at when not NULL.  It may
 * sleep; the file stays open meanwhile.
 *
 * @retval -EBADF   not open for that
 * @retval -ESPIPE  @p at with a stream
 */
int64_t cbx_file_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, const uint64_t *at);
int64_t cbx_file_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, const uint64_t *at);

struct cbx_fd {
	struct cbx_file *file; /* NULL: not open */
	bool close_on_exec;
};

/** What one or more processes' descriptors stand for.  Its address is also
 * who has their record locks. */
struct cbx_fd_table {
	struct cbx_fd *entry; /* entry[capacity] */
	uint64_t capacity;
	uint64_t free; /* none below it is free */
	uint32_t refs; /* processes */
};

/** A copy with one reference, every file held; NULL when there is no
 * memory. */
struct cbx_fd_table *cbx_fd_table_copy(const struct cbx_fd_table *table);

/** One process less; the last one closes everything. */
void cbx_fd_table_drop(struct cbx_fd_table *table);

/** Whether a file may have a size: by its seals, and by the process's limit.
 * @retval 0, -EPERM
 * @retval -EFBIG  and SIGXFSZ is raised */
CBX_MUST_CHECK int64_t cbx_file_may_resize(
	const struct cbx_node *node, uint64_t size);

/** The file a descriptor of a table stands for; NULL when it is not open. */
struct cbx_file *cbx_fd_file_of(const struct cbx_fd_table *table, uint64_t fd);

/* Descriptors of the running process: */

/** The file a descriptor stands for; NULL when it is not open. */
struct cbx_file *cbx_fd_file(uint64_t fd);

/** One more than the largest descriptor it may have from now on. */
uint64_t cbx_fd_limit(void);

/** Whether there is room for one more descriptor. */
bool cbx_fd_spare(void);

/** Give a file the lowest descriptor from @p lowest on; the file's reference
 * becomes the descriptor's.  @retval -EMFILE  and the reference is kept */
CBX_MUST_CHECK int64_t cbx_fd_add(
	struct cbx_file *file, uint64_t lowest, bool close_on_exec);

/** Make @p fd stand for a file, whose reference becomes the descriptor's;
 * what it stood for is closed.
 * @retval 0
 * @retval -EBADF   not below the limit; the reference is kept
 * @retval -ENOMEM  as well */
CBX_MUST_CHECK int64_t cbx_fd_set(
	uint64_t fd, struct cbx_file *file, bool close_on_exec);

/** Another descriptor from @p lowest on for a descriptor's file.
 * @retval -EBADF, -EMFILE */
int64_t cbx_fd_duplicate(uint64_t fd, uint64_t lowest, bool close_on_exec);

/** @retval -EBADF */
int64_t cbx_fd_close(uint64_t fd);

/** Close what is marked for it. */
void cbx_fd_close_on_exec(void);

/** Whether a descriptor is closed at execve. */
bool cbx_fd_marked(uint64_t fd);

/** Say whether it is.  @pre fd is open */
void cbx_fd_mark(uint64_t fd, bool close_on_exec);

#endif
