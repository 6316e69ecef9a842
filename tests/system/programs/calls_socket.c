/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees of sockets inside one machine: prints the same in a box
 * and outside, run in a directory of its own. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Print what a call came to, and why when it failed. */
#define SAY(call)                                                          \
	do {                                                               \
		errno = 0;                                                 \
		long result_ = (long)(call);                               \
		printf("%s = %ld %s\n", #call, result_ < 0 ? -1 : result_, \
			result_ < 0 ? strerror(errno) : "");               \
	} while (0)

static void show_poll(const char *what, int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	poll(&p, 1, 0);
	printf("%s:%s%s%s%s%s\n", what, p.revents & POLLIN ? " in" : "",
		p.revents & POLLOUT ? " out" : "",
		p.revents & POLLHUP ? " hup" : "",
		p.revents & POLLRDHUP ? " rdhup" : "",
		p.revents & POLLERR ? " err" : "");
}

static void stream_pair(void)
{
	char text[64] = { 0 };
	int fd[2];
	int bytes = -1;

	puts("-- stream pair");
	SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	show_poll("fresh", fd[0]);
	SAY(write(fd[0], "hello ", 6));
	SAY(send(fd[0], "world", 5, 0));
	SAY(ioctl(fd[1], FIONREAD, &bytes));
	printf("%d bytes\n", bytes);
	SAY(recv(fd[1], text, 5, MSG_PEEK));
	SAY(recv(fd[1], text, sizeof(text), 0));
	printf("'%s'\n", text);
	SAY(recv(fd[1], text, sizeof(text), MSG_DONTWAIT));
	SAY(lseek(fd[0], 0, SEEK_SET));
	SAY(pread(fd[0], text, 1, 0));
	SAY(shutdown(fd[0], SHUT_WR));
	show_poll("peer shut", fd[1]);
	SAY(read(fd[1], text, 1));
	SAY(send(fd[0], "x", 1, MSG_NOSIGNAL));
	SAY(write(fd[1], "back", 4));
	SAY(read(fd[0], text, sizeof(text)));
	SAY(close(fd[1]));
	show_poll("peer closed", fd[0]);
	SAY(read(fd[0], text, 1));
	SAY(send(fd[0], "x", 1, MSG_NOSIGNAL));
	close(fd[0]);
	SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	write(fd[0], "unread", 6);
	close(fd[1]);
	SAY(read(fd[0], text, 1));
	SAY(read(fd[0], text, 1));
	close(fd[0]);
}

