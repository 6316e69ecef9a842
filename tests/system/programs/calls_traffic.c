/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random socket calls of two processes: none may break the runtime under them,
 * and what they leave is given back.
 *
 *   calls_traffic SEED COUNT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 16
#define FIRST 20

static uint64_t seed;
static long good;
static char block[70000];

static uint32_t pick(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

static int slot(void)
{
	return FIRST + (int)pick(SLOTS);
}

static void keep(int fd)
{
	if (fd >= 0) {
		dup2(fd, slot());
		close(fd);
		good++;
	}
}

static socklen_t any_name(struct sockaddr_storage *a)
{
	struct sockaddr_un *u = (struct sockaddr_un *)a;
	struct sockaddr_in *i = (struct sockaddr_in *)a;

	memset(a, 0, sizeof(*a));
	switch (pick(4)) {
	case 0:
		u->sun_family = AF_UNIX;
		snprintf(u->sun_path, sizeof(u->sun_path), "s%u", pick(4));
		return sizeof(*u);
	case 1:
		u->sun_family = AF_UNIX;
		u->sun_path[1] = (char)('a' + pick(4));
		return sizeof(sa_family_t) + 2;
	case 2:
		return (socklen_t)pick(200);
	default:
		i->sin_family = pick(20) ? AF_INET : AF_UNSPEC;
		i->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		i->sin_port = htons((uint16_t)(4000 + pick(4)));
		return sizeof(*i);
	}
}

static void make(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM,
		SOCK_SEQPACKET };
	int type = types[pick(4)] | SOCK_NONBLOCK;
	int fd[2];

	if (pick(2) == 0) {
		keep(socket(pick(2) ? AF_UNIX : AF_INET, type, 0));
	} else if (socketpair(AF_UNIX, type, 0, fd) == 0) {
		keep(fd[0]);
		keep(fd[1]);
	}
}

static void meet(void)
{
	struct sockaddr_storage a;
	socklen_t length = any_name(&a);
	int fd = slot();

	switch (pick(5)) {
	case 0:
		good += bind(fd, (struct sockaddr *)&a, length) == 0;
		break;
	case 1:
		good += listen(fd, (int)pick(4)) == 0;
		break;
	case 2:
		good += connect(fd, (struct sockaddr *)&a, length) == 0;
		break;
	case 3:
		keep(accept4(fd, NULL, NULL, SOCK_NONBLOCK));
		break;
	default:
		good += shutdown(fd, (int)pick(4)) == 0;
	}
}

/* A message with files, itself perhaps among them. */
static void pass(void)
{
	char room[CMSG_SPACE(4 * sizeof(int))] = { 0 };
	struct iovec v = { block, pick(5) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = CMSG_SPACE(sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd = slot();

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	good += sendmsg(slot(), &m, MSG_NOSIGNAL) >= 0;
}

static void take(void)
{
	char room[CMSG_SPACE(4 * sizeof(int))] = { 0 };
	struct iovec v = { block, pick(300) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = pick(sizeof(room)) };
	int flags = pick(4) == 0 ? MSG_PEEK : 0;

	if (recvmsg(slot(), &m, flags) < 0) {
		return;
	}
	good++;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL;
		c = CMSG_NXTHDR(&m, c)) {
		int fd;

		if (c->cmsg_type == SCM_RIGHTS &&
			c->cmsg_len >= CMSG_LEN(sizeof(fd))) {
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
			keep(fd);
		}
	}
}

static void move(void)
{
	struct sockaddr_storage a;
	socklen_t length = any_name(&a);
	size_t bytes = pick(10) == 0 ? pick(sizeof(block)) : pick(200);

	switch (pick(4)) {
	case 0:
		good += send(slot(), block, bytes, MSG_NOSIGNAL) >= 0;
		break;
	case 1:
		good += sendto(slot(), block, bytes, MSG_NOSIGNAL,
				(struct sockaddr *)&a, length) >= 0;
		break;
	default:
		good += recv(slot(), block, bytes, 0) >= 0;
	}
}

static void look(void)
{
	struct sockaddr_storage a;
	socklen_t length = (socklen_t)pick(140);
	struct pollfd p[2] = { { slot(), POLLIN | POLLOUT, 0 },
		{ slot(), POLLIN, 0 } };
	int value = (int)pick(100000);

	switch (pick(5)) {
	case 0:
		good += poll(p, 2, 0) >= 0;
		break;
	case 1:
		good += getsockname(slot(), (struct sockaddr *)&a, &length) ==
			0;
		break;
	case 2:
		good += getpeername(slot(), (struct sockaddr *)&a, &length) ==
			0;
		break;
	case 3:
		good += setsockopt(slot(), SOL_SOCKET, (int)pick(45), &value,
				sizeof(value)) == 0;
		break;
	default:
		good += getsockopt(slot(), (int)pick(7), (int)pick(64), &a,
				&length) == 0;
	}
}

static void traffic(long count)
{
	for (long i = 0; i < count; i++) {
		switch (pick(10)) {
		case 0:
		case 1:
			make();
			break;
		case 2:
		case 3:
			meet();
			break;
		case 4:
			pass();
			break;
		case 5:
			take();
			break;
		case 6:
		case 7:
			move();
			break;
		case 8:
			look();
			break;
		default:
			if (pick(3) == 0) {
				char path[4] = { 's', (char)('0' + pick(4)) };

				unlink(path);
			} else {
				close(slot());
			}
		}
	}
}

static void close_all(void)
{
	for (int fd = FIRST; fd < FIRST + SLOTS; fd++) {
		close(fd);
	}
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 1000;
	int status = -1;
	pid_t pid;

	seed = 0x9e3779b97f4a7c15ull * (uint64_t)(argc > 1 ? atol(argv[1]) : 1);
	signal(SIGPIPE, SIG_IGN);
	traffic(count / 10);
	pid = fork();
	seed += pid == 0;
	traffic(count);
	close_all();
	if (pid == 0) {
		_exit(good > count / 10 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	if (status != 0 || good <= count / 10) {
		printf("child %d, %ld of %ld calls good\n", status, good,
			count);
		return 1;
	}
	return 0;
}
