/* SPDX-License-Identifier: Apache-2.0 */
/* fcntl and ioctl. */
#include "file.h"
#include "flock.h"
#include "linux.h"
#include "memfd.h"
#include "pipe.h"
#include "syscall.h"
#include "user.h"

#define STATUS_FLAGS (LX_O_APPEND | LX_O_NONBLOCK)

static int64_t set_status(struct cbx_file *file, uint64_t flags)
{
	file->flags = (file->flags & ~STATUS_FLAGS) |
		      ((uint32_t)flags & STATUS_FLAGS);
	return 0;
}

/* What O_PATH leaves to do. */
static bool for_path(uint64_t command)
{
	return command == LX_F_DUPFD || command == LX_F_DUPFD_CLOEXEC ||
	       command == LX_F_GETFD || command == LX_F_SETFD ||
	       command == LX_F_GETFL;
}

int64_t cbx_sys_fcntl(const uint64_t *arg)
{
	uint64_t fd = (uint32_t)arg[0];
	struct cbx_file *file = cbx_fd_file(fd);

	if (file == NULL || (file->ops == &cbx_path_ops && !for_path(arg[1]))) {
		return -LX_EBADF;
	}
	if (cbx_flock_is_command(arg[1])) {
		return cbx_flock_fcntl(file, arg[1], arg[2]);
	}
	switch (arg[1]) {
	case LX_F_DUPFD:
	case LX_F_DUPFD_CLOEXEC:
		return arg[2] >= cbx_fd_limit()
			       ? -LX_EINVAL
			       : cbx_fd_duplicate(fd, arg[2],
					 arg[1] == LX_F_DUPFD_CLOEXEC);
	case LX_F_GETFD:
		return cbx_fd_marked(fd) ? LX_FD_CLOEXEC : 0;
	case LX_F_SETFD:
		cbx_fd_mark(fd, (arg[2] & LX_FD_CLOEXEC) != 0);
		return 0;
	case LX_F_GETFL:
		return (int64_t)(file->flags & ~LX_O_CLOEXEC);
	case LX_F_SETFL:
		return set_status(file, arg[2]);
	case LX_F_SETOWN:
	case LX_F_GETOWN:
	case LX_F_SETSIG:
	case LX_F_GETSIG:
		return 0;
	case LX_F_GETLEASE:
		return LX_F_UNLCK;
	case LX_F_GETPIPE_SZ:
		return cbx_pipe_of(file) == NULL
			       ? -LX_EBADF
			       : (int64_t)cbx_pipe_of(file)->size;
	case LX_F_SETPIPE_SZ:
		return cbx_pipe_of(file) == NULL
			       ? -LX_EBADF
			       : cbx_pipe_resize(
					 cbx_pipe_of(file), (uint32_t)arg[2]);
	case LX_F_ADD_SEALS:
	case LX_F_GET_SEALS:
		return cbx_memfd_seals(file, arg[1], (uint32_t)arg[2]);
	default:
		return -LX_EINVAL;
	}
}

int64_t cbx_sys_ioctl(const uint64_t *arg)
{
	uint64_t fd = (uint32_t)arg[0];
	struct cbx_file *file = cbx_fd_file(fd);
	uint32_t value;

	if (file == NULL) {
		return -LX_EBADF;
	}
	switch ((uint32_t)arg[1]) {
	case LX_FIONREAD:
		if (file->ops->available == NULL) {
			return -LX_ENOTTY;
		}
		value = (uint32_t)file->ops->available(file);
		return cbx_user_put(arg[2], &value, sizeof(value));
	case LX_FIONBIO:
		if (cbx_user_get(&value, arg[2], sizeof(value)) != 0) {
			return -LX_EFAULT;
		}
		return set_status(
			file, (file->flags & LX_O_APPEND) |
				      (value != 0 ? LX_O_NONBLOCK : 0));
	case LX_FIOCLEX:
	case LX_FIONCLEX:
		cbx_fd_mark(fd, (uint32_t)arg[1] == LX_FIOCLEX);
		return 0;
	default:
		return -LX_ENOTTY;
	}
}
