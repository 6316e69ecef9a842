/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/spawn.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hal/linux/layout.h>
#include <hal/linux/memfd.h>
#include <hal/linux/memory.h>

#define CHILD_STACK_BYTES 16384
#define START_SLICE_MS	  100
#define START_SLICES	  100
#define CLOSE_ON_EXEC	  4 /* CLOSE_RANGE_CLOEXEC */

extern const uint8_t cbx_linux_stub[];
extern const uint8_t cbx_linux_stub_end[];

static int stub_fd;

bool cbx_linux_spawn_start(void)
{
	stub_fd = cbx_linux_memfd_const("confbox-stub", cbx_linux_stub,
		(size_t)(cbx_linux_stub_end - cbx_linux_stub));
	return stub_fd >= 0;
}

/* In the child, which borrows our memory until it executes the stub: system
 * calls and nothing else. */
static int child_main(void *arg)
{
	static char name[] = "confbox-box";
	char *argv[] = { name, NULL };
	char *envp[] = { NULL };
	const int *fd = arg;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setsid() < 0 ||
		personality(ADDR_NO_RANDOMIZE) < 0) {
		_exit(1);
	}
	for (int i = 0; i <= CBX_STUB_FD_MONITOR; i++) {
		if (dup2(fd[i], i) != i) {
			_exit(1);
		}
	}
	if (syscall(SYS_close_range, CBX_STUB_FD_MONITOR + 1, ~0u,
		    CLOSE_ON_EXEC) != 0) {
		_exit(1);
	}
	(void)syscall(SYS_execveat, stub_fd, "", argv, envp, AT_EMPTY_PATH);
	_exit(1);
}

static pid_t start_child(int comm, int socket, int *pidfd)
{
	int fd[] = {
		[CBX_STUB_FD_PRIVATE] = cbx_linux_memory_fd(CBX_FILE_PRIVATE),
		[CBX_STUB_FD_HOST] = cbx_linux_memory_fd(CBX_FILE_HOST),
		[CBX_STUB_FD_COMM] = comm,
		[CBX_STUB_FD_MONITOR] = socket,
	};
	_Alignas(16) unsigned char stack[CHILD_STACK_BYTES];

	return clone(child_main, stack + sizeof(stack),
		CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, fd, pidfd);
}

static bool readable(int fd)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int n = 0;

	/* by slices: a machine that stands still takes one of them only */
	for (int i = 0; n == 0 && i < START_SLICES; i++) {
		do {
			n = poll(&poller, 1, START_SLICE_MS);
		} while (n < 0 && errno == EINTR);
	}
	return n == 1 && (poller.revents & POLLIN) != 0;
}

/* The descriptor the child sends: the listener for its notices. */
static int receive_listener(int socket)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char letter;
	struct iovec iov = { &letter, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (!readable(socket) ||
		recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 ||
		message.msg_controllen < CMSG_LEN(sizeof(int)) ||
		control.header.cmsg_type != SCM_RIGHTS) {
		return -1;
	}
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

void cbx_linux_spawn_end(int pidfd)
{
	siginfo_t info;
	int result;

	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	do {
		result = waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
	} while (result != 0 && errno == EINTR);
	close(pidfd);
}

static bool start_and_receive(
	int comm, const int socket[2], struct cbx_linux_child *child)
{
	struct cbx_linux_child fresh = { .pidfd = -1 };

	fresh.pid = start_child(comm, socket[1], &fresh.pidfd);
	close(socket[1]);
	if (fresh.pid < 0) {
		return false;
	}
	fresh.listener = receive_listener(socket[0]);
	if (fresh.listener < 0) {
		cbx_linux_spawn_end(fresh.pidfd);
		return false;
	}
	*child = fresh;
	return true;
}

bool cbx_linux_spawn(int comm, struct cbx_linux_child *child)
{
	int socket[2];
	bool started;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socket) !=
		0) {
		return false;
	}
	started = start_and_receive(comm, socket, child);
	close(socket[0]);
	return started;
}
