/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on files, between open files and between processes: prints the same in
 * a box and outside, run in a directory of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

/* Print what a call came to, and why when it failed. */
#define SAY(call)                                                          \
	do {                                                               \
		errno = 0;                                                 \
		long result_ = (long)(call);                               \
		printf("%s = %ld %s\n", #call, result_ < 0 ? -1 : result_, \
			result_ < 0 ? strerror(errno) : "");               \
		fflush(stdout);                                            \
	} while (0)

static int lock(int fd, int command, int type, long start, long length)
{
	struct flock l = { .l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = length };

	return fcntl(fd, command, &l);
}

static void get(int fd, int command, int type, long start, long length)
{
	struct flock l = { .l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = length };
	int r = fcntl(fd, command, &l);

	printf("get %ld+%ld: %d type %d %ld+%ld pid %d\n", start, length, r,
		l.l_type, (long)l.l_start, (long)l.l_len,
		l.l_pid <= 0	       ? l.l_pid
		: l.l_pid == getppid() ? 1
				       : 2);
	fflush(stdout);
}

static void open_files(void)
{
	int a = open("f", O_RDWR | O_CREAT, 0600);
	int b = open("f", O_RDWR);
	int r = open("f", O_RDONLY);

	puts("-- open file locks");
	SAY(lock(a, F_OFD_SETLK, F_WRLCK, 10, 10));
	SAY(lock(b, F_OFD_SETLK, F_WRLCK, 0, 10));
	SAY(lock(b, F_OFD_SETLK, F_RDLCK, 19, 1));
	SAY(lock(b, F_OFD_SETLK, F_RDLCK, 20, 0));
	get(b, F_OFD_GETLK, F_WRLCK, 0, 0);
	get(a, F_OFD_GETLK, F_WRLCK, 0, 0);
	SAY(lock(a, F_OFD_SETLK, F_UNLCK, 13, 2));
	get(b, F_OFD_GETLK, F_WRLCK, 0, 0);
	get(b, F_OFD_GETLK, F_WRLCK, 13, 0);
	SAY(lock(a, F_OFD_SETLK, F_RDLCK, 8, 4));
	SAY(lock(b, F_OFD_SETLK, F_UNLCK, 0, 0));
	SAY(lock(a, F_OFD_SETLK, F_RDLCK, 8, 4));
	get(b, F_OFD_GETLK, F_WRLCK, 0, 0);
	SAY(lock(a, F_OFD_SETLK, F_WRLCK, 0, 0));
	get(b, F_OFD_GETLK, F_RDLCK, 1000, 1);
	SAY(lock(a, F_OFD_SETLK, F_RDLCK, 12, 1));
	get(b, F_OFD_GETLK, F_WRLCK, 12, 1);
	get(b, F_OFD_GETLK, F_WRLCK, 13, 1);
	SAY(close(a));
	get(b, F_OFD_GETLK, F_WRLCK, 0, 0);
	SAY(lock(r, F_SETLK, F_WRLCK, 0, 0));
	SAY(lock(r, F_SETLK, F_RDLCK, 0, 0));
	SAY(lock(r, F_SETLK, 7, 0, 0));
	SAY(lock(b, F_SETLK, F_RDLCK, -5, 1));
	SAY(lock(b, F_SETLK, F_RDLCK, 10, -5));
	SAY(lock(b, F_SETLK, F_RDLCK, 10, -11));
	SAY(lock(b, F_SETLK, F_WRLCK, 0x7fffffffffffffff, 2));
	SAY(lock(b, F_GETLK, F_UNLCK, 0, 0));
	SAY(lock(99, F_SETLK, F_RDLCK, 0, 0));
	SAY(fcntl(b, F_SETLK, (void *)8));
	close(b);
	close(r);
}

static void whole_files(void)
{
	int a = open("f", O_RDONLY);
	int b = open("f", O_RDONLY);
	int c = dup(a);

	puts("-- flock");
	SAY(flock(a, LOCK_SH));
	SAY(flock(b, LOCK_SH | LOCK_NB));
	SAY(flock(b, LOCK_EX | LOCK_NB));
	SAY(flock(a, LOCK_UN));
	SAY(flock(b, LOCK_EX | LOCK_NB));
	SAY(flock(c, LOCK_SH | LOCK_NB));
	SAY(close(b));
	SAY(flock(c, LOCK_EX | LOCK_NB));
	b = open("f", O_RDWR);
	SAY(flock(b, LOCK_SH | LOCK_NB));
	close(a);
	SAY(flock(b, LOCK_SH | LOCK_NB));
	close(c);
	SAY(flock(b, LOCK_SH | LOCK_NB));
	SAY(flock(b, 7));
	SAY(flock(99, LOCK_SH));
	close(b);
}

