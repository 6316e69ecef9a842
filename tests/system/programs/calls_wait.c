/* SPDX-License-Identifier: Apache-2.0 */
/* What one process sees of pipes, waiting and time: prints the same in a box
 * and outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAY(call)                                                          \
	do {                                                               \
		errno = 0;                                                 \
		long result_ = (long)(call);                               \
		printf("%s = %ld %s\n", #call, result_ < 0 ? -1 : result_, \
			result_ < 0 ? strerror(errno) : "");               \
	} while (0)

static volatile sig_atomic_t broken;

static void on_pipe(int number)
{
	broken = number;
}

static void pipes(void)
{
	static char block[100000];
	char text[16] = { 0 };
	int fd[2];
	int left = 0;
	ssize_t n;

	SAY(pipe2(fd, O_NONBLOCK));
	SAY(read(fd[0], text, 5));
	SAY(write(fd[1], "hello", 5));
	SAY(ioctl(fd[0], FIONREAD, &left));
	printf("left %d\n", left);
	SAY(read(fd[0], text, 3));
	SAY(read(fd[0], text + 3, 10));
	printf("'%s'\n", text);
	n = write(fd[1], block, sizeof(block));
	printf("filled %d\n", n == 65536);
	SAY(write(fd[1], block, 1));
	SAY(lseek(fd[0], 0, SEEK_SET));
	SAY(write(fd[0], "x", 1));
	SAY(read(fd[1], text, 1));
	close(fd[0]);
	signal(SIGPIPE, on_pipe);
	SAY(write(fd[1], "x", 1));
	printf("signal %d\n", (int)broken);
	close(fd[1]);
	SAY(pipe2(fd, 0));
	close(fd[1]);
	SAY(read(fd[0], text, 1));
	close(fd[0]);
	SAY(pipe2(fd, 12345));
}

static void polling(void)
{
	int fd[2];
	struct pollfd p[3];
	fd_set set;
	struct timeval none = { 0, 0 };

	if (pipe(fd) != 0) {
		perror("pipe");
	}
	p[0] = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = fd[1], .events = POLLOUT };
	p[2] = (struct pollfd){ .fd = 99, .events = POLLIN };
	SAY(poll(p, 1, 0));
	SAY(poll(p, 3, 1000));
	printf("%d %d %d\n", p[0].revents, p[1].revents, p[2].revents);
	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	SAY(select(fd[0] + 1, &set, NULL, NULL, &none));
	if (write(fd[1], "x", 1) != 1) {
		perror("write");
	}
	SAY(poll(p, 2, -1));
	printf("%d %d\n", p[0].revents, p[1].revents);
	FD_SET(fd[0], &set);
	SAY(select(fd[0] + 1, &set, NULL, NULL, &none));
	printf("%d\n", FD_ISSET(fd[0], &set) != 0);
	close(fd[1]);
	SAY(poll(p, 1, -1));
	printf("%d\n", p[0].revents);
	close(fd[0]);
	FD_ZERO(&set);
	FD_SET(fd[0], &set);
	SAY(select(fd[0] + 1, &set, NULL, NULL, &none));
	SAY(poll(NULL, 0, 20));
	SAY(select(0, NULL, NULL, NULL, &(struct timeval){ 0, 1000 }));
}

static void clocks(void)
{
	struct timespec a;
	struct timespec b;
	struct timespec wait = { 0, 30000000 };

	SAY(clock_gettime(CLOCK_MONOTONIC, &a));
	SAY(nanosleep(&wait, NULL));
	SAY(clock_gettime(CLOCK_MONOTONIC, &b));
	long ns = (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec;

	printf("slept %d\n", ns >= 30000000 && ns < 2000000000);
	b.tv_nsec += 10000000;
	if (b.tv_nsec >= 1000000000) {
		b.tv_sec++;
		b.tv_nsec -= 1000000000;
	}
	SAY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &b, NULL));
	wait.tv_nsec = -1;
	SAY(nanosleep(&wait, NULL));
	SAY(clock_gettime(4711, &a));
	SAY(clock_getres(CLOCK_REALTIME, &a));
	printf("%ld %ld\n", a.tv_sec, a.tv_nsec);
	struct timeval now;

	SAY(gettimeofday(&now, NULL));
	clock_gettime(CLOCK_REALTIME, &a);
	printf("agree %d, after 2017 %d\n", a.tv_sec - now.tv_sec <= 1,
		now.tv_sec > 1500000000);
	SAY(time(NULL) - now.tv_sec <= 1);
}

static void identity(void)
{
	struct utsname name;
	struct rlimit limit;
	struct rusage usage;
	struct sysinfo info;
	char comm[16];
	char random[300] = { 0 };
	int zeros = 0;

	SAY(uname(&name));
	printf("%s %s\n", name.sysname, name.machine);
	SAY(getpid() > 0);
	SAY(syscall(SYS_gettid) == getpid());
	SAY(getuid());
	SAY(setuid(0));
	SAY(getrlimit(RLIMIT_STACK, &limit));
	SAY(getrlimit(999, &limit));
	SAY(getrusage(RUSAGE_SELF, &usage));
	SAY(sysinfo(&info));
	printf("memory %d\n", info.totalram > info.freeram && info.freeram > 0);
	SAY(prctl(PR_SET_NAME, "a name that is too long"));
	SAY(prctl(PR_GET_NAME, comm));
	printf("'%s'\n", comm);
	SAY(getrandom(random, sizeof(random), 0));
	for (size_t i = 0; i < sizeof(random); i++) {
		zeros += random[i] == 0;
	}
	printf("random %d\n", zeros < 20);
	SAY(sched_yield());
	SAY(wait(NULL));
	SAY(kill(999999, 0));
	SAY(syscall(SYS_futex, &zeros, 1, 1, NULL, NULL, 0));
	SAY(syscall(99999));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	pipes();
	polling();
	clocks();
	identity();
	return 42;
}
