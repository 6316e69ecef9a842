/* SPDX-License-Identifier: Apache-2.0 */
#include "epoll.h"

#include "anonymous.h"
#include "heap.h"
#include "linux.h"
#include "user.h"

#define BUCKETS	  64u /* a power of two */
#define DEPTH_MAX 5   /* sets in sets */
#define OPTIONS \
	(LX_EPOLLEXCLUSIVE | LX_EPOLLWAKEUP | LX_EPOLLONESHOT | LX_EPOLLET)

/** A file that a set watches. */
struct cbx_epoll_item {
	struct cbx_waiter waiter; /* first */
	struct cbx_epoll *set;
	struct cbx_file *file;
	int32_t fd;
	uint32_t events; /* only options: nothing, until it is changed */
	uint64_t data;
	struct cbx_epoll_item *hash_next;
	struct cbx_epoll_item *file_next;	/* of the same file */
	struct cbx_epoll_item *next, *previous; /* that may be ready */
	bool ready;
};

struct cbx_epoll {
	struct cbx_wait_queue sleepers;
	struct cbx_wait_queue queue;	     /* of who polls the set */
	struct cbx_epoll_item *first, *last; /* that may be ready */
	struct cbx_epoll_item *bucket[BUCKETS];
};

/* ---- the list of what may be ready ---- */

static void put_ready(struct cbx_epoll_item *item)
{
	struct cbx_epoll *set = item->set;

	if (item->ready) {
		return;
	}
	item->ready = true;
	item->next = NULL;
	item->previous = set->last;
	if (set->last != NULL) {
		set->last->next = item;
	} else {
		set->first = item;
	}
	set->last = item;
}

static void take_ready(struct cbx_epoll_item *item)
{
	struct cbx_epoll *set = item->set;

	if (!item->ready) {
		return;
	}
	item->ready = false;
	if (item->previous != NULL) {
		item->previous->next = item->next;
	} else {
		set->first = item->next;
	}
	if (item->next != NULL) {
		item->next->previous = item->previous;
	} else {
		set->last = item->previous;
	}
}

static void announce(struct cbx_epoll *set)
{
	cbx_wait_wake(&set->sleepers, 1);
	cbx_wait_wake_for(&set->queue, UINT64_MAX, LX_POLLIN);
}

/* What holds now of what is asked for. */
static uint32_t now(const struct cbx_epoll_item *item)
{
	uint32_t asked = item->events & ~OPTIONS;
	uint32_t all = LX_POLLIN | LX_POLLOUT | LX_POLLRDNORM | LX_POLLWRNORM;

	if (asked == 0) {
		return 0;
	}
	if (item->file->ops->poll != NULL) {
		all = item->file->ops->poll(item->file);
	}
	return all & (asked | LX_POLLERR | LX_POLLHUP);
}

/* The file's queue was woken. */
static void hear(struct cbx_waiter *waiter, uint32_t events)
{
	struct cbx_epoll_item *item = (struct cbx_epoll_item *)(void *)waiter;
	uint32_t asked = item->events & ~OPTIONS;

	if (asked != 0 && (events & (asked | LX_POLLERR | LX_POLLHUP)) != 0) {
		put_ready(item);
		announce(item->set);
	}
}
CBX_AT(0, sizeof(struct cbx_waiter), cbx_epoll_item, waiter);

/* ---- items ---- */

static struct cbx_epoll_item **bucket_of(struct cbx_epoll *set, int32_t fd)
{
	return &set->bucket[(uint32_t)fd & (BUCKETS - 1)];
}

static struct cbx_epoll_item *find(
	struct cbx_epoll *set, const struct cbx_file *file, int32_t fd)
{
	struct cbx_epoll_item *item = *bucket_of(set, fd);

	while (item != NULL && (item->fd != fd || item->file != file)) {
		item = item->hash_next;
	}
	return item;
}

static void drop(struct cbx_epoll_item *item)
{
	struct cbx_epoll_item **at = bucket_of(item->set, item->fd);
	struct cbx_epoll_item **of_file = &item->file->watchers;

	while (*at != item) {
		at = &(*at)->hash_next;
	}
	*at = item->hash_next;
	while (*of_file != item) {
		of_file = &(*of_file)->file_next;
	}
	*of_file = item->file_next;
	take_ready(item);
	cbx_wait_remove(&item->waiter);
	cbx_heap_give(item, sizeof(*item));
}

void cbx_epoll_forget(struct cbx_file *file)
{
	while (file->watchers != NULL) {
		drop(file->watchers);
	}
}

/* How deep sets lie in a set; more than DEPTH_MAX when @p other is one of
 * them. */
static int depth_of(struct cbx_epoll *set, const struct cbx_epoll *other)
{
	int depth = 0;

	if (set == other) {
		return DEPTH_MAX + 1;
	}
	for (uint32_t i = 0; i < BUCKETS; i++) {
		const struct cbx_epoll_item *item = set->bucket[i];

		for (; item != NULL && depth <= DEPTH_MAX;
			item = item->hash_next) {
			int below = item->file->ops == &cbx_epoll_ops
					    ? depth_of(item->file->own, other)
					    : -1;

			depth = below + 1 > depth ? below + 1 : depth;
		}
	}
	return depth;
}