static void fill_up(void)
{
	static char block[4096];
	long total = 0;
	long got;
	int fd[2];

	puts("-- full");
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd);
	while ((got = write(fd[0], block, sizeof(block))) > 0) {
		total += got;
	}
	printf("%s, some %d\n", strerror(errno), total > 65536);
	show_poll("full", fd[0]);
	while ((got = read(fd[1], block, sizeof(block))) > 0) {
		total -= got;
	}
	printf("%s, left %ld\n", strerror(errno), total);
	show_poll("empty", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

static void messages(int type, const char *name)
{
	struct iovec in[3] = { { "one", 3 }, { "", 0 }, { " two", 4 } };
	char a[4];
	char b[64] = { 0 };
	struct iovec out[2] = { { a, sizeof(a) }, { b, sizeof(b) } };
	struct msghdr m = { .msg_iov = out, .msg_iovlen = 2 };
	int fd[2];

	printf("-- %s\n", name);
	SAY(socketpair(AF_UNIX, type, 0, fd));
	SAY(writev(fd[0], in, 3));
	SAY(send(fd[0], "second", 6, 0));
	SAY(send(fd[0], "", 0, 0));
	SAY(recvmsg(fd[1], &m, 0));
	printf("'%.4s%s' %x\n", a, b,
		(unsigned)m.msg_flags & ~(unsigned)MSG_EOR);
	SAY(recv(fd[1], b, 3, MSG_TRUNC | MSG_PEEK));
	SAY(recv(fd[1], b, 3, 0));
	SAY(recv(fd[1], b, 3, 0));
	SAY(recv(fd[1], b, 3, MSG_DONTWAIT));
	show_poll(name, fd[0]);
	close(fd[1]);
	show_poll(name, fd[0]);
	SAY(send(fd[0], "x", 1, MSG_NOSIGNAL));
	SAY(recv(fd[0], b, 1, MSG_DONTWAIT));
	close(fd[0]);
}

static struct sockaddr_un path_of(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	return a;
}

static void show_name(const char *what, int fd, int peer)
{
	struct sockaddr_storage a;
	socklen_t length = sizeof(a);
	int r = peer ? getpeername(fd, (struct sockaddr *)&a, &length)
		     : getsockname(fd, (struct sockaddr *)&a, &length);

	if (r != 0) {
		printf("%s: %s\n", what, strerror(errno));
	} else if (a.ss_family == AF_UNIX) {
		const struct sockaddr_un *u = (const struct sockaddr_un *)&a;

		printf("%s: unix %d '%s' '%s'\n", what, (int)length,
			length > 2 ? u->sun_path : "",
			length > 3 && u->sun_path[0] == 0 ? u->sun_path + 1
							  : "");
	} else {
		const struct sockaddr_in *i = (const struct sockaddr_in *)&a;

		printf("%s: inet %d %s port %d\n", what, (int)length,
			inet_ntoa(i->sin_addr), i->sin_port != 0);
	}
}

static void listening(void)
{
	struct sockaddr_un name = path_of("sock");
	struct sockaddr_un no = path_of("nothing");
	struct ucred cred = { 0 };
	socklen_t length = sizeof(cred);
	char text[16] = { 0 };
	struct stat st;
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	int made;

	puts("-- listen");
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	SAY(listen(server, 4));
	SAY(bind(server, (struct sockaddr *)&name, sizeof(name)));
	SAY(bind(server, (struct sockaddr *)&name, sizeof(name)));
	SAY(bind(client, (struct sockaddr *)&name, sizeof(name)));
	lstat("sock", &st);
	printf("%o\n", st.st_mode);
	SAY(open("sock", O_RDONLY));
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	SAY(connect(client, (struct sockaddr *)&no, sizeof(no)));
	SAY(accept(client, NULL, NULL));
	SAY(listen(server, 4));
	show_poll("nobody", server);
	fcntl(server, F_SETFL, O_NONBLOCK);
	SAY(accept(server, NULL, NULL));
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	show_poll("somebody", server);
	SAY(write(client, "early", 5));
	made = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	printf("%d %d\n", made >= 0, fcntl(made, F_GETFD));
	SAY(read(made, text, sizeof(text)));
	show_name("server", server, 0);
	show_name("made", made, 0);
	show_name("made's peer", made, 1);
	show_name("client", client, 0);
	show_name("client's peer", client, 1);
	show_name("server's peer", server, 1);
	SAY(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &cred, &length));
	printf("%d %d %d\n", cred.pid == getpid(), (int)cred.uid,
		(int)cred.gid);
	SAY(unlink("sock"));
	SAY(write(made, "still", 5));
	SAY(read(client, text, sizeof(text)));
	close(server);
	close(made);
	close(client);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(server, (struct sockaddr *)&name, sizeof(name));
	close(server);
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	SAY(connect(client, (struct sockaddr *)&no, sizeof(no)));
	close(client);
}

static void abstract(void)
{
	struct sockaddr_un name = { AF_UNIX, "\0confbox-test-name" };
	socklen_t length = sizeof(sa_family_t) + 18;
	int server = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	int other = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	int made;
	char text[8] = { 0 };

	puts("-- abstract");
	SAY(bind(server, (struct sockaddr *)&name, length));
	SAY(bind(other, (struct sockaddr *)&name, length));
	SAY(listen(server, 1));
	SAY(connect(other, (struct sockaddr *)&name, length - 1));
	SAY(connect(other, (struct sockaddr *)&name, length));
	made = accept(server, NULL, NULL);
	SAY(send(other, "abc", 3, 0));
	SAY(recv(made, text, 8, 0));
	show_name("server", server, 0);
	close(made);
	SAY(recv(other, text, 8, 0));
	close(server);
	close(other);
}