static void wait_for_child(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	printf("child %d\n", status);
	fflush(stdout);
}

/* A record lock is the process's: a child does not have it, any close of the
 * file gives it up. */
static void processes(void)
{
	int a = open("f", O_RDWR);
	int b = open("f", O_RDWR);
	pid_t pid;

	puts("-- processes");
	SAY(lock(a, F_SETLK, F_WRLCK, 100, 50));
	SAY(lock(b, F_SETLK, F_WRLCK, 120, 1));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		get(a, F_GETLK, F_RDLCK, 0, 0);
		SAY(lock(a, F_SETLK, F_RDLCK, 149, 1));
		SAY(lock(a, F_SETLK, F_RDLCK, 150, 1));
		SAY(lock(a, F_OFD_SETLK, F_RDLCK, 149, 1));
		_exit(3);
	}
	wait_for_child(pid);
	SAY(lock(a, F_SETLK, F_WRLCK, 150, 1));
	close(b);
	pid = fork();
	if (pid == 0) {
		get(a, F_GETLK, F_RDLCK, 0, 0);
		_exit(4);
	}
	wait_for_child(pid);
	close(a);
}

/* A lock is waited for until it is given up. */
static void waiting(void)
{
	int fd = open("f", O_RDWR);
	int pipes[2];
	char byte;
	pid_t pid;

	puts("-- waiting");
	fflush(stdout);
	if (pipe(pipes) != 0) {
		return;
	}
	pid = fork();
	if (pid == 0) {
		lock(fd, F_SETLKW, F_WRLCK, 0, 10);
		write(pipes[1], "x", 1);
		usleep(50000);
		puts("child gives up");
		fflush(stdout);
		lock(fd, F_SETLKW, F_UNLCK, 0, 10);
		usleep(20000);
		_exit(0);
	}
	read(pipes[0], &byte, 1);
	SAY(lock(fd, F_SETLK, F_WRLCK, 5, 1));
	SAY(lock(fd, F_SETLKW, F_WRLCK, 5, 1));
	wait_for_child(pid);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

/* Two that wait for each other: one is told. */
static void circle(void)
{
	int fd = open("f", O_RDWR);
	int pipes[2];
	char byte;
	pid_t pid;

	puts("-- circle");
	fflush(stdout);
	if (pipe(pipes) != 0) {
		return;
	}
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	pid = fork();
	if (pid == 0) {
		lock(fd, F_SETLK, F_WRLCK, 1, 1);
		write(pipes[1], "x", 1);
		_exit(lock(fd, F_SETLKW, F_WRLCK, 0, 1) == 0 ? 0 : 1);
	}
	read(pipes[0], &byte, 1);
	usleep(50000);
	SAY(lock(fd, F_SETLKW, F_WRLCK, 1, 1));
	close(fd);
	wait_for_child(pid);
	close(pipes[0]);
	close(pipes[1]);
}

static void interrupted(int signal)
{
	(void)signal;
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = interrupted };
	int fd = open("f", O_RDWR);
	int pipes[2];
	char byte;
	pid_t pid;

	puts("-- signal");
	fflush(stdout);
	if (pipe(pipes) != 0) {
		return;
	}
	sigaction(SIGUSR1, &action, NULL);
	pid = fork();
	if (pid == 0) {
		lock(fd, F_SETLKW, F_WRLCK, 0, 10);
		flock(open("f", O_RDWR), LOCK_EX);
		write(pipes[1], "x", 1);
		usleep(50000);
		kill(getppid(), SIGUSR1);
		usleep(50000);
		kill(getppid(), SIGUSR1);
		usleep(50000);
		_exit(0);
	}
	read(pipes[0], &byte, 1);
	SAY(lock(fd, F_SETLKW, F_WRLCK, 5, 1));
	SAY(flock(fd, LOCK_EX));
	wait_for_child(pid);
	close(fd);
}

int main(int argc, char **argv)
{
	(void)argv;
	open_files();
	whole_files();
	if (argc == 1) {
		processes();
		waiting();
		circle();
		signals();
	}
	return 0;
}
