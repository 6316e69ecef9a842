/* SPDX-License-Identifier: Apache-2.0 */
#include <client/stream.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIPE_CHUNK 4096u /* what POLLOUT promises of a pipe */

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

int64_t cbx_stream_read(
	int fd, void *buf, size_t size, const struct cbx_patience *patience)
{
	ssize_t n;

	do {
		if (!wait_for(fd, POLLIN, patience)) {
			return -EINTR;
		}
		n = read(fd, buf, size);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n < 0 ? -errno : n;
}

/* write() that leaves no SIGPIPE of its own behind. */
static ssize_t write_quietly(int fd, const void *buf, size_t size)
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
	n = write(fd, buf, size);
	error = errno;
	if (n < 0 && error == EPIPE && !sigismember(&before, SIGPIPE)) {
		(void)sigtimedwait(&broken, NULL, &now);
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return n;
}

/* How much can be written at once without waiting for a reader. */
static size_t chunk_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 &&
		(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))) {
		return SIZE_MAX;
	}
	return PIPE_CHUNK;
}

int64_t cbx_stream_write(int fd, const void *buf, size_t size,
	const struct cbx_patience *patience)
{
	size_t chunk = chunk_of(fd);
	size_t done = 0;

	while (done < size) {
		size_t part = size - done < chunk ? size - done : chunk;
		ssize_t n;

		if (!wait_for(fd, POLLOUT, patience)) {
			return done != 0 ? (int64_t)done : -EINTR;
		}
		n = write_quietly(fd, (const char *)buf + done, part);
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			return done != 0 ? (int64_t)done : -errno;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	return (int64_t)done;
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
