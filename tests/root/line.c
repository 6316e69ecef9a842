/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line into the machine by a serial port: the machine's end of tests/host/lines.py.
 * Each session becomes a connection to a port of this machine.
 *
 *   line TTY PORT
 *
 * It says so when it waits for a session: what came before that is lost.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define MOST   1024u
#define WINDOW 16u

enum kind {
	END = 0,
	CREDIT = 0xfffe,
	BEGIN = 0xffff,
};

struct session {
	int tty;
	int fd; /* the service's */
	unsigned int credits;
	bool ended; /* by the service */
};

_Noreturn static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void read_all(int fd, void *to, size_t size)
{
	uint8_t *at = to;

	while (size != 0) {
		ssize_t n = read(fd, at, size);

		if (n == 0 || (n < 0 && errno != EINTR)) {
			fail("line: read");
		}
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
}

/* @return false: nobody takes it any more */
static bool write_all(int fd, const void *from, size_t size)
{
	const uint8_t *at = from;

	while (size != 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno != EINTR) {
			return false;
		}
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

static void put(int tty, uint16_t kind, const void *data, uint32_t size)
{
	uint8_t packet[6 + MOST];
	uint32_t whole = htobe32(2 + size);
	uint16_t little = htole16(kind);

	memcpy(packet, &whole, sizeof(whole));
	memcpy(packet + 4, &little, sizeof(little));
	if (size != 0) {
		memcpy(packet + 6, data, size);
	}
	if (!write_all(tty, packet, 6 + size)) {
		fail("line: write");
	}
}

/* @return the kind; that of data is their size */
static uint16_t get(int tty, uint8_t *data)
{
	uint32_t whole;
	uint16_t kind;

	read_all(tty, &whole, sizeof(whole));
	read_all(tty, &kind, sizeof(kind));
	whole = be32toh(whole);
	kind = le16toh(kind);
	if (whole < 2 || whole > 2 + MOST || (whole > 2 && kind != whole - 2)) {
		errno = EPROTO;
		fail("line: packet");
	}
	read_all(tty, data, whole - 2);
	return kind;
}

static int meet(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	while (fd >= 0 && connect(fd, (const struct sockaddr *)&address,
				  sizeof(address)) != 0) {
		if (errno != ECONNREFUSED) {
			fail("line: connect");
		}
		(void)usleep(100000); /* it is not there yet */
	}
	return fd >= 0 ? fd : (fail("line: socket"), -1);
}

static void from_outside(struct session *session)
{
	uint8_t data[MOST];
	uint16_t kind = get(session->tty, data);

	if (kind == CREDIT) {
		session->credits++;
	} else if (kind == END) {
		(void)shutdown(session->fd, SHUT_WR);
	} else if (kind <= MOST) {
		(void)write_all(session->fd, data, kind);
		put(session->tty, CREDIT, NULL, 0);
	}
}

static void from_service(struct session *session)
{
	uint8_t data[MOST];
	ssize_t n = read(session->fd, data, sizeof(data));

	if (n <= 0) {
		put(session->tty, END, NULL, 0);
		session->ended = true;
		return;
	}
	put(session->tty, (uint16_t)n, data, (uint32_t)n);
	session->credits--;
}

static void serve(struct session *session)
{
	struct pollfd polled[2] = { { .fd = session->tty, .events = POLLIN } };

	while (!session->ended) {
		polled[1].fd = session->credits != 0 ? session->fd : -1;
		polled[1].events = POLLIN;
		if (poll(polled, 2, -1) < 0 && errno != EINTR) {
			fail("line: poll");
		}
		if (polled[0].revents != 0) {
			from_outside(session);
		}
		if (session->credits != 0 && polled[1].revents != 0) {
			from_service(session);
		}
	}
}

static int open_tty(const char *path)
{
	int tty = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios how;

	if (tty < 0 || tcgetattr(tty, &how) != 0) {
		fail(path);
	}
	cfmakeraw(&how);
	how.c_cflag |= CLOCAL | CREAD;
	(void)cfsetspeed(&how, B115200);
	if (tcsetattr(tty, TCSAFLUSH, &how) != 0) {
		fail(path);
	}
	return tty;
}

int main(int argc, char **argv)
{
	struct session session = { 0 };
	uint8_t nothing[MOST];
	uint16_t port;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: line TTY PORT\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	session.tty = open_tty(argv[1]);
	port = (uint16_t)strtoul(argv[2], NULL, 10);
	for (;;) {
		put(session.tty, BEGIN, NULL, 0);
		(void)printf("waits\n");
		(void)fflush(stdout);
		while (get(session.tty, nothing) != BEGIN) {
		}
		session.fd = meet(port);
		session.credits = WINDOW;
		session.ended = false;
		serve(&session);
		(void)close(session.fd);
	}
}