static int64_t check_file(const struct cbx_epoll *set,
	const struct cbx_file *file, uint32_t events)
{
	bool nested = file->ops == &cbx_epoll_ops;

	if (file->ops->poll == NULL && file->ops != &cbx_channel_ops) {
		return -LX_EPERM;
	}
	if ((events & LX_EPOLLEXCLUSIVE) != 0 &&
		(nested || (events & LX_EPOLLONESHOT) != 0)) {
		return -LX_EINVAL;
	}
	if (nested && depth_of(file->own, set) >= DEPTH_MAX) {
		return -LX_ELOOP;
	}
	return 0;
}

/* It may be ready already. */
static void look(struct cbx_epoll_item *item)
{
	if (now(item) != 0) {
		put_ready(item);
		announce(item->set);
	}
}

int64_t cbx_epoll_add(struct cbx_epoll *set, struct cbx_file *file, int32_t fd,
	const struct lx_epoll_event *event)
{
	int64_t status = check_file(set, file, event->events);
	struct cbx_epoll_item *item;

	if (status != 0) {
		return status;
	}
	if (find(set, file, fd) != NULL) {
		return -LX_EEXIST;
	}
	item = cbx_heap_take_zero(sizeof(*item));
	if (item == NULL) {
		return -LX_ENOMEM;
	}
	item->set = set;
	item->file = file;
	item->fd = fd;
	item->events = event->events;
	item->data = event->data;
	item->hash_next = *bucket_of(set, fd);
	*bucket_of(set, fd) = item;
	item->file_next = file->watchers;
	file->watchers = item;
	if (file->ops->queue != NULL) {
		cbx_wait_listen(&item->waiter, file->ops->queue(file), hear);
	}
	look(item);
	return 0;
}

int64_t cbx_epoll_change(struct cbx_epoll *set, struct cbx_file *file,
	int32_t fd, const struct lx_epoll_event *event)
{
	struct cbx_epoll_item *item = find(set, file, fd);

	if (item == NULL) {
		return -LX_ENOENT;
	}
	if (((event->events | item->events) & LX_EPOLLEXCLUSIVE) != 0) {
		return -LX_EINVAL;
	}
	item->events = event->events;
	item->data = event->data;
	look(item);
	return 0;
}

int64_t cbx_epoll_remove(
	struct cbx_epoll *set, struct cbx_file *file, int32_t fd)
{
	struct cbx_epoll_item *item = find(set, file, fd);

	if (item == NULL) {
		return -LX_ENOENT;
	}
	drop(item);
	return 0;
}

/* ---- taking ---- */

/* One item that was on the list, and is not now. */
static int64_t report(struct cbx_epoll_item *item, uint64_t va)
{
	const struct lx_epoll_event event = {
		.events = now(item),
		.data = item->data,
	};

	if (event.events == 0) {
		return 0;
	}
	if (cbx_user_put(va, &event, sizeof(event)) != 0) {
		put_ready(item);
		return -LX_EFAULT;
	}
	if ((item->events & LX_EPOLLONESHOT) != 0) {
		item->events &= OPTIONS;
	} else if ((item->events & LX_EPOLLET) == 0) {
		put_ready(item);
	}
	return 1;
}

int64_t cbx_epoll_take(struct cbx_epoll *set, uint64_t va, uint64_t most)
{
	struct cbx_epoll_item *end = set->last;
	uint64_t done = 0;
	bool over = end == NULL;
	int64_t status = 0;

	while (!over && done < most && status >= 0) {
		struct cbx_epoll_item *item = set->first;

		over = item == end;
		take_ready(item);
		status =
			report(item, va + done * sizeof(struct lx_epoll_event));
		done += status > 0 ? 1 : 0;
	}
	if (done != 0 && set->first != NULL) {
		cbx_wait_wake(&set->sleepers, 1);
	}
	return done != 0 || status >= 0 ? (int64_t)done : status;
}

struct cbx_wait_queue *cbx_epoll_sleepers(struct cbx_epoll *set)
{
	return &set->sleepers;
}

/* ---- a set as a file ---- */

static uint32_t epoll_poll(struct cbx_file *file)
{
	const struct cbx_epoll *set = file->own;
	struct cbx_epoll_item *item = set->first;

	while (item != NULL && now(item) == 0) {
		struct cbx_epoll_item *next = item->next;

		take_ready(item);
		item = next;
	}
	return item != NULL ? LX_POLLIN | LX_POLLRDNORM : 0;
}

static struct cbx_wait_queue *epoll_queue(struct cbx_file *file)
{
	return &((struct cbx_epoll *)file->own)->queue;
}

static void epoll_close(struct cbx_file *file)
{
	struct cbx_epoll *set = file->own;

	for (uint32_t i = 0; i < BUCKETS; i++) {
		while (set->bucket[i] != NULL) {
			drop(set->bucket[i]);
		}
	}
	cbx_heap_give(set, sizeof(*set));
}

const struct cbx_file_ops cbx_epoll_ops = {
	.poll = epoll_poll,
	.queue = epoll_queue,
	.close = epoll_close,
	.name = "anon_inode:[eventpoll]",
};

int64_t cbx_epoll_create(uint32_t flags)
{
	struct cbx_epoll *set = cbx_heap_take_zero(sizeof(*set));

	return cbx_anonymous_open(&cbx_epoll_ops, set, sizeof(*set), flags);
}
