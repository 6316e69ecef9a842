/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the file system is made of: nodes (files, directories, links, devices)
 * and the entries that name them.
 */
#ifndef CBX_RUNTIME_NODE_H
#define CBX_RUNTIME_NODE_H

#include "data.h"

/** Nodes whose content is made when it is looked at.  proc.def has those of a
 * process. */
enum cbx_proc {
	CBX_PROC_NONE,
#define X(KIND, name, mode, where) CBX_PROC_##KIND,
#include "proc.def"
#undef X
	CBX_PROC_CPUINFO,
	CBX_PROC_FILESYSTEMS,
	CBX_PROC_LOADAVG,
	CBX_PROC_MEMINFO,
	CBX_PROC_STAT,
	CBX_PROC_UPTIME,
	CBX_PROC_UUID,
	CBX_PROC_VERSION,
	CBX_PROC_SELF,	      /* a link */
	CBX_PROC_THREAD_SELF, /* a link */
	CBX_PROC_TOP,	      /* /proc */
	CBX_PROC_PID,	      /* /proc/PID */
	CBX_PROC_TID,	      /* /proc/PID/task/TID */
	CBX_PROC_FD,	      /* a link in fd */
	CBX_PROC_FDINFO,      /* a file in fdinfo */
};

/** What a character device or a stream is. */
enum cbx_device {
	CBX_DEVICE_NONE,
	CBX_DEVICE_NULL,
	CBX_DEVICE_ZERO,
	CBX_DEVICE_FULL,
	CBX_DEVICE_RANDOM,
	CBX_DEVICE_URANDOM,
	CBX_DEVICE_TTY,
	CBX_DEVICE_TEMPLATE,
	CBX_DEVICE_KEY,
	CBX_DEVICE_COUNTER,
	CBX_DEVICE_CHANNEL, /* index is the port */
	CBX_DEVICE_PIPE,
	CBX_DEVICE_SOCKET,
	CBX_DEVICE_HOST, /* index is the host's handle of a regular file */
};

struct cbx_node;
struct cbx_flock;
struct cbx_host_name;
struct cbx_pipe;
struct cbx_socket;

/** A name in a directory. */
struct cbx_entry {
	struct cbx_entry *hash_next;
	struct cbx_entry *next; /* in the directory, in order of cookie */
	struct cbx_entry *previous;
	struct cbx_node *dir;
	struct cbx_node *node;
	uint64_t cookie;
	uint32_t hash;
	uint16_t length;
	char name[];
};

struct cbx_dir {
	struct cbx_node *parent; /* itself for the root */
	struct cbx_entry *first;
	struct cbx_entry *last;
	uint64_t cookie; /* of the last entry made */
};

struct cbx_link {
	char *target;
	uint64_t length;
};

struct cbx_node {
	uint64_t ino;
	uint32_t mode; /* LX_S_IF* | permissions */
	uint32_t uid;
	uint32_t gid;
	uint32_t links;
	uint32_t refs;	/* open files and working directories */
	uint8_t proc;	/* enum cbx_proc */
	uint8_t device; /* enum cbx_device */
	uint8_t seals;	/* of a memfd: LX_F_SEAL_* */
	bool linkable;	/* without a name, but may get one: O_TMPFILE */
	bool memfd;	/* a file of memfd_create, which has seals */
	char *label;	/* the path of its last name, which is gone; or NULL */
	uint32_t index; /* CHANNEL: port; of /proc: descriptor or place */
	uint32_t pid;	/* of /proc: whose; 0 for the machine's */
	uint32_t tid;
	int64_t atime_ns, mtime_ns, ctime_ns; /* since 1970 */
	struct cbx_flock *locks;	      /* NULL: never locked */
	struct cbx_entry *entry; /* one of its names; NULL when it has none */
	struct cbx_host_name *host; /* of a directory of the host's */
	struct cbx_node *above;	    /* of a made node of /proc: a reference */
	union {
		struct cbx_data data; /* a regular file's */
		struct cbx_dir dir;
		struct cbx_link link;
		struct cbx_pipe *pipe;
		struct cbx_socket *socket; /* NULL: closed */
	};
};

static inline bool cbx_node_is(const struct cbx_node *node, uint32_t type)
{
	return (node->mode & 0170000u) == type;
}

/** A new node nobody names, times @p now; NULL when there is no memory. */
struct cbx_node *cbx_node_create(uint32_t mode, int64_t now);

/** Its content changed just now. */
void cbx_node_touch(struct cbx_node *node);

/** Hold and drop a reference; a node without links and references is
 * freed. */
void cbx_node_hold(struct cbx_node *node);
void cbx_node_drop(struct cbx_node *node);

/** The entry @p name of a directory, other than "." and ".."; NULL when there
 * is none. */
struct cbx_entry *cbx_entry_find(
	const struct cbx_node *dir, const char *name, uint64_t length);

/**
 * Name a node in a directory.
 *
 * @param length  1 to LX_NAME_MAX
 *
 * @pre there is no such name in it
 * @retval 0        the node has one link more, and a directory its parent
 * @retval -ENOSPC  no memory
 */
CBX_MUST_CHECK int64_t cbx_entry_add(struct cbx_node *dir, const char *name,
	uint64_t length, struct cbx_node *node);

/** Take a name away; the node may be freed. */
void cbx_entry_remove(struct cbx_entry *entry);

/** Let two names stand for each other's nodes. */
void cbx_entry_exchange(struct cbx_entry *a, struct cbx_entry *b);

/** Whether @p node is @p dir or lies below it. */
bool cbx_node_below(const struct cbx_node *node, const struct cbx_node *dir);

#endif
