/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What asking the platform needs of the kernel.  The tests bring a kernel of
 * their own: these names are resolved when a program is linked.
 */
#ifndef CBX_CLIENT_PLATFORM_SYS_H
#define CBX_CLIENT_PLATFORM_SYS_H

#include <stddef.h>
#include <sys/types.h>

/* Each as the system call of that name: -1 and errno on failure.  Descriptors
 * are closed when another program is executed; a signal that comes in between
 * gives EINTR. */
int cbx_platform_open(const char *path, int flags);
int cbx_platform_close(int fd);
ssize_t cbx_platform_read(int fd, void *bytes, size_t size);
ssize_t cbx_platform_write(int fd, const void *bytes, size_t size);
int cbx_platform_mkdir(const char *path);
int cbx_platform_rmdir(const char *path);
int cbx_platform_ioctl(int fd, unsigned long request, void *argument);

/** Wait before asking again. */
void cbx_platform_pause(unsigned int milliseconds);

#endif
