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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/wire.h>
#include <client/error.h>
#include <client/program_file.h>

#define CHILD_STACK    (64u * 1024u)
#define DEATH_WAIT_MS  1000
#define END_WAIT_MS    3000
#define CHILD_FD_ABOVE (CBX_WIRE_CONTROL_FD + 2)

/* What the child gets; it shares our memory until it executes. */
struct child {
	const struct cbx_process_plan *plan;
	int program;
	int voice; /* becomes standard error; -1: ours */
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

/* Descriptors may be anywhere, also where others belong: move them up. */
static int move_up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FD_ABOVE);
}

static int place_standard(const struct child *child)
{
	int file = open("/dev/null", O_RDWR);
	int null = file < 0 ? -1 : move_up(file);
	int voice = child->voice >= 0 ? move_up(child->voice) : null;
	bool keep = child->plan->loud && fcntl(STDERR_FILENO, F_GETFD) >= 0;

	if (null < 0 || voice < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(null, STDOUT_FILENO) < 0) {
		return -1;
	}
	return keep ? 0 : dup2(voice, STDERR_FILENO);
}

static int place_descriptors(const struct child *child)
{
	int program = move_up(child->program);
	int socket = move_up(child->plan->socket);
	int placed = CBX_WIRE_CONTROL_FD + 1;

	if (program < 0 || socket < 0 || place_standard(child) < 0 ||
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
		(void)syscall(SYS_execveat, program, "", child->plan->argv,
			child->plan->envp, AT_EMPTY_PATH);
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

/* Execute the program from the best file there is that may be executed. */
static enum cbx_status try_files(struct child *child, int *pidfd)
{
	enum cbx_status status = CBX_E_UNSUPPORTED;
	int error = EACCES;

	for (unsigned int kind = 0; error == EACCES || error == EPERM; kind++) {
		enum cbx_status opened = cbx_program_file_open(
			child->plan->program, kind, &child->program);

		if (opened == CBX_OK) {
			error = spawn_patiently(child, pidfd);
			close(child->program);
			status = error == 0 ? CBX_OK : fail_spawn(error);
		} else if (opened != CBX_E_UNSUPPORTED) {
			status = opened;
		} else if (kind > 0) {
			break;
		}
	}
	return status;
}

enum cbx_status cbx_process_start(
	const struct cbx_process_plan *plan, struct cbx_process *process)
{
	struct child child = { .plan = plan, .voice = -1 };
	enum cbx_status status;
	int pidfd = -1;
	int voice[2] = { -1, -1 };

	if (!plan->loud &&
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0, voice) != 0) {
		return fail_spawn(errno);
	}
	child.voice = voice[1];
	status = try_files(&child, &pidfd);
	if (voice[1] >= 0) {
		close(voice[1]);
	}
	if (status != CBX_OK) {
		if (voice[0] >= 0) {
			close(voice[0]);
		}
		return status;
	}
	*process = (struct cbx_process){ pidfd, voice[0] };
	return CBX_OK;
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

/* The last line the process said, without its name. */
static void last_words(
	const struct cbx_process *process, char *text, size_t size)
{
	const char name[] = "confbox-monitor: ";
	ssize_t n = process->voice < 0 ? 0
				       : recv(process->voice, text, size - 1,
						 MSG_PEEK | MSG_DONTWAIT);
	char *line;

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && text[n - 1] == '\n') {
		text[--n] = '\0';
	}
	line = strrchr(text, '\n');
	line = line != NULL ? line + 1 : text;
	if (strncmp(line, name, sizeof(name) - 1) == 0) {
		line += sizeof(name) - 1;
	}
	memmove(text, line, strlen(line) + 1);
}

void cbx_process_death(
	const struct cbx_process *process, char *text, size_t size)
{
	bool exited = exited_within(process, DEATH_WAIT_MS);
	siginfo_t info = { 0 };
	char words[128];

	last_words(process, words, sizeof(words));
	if (!exited ||
		waitid(P_PIDFD, (id_t)process->fd, &info,
			WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 ||
		info.si_pid == 0) {
		(void)snprintf(text, size, "it closed the connection");
	} else if (words[0] != '\0') {
		(void)snprintf(text, size, "%s", words);
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
	if (process->voice >= 0) {
		close(process->voice);
	}
	*process = (struct cbx_process){ -1, -1 };
}
