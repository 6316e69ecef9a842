/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees of poll, select, epoll, eventfd, timerfd and signalfd:
 * prints the same in a box and outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What came back, and why it failed. */
static void say(const char *what, long result)
{
	printf("%s: %ld%s%s\n", what, result, result < 0 ? " " : "",
		result < 0 ? strerrorname_np(errno) : "");
}

/* ---- eventfd ---- */

static void *add_later(void *arg)
{
	uint64_t five = 5;

	usleep(30000);
	(void)!write(*(int *)arg, &five, 8);
	return NULL;
}

static void eventfds(void)
{
	uint64_t value = 3;
	int fd = eventfd(4, EFD_NONBLOCK | EFD_CLOEXEC);
	struct stat stat;

	say("eventfd flags", fcntl(fd, F_GETFD));
	fstat(fd, &stat);
	printf("eventfd mode %o\n", stat.st_mode);
	say("write", write(fd, &value, 8));
	say("read", read(fd, &value, 8));
	printf("sum %ju\n", (uintmax_t)value);
	say("read of nothing", read(fd, &value, 8));
	say("short read", read(fd, &value, 4));
	value = UINT64_MAX;
	say("write too much", write(fd, &value, 8));
	value = UINT64_MAX - 1;
	say("fill", write(fd, &value, 8));
	value = 1;
	say("write to full", write(fd, &value, 8));
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	say("poll full", poll(&p, 1, 0));
	printf("events %x\n", p.revents);
	close(fd);

	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	for (int i = 0; i < 3; i++) {
		value = 0;
		say("semaphore", read(fd, &value, 8));
		printf("value %ju\n", (uintmax_t)value);
	}
	close(fd);
	say("bad flags", eventfd(0, 0x100));

	pthread_t thread;

	fd = eventfd(0, 0);
	pthread_create(&thread, NULL, add_later, &fd);
	say("blocking read", read(fd, &value, 8));
	printf("value %ju\n", (uintmax_t)value);
	pthread_join(thread, NULL);
	close(fd);
}

/* ---- timerfd ---- */

static void arm(int fd, int first_ms, int interval_ms)
{
	const struct itimerspec t = {
		.it_value = { 0, first_ms * 1000000l },
		.it_interval = { 0, interval_ms * 1000000l },
	};

	timerfd_settime(fd, 0, &t, NULL);
}