static void datagrams(void)
{
	struct sockaddr_un one = path_of("one");
	struct sockaddr_un two = path_of("two");
	struct sockaddr_un from;
	socklen_t length = sizeof(from);
	char text[16] = { 0 };
	int a = socket(AF_UNIX, SOCK_DGRAM, 0);
	int b = socket(AF_UNIX, SOCK_DGRAM, 0);

	puts("-- datagrams");
	SAY(send(a, "x", 1, 0));
	SAY(sendto(a, "x", 1, 0, (struct sockaddr *)&two, sizeof(two)));
	SAY(bind(a, (struct sockaddr *)&one, sizeof(one)));
	SAY(bind(b, (struct sockaddr *)&two, sizeof(two)));
	SAY(sendto(a, "first", 5, 0, (struct sockaddr *)&two, sizeof(two)));
	SAY(recvfrom(b, text, 16, 0, (struct sockaddr *)&from, &length));
	printf("'%s' from '%s' %d\n", text, from.sun_path, (int)length);
	SAY(connect(b, (struct sockaddr *)&one, sizeof(one)));
	SAY(send(b, "reply", 5, 0));
	SAY(recv(a, text, 3, MSG_TRUNC));
	SAY(listen(a, 1));
	SAY(accept(a, NULL, NULL));
	close(a);
	SAY(send(b, "x", 1, 0));
	SAY(send(b, "x", 1, 0));
	close(b);
}

static long pass(int to, int fd, char *text)
{
	struct iovec v = { text, strlen(text) };
	char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(to, &m, 0);
}

/* The descriptor that comes with the next message. */
static int take(int from, size_t space, int flags)
{
	char text[16] = { 0 };
	struct iovec v = { text, sizeof(text) };
	char room[128] = { 0 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = space };
	long got = recvmsg(from, &m, flags);
	int fd = -1;

	printf("%ld '%s' %x %d:", got, text,
		(unsigned)m.msg_flags & ~(unsigned)MSG_CMSG_CLOEXEC,
		(int)m.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL;
		c = CMSG_NXTHDR(&m, c)) {
		printf(" type %d bytes %d", c->cmsg_type, (int)c->cmsg_len);
		if (c->cmsg_type == SCM_RIGHTS) {
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
			printf(" %d", fcntl(fd, F_GETFD));
		}
		if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred u;

			memcpy(&u, CMSG_DATA(c), sizeof(u));
			printf(" %d %d", u.pid == getpid(), (int)u.uid);
		}
	}
	puts("");
	return fd;
}

