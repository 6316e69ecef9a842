/* SPDX-License-Identifier: Apache-2.0 */
/* Copying from file to file. */
#include "file.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "user.h"

/* A copy between two files; positions are the files' own when NULL. */
struct copy {
	struct cbx_file *from;
	struct cbx_file *to;
	uint64_t *from_at;
	uint64_t *to_at;
};

/* Write up to @p bytes of a regular file without a buffer between. */
static int64_t copy_some(const struct copy *copy, uint64_t bytes)
{
	const struct cbx_data *data = &copy->from->node->data;
	uint64_t at =
		copy->from_at != NULL ? *copy->from_at : copy->from->position;
	const uint8_t *in;
	uint64_t part;
	int64_t done;

	if (at >= data->size) {
		return 0;
	}
	part = cbx_min(bytes, cbx_data_peek(data, at, &in));
	done = cbx_file_write(copy->to, (uint64_t)in, part, copy->to_at);
	if (done <= 0) {
		return done;
	}
	if (copy->from_at != NULL) {
		*copy->from_at += (uint64_t)done;
	} else {
		copy->from->position += (uint64_t)done;
	}
	if (copy->to_at != NULL) {
		*copy->to_at += (uint64_t)done;
	}
	return done;
}

static int64_t copy_all(const struct copy *copy, uint64_t bytes)
{
	uint64_t done = 0;

	bytes = cbx_min(bytes, LX_RW_MAX);
	while (done < bytes) {
		int64_t part = copy_some(copy, bytes - done);

		if (part < 0 && done == 0) {
			return part;
		}
		if (part <= 0) {
			break;
		}
		done += (uint64_t)part;
	}
	return (int64_t)done;
}

static int64_t check(const struct copy *copy)
{
	if (copy->from == NULL || copy->to == NULL ||
		!cbx_file_readable(copy->from) ||
		!cbx_file_writable(copy->to)) {
		return -LX_EBADF;
	}
	return copy->from->ops == &cbx_regular_ops ? 0 : -LX_EINVAL;
}

static int64_t get_position(uint64_t va, uint64_t *at)
{
	int64_t status = cbx_user_get(at, va, sizeof(*at));

	return status == 0 && (int64_t)*at < 0 ? -LX_EINVAL : status;
}

int64_t cbx_sys_sendfile(const uint64_t *arg)
{
	uint64_t at;
	struct copy copy = {
		.from = cbx_fd_file((uint32_t)arg[1]),
		.to = cbx_fd_file((uint32_t)arg[0]),
		.from_at = arg[2] != 0 ? &at : NULL,
	};
	int64_t status = check(&copy);
	int64_t done;

	if (status == 0 && arg[2] != 0) {
		status = get_position(arg[2], &at);
	}
	if (status == 0 && (copy.to->flags & LX_O_APPEND) != 0) {
		status = -LX_EINVAL;
	}
	if (status != 0) {
		return status;
	}
	done = copy_all(&copy, arg[3]);
	if (done > 0 && arg[2] != 0) {
		status = cbx_user_put(arg[2], &at, sizeof(at));
	}
	return status != 0 ? status : done;
}

static bool overlap(const struct copy *copy, uint64_t bytes)
{
	uint64_t from =
		copy->from_at != NULL ? *copy->from_at : copy->from->position;
	uint64_t to = copy->to_at != NULL ? *copy->to_at : copy->to->position;

	return copy->from->node == copy->to->node && from < to + bytes &&
	       to < from + bytes;
}

int64_t cbx_sys_copy_file_range(const uint64_t *arg)
{
	uint64_t from_at;
	uint64_t to_at;
	const struct copy copy = {
		.from = cbx_fd_file((uint32_t)arg[0]),
		.to = cbx_fd_file((uint32_t)arg[2]),
		.from_at = arg[1] != 0 ? &from_at : NULL,
		.to_at = arg[3] != 0 ? &to_at : NULL,
	};
	uint64_t bytes = cbx_min(arg[4], LX_RW_MAX);
	int64_t status = check(&copy);
	int64_t done;

	if (status == 0 && arg[1] != 0) {
		status = get_position(arg[1], &from_at);
	}
	if (status == 0 && arg[3] != 0) {
		status = get_position(arg[3], &to_at);
	}
	if (status != 0) {
		return status;
	}
	if (arg[5] != 0 || copy.to->ops != &cbx_regular_ops ||
		overlap(&copy, bytes)) {
		return -LX_EINVAL;
	}
	if ((copy.to->flags & LX_O_APPEND) != 0) {
		return -LX_EBADF;
	}
	done = copy_all(&copy, bytes);
	if (done > 0 && arg[1] != 0) {
		status = cbx_user_put(arg[1], &from_at, sizeof(from_at));
	}
	if (done > 0 && arg[3] != 0 && status == 0) {
		status = cbx_user_put(arg[3], &to_at, sizeof(to_at));
	}
	return status != 0 ? status : done;
}
