/* SPDX-License-Identifier: Apache-2.0 */
/* A process that does nothing but write lets others sleep no longer than they
 * asked for: here one that looks after the alarms of both. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 20

static volatile sig_atomic_t rang;

static void ring(int signal)
{
	(void)signal;
	rang = 1;
}

static int write_until_alarm(void)
{
	time_t late = time(NULL) + PATIENCE_S;

	alarm(1);
	while (!rang && time(NULL) < late) {
		if (write(STDOUT_FILENO, "x", 1) != 1) {
			return EXIT_FAILURE;
		}
	}
	return rang ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(void)
{
	int status = -1;
	pid_t child;

	if (signal(SIGALRM, ring) == SIG_ERR) {
		return EXIT_FAILURE;
	}
	child = fork();
	if (child == 0) {
		_exit(write_until_alarm());
	}
	alarm(1);
	while (child > 0 && waitpid(child, &status, 0) != child) {
	}
	return status == 0 && rang ? EXIT_SUCCESS : EXIT_FAILURE;
}