static void rights(void)
{
	int on = 1;
	int fd[2];
	int in[2];
	int got;
	char text[16] = { 0 };

	puts("-- rights");
	socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
	SAY(pipe(in));
	SAY(pass(fd[0], in[0], "take it"));
	close(in[0]);
	SAY(write(in[1], "through", 7));
	got = take(fd[1], 128, MSG_CMSG_CLOEXEC);
	SAY(read(got, text, sizeof(text)));
	printf("'%s'\n", text);
	SAY(pass(fd[0], 99, "bad"));
	SAY(pass(fd[0], got, "no room"));
	take(fd[1], 0, 0);
	SAY(pass(fd[0], got, "a"));
	SAY(write(fd[0], "b", 1));
	close(take(fd[1], 128, 0));
	take(fd[1], 128, 0);
	SAY(pass(fd[0], got, "peek"));
	close(take(fd[1], 128, MSG_PEEK));
	SAY(read(fd[1], text, 4));
	SAY(setsockopt(fd[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	SAY(write(fd[0], "who", 3));
	take(fd[1], 128, 0);
	close(got);
	SAY(pass(fd[0], in[1], "unread"));
	close(fd[0]);
	close(fd[1]);
	close(in[1]);
}

static void options(void)
{
	static const int names[] = { SO_TYPE, SO_ERROR, SO_ACCEPTCONN,
		SO_REUSEADDR, SO_KEEPALIVE, SO_DOMAIN, SO_PROTOCOL, SO_RCVLOWAT,
		SO_BROADCAST, 4711 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 7;
	struct timeval t = { 0, 20000 };
	char byte;
	int pair[2];

	puts("-- options");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int value = -1;
		socklen_t length = sizeof(value);
		int r = getsockopt(fd, SOL_SOCKET, names[i], &value, &length);

		printf("%d: %d %d %s\n", names[i], r, value,
			r < 0 ? strerror(errno) : "");
	}
	SAY(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	SAY(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, 1));
	SAY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	SAY(setsockopt(fd, SOL_SOCKET, 4711, &on, sizeof(on)));
	SAY(getsockopt(fd, SOL_SOCKET, SO_TYPE, NULL, NULL));
	SAY(getsockopt(1, SOL_SOCKET, SO_TYPE, &on, &(socklen_t){ 4 }));
	SAY(getsockopt(99, SOL_SOCKET, SO_TYPE, &on, &(socklen_t){ 4 }));
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	SAY(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	SAY(read(pair[0], &byte, 1));
	SAY(setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	close(pair[0]);
	close(pair[1]);
	SAY(socket(AF_UNIX, 99, 0));
	SAY(socket(AF_INET, SOCK_SEQPACKET, 0));
	SAY(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	SAY(socket(4711, SOCK_STREAM, 0));
	SAY(socketpair(AF_INET, SOCK_STREAM, 0, pair));
}

static void tcp(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in bad = any;
	struct sockaddr_in name;
	socklen_t length = sizeof(name);
	int server = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int made;
	int error = -1;
	char text[16] = { 0 };

	puts("-- tcp");
	show_poll("new", client);
	SAY(read(client, text, 1));
	SAY(bind(server, (struct sockaddr *)&any, sizeof(any)));
	SAY(getsockname(server, (struct sockaddr *)&name, &length));
	show_name("server", server, 0);
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	SAY(listen(server, 8));
	SAY(bind(client, (struct sockaddr *)&name, sizeof(name)));
	close(client);
	client = socket(AF_INET, SOCK_STREAM, 0);
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	made = accept(server, (struct sockaddr *)&name, &length);
	printf("%d %s\n", made >= 0, inet_ntoa(name.sin_addr));
	show_name("client", client, 0);
	show_name("peer", client, 1);
	show_name("made", made, 0);
	SAY(send(client, "ping", 4, 0));
	SAY(recv(made, text, sizeof(text), 0));
	SAY(shutdown(client, SHUT_WR));
	SAY(recv(made, text, sizeof(text), 0));
	show_poll("half", made);
	SAY(send(made, "pong", 4, 0));
	SAY(close(made));
	SAY(recv(client, text, 4, MSG_WAITALL));
	SAY(recv(client, text, 4, 0));
	close(client);
	client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	length = sizeof(name);
	getsockname(server, (struct sockaddr *)&name, &length);
	SAY(connect(client, (struct sockaddr *)&name, sizeof(name)));
	show_poll("connecting", client);
	length = sizeof(error);
	SAY(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
	printf("error %d\n", error);
	close(client);
	close(server);
	client = socket(AF_INET, SOCK_STREAM, 0);
	bad.sin_family = 4711;
	SAY(connect(client, (struct sockaddr *)&bad, sizeof(bad)));
	SAY(connect(client, (struct sockaddr *)&bad, 4));
	SAY(sendto(client, "x", 1, MSG_NOSIGNAL, NULL, 0));
	close(client);
}

static void udp(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in name;
	socklen_t length = sizeof(name);
	int a = socket(AF_INET, SOCK_DGRAM, 0);
	int b = socket(AF_INET, SOCK_DGRAM, 0);
	char text[16] = { 0 };

	puts("-- udp");
	SAY(send(a, "x", 1, 0));
	SAY(bind(a, (struct sockaddr *)&any, sizeof(any)));
	getsockname(a, (struct sockaddr *)&name, &length);
	SAY(sendto(b, "ping", 4, 0, (struct sockaddr *)&name, sizeof(name)));
	SAY(recvfrom(a, text, 16, 0, (struct sockaddr *)&name, &length));
	SAY(connect(a, (struct sockaddr *)&name, sizeof(name)));
	SAY(send(a, "pong", 4, 0));
	SAY(recv(b, text, 2, MSG_TRUNC));
	show_poll("udp", a);
	close(b);
	SAY(send(a, "lost", 4, 0));
	SAY(recv(a, text, 2, MSG_DONTWAIT));
	close(a);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	stream_pair();
	fill_up();
	messages(SOCK_SEQPACKET, "seqpacket");
	messages(SOCK_DGRAM, "dgram");
	listening();
	abstract();
	datagrams();
	rights();
	options();
	tcp();
	udp();
	return 0;
}
