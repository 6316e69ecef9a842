/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing open files. */
#include "file.h"
#include "iovec.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "user.h"

typedef int64_t move_fn(
	struct cbx_file *file, uint64_t va, uint64_t bytes, const uint64_t *at);

static int64_t move(const uint64_t *arg, const uint64_t *at, move_fn *fn)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (!cbx_user_valid(arg[1], cbx_min(arg[2], LX_RW_MAX))) {
		return -LX_EFAULT;
	}
	if (at != NULL && (int64_t)*at < 0) {
		return -LX_EINVAL;
	}
	return fn(file, arg[1], arg[2], at);
}

int64_t cbx_sys_read(const uint64_t *arg)
{
	return move(arg, NULL, cbx_file_read);
}

int64_t cbx_sys_write(const uint64_t *arg)
{
	return move(arg, NULL, cbx_file_write);
}

int64_t cbx_sys_pread64(const uint64_t *arg)
{
	return move(arg, &arg[3], cbx_file_read);
}

int64_t cbx_sys_pwrite64(const uint64_t *arg)
{
	return move(arg, &arg[3], cbx_file_write);
}

/* Whether the next piece of a vector would have to wait; a stream gives what
 * it has. */
static bool would_wait(struct cbx_file *file, move_fn *fn)
{
	return fn == cbx_file_read && !file->ops->seekable &&
	       file->ops->poll != NULL &&
	       (file->ops->poll(file) & LX_POLLIN) == 0;
}

/* Move one range after the other. */
static int64_t move_pieces(struct cbx_file *file,
	const struct cbx_iovec *vector, uint64_t *at, move_fn *fn)
{
	uint64_t total = 0;

	for (uint64_t i = 0; i < vector->count; i++) {
		const struct lx_iovec *piece = &vector->at[i];
		int64_t done;

		if (piece->bytes == 0) {
			continue;
		}
		if (total != 0 && would_wait(file, fn)) {
			break;
		}
		done = fn(file, piece->base, piece->bytes, at);
		if (done < 0) {
			return total == 0 ? done : (int64_t)total;
		}
		total += (uint64_t)done;
		if (at != NULL) {
			*at += (uint64_t)done;
		}
		if ((uint64_t)done < piece->bytes) {
			break;
		}
	}
	return (int64_t)total;
}

static int64_t move_vector(const uint64_t *arg, uint64_t *at, move_fn *fn)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	bool write = fn == cbx_file_write;
	struct cbx_iovec vector;
	int64_t done;

	if (file == NULL ||
		(write ? !cbx_file_writable(file) : !cbx_file_readable(file))) {
		return -LX_EBADF;
	}
	if (at != NULL && (int64_t)*at < 0) {
		return -LX_EINVAL;
	}
	done = cbx_iovec_get(&vector, arg[1], arg[2]);
	if (done != 0) {
		return done;
	}
	cbx_file_hold(file);
	if (file->ops->vector == NULL) {
		done = move_pieces(file, &vector, at, fn);
	} else {
		done = at != NULL ? -LX_ESPIPE
				  : file->ops->vector(file, &vector, write);
	}
	cbx_file_drop(file);
	cbx_iovec_drop(&vector);
	return done;
}

int64_t cbx_sys_readv(const uint64_t *arg)
{
	return move_vector(arg, NULL, cbx_file_read);
}

int64_t cbx_sys_writev(const uint64_t *arg)
{
	return move_vector(arg, NULL, cbx_file_write);
}

int64_t cbx_sys_preadv(const uint64_t *arg)
{
	uint64_t at = arg[3];

	return move_vector(arg, &at, cbx_file_read);
}

int64_t cbx_sys_pwritev(const uint64_t *arg)
{
	uint64_t at = arg[3];

	return move_vector(arg, &at, cbx_file_write);
}

/* The calls with flags: nothing here waits for a device, so all but APPEND
 * and NOWAIT ask for what is so. */
static int64_t move_flagged(const uint64_t *arg, move_fn *fn)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	uint64_t known = LX_RWF_HIPRI | LX_RWF_DSYNC | LX_RWF_SYNC |
			 LX_RWF_NOWAIT | LX_RWF_APPEND;
	uint64_t at = arg[3];
	uint32_t flags;
	int64_t done;

	if (file == NULL) {
		return -LX_EBADF;
	}
	if ((arg[5] & ~known) != 0) {
		return -LX_EOPNOTSUPP;
	}
	flags = file->flags;
	if ((arg[5] & LX_RWF_NOWAIT) != 0) {
		file->flags |= LX_O_NONBLOCK;
	}
	if ((arg[5] & LX_RWF_APPEND) != 0 && fn == cbx_file_write) {
		file->flags |= LX_O_APPEND;
	}
	cbx_file_hold(file);
	done = move_vector(arg, arg[3] == UINT64_MAX ? NULL : &at, fn);
	file->flags = flags;
	cbx_file_drop(file);
	return done;
}

int64_t cbx_sys_preadv2(const uint64_t *arg)
{
	return move_flagged(arg, cbx_file_read);
}

int64_t cbx_sys_pwritev2(const uint64_t *arg)
{
	return move_flagged(arg, cbx_file_write);
}

static int64_t seek_data(const struct cbx_file *file, int64_t to, bool hole)
{
	const struct cbx_data *data = &file->node->data;
	uint64_t found;

	if (file->ops != &cbx_regular_ops) {
		return -LX_EINVAL;
	}
	if (to < 0 || (uint64_t)to >= data->size) {
		return -LX_ENXIO;
	}
	found = cbx_data_next(data, (uint64_t)to, hole);
	return !hole && found == data->size ? -LX_ENXIO : (int64_t)found;
}

int64_t cbx_sys_lseek(const uint64_t *arg)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	int64_t to = (int64_t)arg[1];
	int64_t from = 0;

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (!file->ops->seekable) {
		return file->ops == &cbx_path_ops ? -LX_EBADF : -LX_ESPIPE;
	}
	if (file->ops->still && arg[2] <= LX_SEEK_HOLE) {
		return 0;
	}
	if (arg[2] == LX_SEEK_CUR) {
		from = (int64_t)file->position;
	} else if (arg[2] == LX_SEEK_END) {
		from = cbx_node_is(file->node, LX_S_IFREG)
			       ? (int64_t)file->node->data.size
			       : 0;
	} else if (arg[2] == LX_SEEK_DATA || arg[2] == LX_SEEK_HOLE) {
		to = seek_data(file, to, arg[2] == LX_SEEK_HOLE);
	} else if (arg[2] != LX_SEEK_SET) {
		return -LX_EINVAL;
	}
	if (arg[2] >= LX_SEEK_DATA && to < 0) {
		return to;
	}
	if (__builtin_add_overflow(from, to, &to) || to < 0) {
		return -LX_EINVAL;
	}
	file->position = (uint64_t)to;
	return to;
}
