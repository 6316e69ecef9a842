/* SPDX-License-Identifier: Apache-2.0 */
/* Copying from file to file. */
#include "file.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "transfer.h"
#include "user.h"

#define BUFFER 0x10000u

/* A copy between two files; positions are the files' own when NULL. */
struct copy {
	struct cbx_file *from;
	struct cbx_file *to;
	uint64_t *from_at;
	uint64_t *to_at;
};

int64_t cbx_transfer_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t *at)
{
	int64_t done = cbx_file_read(file, va, bytes, at);

	if (done > 0 && at != NULL) {
		*at += (uint64_t)done;
	}
	return done;
}

int64_t cbx_transfer_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t *at)
{
	int64_t done = cbx_file_write(file, va, bytes, at);

	if (done > 0 && at != NULL) {
		*at += (uint64_t)done;
	}
	return done;
}

int64_t cbx_transfer_position(uint64_t va, uint64_t *at)
{
	int64_t status = cbx_user_get(at, va, sizeof(*at));

	return status == 0 && (int64_t)*at < 0 ? -LX_EINVAL : status;
}

/* One buffer's worth: what could not be written is not read. */
static int64_t copy_some(
	const struct copy *copy, uint8_t *buffer, uint64_t bytes)
{
	uint64_t at =
		copy->from_at != NULL ? *copy->from_at : copy->from->position;
	int64_t got = cbx_file_read(
		copy->from, (uint64_t)buffer, cbx_min(bytes, BUFFER), &at);
	int64_t done;

	if (got <= 0) {
		return got;
	}
	done = cbx_transfer_write(
		copy->to, (uint64_t)buffer, (uint64_t)got, copy->to_at);
	if (done > 0 && copy->from_at != NULL) {
		*copy->from_at += (uint64_t)done;
	} else if (done > 0) {
		copy->from->position = at + (uint64_t)done;
	}
	return done;
}

static int64_t copy_pieces(
	const struct copy *copy, uint8_t *buffer, uint64_t bytes)
{
	uint64_t done = 0;

	while (done < bytes) {
		int64_t part = copy_some(copy, buffer, bytes - done);

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

static int64_t copy_all(const struct copy *copy, uint64_t bytes)
{
	uint8_t *buffer = cbx_heap_take(BUFFER);
	int64_t done;

	if (buffer == NULL) {
		return -LX_ENOMEM;
	}
	cbx_file_hold(copy->from);
	cbx_file_hold(copy->to);
	done = copy_pieces(copy, buffer, cbx_min(bytes, LX_RW_MAX));
	cbx_file_drop(copy->from);
	cbx_file_drop(copy->to);
	cbx_heap_give(buffer, BUFFER);
	return done;
}

static int64_t check(const struct copy *copy)
{
	if (copy->from == NULL || copy->to == NULL ||
		!cbx_file_readable(copy->from) ||
		!cbx_file_writable(copy->to)) {
		return -LX_EBADF;
	}
	return 0;
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
		status = cbx_transfer_position(arg[2], &at);
	}
	if (status == 0 && !copy.from->ops->seekable) {
		status = arg[2] != 0 ? -LX_ESPIPE : -LX_EINVAL;
	}
	if (status == 0 && ((copy.to->flags & LX_O_APPEND) != 0 ||
				   copy.from->ops == &cbx_directory_ops)) {
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
	uint64_t size = copy->from->node->data.size;

	bytes = cbx_min(bytes, size - cbx_min(from, size));
	return copy->from->node == copy->to->node && from < to + bytes &&
	       to < from + bytes;
}

/* Both must be regular files. */
static int64_t check_kinds(const struct copy *copy)
{
	if (cbx_node_is(copy->from->node, LX_S_IFDIR) ||
		cbx_node_is(copy->to->node, LX_S_IFDIR)) {
		return -LX_EISDIR;
	}
	if (copy->from->ops != &cbx_regular_ops ||
		copy->to->ops != &cbx_regular_ops) {
		return -LX_EINVAL;
	}
	return !cbx_file_readable(copy->from) || !cbx_file_writable(copy->to) ||
			       (copy->to->flags & LX_O_APPEND) != 0
		       ? -LX_EBADF
		       : 0;
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
	int64_t status = copy.from == NULL || copy.to == NULL ? -LX_EBADF : 0;
	int64_t done;

	if (status == 0 && arg[1] != 0) {
		status = cbx_transfer_position(arg[1], &from_at);
	}
	if (status == 0 && arg[3] != 0) {
		status = cbx_transfer_position(arg[3], &to_at);
	}
	if (status == 0) {
		status = arg[5] != 0 ? -LX_EINVAL : check_kinds(&copy);
	}
	if (status == 0 && overlap(&copy, bytes)) {
		status = -LX_EINVAL;
	}
	if (status != 0) {
		return status;
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
