/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/memfd.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* Boxes execute from these files; kernels before 6.3 do not know the flag. */
static int create(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL) {
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	}
	return fd;
}

static int fail(int fd)
{
	int error = errno;

	if (fd >= 0) {
		close(fd);
	}
	errno = error;
	return -1;
}

int cbx_linux_memfd(const char *name, uint64_t bytes)
{
	int fd = create(name);

	if (fd < 0 || ftruncate(fd, (off_t)bytes) != 0 ||
		fcntl(fd, F_ADD_SEALS, SIZE_SEALS) != 0) {
		return fail(fd);
	}
	return fd;
}

static int write_all(int fd, const void *data, size_t bytes)
{
	const uint8_t *next = data;

	while (bytes > 0) {
		ssize_t n = write(fd, next, bytes);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return -1;
		}
		next += n;
		bytes -= (size_t)n;
	}
	return 0;
}

int cbx_linux_memfd_const(const char *name, const void *data, size_t bytes)
{
	int fd = create(name);

	if (fd < 0 || write_all(fd, data, bytes) != 0 ||
		fcntl(fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_WRITE) != 0) {
		return fail(fd);
	}
	return fd;
}
