/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: prints the same in a box and outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB  (1u << 20)
#define RW   (PROT_READ | PROT_WRITE)

static char *self_path;
static volatile int value = 1;
static volatile int *volatile nowhere;

static pid_t must_fork(void)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	return pid;
}

/* How a child ended: its code, or minus its signal. */
static int end_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid) {
		return -1000;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static unsigned sum(const unsigned char *at, size_t bytes)
{
	unsigned result = 0;

	for (size_t i = 0; i < bytes; i += 512) {
		result = result * 31 + at[i];
	}
	return result;
}

static void memory_diverges(void)
{
	size_t bytes = 4 * MIB;
	unsigned char *at =
		mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *heap = malloc(100000);
	unsigned char here[20000];
	pid_t pid;

	memset(at, 3, bytes);
	memset(heap, 4, 100000);
	memset(here, 5, sizeof(here));
	pid = must_fork();
	if (pid == 0) {
		for (size_t i = 0; i < bytes; i += 3 * PAGE) {
			at[i] = (unsigned char)(i / PAGE);
		}
		memset(heap + 5000, 9, 90000);
		here[10000] = 1;
		value = 2;
		printf("child: %u %u %u %d\n", sum(at, bytes),
			sum(heap, 100000), sum(here, sizeof(here)), value);
		_exit(0);
	}
	at[8 * PAGE] = 77;
	printf("ended: %d\n", end_of(pid));
	printf("parent: %u %u %u %d\n", sum(at, bytes), sum(heap, 100000),
		sum(here, sizeof(here)), value);
	munmap(at, bytes);
	free(heap);
}

static void generations(void)
{
	static volatile int depth;

	while (depth < 6) {
		pid_t pid = must_fork();

		if (pid != 0) {
			int code = end_of(pid);

			printf("depth %d: %d\n", depth, code);
			if (depth == 0) {
				return;
			}
			_exit(code + 1);
		}
		depth++;
	}
	_exit(1);
}

static void shared_memory(void)
{
	int *at = mmap(NULL, 64 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("/tmp/shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *file;

	ftruncate(fd, 10 * PAGE);
	file = mmap(NULL, 10 * PAGE, RW, MAP_SHARED, fd, 0);
	at[0] = 1;
	for (int i = 0; i < 4; i++) {
		if (must_fork() == 0) {
			for (int n = 0; n < 1000; n++) {
				__atomic_fetch_add(
					&at[PAGE], 1, __ATOMIC_SEQ_CST);
			}
			file[i * 2 * PAGE] = (char)(i + 1);
			_exit(0);
		}
	}
	while (wait(NULL) > 0) {
	}
	printf("counted: %d\n", at[PAGE]);
	for (int i = 0; i < 4; i++) {
		char byte = 0;

		pread(fd, &byte, 1, i * 2 * (off_t)PAGE);
		printf("%d ", byte);
	}
	printf("\n");
	close(fd);
	unlink("/tmp/shared");
	munmap(at, 64 * PAGE);
	munmap(file, 10 * PAGE);
}

static void descriptions(void)
{
	int fd = open("/tmp/position", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char text[16] = { 0 };
	pid_t pid;

	write(fd, "abcdefgh", 8);
	lseek(fd, 0, SEEK_SET);
	pid = must_fork();
	if (pid == 0) {
		read(fd, text, 3);
		close(fd);
		_exit(0);
	}
	end_of(pid);
	read(fd, text, 3);
	printf("position: %s\n", text);
	close(fd);
	unlink("/tmp/position");
}

static void pipes(void)
{
	int to[2];
	int from[2];
	size_t total = 0;
	unsigned hash = 0;
	char block[5000];
	ssize_t n;

	pipe(to);
	pipe(from);
	if (must_fork() == 0) {
		close(to[1]);
		close(from[0]);
		while ((n = read(to[0], block, sizeof(block))) > 0) {
			for (ssize_t i = 0; i < n; i++) {
				block[i]++;
			}
			write(from[1], block, (size_t)n);
		}
		_exit(0);
	}
	if (must_fork() == 0) {
		close(from[0]);
		for (int i = 0; i < 100; i++) {
			memset(block, i, sizeof(block));
			write(to[1], block, sizeof(block));
		}
		_exit(0);
	}
	close(to[0]);
	close(to[1]);
	close(from[1]);
	while ((n = read(from[0], block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			hash = hash * 31 + (unsigned char)block[i];
		}
		total += (size_t)n;
	}
	printf("pipes: %zu %u\n", total, hash);
	close(from[0]);
	while (wait(NULL) > 0) {
	}
}

static void ends(void)
{
	siginfo_t info = { 0 };
	struct rusage usage;
	int status;
	pid_t pid = must_fork();

	if (pid == 0) {
		_exit(300);
	}
	printf("code: %d\n", end_of(pid));
	pid = must_fork();
	if (pid == 0) {
		raise(SIGTERM);
	}
	printf("signal: %d\n", end_of(pid));
	pid = must_fork();
	if (pid == 0) {
		*nowhere = 1;
	}
	printf("fault: %d\n", end_of(pid));
	pid = must_fork();
	if (pid == 0) {
		pause();
	}
	printf("nobody yet: %d\n", waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	status = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	printf("killed: %d %d %d %d\n", status, info.si_code, info.si_status,
		info.si_pid == pid);
	printf("again: %d %d\n", wait4(pid, &status, 0, &usage) == pid,
		WTERMSIG(status));
	status = waitpid(pid, NULL, 0);
	printf("none: %d %d\n", status, errno);
	status = waitpid(-1, NULL, 77);
	printf("options: %d %d\n", status, errno);
	status = waitid(P_ALL, 0, &info, WNOHANG);
	printf("options: %d %d\n", status, errno);
}

static volatile sig_atomic_t child_ends;

static void on_child(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (signal == SIGCHLD && info->si_code == CLD_EXITED) {
		child_ends += info->si_status;
	}
}

static void child_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_child,
		.sa_flags = SA_SIGINFO | SA_RESTART };
	int status;
	pid_t pid;

	sigaction(SIGCHLD, &action, NULL);
	pid = must_fork();
	if (pid == 0) {
		_exit(5);
	}
	printf("told: %d", end_of(pid));
	printf(" %d\n", child_ends);
	action = (struct sigaction){ .sa_handler = SIG_IGN };
	sigaction(SIGCHLD, &action, NULL);
	pid = must_fork();
	if (pid == 0) {
		_exit(5);
	}
	status = waitpid(pid, NULL, 0);
	printf("ignored: %d %d\n", status, errno);
	action = (struct sigaction){ .sa_handler = SIG_DFL,
		.sa_flags = SA_NOCLDWAIT };
	sigaction(SIGCHLD, &action, NULL);
	pid = must_fork();
	if (pid == 0) {
		_exit(5);
	}
	status = waitpid(pid, NULL, 0);
	printf("not kept: %d %d\n", status, errno);
	action = (struct sigaction){ .sa_handler = SIG_DFL };
	sigaction(SIGCHLD, &action, NULL);
}

static void programs(void)
{
	char *argv[] = { "self", "say", "one two", NULL };
	char *envp[] = { "WORD=three", NULL };
	char byte;
	int code;
	int fd = open("/tmp", O_RDONLY | O_CLOEXEC);
	int kept = open("/tmp", O_RDONLY);
	char numbers[2][16];
	char *fds[] = { "self", "fds", numbers[0], numbers[1], NULL };
	pid_t pid;

	fflush(stdout);
	pid = must_fork();
	if (pid == 0) {
		execve(self_path, argv, envp);
		_exit(9);
	}
	printf("exec: %d\n", end_of(pid));
	pid = vfork();
	if (pid == 0) {
		execve(self_path, argv, envp);
		_exit(9);
	}
	printf("vfork: %d\n", end_of(pid));
	value = 1;
	pid = vfork();
	if (pid == 0) {
		value = 6;
		_exit(4);
	}
	printf("lent: %d %d\n", value, end_of(pid));
	code = posix_spawn(&pid, self_path, NULL, NULL, argv, envp);
	code = code * 1000 + end_of(pid);
	printf("spawn: %d\n", code);
	printf("no program: %d\n",
		posix_spawn(&pid, "/nowhere", NULL, NULL, argv, envp));
	snprintf(numbers[0], 16, "%d", fd);
	snprintf(numbers[1], 16, "%d", kept);
	fflush(stdout);
	pid = must_fork();
	if (pid == 0) {
		execve(self_path, fds, envp);
		_exit(9);
	}
	printf("descriptors: %d\n", end_of(pid));
	printf("still: %d\n", read(fd, &byte, 1) < 0 && errno == EISDIR);
	close(fd);
	close(kept);
}

static void script(void)
{
	char *argv[] = { "/tmp/script", "x", NULL };
	char *envp[] = { NULL };
	FILE *file = fopen("/tmp/script", "w");
	pid_t pid;

	fprintf(file, "#!%s say\nnothing\n", realpath(self_path, NULL));
	fclose(file);
	chmod("/tmp/script", 0700);
	fflush(stdout);
	pid = must_fork();
	if (pid == 0) {
		execve("/tmp/script", argv, envp);
		_exit(9);
	}
	printf("script: %d\n", end_of(pid));
	file = fopen("/tmp/script", "w");
	fprintf(file, "no program\n");
	fclose(file);
	errno = 0;
	execve("/tmp/script", argv, envp);
	printf("no program: %d\n", errno);
	unlink("/tmp/script");
	printf("own text: %d", open(self_path, O_WRONLY));
	printf(" %d", errno);
	printf(" %d", truncate(self_path, 0));
	printf(" %d\n", errno);
}

static void orphans(void)
{
	int line[2];
	char byte = 0;
	int status = 0;
	pid_t pid;

	pipe(line);
	pid = must_fork();
	if (pid == 0) {
		if (must_fork() == 0) {
			read(line[0], &byte, 1);
			_exit(getppid() == (pid_t)atoi(getenv("REAPER")) ? 8
									 : 7);
		}
		_exit(1);
	}
	printf("between: %d\n", end_of(pid));
	write(line[1], "x", 1);
	wait(&status);
	printf("adopted: %d\n", WEXITSTATUS(status));
	close(line[0]);
	close(line[1]);
}

static void groups(void)
{
	int line[2];
	char byte;
	pid_t pid;

	pipe(line);
	printf("own group: %d\n", getpgid(0) == getpgrp());
	pid = must_fork();
	if (pid == 0) {
		setpgid(0, 0);
		if (must_fork() == 0) {
			write(line[1], "x", 1);
			pause();
		}
		write(line[1], "x", 1);
		printf("leader: %d", getpgrp() == getpid());
		printf(" %d\n", setsid() < 0 && errno == EPERM);
		fflush(stdout);
		write(line[1], "x", 1);
		pause();
	}
	for (int i = 0; i < 3; i++) {
		read(line[0], &byte, 1);
	}
	printf("killed: %d", kill(-pid, SIGTERM));
	printf(" %d\n", end_of(pid));
	close(line[1]);
	printf("all: %zd\n", read(line[0], &byte, 1));
	printf("orphan: %d\n", wait(NULL) > 0);
	close(line[0]);
	pid = must_fork();
	if (pid == 0) {
		pid_t session = setsid();

		printf("session: %d %d\n", session == getpid(),
			getsid(0) == getpgrp());
		fflush(stdout);
		_exit(0);
	}
	end_of(pid);
	errno = 0;
	printf("nobody: %d", setpgid(99999, 0));
	printf(" %d\n", errno);
	errno = 0;
	printf("nobody: %d", (int)getsid(99999));
	printf(" %d\n", errno);
}

static void many(void)
{
	int failed = 0;
	void *block =
		mmap(NULL, 2 * MIB, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(block, 1, 2 * MIB);
	for (int i = 0; i < 200; i++) {
		pid_t pid = must_fork();

		if (pid == 0) {
			memset(block, i, 256 * 1024);
			_exit(i & 0x7f);
		}
		failed += end_of(pid) != (i & 0x7f);
	}
	printf("one after the other: %d\n", failed);
	for (int i = 0; i < 24; i++) {
		if (must_fork() == 0) {
			*(volatile char *)block = (char)i;
			_exit(i);
		}
	}
	failed = 0;
	for (int status, i = 0; i < 24; i++) {
		wait(&status);
		failed += WEXITSTATUS(status);
		failed += WIFSIGNALED(status) ? 1000 : 0;
	}
	printf("at once: %d\n", failed);
	munmap(block, 2 * MIB);
}

static void choices(void)
{
	char *wipe = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	*wipe = 5;
	*none = 5;
	madvise(wipe, PAGE, MADV_WIPEONFORK);
	madvise(none, PAGE, MADV_DONTFORK);
	pid = must_fork();
	if (pid == 0) {
		printf("wiped: %d\n", *wipe);
		fflush(stdout);
		*none = 1;
		_exit(0);
	}
	printf("not there: %d\n", end_of(pid));
	printf("here: %d %d\n", *wipe, *none);
	munmap(wipe, PAGE);
	munmap(none, PAGE);
}

static int say(int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		printf("%s, ", argv[i]);
	}
	printf("%s\n", getenv("WORD") == NULL ? "no word" : getenv("WORD"));
	return 40 + argc;
}

static int check_descriptors(char **argv)
{
	bool closed = fcntl(atoi(argv[2]), F_GETFD) < 0;
	bool open = fcntl(atoi(argv[3]), F_GETFD) >= 0;

	return closed && open ? 3 : 4;
}

int main(int argc, char **argv)
{
	char pid[16];

	self_path = "/proc/self/exe";
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1 && strcmp(argv[1], "say") == 0) {
		return say(argc, argv);
	}
	if (argc > 1) {
		return check_descriptors(argv);
	}
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("REAPER", pid, 1);
	/* the box's first process is one in any case */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	memory_diverges();
	generations();
	shared_memory();
	descriptions();
	pipes();
	ends();
	child_signals();
	programs();
	script();
	orphans();
	groups();
	many();
	choices();
	return 0;
}