static void timerfds(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec t = { 0 };
	uint64_t ticks = 0;
	int64_t start = now_ms();

	say("not armed", read(fd, &ticks, 8));
	arm(fd, 40, 0);
	say("too early", read(fd, &ticks, 8));
	struct pollfd p = { fd, POLLIN, 0 };

	say("poll", poll(&p, 1, 5000));
	printf("after at least 39 ms %d\n", now_ms() - start >= 39);
	say("read", read(fd, &ticks, 8));
	printf("ticks %ju\n", (uintmax_t)ticks);
	say("once", read(fd, &ticks, 8));
	timerfd_gettime(fd, &t);
	printf("left %ld\n", t.it_value.tv_sec + t.it_value.tv_nsec);

	arm(fd, 20, 20);
	usleep(110000);
	say("repeated", read(fd, &ticks, 8));
	printf("several %d\n", ticks >= 5 && ticks < 50);
	timerfd_gettime(fd, &t);
	printf("left %d interval %ld\n",
		t.it_value.tv_nsec > 0 && t.it_value.tv_nsec <= 20000000,
		t.it_interval.tv_nsec);
	arm(fd, 0, 0);
	say("taken off", read(fd, &ticks, 8));
	fcntl(fd, F_SETFL, 0);
	arm(fd, 20, 0);
	say("blocking", read(fd, &ticks, 8));
	t = (struct itimerspec){ .it_value = { 0, 1 } };
	say("absolute, in the past",
		timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
	say("read", read(fd, &ticks, 8));
	close(fd);
	fd = timerfd_create(CLOCK_REALTIME, 0);
	clock_gettime(CLOCK_REALTIME, &t.it_value);
	t.it_value.tv_nsec += 20000000;
	if (t.it_value.tv_nsec >= 1000000000) {
		t.it_value.tv_sec++;
		t.it_value.tv_nsec -= 1000000000;
	}
	timerfd_settime(
		fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &t, NULL);
	say("real time", read(fd, &ticks, 8));
	close(fd);
	say("bad clock", timerfd_create(77, 0));
	say("no timer", timerfd_gettime(1, &t));
}

/* ---- signalfd ---- */

static void signalfds(void)
{
	struct signalfd_siginfo info[4];
	sigset_t set;
	sigset_t old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	int fd = signalfd(-1, &set, SFD_NONBLOCK);
	struct pollfd p = { fd, POLLIN, 0 };

	say("nothing", read(fd, info, sizeof(info)));
	say("poll", poll(&p, 1, 0));
	for (int i = 0; i < 3; i++) {
		sigqueue(getpid(), SIGRTMIN + 3,
			(union sigval){ .sival_int = 10 + i });
	}
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	say("poll", poll(&p, 1, 0));
	long n = read(fd, info, 2 * sizeof(info[0]));

	printf("two: %ld\n", n / (long)sizeof(info[0]));
	n += read(fd, info + 2, 2 * sizeof(info[0]));
	printf("two more: %ld\n", n / (long)sizeof(info[0]));
	for (int i = 0; i < 4; i++) {
		printf("signal %u code %d value %d from me %d\n",
			info[i].ssi_signo, info[i].ssi_code, info[i].ssi_int,
			info[i].ssi_pid == (uint32_t)getpid());
	}
	say("no more", read(fd, info, sizeof(info)));
	if (fork() == 0) {
		_exit(9);
	}
	say("poll", poll(&p, 1, 5000));
	say("child", read(fd, info, sizeof(info)) / (long)sizeof(info[0]));
	printf("signal %u status %d\n", info[0].ssi_signo, info[0].ssi_status);
	wait(NULL);
	sigdelset(&set, SIGUSR1);
	say("another set", signalfd(fd, &set, 0) == fd);
	kill(getpid(), SIGUSR1);
	say("poll", poll(&p, 1, 0));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwaitinfo(&set, NULL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fd);
}

/* ---- epoll ---- */

static void watch(int set, int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };
	int result = epoll_ctl(set, op, fd, &event);

	if (result != 0) {
		say("epoll_ctl", result);
	}
}

static void show(int set, const char *what, int timeout)
{
	struct epoll_event event[8];
	int n = epoll_wait(set, event, 8, timeout);

	printf("%s: %d", what, n);
	for (int i = 0; i < n; i++) {
		printf(" %x", event[i].events);
	}
	printf("\n");
}

static void levels_and_edges(int set)
{
	char bytes[8];
	int ends[2];

	(void)!pipe(ends);
	watch(set, EPOLL_CTL_ADD, ends[0], EPOLLIN);
	show(set, "empty", 0);
	(void)!write(ends[1], "abc", 3);
	show(set, "level", 0);
	show(set, "level again", 0);
	watch(set, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET);
	show(set, "edge", 0);
	show(set, "edge again", 0);
	(void)!read(ends[0], bytes, 1);
	show(set, "edge after a read", 0);
	(void)!write(ends[1], "d", 1);
	show(set, "edge after a write", 0);
	watch(set, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT);
	show(set, "once", 0);
	(void)!write(ends[1], "e", 1);
	show(set, "once again", 0);
	watch(set, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT);
	show(set, "once anew", 0);
	watch(set, EPOLL_CTL_MOD, ends[0], EPOLLIN);
	(void)!read(ends[0], bytes, 8);
	show(set, "empty again", 0);
	close(ends[1]);
	show(set, "hung up", 0);
	close(ends[0]);
	show(set, "closed", 0);
}

