/* SPDX-License-Identifier: Apache-2.0 */
#include <client/stream.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PIPE_CHUNK 4096u /* what POLLOUT promises of a pipe */
#define AGAIN_NS   1000000u

uint64_t cbx_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t cbx_until_ns(uint64_t wait_ns)
{
	uint64_t now = cbx_now_ns();

	return wait_ns > UINT64_MAX - now ? UINT64_MAX : now + wait_ns;
}

int cbx_ms_until(uint64_t until_ns)
{
	uint64_t now = cbx_now_ns();
	uint64_t ms;

	if (until_ns == UINT64_MAX) {
		return -1;
	}
	if (until_ns <= now) {
		return 0;
	}
	ms = (until_ns - now + 999999u) / 1000000u;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* Wait for the descriptor. @return false when patience ran out */
static bool wait_for(int fd, short events, const struct cbx_patience *patience)
{
	struct pollfd poller[2] = { { .fd = patience->wake, .events = POLLIN },
		{ .fd = fd, .events = events } };
	int n = poll(poller, 2, 0);

	if (n == 0 && patience->blocks != NULL) {
		patience->blocks(patience->arg);
	}
	while (n == 0 || (n < 0 && errno == EINTR)) {
		n = poll(poller, 2, cbx_ms_until(patience->until_ns));
		if (n == 0) {
			return false;
		}
	}
	return n > 0 && poller[0].revents == 0;
}

/* A descriptor, used so that it does not wait though poll() said it need not:
 * somebody else may have been there first, and a terminal that takes a byte need
 * not take the next one.  Its flags are not ours to change: others have the same
 * file open. */
struct stream {
	int fd;
	bool own; /* a terminal, opened again */
	bool socket;
	bool pipe;
	size_t chunk; /* how much to write at once */
};

/* A terminal that may not be opened again is used as it is. */
static void begin_terminal(struct stream *stream, int mode)
{
	char path[32];
	int again;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", stream->fd);
	again = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again >= 0) {
		stream->fd = again;
		stream->own = true;
	}
}

static struct stream begin(int fd, int mode)
{
	struct stream stream = { .fd = fd, .chunk = PIPE_CHUNK };
	struct stat st;

	if (fstat(fd, &st) != 0) {
		return stream;
	}
	stream.socket = S_ISSOCK(st.st_mode);
	stream.pipe = S_ISFIFO(st.st_mode);
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode)) {
		stream.chunk = SIZE_MAX;
	} else if (S_ISCHR(st.st_mode) && isatty(fd)) {
		begin_terminal(&stream, mode);
	}
	return stream;
}

static void end(const struct stream *stream)
{
	if (stream->own) {
		close(stream->fd);
	}
}

/* Kernels before 6.4 do not know RWF_NOWAIT of a pipe. */
static bool is_known(ssize_t n)
{
	return n >= 0 || errno != EOPNOTSUPP;
}

static ssize_t read_some(const struct stream *stream, void *buf, size_t size)
{
	const struct iovec part = { buf, size };
	ssize_t n;

	if (stream->socket) {
		return recv(stream->fd, buf, size, MSG_DONTWAIT);
	}
	if (stream->pipe) {
		n = preadv2(stream->fd, &part, 1, -1, RWF_NOWAIT);
		if (is_known(n)) {
			return n;
		}
	}
	return read(stream->fd, buf, size);
}

static ssize_t write_some(
	const struct stream *stream, const void *buf, size_t size)
{
	union {
		const void *in;
		void *out;
	} base = { .in = buf }; /* pwritev2 does not write to it */
	const struct iovec part = { base.out, size };
	ssize_t n;

	if (stream->socket) {
		return send(stream->fd, buf, size, MSG_DONTWAIT);
	}
	if (stream->pipe) {
		n = pwritev2(stream->fd, &part, 1, -1, RWF_NOWAIT);
		if (is_known(n)) {
			return n;
		}
	}
	return write(stream->fd, buf, size);
}

int64_t cbx_stream_read(
	int fd, void *buf, size_t size, const struct cbx_patience *patience)
{
	struct stream stream = begin(fd, O_RDONLY);
	int64_t n = -EINTR;

	do {
		if (!wait_for(stream.fd, POLLIN, patience)) {
			n = -EINTR;
			break;
		}
		n = read_some(&stream, buf, size);
		n = n < 0 ? -errno : n;
	} while (n == -EINTR || n == -EAGAIN);
	end(&stream);
	return n;
}

/* write() that leaves no SIGPIPE of its own behind. */
static ssize_t write_quietly(
	const struct stream *stream, const void *buf, size_t size)
{
	const struct timespec now = { 0, 0 };
	sigset_t broken;
	sigset_t before;
	sigset_t old;
	ssize_t n;
	int error;

	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	(void)sigpending(&before);
	(void)pthread_sigmask(SIG_BLOCK, &broken, &old);
	n = write_some(stream, buf, size);
	error = errno;
	if (n < 0 && error == EPIPE && !sigismember(&before, SIGPIPE)) {
		(void)sigtimedwait(&broken, NULL, &now);
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return n;
}

/* @return bytes written, or a negative errno, or -EINTR when patience ran out */
static int64_t write_all(const struct stream *stream, const uint8_t *buf,
	size_t size, const struct cbx_patience *patience)
{
	size_t done = 0;

	while (done < size) {
		size_t left = size - done;
		ssize_t n;

		if (!wait_for(stream->fd, POLLOUT, patience)) {
			return done != 0 ? (int64_t)done : -EINTR;
		}
		n = write_quietly(stream, buf + done,
			left < stream->chunk ? left : stream->chunk);
		if (n < 0 && errno == EAGAIN) {
			/* there is room, but not for that: not at once again */
			cbx_stream_idle(patience, cbx_now_ns() + AGAIN_NS);
		} else if (n < 0 && errno != EINTR) {
			return done != 0 ? (int64_t)done : -errno;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return (int64_t)done;
}

int64_t cbx_stream_write(int fd, const void *buf, size_t size,
	const struct cbx_patience *patience)
{
	struct stream stream = begin(fd, O_WRONLY);
	int64_t n = write_all(&stream, buf, size, patience);

	end(&stream);
	return n;
}

void cbx_stream_idle(const struct cbx_patience *patience, uint64_t until_ns)
{
	struct pollfd poller = { .fd = patience->wake, .events = POLLIN };
	uint64_t until =
		until_ns < patience->until_ns ? until_ns : patience->until_ns;
	struct timespec pause;
	uint64_t now = cbx_now_ns();

	if (until == UINT64_MAX) {
		(void)ppoll(&poller, 1, NULL, NULL);
		return;
	}
	until = until > now ? until - now : 0;
	pause.tv_sec = (time_t)(until / 1000000000u);
	pause.tv_nsec = (long)(until % 1000000000u);
	(void)ppoll(&poller, 1, &pause, NULL);
}
