/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that others use, too: who reads and writes them keeps its time. */
#include "client/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <client/stream.h>

#define PATIENCE_NS  50000000u
#define HANG_SECONDS 30

static struct cbx_patience patience(void)
{
	return (struct cbx_patience){ .wake = -1,
		.until_ns = cbx_until_ns(PATIENCE_NS) };
}

/* A terminal, as a program has it and as who shows it has it. */
struct terminal {
	int program;
	int shown;
};

static struct terminal terminal(void)
{
	struct terminal t = { -1, posix_openpt(O_RDWR | O_NOCTTY) };

	assert_true(t.shown >= 0);
	assert_int_equal(grantpt(t.shown), 0);
	assert_int_equal(unlockpt(t.shown), 0);
	t.program = open(ptsname(t.shown), O_RDWR | O_NOCTTY);
	assert_true(t.program >= 0);
	return t;
}

static void a_terminal_that_is_not_read_is_not_waited_for(void **state)
{
	static const char lines[1 << 17] = "a\nb\n";
	struct terminal t = terminal();
	struct cbx_patience little = patience();
	int64_t n = cbx_stream_write(t.program, lines, sizeof(lines), &little);

	(void)state;
	assert_true(n > 0 && n < (int64_t)sizeof(lines));
	assert_true(cbx_now_ns() >= little.until_ns);
	little = patience();
	assert_int_equal(
		cbx_stream_write(t.program, lines, 5, &little), -EINTR);
	/* it is others' as well: their writes wait */
	assert_int_equal(fcntl(t.program, F_GETFL) & O_NONBLOCK, 0);
	close(t.program);
	close(t.shown);
}

static void a_stopped_terminal_takes_the_rest_when_it_goes_on(void **state)
{
	struct terminal t = terminal();
	struct cbx_patience little = patience();
	char text[16] = { 0 };

	(void)state;
	assert_int_equal(tcflow(t.program, TCOOFF), 0);
	assert_int_equal(cbx_stream_write(t.program, "x", 1, &little), -EINTR);
	assert_int_equal(tcflow(t.program, TCOON), 0);
	little = patience();
	assert_int_equal(cbx_stream_write(t.program, "hi\n", 3, &little), 3);
	assert_int_equal(read(t.shown, text, sizeof(text)), 4);
	assert_string_equal(text, "hi\r\n");
	assert_int_equal(write(t.shown, "in\n", 3), 3);
	little = patience();
	assert_int_equal(
		cbx_stream_read(t.program, text, sizeof(text), &little), 3);
	close(t.program);
	close(t.shown);
}

/* Of this one poll() says that it has something, and a read waits for more: as
 * where another one reads first, at any time. */
static void what_is_there_is_read_and_more_is_not_waited_for(void **state)
{
	struct cbx_patience little = patience();
	char text[8];
	int two = 2;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(
		setsockopt(fd[0], SOL_SOCKET, SO_RCVLOWAT, &two, sizeof(two)),
		0);
	assert_int_equal(write(fd[1], "x", 1), 1);
	assert_int_equal(
		cbx_stream_read(fd[0], text, sizeof(text), &little), 1);
	assert_int_equal(
		cbx_stream_read(fd[0], text, sizeof(text), &little), -EINTR);
	assert_int_equal(fcntl(fd[0], F_GETFL) & O_NONBLOCK, 0);
	close(fd[0]);
	close(fd[1]);
}

static void a_pipe_carries_all_of_it_and_ends(void **state)
{
	static const char hello[] = "hello";
	struct cbx_patience little = patience();
	char text[8];
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(cbx_stream_write(fd[1], hello, 5, &little), 5);
	assert_int_equal(
		cbx_stream_read(fd[0], text, sizeof(text), &little), 5);
	assert_memory_equal(text, hello, 5);
	assert_int_equal(
		cbx_stream_read(fd[0], text, sizeof(text), &little), -EINTR);
	close(fd[1]);
	assert_int_equal(
		cbx_stream_read(fd[0], text, sizeof(text), &little), 0);
	close(fd[0]);
}

/* No signal either. */
static void a_closed_pipe_is_an_error(void **state)
{
	struct cbx_patience little = patience();
	int fd[2];

	(void)state;
	for (int kind = 0; kind < 2; kind++) {
		assert_int_equal(
			kind == 0 ? pipe(fd)
				  : socketpair(AF_UNIX, SOCK_STREAM, 0, fd),
			0);
		close(fd[0]);
		assert_int_equal(
			cbx_stream_write(fd[1], "x", 1, &little), -EPIPE);
		close(fd[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_terminal_that_is_not_read_is_not_waited_for),
		cmocka_unit_test(
			a_stopped_terminal_takes_the_rest_when_it_goes_on),
		cmocka_unit_test(
			what_is_there_is_read_and_more_is_not_waited_for),
		cmocka_unit_test(a_pipe_carries_all_of_it_and_ends),
		cmocka_unit_test(a_closed_pipe_is_an_error),
	};

	(void)alarm(HANG_SECONDS); /* who waits for ever fails */
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