static void epoll_errors(int set)
{
	struct epoll_event event = { .events = EPOLLIN };
	int file = open("/proc/self/exe", O_RDONLY);
	int ends[2];

	(void)!pipe(ends);
	say("regular file", epoll_ctl(set, EPOLL_CTL_ADD, file, &event));
	say("itself", epoll_ctl(set, EPOLL_CTL_ADD, set, &event));
	say("no set", epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &event));
	say("no file", epoll_ctl(set, EPOLL_CTL_ADD, 999, &event));
	say("not in it", epoll_ctl(set, EPOLL_CTL_MOD, ends[0], &event));
	say("not in it", epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL));
	say("add", epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event));
	say("add again", epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event));
	say("what", epoll_ctl(set, 9, ends[0], &event));
	event.events = EPOLLIN | EPOLLEXCLUSIVE;
	say("exclusive", epoll_ctl(set, EPOLL_CTL_ADD, ends[1], &event));
	say("remove", epoll_ctl(set, EPOLL_CTL_DEL, ends[1], NULL));
	say("remove", epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL));
	say("none wanted", epoll_wait(set, &event, 0, 0));
	say("size", epoll_create(0));
	say("flags", epoll_create1(3));
	close(ends[0]);
	close(ends[1]);
	close(file);
}

static void nested(int set)
{
	uint64_t one = 1;
	int inner = epoll_create1(0);
	int fd = eventfd(0, EFD_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN };

	watch(inner, EPOLL_CTL_ADD, fd, EPOLLIN);
	watch(set, EPOLL_CTL_ADD, inner, EPOLLIN);
	say("in a circle", epoll_ctl(inner, EPOLL_CTL_ADD, set, &event));
	show(set, "inner empty", 0);
	(void)!write(fd, &one, 8);
	show(set, "inner ready", 0);
	struct pollfd p = { set, POLLIN, 0 };

	say("poll of a set", poll(&p, 1, 0));
	(void)!read(fd, &one, 8);
	show(set, "inner empty again", 0);
	say("poll of a set", poll(&p, 1, 0));
	close(inner);
	close(fd);
}

static void duplicates(int set)
{
	uint64_t one = 1;
	int fd = eventfd(0, EFD_NONBLOCK);
	int copy = dup(fd);

	watch(set, EPOLL_CTL_ADD, fd, EPOLLIN);
	watch(set, EPOLL_CTL_ADD, copy, EPOLLIN);
	(void)!write(fd, &one, 8);
	show(set, "twice", 0);
	close(copy);
	show(set, "a copy is closed, the file is not", 0);
	close(fd);
	show(set, "all are closed", 0);
}

static void *write_later(void *arg)
{
	usleep(30000);
	(void)!write(*(int *)arg, "x", 1);
	return NULL;
}

static void sleeping(int set)
{
	int pair[2];
	char byte;
	pthread_t thread;

	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	watch(set, EPOLL_CTL_ADD, pair[0], EPOLLIN | EPOLLRDHUP);
	int64_t start = now_ms();

	show(set, "time out", 40);
	printf("took 39 ms %d\n", now_ms() - start >= 39);
	pthread_create(&thread, NULL, write_later, &pair[1]);
	show(set, "woken", 5000);
	pthread_join(thread, NULL);
	(void)!read(pair[0], &byte, 1);
	if (fork() == 0) {
		usleep(30000);
		(void)!write(pair[1], "y", 1);
		_exit(0);
	}
	show(set, "woken by a child", 5000);
	wait(NULL);
	close(pair[0]);
	close(pair[1]);
}

static void note(int signal)
{
	(void)signal;
}

static void masks(int set)
{
	struct sigaction action = { .sa_handler = note,
		.sa_flags = SA_RESTART };
	struct epoll_event event;
	struct timespec t = { 0, 20000000 };
	sigset_t block;
	sigset_t none;

	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, NULL);
	raise(SIGUSR1);
	say("blocked", epoll_wait(set, &event, 1, 20));
	say("let through", epoll_pwait(set, &event, 1, 5000, &none));
	say("pwait2", epoll_pwait2(set, &event, 1, &t, &none));
	raise(SIGUSR1);
	t.tv_sec = 5;
	say("ppoll", ppoll(NULL, 0, &t, &none));
	raise(SIGUSR1);
	say("pselect", pselect(0, NULL, NULL, NULL, &t, &none));
	sigprocmask(SIG_UNBLOCK, &block, NULL);
}

