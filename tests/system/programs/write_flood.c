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
	time_t before = time(NULL);
	int seconds = 0; /* in which it wrote: the machine may stand still */

	rang = 0;
	alarm(1);
	while (!rang && seconds < PATIENCE_S) {
		time_t now = time(NULL);

		seconds += now != before;
		before = now;
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
	alarm(1); /* so it rings before the child's, which ends the flood */
	child = fork();
	if (child == 0) {
		_exit(write_until_alarm());
	}
	while (child > 0 && waitpid(child, &status, 0) != child) {
	}
	return status == 0 && rang ? EXIT_SUCCESS : EXIT_FAILURE;
}
