/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets whose name is a line's: whoever asks a service of this machine is told
 * by somebody at the other end of it. */
#include <host/os/file.h>

#include <linux/socket.h>

#define AF_UNIX	    1u
#define SOCK_STREAM 1u
#define SOCK_KIND   15u
#define NAME_BYTES  108u

OS_SYSCALL(sys_socket)
{
	struct os_file *file;
	uint64_t fd;

	(void)t;
	if (arg[0] != AF_UNIX || (arg[1] & SOCK_KIND) != SOCK_STREAM) {
		return OS_ERROR(EAFNOSUPPORT);
	}
	file = os_file_new(&fd);
	if (file == NULL) {
		return OS_ERROR(EMFILE);
	}
	file->kind = OS_KIND_SOCKET;
	return fd;
}

OS_SYSCALL(sys_connect)
{
	struct os_file *file = os_file_at(arg[0]);
	char name[NAME_BYTES];
	uint16_t family;
	uint64_t number;
	uint64_t error;

	(void)t;
	if (file == NULL || file->kind != OS_KIND_SOCKET) {
		return OS_ERROR(file == NULL ? EBADF : EISCONN);
	}
	if (!os_get(&family, arg[1], sizeof(family)) ||
		!os_get_text(name, arg[1] + sizeof(family), sizeof(name))) {
		return OS_ERROR(EFAULT);
	}
	if (family != AF_UNIX || !os_line_is(name, &number)) {
		return OS_ERROR(ECONNREFUSED);
	}
	error = os_line_open(number, &file->line);
	if (error == 0) {
		file->kind = OS_KIND_LINE;
	}
	return error;
}

/* Flags ask for what is so anyway. */
OS_SYSCALL(sys_sendto)
{
	return os_file_write(t, arg[0], arg[1], arg[2]);
}

OS_SYSCALL(sys_recvfrom)
{
	return os_file_read(t, arg[0], arg[1], arg[2]);
}
