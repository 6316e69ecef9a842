/* SPDX-License-Identifier: Apache-2.0 */
/* Listing directories. */
#include "file.h"
#include "lib.h"
#include "linux.h"
#include "proc.h"
#include "syscall.h"
#include "user.h"

#define LIVE (1ull << 40) /* first position of names made when looked at */

/* A listing in progress: positions 1 and 2 are "." and "..", an entry's is its
 * cookie and two. */
struct listing {
	uint64_t va;
	uint64_t room;
	uint64_t used;
	uint64_t position;
	int64_t status;
	bool old; /* getdents: the type is the record's last byte */
};

/* Add one name; false when the listing is over. */
static bool put(struct listing *l, const char *name, uint64_t length,
	const struct cbx_node *node, uint64_t position)
{
	struct {
		struct lx_dirent head;
		char name[LX_NAME_MAX + 1];
		char pad[8];
	} __attribute__((packed)) record;
	uint64_t head = sizeof(record.head) - (l->old ? 1 : 0);
	uint64_t bytes = (head + length + (l->old ? 2 : 1) + 7) & ~7ull;
	uint8_t type = (uint8_t)(node->mode >> 12);

	if (bytes > l->room - l->used) {
		l->status = l->used == 0 ? -LX_EINVAL : 0;
		return false;
	}
	memset(&record, 0, sizeof(record));
	record.head.ino = node->ino;
	record.head.off = (int64_t)position;
	record.head.reclen = (uint16_t)bytes;
	record.head.type = type;
	memcpy((char *)&record + head, name, length);
	if (l->old) {
		((uint8_t *)&record)[head + length] = 0;
		((uint8_t *)&record)[bytes - 1] = type;
	}
	if (cbx_user_put(l->va + l->used, &record, bytes) != 0) {
		l->status = l->used == 0 ? -LX_EFAULT : 0;
		return false;
	}
	l->used += bytes;
	l->position = position;
	return true;
}

/* Names that are made when looked at come after the others. */
static bool put_live(struct listing *l, const struct cbx_node *dir)
{
	uint64_t after = l->position < LIVE ? 0 : l->position - LIVE;
	struct cbx_proc_name name = cbx_proc_next(dir, after);

	for (; name.key != 0; name = cbx_proc_next(dir, name.key)) {
		const struct cbx_node node = {
			.ino = cbx_proc_ino(dir, name.key),
			.mode = name.mode,
		};

		if (!put(l, name.name, name.length, &node, LIVE + name.key)) {
			return false;
		}
	}
	return true;
}

static bool put_entries(struct listing *l, const struct cbx_node *dir)
{
	const struct cbx_entry *entry = dir->dir.first;

	for (; entry != NULL; entry = entry->next) {
		if (entry->cookie + 2 > l->position &&
			!put(l, entry->name, entry->length, entry->node,
				entry->cookie + 2)) {
			return false;
		}
	}
	return true;
}

static int64_t list(const uint64_t *arg, bool old)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	struct listing l = {
		.va = arg[1], .room = (uint32_t)arg[2], .old = old
	};
	const struct cbx_node *dir;
	bool more;

	if (file == NULL) {
		return -LX_EBADF;
	}
	dir = file->node;
	if (file->ops != &cbx_directory_ops) {
		return -LX_ENOTDIR;
	}
	l.position = file->position;
	more = l.position >= 1 || put(&l, ".", 1, dir, 1);
	more = more &&
	       (l.position >= 2 || put(&l, "..", 2, dir->dir.parent, 2));
	more = more && (l.position >= LIVE || put_entries(&l, dir));
	if (more && cbx_proc_is_live(dir)) {
		put_live(&l, dir);
	}
	file->position = l.position;
	return l.status != 0 ? l.status : (int64_t)l.used;
}

int64_t cbx_sys_getdents64(const uint64_t *arg)
{
	return list(arg, false);
}

int64_t cbx_sys_getdents(const uint64_t *arg)
{
	return list(arg, true);
}
