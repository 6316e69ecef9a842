/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors as a box's input and output: patient, but not past a deadline or
 * a kill.
 */
#ifndef CBX_CLIENT_STREAM_H
#define CBX_CLIENT_STREAM_H

#include <stddef.h>
#include <stdint.h>

/** When to stop waiting. */
struct cbx_patience {
	int wake;		   /* readable: stop */
	uint64_t until_ns;	   /* CLOCK_MONOTONIC; UINT64_MAX: never */
	void (*blocks)(void *arg); /* told before it waits; NULL: nobody */
	void *arg;
};

/** CLOCK_MONOTONIC in nanoseconds. */
uint64_t cbx_now_ns(void);

/** When @p wait_ns from now is over; UINT64_MAX, never, when no clock gets
 * there. */
uint64_t cbx_until_ns(uint64_t wait_ns);

/** Milliseconds until @p until_ns, rounded up, for poll; -1: for ever. */
int cbx_ms_until(uint64_t until_ns);

/**
 * Read what is there, at least one byte.
 *
 * @return bytes, 0 at the end, -EINTR when patience ran out, or -errno
 */
int64_t cbx_stream_read(
	int fd, void *buf, size_t size, const struct cbx_patience *patience);

/**
 * Write everything, unless something goes wrong; raises no SIGPIPE.
 *
 * @return bytes written if at least one, else -EINTR when patience ran out, or
 *         -errno
 */
int64_t cbx_stream_write(int fd, const void *buf, size_t size,
	const struct cbx_patience *patience);

/** Wait without a descriptor until patience runs out or @p until_ns. */
void cbx_stream_idle(const struct cbx_patience *patience, uint64_t until_ns);

#endif
