/* SPDX-License-Identifier: Apache-2.0 */
#include <client/process.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/wire.h>
#include <client/error.h>
#include <client/program_file.h>

#define CHILD_STACK    (64u * 1024u)
#define DEATH_WAIT_MS  1000
#define END_WAIT_MS    3000
#define CHILD_FD_ABOVE 16

/* What the child gets; it shares our memory until it executes. */
struct child {
	int program;
	int socket;
	char *const *argv;
	char *const *envp;
	int error; /* out: errno when it could not execute */
};

static void reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++) {
		(void)sigaction(i, &action, NULL);
	}
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int open_null(void)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 ||
		dup2(fd, STDOUT_FILENO) < 0) {
		return -1;
	}
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(fd, STDERR_FILENO) < 0) {
		return -1;
	}
	return 0;
}

/* Both descriptors may be anywhere: move them up before placing them. */
static int place_descriptors(const struct child *child)
{
	int program = fcntl(child->program, F_DUPFD_CLOEXEC, CHILD_FD_ABOVE);
	int socket = fcntl(child->socket, F_DUPFD_CLOEXEC, CHILD_FD_ABOVE);
	int placed = CBX_WIRE_CONTROL_FD + 1;

	if (program < 0 || socket < 0 || open_null() < 0 ||
		dup2(socket, CBX_WIRE_CONTROL_FD) < 0 ||
		dup3(program, placed, O_CLOEXEC) < 0) {
		return -1;
	}
	if (syscall(SYS_close_range, (unsigned int)placed + 1, ~0u, 0u) != 0) {
		return -1;
	}
	return placed;
}

static int child_main(void *arg)
{
	struct child *child = arg;
	int program = place_descriptors(child);

	if (program >= 0) {
		reset_signals();
		(void)syscall(SYS_execveat, program, "", child->argv,
			child->envp, AT_EMPTY_PATH);
	}
	child->error = errno;
	_exit(127);
}

static void *child_stack(void)
{
	void *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	return stack == MAP_FAILED ? NULL : stack;
}

/* Run the child on our memory until it executes; returns errno. */
static int spawn(struct child *child, int *pidfd)
{
	unsigned char *stack = child_stack();
	sigset_t all;
	sigset_t old;
	int fd = -1;
	int pid;
	int error;

	if (stack == NULL) {
		return ENOMEM;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = clone(child_main, stack + CHILD_STACK,
		CLONE_VM | CLONE_VFORK | CLONE_PIDFD, child, &fd);
	error = pid < 0 ? errno : child->error;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)munmap(stack, CHILD_STACK);
	if (pid >= 0 && error != 0) {
		(void)waitid(
			P_PIDFD, (id_t)fd, &(siginfo_t){ 0 }, WEXITED | __WALL);
		close(fd);
	}
	*pidfd = fd;
	return error;
}

/* A temporary file may be open in a fork of another thread for a moment. */
static int spawn_patiently(struct child *child, int *pidfd)
{
	int error = spawn(child, pidfd);

	for (int i = 0; error == ETXTBSY && i < 50; i++) {
		(void)usleep(2000);
		child->error = 0;
		error = spawn(child, pidfd);
	}
	return error;
}

static enum cbx_status fail_spawn(int error)
{
	bool room = error != EAGAIN && error != ENOMEM && error != EMFILE &&
		    error != ENFILE;

	return cbx_fail_transport(room ? CBX_E_HARDWARE : CBX_E_NOMEM, error,
		"cannot start the monitor");
}

enum cbx_status cbx_process_start(struct cbx_blob program, char *const *argv,
	char *const *envp, int socket, struct cbx_process *process)
{
	int error = EACCES;

	for (unsigned int kind = 0; error == EACCES || error == EPERM; kind++) {
		struct child child = {
			.socket = socket, .argv = argv, .envp = envp
		};
		enum cbx_status status =
			cbx_program_file_open(program, kind, &child.program);

		if (status == CBX_E_NOMEM) {
			return status;
		}
		if (status == CBX_E_UNSUPPORTED && kind > 0) {
			break;
		}
		if (status == CBX_OK) {
			error = spawn_patiently(&child, &process->fd);
			close(child.program);
		}
	}
	return error == 0 ? CBX_OK : fail_spawn(error);
}

static bool exited_within(const struct cbx_process *process, int ms)
{
	struct pollfd poller = { .fd = process->fd, .events = POLLIN };
	int n;

	do {
		n = poll(&poller, 1, ms);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

void cbx_process_death(
	const struct cbx_process *process, char *text, size_t size)
{
	siginfo_t info = { 0 };

	if (!exited_within(process, DEATH_WAIT_MS) ||
		waitid(P_PIDFD, (id_t)process->fd, &info,
			WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 ||
		info.si_pid == 0) {
		(void)snprintf(text, size, "it closed the connection");
	} else if (info.si_code == CLD_EXITED) {
		(void)snprintf(
			text, size, "it exited with status %d", info.si_status);
	} else {
		(void)snprintf(
			text, size, "killed by signal %d", info.si_status);
	}
}

void cbx_process_end(struct cbx_process *process)
{
	if (process->fd < 0) {
		return;
	}
	if (!exited_within(process, END_WAIT_MS)) {
		(void)syscall(
			SYS_pidfd_send_signal, process->fd, SIGKILL, NULL, 0u);
	}
	while (waitid(P_PIDFD, (id_t)process->fd, &(siginfo_t){ 0 },
		       WEXITED | __WALL) != 0 &&
		errno == EINTR) {
	}
	close(process->fd);
	process->fd = -1;
}