/* ---- poll and select ---- */

static void polls(void)
{
	int ends[2];
	int count = 0;
	int one = 1;
	fd_set in;
	fd_set out;
	struct timeval t = { 0, 30000 };

	(void)!pipe(ends);
	struct pollfd p[4] = { { ends[0], POLLIN, 0 }, { ends[1], POLLOUT, 0 },
		{ -1, POLLIN, 7 }, { 999, POLLIN, 0 } };

	say("poll", poll(p, 4, -1));
	printf("%x %x %x %x\n", p[0].revents, p[1].revents, p[2].revents,
		p[3].revents);
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	say("select", select(ends[0] + 1, &in, NULL, NULL, &t));
	printf("set %d left %ld\n", FD_ISSET(ends[0], &in), t.tv_usec);
	(void)!write(ends[1], "hello", 5);
	FD_SET(ends[0], &in);
	FD_ZERO(&out);
	FD_SET(ends[1], &out);
	t.tv_sec = 5;
	say("select", select(ends[1] + 1, &in, &out, NULL, &t));
	printf("left %d\n", t.tv_sec == 4 || t.tv_sec == 5);
	ioctl(ends[0], FIONREAD, &count);
	printf("bytes %d\n", count);
	ioctl(ends[0], FIONBIO, &one);
	printf("nonblocking %d\n", (fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
	char bytes[8];

	say("read", read(ends[0], bytes, 8));
	say("read", read(ends[0], bytes, 8));
	close(ends[0]);
	p[1].revents = 0;
	say("poll", poll(p + 1, 1, -1));
	printf("%x\n", p[1].revents);
	close(ends[1]);
	FD_SET(ends[0], &in);
	say("select", select(ends[0] + 1, &in, NULL, NULL, &t));
}

/* ---- a server as redis is one ---- */

#define CLIENTS	 20
#define REQUESTS 100

static void *client(void *arg)
{
	int fd = *(int *)arg;
	long sum = 0;

	for (int i = 0; i < REQUESTS; i++) {
		int answer = 0;

		(void)!write(fd, &i, sizeof(i));
		(void)!read(fd, &answer, sizeof(answer));
		sum += answer;
	}
	close(fd);
	return (void *)sum;
}

static int serve(int fd, int set)
{
	int request;
	ssize_t n = read(fd, &request, sizeof(request));

	if (n == 0) {
		epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL);
		close(fd);
		return 1;
	}
	request = 2 * request + 1;
	(void)!write(fd, &request, sizeof(request));
	return 0;
}

static void server(uint32_t how)
{
	pthread_t thread[CLIENTS];
	int pair[CLIENTS][2];
	int set = epoll_create1(EPOLL_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	int left = CLIENTS;
	long sum = 0;

	arm(timer, 5, 5);
	watch(set, EPOLL_CTL_ADD, timer, EPOLLIN);
	for (int i = 0; i < CLIENTS; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]);
		watch(set, EPOLL_CTL_ADD, pair[i][0], EPOLLIN | how);
		pthread_create(&thread[i], NULL, client, &pair[i][1]);
	}
	while (left > 0) {
		struct epoll_event event[8];
		int n = epoll_wait(set, event, 8, -1);

		for (int i = 0; i < n; i++) {
			uint64_t ticks;

			if (event[i].data.fd == timer) {
				(void)!read(timer, &ticks, 8);
			} else {
				left -= serve(event[i].data.fd, set);
			}
		}
	}
	for (int i = 0; i < CLIENTS; i++) {
		void *result;

		pthread_join(thread[i], &result);
		sum += (long)result;
	}
	printf("served %d\n", sum == (long)CLIENTS * REQUESTS * REQUESTS);
	close(timer);
	close(set);
}

int main(void)
{
	int set = epoll_create1(EPOLL_CLOEXEC);

	eventfds();
	timerfds();
	signalfds();
	levels_and_edges(set);
	epoll_errors(set);
	nested(set);
	duplicates(set);
	sleeping(set);
	masks(set);
	polls();
	server(0);
	server(EPOLLET);
	return 0;
}
