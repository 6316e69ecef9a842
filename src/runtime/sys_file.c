/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing open files. */
#include "file.h"
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

/* One piece of a vector; *total grows.  True when the next may follow. */
static bool move_piece(struct cbx_file *file, const struct lx_iovec *piece,
	uint64_t *at, move_fn *fn, int64_t *total)
{
	int64_t done;

	if (piece->bytes == 0) {
		return true;
	}
	done = cbx_user_valid(piece->base, piece->bytes)
		       ? fn(file, piece->base, piece->bytes, at)
		       : -LX_EFAULT;
	if (done < 0) {
		*total = *total == 0 ? done : *total;
		return false;
	}
	*total += done;
	if (at != NULL) {
		*at += (uint64_t)done;
	}
	return (uint64_t)done == piece->bytes;
}

static int64_t move_vector(const uint64_t *arg, uint64_t *at, move_fn *fn)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	int64_t total = 0;
	bool more = true;

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (arg[2] > LX_IOV_MAX || (at != NULL && (int64_t)*at < 0)) {
		return -LX_EINVAL;
	}
	if (fn == cbx_file_read ? !cbx_file_readable(file)
				: !cbx_file_writable(file)) {
		return -LX_EBADF;
	}
	for (uint64_t i = 0; i < arg[2] && more; i++) {
		struct lx_iovec piece;

		if (cbx_user_get(&piece, arg[1] + i * sizeof(piece),
			    sizeof(piece)) != 0) {
			return total == 0 ? -LX_EFAULT : total;
		}
		more = move_piece(file, &piece, at, fn, &total);
	}
	return total;
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

/* Nothing here has holes the program can see. */
static int64_t seek_data(const struct cbx_file *file, int64_t to, bool hole)
{
	int64_t size = (int64_t)file->node->data.size;

	if (to < 0 || to >= size) {
		return -LX_ENXIO;
	}
	return hole ? size : to;
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
	if (to == -LX_ENXIO && arg[2] >= LX_SEEK_DATA) {
		return to;
	}
	if (__builtin_add_overflow(from, to, &to) || to < 0) {
		return -LX_EINVAL;
	}
	file->position = (uint64_t)to;
	return to;
}

int64_t cbx_sys_fd_nothing(const uint64_t *arg)
{
	return cbx_fd_file((uint32_t)arg[0]) == NULL ? -LX_EBADF : 0;
}

/* A regular file open for writing. */
static int64_t writable_regular(uint64_t fd, struct cbx_node **node)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)fd);

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (!cbx_file_writable(file) || file->ops != &cbx_regular_ops) {
		return -LX_EINVAL;
	}
	*node = file->node;
	return 0;
}

static int64_t resize(struct cbx_node *node, uint64_t size)
{
	int64_t status = cbx_data_resize(&node->data, size);

	if (status == 0) {
		cbx_node_touch(node);
	}
	return status;
}

int64_t cbx_sys_ftruncate(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = writable_regular(arg[0], &node);

	if (status != 0) {
		return status;
	}
	return (int64_t)arg[1] < 0 ? -LX_EINVAL : resize(node, arg[1]);
}

int64_t cbx_sys_fallocate(const uint64_t *arg)
{
	struct cbx_node *node;
	int64_t status = writable_regular(arg[0], &node);
	int64_t end;

	if (status != 0) {
		return status == -LX_EINVAL ? -LX_EBADF : status;
	}
	if ((int64_t)arg[2] < 0 || (int64_t)arg[3] <= 0 ||
		__builtin_add_overflow(
			(int64_t)arg[2], (int64_t)arg[3], &end)) {
		return -LX_EINVAL;
	}
	if (arg[1] != 0) {
		return -LX_EOPNOTSUPP;
	}
	return (uint64_t)end <= node->data.size ? 0
						: resize(node, (uint64_t)end);
}
