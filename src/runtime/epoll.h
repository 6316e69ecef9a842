/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Epoll sets: files that are watched, and those of them that may be ready.
 *
 * Each item listens to its file's wait queue (wait.h); so what is ready is
 * known without asking the others.
 */
#ifndef CBX_RUNTIME_EPOLL_H
#define CBX_RUNTIME_EPOLL_H

#include "file.h"

#define LX_EPOLLEXCLUSIVE (1u << 28)
#define LX_EPOLLWAKEUP	  (1u << 29)
#define LX_EPOLLONESHOT	  (1u << 30)
#define LX_EPOLLET	  (1u << 31)

struct lx_epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));
CBX_SIZE(12, lx_epoll_event);

struct cbx_epoll;

/** Operations of a file whose own is a set. */
extern const struct cbx_file_ops cbx_epoll_ops;

/** A descriptor of a new, empty set, as cbx_anonymous_open. */
CBX_MUST_CHECK int64_t cbx_epoll_create(uint32_t flags);

/** Add, change, remove what is watched of a descriptor's file.
 * @retval -EEXIST, -ENOENT, -ENOMEM, -EPERM, -ELOOP, -EINVAL  as epoll_ctl */
int64_t cbx_epoll_add(struct cbx_epoll *set, struct cbx_file *file, int32_t fd,
	const struct lx_epoll_event *event);
int64_t cbx_epoll_change(struct cbx_epoll *set, struct cbx_file *file,
	int32_t fd, const struct lx_epoll_event *event);
int64_t cbx_epoll_remove(
	struct cbx_epoll *set, struct cbx_file *file, int32_t fd);

/**
 * Write events that hold to a program's memory.
 *
 * @return how many; 0 when there are none
 * @retval -EFAULT
 */
int64_t cbx_epoll_take(struct cbx_epoll *set, uint64_t va, uint64_t most);

/** What is woken, one task at a time, when something may be ready. */
struct cbx_wait_queue *cbx_epoll_sleepers(struct cbx_epoll *set);

/** The last descriptor of a file is gone: no set watches it any more. */
void cbx_epoll_forget(struct cbx_file *file);

#endif
