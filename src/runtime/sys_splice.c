/* SPDX-License-Identifier: Apache-2.0 */
/* Moving bytes through pipes. */
#include "file.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "pipe.h"
#include "syscall.h"
#include "transfer.h"
#include "user.h"

#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_KNOWN	  15u

/* A checked splice. */
struct splice {
	struct cbx_file *from;
	struct cbx_file *to;
	uint64_t *from_at; /* NULL: the file's own position */
	uint64_t *to_at;
	uint64_t bytes;
	bool patient;
};

/* From a pipe to anything else: the bytes stay until they are written. */
static int64_t drain(const struct splice *s)
{
	struct cbx_pipe *pipe = cbx_pipe_of(s->from);
	int64_t done = cbx_pipe_wait_data(s->from, s->patient);
	struct cbx_iovec buffer;
	uint64_t bytes;
	uint8_t *at;

	if (done <= 0) {
		return done;
	}
	bytes = cbx_min(s->bytes, cbx_pipe_held(pipe));
	at = cbx_heap_take(bytes);
	if (at == NULL) {
		return -LX_ENOMEM;
	}
	cbx_iovec_one(&buffer, (uint64_t)at, bytes);
	cbx_pipe_peek(pipe, &buffer, bytes);
	done = cbx_transfer_write(s->to, (uint64_t)at, bytes, s->to_at);
	if (done > 0) {
		cbx_pipe_consume(
			pipe, cbx_min((uint64_t)done, cbx_pipe_held(pipe)));
	}
	cbx_heap_give(at, bytes);
	return done;
}

/* From anything else to a pipe: no more than there is room for. */
static int64_t fill(const struct splice *s)
{
	struct cbx_pipe *pipe = cbx_pipe_of(s->to);
	int64_t done = cbx_pipe_wait_room(s->to, 1, s->patient);
	struct cbx_iovec buffer;
	uint64_t bytes;
	uint8_t *at;

	if (done < 0) {
		return done;
	}
	bytes = cbx_min(s->bytes, cbx_pipe_room(pipe));
	at = cbx_heap_take(bytes);
	if (at == NULL) {
		return -LX_ENOMEM;
	}
	done = cbx_transfer_read(s->from, (uint64_t)at, bytes, s->from_at);
	if (done > 0) {
		cbx_iovec_one(&buffer, (uint64_t)at, (uint64_t)done);
		done = (int64_t)cbx_pipe_put(pipe, &buffer,
			cbx_min((uint64_t)done, cbx_pipe_room(pipe)));
	}
	cbx_heap_give(at, bytes);
	return done;
}

/* From a pipe to a pipe; to see, or to take. */
static int64_t pour(const struct splice *s, bool take)
{
	struct cbx_pipe *from = cbx_pipe_of(s->from);
	struct cbx_pipe *to = cbx_pipe_of(s->to);
	uint64_t done = 0;
	int64_t status = 1;

	while (cbx_pipe_held(from) == 0 || cbx_pipe_room(to) == 0) {
		status = cbx_pipe_wait_data(s->from, s->patient);
		if (status <= 0) {
			return status;
		}
		status = cbx_pipe_wait_room(s->to, 1, s->patient);
		if (status < 0) {
			return status;
		}
	}
	while (done < s->bytes) {
		uint64_t in = (from->tail + done) % from->size;
		uint64_t part = cbx_min(cbx_pipe_held(from) - done,
			cbx_min(from->size - in, cbx_pipe_room(to)));
		struct cbx_iovec run;

		part = cbx_min(part, s->bytes - done);
		if (part == 0) {
			break;
		}
		cbx_iovec_one(&run, (uint64_t)(from->ring + in), part);
		done += cbx_pipe_put(to, &run, part);
	}
	if (take) {
		cbx_pipe_consume(from, done);
	}
	return (int64_t)done;
}

