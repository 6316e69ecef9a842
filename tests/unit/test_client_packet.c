/* SPDX-License-Identifier: Apache-2.0 */
#include "client/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <client/packet.h>

#define WAIT_MS 2000

/* The machine stands still for longer than is waited; a little later the answer
 * is there. */
static void stand_still(int fd)
{
	pid_t waiter = getppid();

	(void)usleep(100000);
	(void)kill(waiter, SIGSTOP);
	(void)usleep((WAIT_MS + 500) * 1000);
	(void)kill(waiter, SIGCONT);
	(void)usleep(200000);
	(void)!write(fd, "x", 1);
}

static void a_machine_that_stands_still_is_not_waited_for(void **state)
{
	pid_t helper;
	int fd[2];

	(void)state;
	assert_true(cbx_packet_pair(fd));
	helper = fork();
	if (helper == 0) {
		stand_still(fd[1]);
		_exit(0);
	}
	assert_true(cbx_packet_wait(fd[0], WAIT_MS));
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void a_wait_ends(void **state)
{
	int fd[2];

	(void)state;
	assert_true(cbx_packet_pair(fd));
	assert_false(cbx_packet_wait(fd[0], 0));
	assert_false(cbx_packet_wait(fd[0], 250));
	assert_int_equal(write(fd[1], "x", 1), 1);
	assert_true(cbx_packet_wait(fd[0], 0));
	assert_true(cbx_packet_wait(fd[0], -1));
	(void)close(fd[1]);
	(void)close(fd[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_stands_still_is_not_waited_for),
		cmocka_unit_test(a_wait_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
