/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket (base/wire.h). */
#include <hal/linux/start.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <base/wire.h>
#include <hal/linux/machine.h>
#include <hal/linux/memory.h>
#include <hal/linux/process.h>

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

static _Noreturn void leave(void)
{
	cbx_linux_process_end_all();
	_exit(EXIT_SUCCESS);
}

/* The process that made the socketpair; -1 when it cannot be told.  A fork of
 * it may hold the socket open, so that its end is not end of file. */
static int open_service(void)
{
	struct ucred service = { 0 };
	socklen_t bytes = sizeof(service);
	int fd;

	if (getsockopt(CBX_WIRE_CONTROL_FD, SOL_SOCKET, SO_PEERCRED, &service,
		    &bytes) != 0 ||
		service.pid <= 0) {
		return -1;
	}
	fd = (int)syscall(SYS_pidfd_open, service.pid, 0);
	if (fd < 0 && errno == ESRCH) {
		leave(); /* ended already */
	}
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
		cbx_linux_fail_few("a look at the service");
	}
	return fd;
}

static void greet(void)
{
	struct cbx_wire_hello hello = {
		.head = { CBX_WIRE_HELLO, sizeof(hello) },
		.magic = CBX_WIRE_MAGIC,
		.version = CBX_WIRE_VERSION,
		.cpu_count = cbx_hal_cpu_count(),
		.page_count = cbx_hal_page_count(),
		.caps = cbx_hal_caps().bits,
	};
	const int fd = cbx_linux_memory_fd(CBX_FILE_HOST);
	struct iovec iov = { &hello, sizeof(hello) };
	union control control = { .header = { .cmsg_len = CMSG_LEN(sizeof(fd)),
					  .cmsg_level = SOL_SOCKET,
					  .cmsg_type = SCM_RIGHTS } };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	if (sendmsg(CBX_WIRE_CONTROL_FD, &message, MSG_NOSIGNAL) !=
		(ssize_t)sizeof(hello)) {
		leave(); /* nobody is there */
	}
}

/* Whether it came with one descriptor, or without because there was none left
 * for it, which is nobody's fault. */
static bool control_valid(
	const struct msghdr *message, const struct cmsghdr *header)
{
	bool cut = (message->msg_flags & MSG_CTRUNC) != 0;

	if (message->msg_controllen == 0) {
		return cut;
	}
	return !cut && message->msg_controllen >= CMSG_LEN(sizeof(int)) &&
	       header->cmsg_level == SOL_SOCKET &&
	       header->cmsg_type == SCM_RIGHTS &&
	       header->cmsg_len == CMSG_LEN(sizeof(int));
}

/* @param[out] fd  that came with it; -1: there was none left for it
 * @return false for anything but a CPU_NEW */
static bool receive_cpu_new(int *fd)
{
	struct cbx_wire_cpu_new request = { 0 };
	struct iovec iov = { &request, sizeof(request) };
	union control control = { 0 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	do {
		n = recvmsg(CBX_WIRE_CONTROL_FD, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(request) ||
		(message.msg_flags & MSG_TRUNC) != 0 ||
		request.head.kind != CBX_WIRE_CPU_NEW ||
		request.head.bytes != sizeof(request) ||
		!control_valid(&message, &control.header)) {
		return false;
	}
	*fd = -1;
	if (message.msg_controllen != 0) {
		memcpy(fd, CMSG_DATA(&control.header), sizeof(*fd));
	}
	return true;
}

static bool is_packet_socket(int fd)
{
	int type = 0;
	int domain = 0;
	socklen_t bytes = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 &&
	       type == SOCK_SEQPACKET && domain == AF_UNIX;
}

static void open_cpu(int socket, cbx_linux_cpu_serve *serve)
{
	struct cbx_wire_cpu_ready ready = {
		.head = { CBX_WIRE_CPU_READY, sizeof(ready) },
	};
	enum cbx_status status = CBX_E_NOMEM;

	if (socket >= 0) {
		status = is_packet_socket(socket)
				 ? cbx_linux_cpu_open(socket, serve, &ready.cpu)
				 : CBX_E_INVALID;
	}
	if (socket >= 0 && status != CBX_OK) {
		close(socket);
	}
	ready.status = (uint32_t)status;
	(void)!send(CBX_WIRE_CONTROL_FD, &ready, sizeof(ready), MSG_NOSIGNAL);
}

_Noreturn void cbx_linux_serve(cbx_linux_cpu_serve *serve)
{
	struct pollfd poller[] = {
		{ .fd = CBX_WIRE_CONTROL_FD, .events = POLLIN },
		{ .fd = open_service(), .events = POLLIN },
	};

	greet();
	for (;;) {
		int n = poll(poller, 2, -1);
		int socket;

		if (n < 0) {
			continue;
		}
		if (poller[1].revents != 0 || !receive_cpu_new(&socket)) {
			leave();
		}
		open_cpu(socket, serve);
	}
}
