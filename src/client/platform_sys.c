/* SPDX-License-Identifier: Apache-2.0 */
#include <client/platform_sys.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int cbx_platform_open(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC | O_NOCTTY);
}

int cbx_platform_close(int fd)
{
	return close(fd);
}

ssize_t cbx_platform_read(int fd, void *bytes, size_t size)
{
	return read(fd, bytes, size);
}

ssize_t cbx_platform_write(int fd, const void *bytes, size_t size)
{
	return write(fd, bytes, size);
}

int cbx_platform_mkdir(const char *path)
{
	return mkdir(path, 0700);
}

int cbx_platform_rmdir(const char *path)
{
	return rmdir(path);
}

int cbx_platform_ioctl(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument);
}

void cbx_platform_pause(unsigned int milliseconds)
{
	struct timespec left = { (time_t)(milliseconds / 1000),
		(long)(milliseconds % 1000) * 1000000 };

	while (nanosleep(&left, &left) != 0) {
	}
}