static int64_t check(const struct splice *s, uint64_t flags)
{
	bool from_pipe = s->from != NULL && cbx_pipe_of(s->from) != NULL;
	bool to_pipe = s->to != NULL && cbx_pipe_of(s->to) != NULL;

	if ((flags & ~(uint64_t)SPLICE_F_KNOWN) != 0) {
		return -LX_EINVAL;
	}
	if (s->from == NULL || s->to == NULL || !cbx_file_readable(s->from) ||
		!cbx_file_writable(s->to)) {
		return -LX_EBADF;
	}
	if ((from_pipe && s->from_at != NULL) ||
		(to_pipe && s->to_at != NULL)) {
		return -LX_ESPIPE;
	}
	if ((!from_pipe && !to_pipe) ||
		(from_pipe && to_pipe && s->from->node == s->to->node) ||
		(!to_pipe && (s->to->flags & LX_O_APPEND) != 0)) {
		return -LX_EINVAL;
	}
	if ((s->from_at != NULL && !s->from->ops->seekable) ||
		(s->to_at != NULL && !s->to->ops->seekable)) {
		return -LX_EINVAL;
	}
	return s->from->ops == &cbx_directory_ops ? -LX_EINVAL : 0;
}

static int64_t run(const struct splice *s)
{
	bool from_pipe = cbx_pipe_of(s->from) != NULL;
	int64_t done;

	cbx_file_hold(s->from);
	cbx_file_hold(s->to);
	if (!from_pipe) {
		done = fill(s);
	} else if (cbx_pipe_of(s->to) != NULL) {
		done = pour(s, true);
	} else {
		done = drain(s);
	}
	cbx_file_drop(s->from);
	cbx_file_drop(s->to);
	return done;
}

int64_t cbx_sys_splice(const uint64_t *arg)
{
	uint64_t from_at;
	uint64_t to_at;
	struct splice s = {
		.from = cbx_fd_file((uint32_t)arg[0]),
		.to = cbx_fd_file((uint32_t)arg[2]),
		.from_at = arg[1] != 0 ? &from_at : NULL,
		.to_at = arg[3] != 0 ? &to_at : NULL,
		.bytes = cbx_min(arg[4], CBX_PIPE_MOST),
		.patient = (arg[5] & SPLICE_F_NONBLOCK) == 0,
	};
	int64_t status = arg[4] == 0 ? 0 : check(&s, arg[5]);
	int64_t done;

	if (arg[4] == 0 || status != 0) {
		return status;
	}
	if (arg[1] != 0) {
		status = cbx_transfer_position(arg[1], &from_at);
	}
	if (status == 0 && arg[3] != 0) {
		status = cbx_transfer_position(arg[3], &to_at);
	}
	done = status == 0 ? run(&s) : status;
	if (done > 0 && arg[1] != 0) {
		status = cbx_user_put(arg[1], &from_at, sizeof(from_at));
	}
	if (done > 0 && arg[3] != 0 && status == 0) {
		status = cbx_user_put(arg[3], &to_at, sizeof(to_at));
	}
	return status != 0 ? status : done;
}

int64_t cbx_sys_tee(const uint64_t *arg)
{
	const struct splice s = {
		.from = cbx_fd_file((uint32_t)arg[0]),
		.to = cbx_fd_file((uint32_t)arg[1]),
		.bytes = arg[2],
		.patient = (arg[3] & SPLICE_F_NONBLOCK) == 0,
	};
	int64_t status = arg[2] == 0 ? 0 : check(&s, arg[3]);

	if (arg[2] == 0 || status != 0) {
		return status;
	}
	if (cbx_pipe_of(s.from) == NULL || cbx_pipe_of(s.to) == NULL) {
		return -LX_EINVAL;
	}
	cbx_file_hold(s.from);
	cbx_file_hold(s.to);
	status = pour(&s, false);
	cbx_file_drop(s.from);
	cbx_file_drop(s.to);
	return status;
}

/* A vector to or from a pipe. */
int64_t cbx_sys_vmsplice(const uint64_t *arg)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)arg[0]);
	const uint64_t flagged[6] = { arg[0], arg[1], arg[2], UINT64_MAX, 0,
		(arg[3] & SPLICE_F_NONBLOCK) != 0 ? LX_RWF_NOWAIT : 0 };

	if ((arg[3] & ~(uint64_t)SPLICE_F_KNOWN) != 0) {
		return -LX_EINVAL;
	}
	if (file == NULL || cbx_pipe_of(file) == NULL) {
		return -LX_EBADF;
	}
	return cbx_file_writable(file) ? cbx_sys_pwritev2(flagged)
				       : cbx_sys_preadv2(flagged);
}
