/* SPDX-License-Identifier: Apache-2.0 */
#include <client/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/error.h>

bool cbx_file_write_all(int fd, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		from += n;
		size -= (size_t)n;
	}
	return true;
}

bool cbx_file_read_all(int fd, void *bytes, size_t size)
{
	uint8_t *to = bytes;

	while (size > 0) {
		ssize_t n = read(fd, to, size);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			errno = n == 0 ? 0 : errno;
			return false;
		}
		to += n;
		size -= (size_t)n;
	}
	return true;
}

static enum cbx_status fail_read(const char *path, int error)
{
	if (error == 0) {
		return cbx_fail(CBX_E_INVALID,
			"%s: it changed while it was read", path);
	}
	return cbx_fail_os(CBX_E_INVALID, error, "%s", path);
}

/* One byte more is asked for, to see that the end is where it was. */
static enum cbx_status read_whole(
	int fd, const char *path, uint8_t *bytes, size_t size)
{
	uint8_t more;

	if (!cbx_file_read_all(fd, bytes, size)) {
		return fail_read(path, errno);
	}
	return cbx_file_read_all(fd, &more, 1) ? fail_read(path, 0) : CBX_OK;
}

static enum cbx_status read_open(
	int fd, const char *path, uint8_t **bytes, size_t *size)
{
	enum cbx_status status;
	uint8_t *buf;
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return fail_read(path, errno);
	}
	if (!S_ISREG(st.st_mode)) {
		return cbx_fail_os(CBX_E_INVALID,
			S_ISDIR(st.st_mode) ? EISDIR : 0, "%s%s", path,
			S_ISDIR(st.st_mode) ? "" : ": not a regular file");
	}
	buf = malloc((size_t)st.st_size + 1);
	if (buf == NULL) {
		return cbx_fail_memory(path);
	}
	status = read_whole(fd, path, buf, (size_t)st.st_size);
	if (status != CBX_OK) {
		free(buf);
		return status;
	}
	*bytes = buf;
	*size = (size_t)st.st_size;
	return CBX_OK;
}

enum cbx_status cbx_file_read(const char *path, uint8_t **bytes, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum cbx_status status;

	if (fd < 0) {
		return fail_read(path, errno);
	}
	status = read_open(fd, path, bytes, size);
	close(fd);
	return status;
}
