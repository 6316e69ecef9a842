/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarded calls on files and directories. */
#include <client/serve_table.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLAGS                                                           \
	((uint64_t)(O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | \
		    O_DIRECTORY | O_NOFOLLOW))

/* The payload as a path. @return false when it is none */
static bool name_of(const struct cbx_serve_call *call, char *name)
{
	if (call->payload == 0 || call->payload > CBX_NAME_MAX ||
		memchr(call->data, '\0', call->payload) != NULL) {
		return false;
	}
	memcpy(name, call->data, call->payload);
	name[call->payload] = '\0';
	return name[0] == '/';
}

static void tell(const struct stat *st, struct cbx_forward_stat *told)
{
	*told = (struct cbx_forward_stat){
		.mode = st->st_mode,
		.size = st->st_size > 0 ? (uint64_t)st->st_size : 0,
		.inode = st->st_ino,
		.links = st->st_nlink,
		.mtime_ns =
			st->st_mtim.tv_sec < 0
				? 0
				: (uint64_t)st->st_mtim.tv_sec * 1000000000u +
					  (uint64_t)st->st_mtim.tv_nsec,
	};
}

int64_t cbx_serve_stat(int fd, bool socket, struct cbx_forward_stat *told)
{
	socklen_t size = sizeof(int);
	struct stat st;
	int error = 0;

	if (fstat(fd, &st) != 0) {
		return -errno;
	}
	tell(&st, told);
	if (socket &&
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0) {
		told->error = (uint64_t)error;
	}
	return 0;
}

/* A file or a directory gets a handle, anything else is closed. */
static int64_t take(struct cbx_serve_call *call, int fd)
{
	struct cbx_forward_stat told = { 0 };
	int64_t status = cbx_serve_stat(fd, false, &told);

	if (status == 0 && !S_ISREG(told.mode) && !S_ISDIR(told.mode)) {
		status = -EACCES;
	}
	if (status == 0) {
		status = cbx_serve_answer(call, &told, sizeof(told));
	}
	if (status != 0) {
		close(fd);
		return status;
	}
	return cbx_serve_add(call->server,
		S_ISDIR(told.mode) ? CBX_SERVE_DIRECTORY : CBX_SERVE_FILE, fd);
}

int64_t cbx_serve_open_call(struct cbx_serve_call *call)
{
	char name[CBX_NAME_MAX + 1];
	int fd;

	if (!name_of(call, name) || (call->arg[0] & ~FLAGS) != 0) {
		return -EINVAL;
	}
	fd = open(name, (int)call->arg[0] | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		(mode_t)(call->arg[1] & 0777u));
	return fd < 0 ? -errno : take(call, fd);
}

int64_t cbx_serve_stat_call(struct cbx_serve_call *call)
{
	char name[CBX_NAME_MAX + 1];
	struct cbx_forward_stat told;
	struct stat st;

	if (!name_of(call, name)) {
		return -EINVAL;
	}
	if (fstatat(AT_FDCWD, name, &st,
		    call->arg[0] != 0 ? AT_SYMLINK_NOFOLLOW : 0) != 0) {
		return -errno;
	}
	tell(&st, &told);
	return cbx_serve_answer(call, &told, sizeof(told));
}

int64_t cbx_serve_query_call(struct cbx_serve_call *call)
{
	const struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_FREE);
	struct cbx_forward_stat told;
	int64_t status;

	if (open == NULL) {
		return -EBADF;
	}
	status =
		cbx_serve_stat(open->fd, open->kind == CBX_SERVE_SOCKET, &told);
	return status != 0 ? status
			   : cbx_serve_answer(call, &told, sizeof(told));
}

int64_t cbx_serve_resize_call(struct cbx_serve_call *call)
{
	const struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_FILE);

	if (open == NULL) {
		return -EBADF;
	}
	if (call->arg[1] > INT64_MAX) {
		return -EINVAL;
	}
	return ftruncate(open->fd, (off_t)call->arg[1]) == 0 ? 0 : -errno;
}

/* Whether the call's position is one for what is open. */
static bool position_fits(const struct cbx_serve_open *open, uint64_t position)
{
	return open->kind == CBX_SERVE_FILE ? position <= INT64_MAX
					    : position == CBX_FORWARD_STREAM;
}

int64_t cbx_serve_read_call(struct cbx_serve_call *call)
{
	const struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_FREE);
	ssize_t n;

	if (open == NULL) {
		return -EBADF;
	}
	if (!position_fits(open, call->arg[1])) {
		return -EINVAL;
	}
	n = open->kind == CBX_SERVE_FILE
		    ? pread(open->fd, call->data, call->max,
			      (off_t)call->arg[1])
		    : recv(open->fd, call->data, call->max, MSG_DONTWAIT);
	*call->bytes = n > 0 ? (size_t)n : 0;
	return n < 0 ? -errno : n;
}

int64_t cbx_serve_write_call(struct cbx_serve_call *call)
{
	const struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_FREE);
	ssize_t n;

	if (open == NULL) {
		return -EBADF;
	}
	if (!position_fits(open, call->arg[1])) {
		return -EINVAL;
	}
	n = open->kind == CBX_SERVE_FILE
		    ? pwrite(open->fd, call->data, call->payload,
			      (off_t)call->arg[1])
		    : send(open->fd, call->data, call->payload,
			      MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

/* The directory at entry @p skip; NULL when it cannot be read. */
static DIR *directory_at(struct cbx_serve_open *open, uint64_t skip)
{
	if (open->directory == NULL) {
		open->directory = fdopendir(open->fd);
		open->listed = 0;
	}
	if (open->directory != NULL && open->listed > skip) {
		rewinddir(open->directory);
		open->listed = 0;
	}
	while (open->directory != NULL && open->listed < skip &&
		readdir(open->directory) != NULL) {
		open->listed++;
	}
	return open->directory;
}

/* @return bytes put, 0 when there is no room */
static size_t put_entry(const struct dirent *from, uint8_t *to, size_t room)
{
	size_t length = strlen(from->d_name);
	size_t padded = (length + 7) / 8 * 8;
	const struct cbx_forward_entry entry = {
		.inode = from->d_ino,
		.type = DTTOIF(from->d_type),
		.name_bytes = (uint32_t)length,
	};

	if (sizeof(entry) + padded > room) {
		return 0;
	}
	memcpy(to, &entry, sizeof(entry));
	memset(to + sizeof(entry), 0, padded);
	memcpy(to + sizeof(entry), from->d_name, length);
	return sizeof(entry) + padded;
}

int64_t cbx_serve_list_call(struct cbx_serve_call *call)
{
	struct cbx_serve_open *open =
		cbx_serve_get(call->server, call->arg[0], CBX_SERVE_DIRECTORY);
	DIR *directory = open == NULL ? NULL : directory_at(open, call->arg[1]);
	const struct dirent *from;
	int64_t count = 0;

	if (directory == NULL) {
		return open == NULL ? -ENOTDIR : -errno;
	}
	for (;;) {
		long before = telldir(directory);
		size_t put;

		from = readdir(directory);
		put = from == NULL
			      ? 0
			      : put_entry(from,
					(uint8_t *)call->data + *call->bytes,
					call->max - *call->bytes);
		if (put == 0) {
			seekdir(directory, before);
			return from != NULL && count == 0 ? -EINVAL : count;
		}
		*call->bytes += put;
		open->listed++;
		count++;
	}
}
