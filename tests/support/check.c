/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static pthread_t test_thread;

/* Only the thread that runs the tests can jump back into cmocka. */
static void fail_test(const char *what, const char *file, int line)
{
	if (pthread_equal(pthread_self(), test_thread)) {
		mock_assert(0, what, file, line);
	}
	fprintf(stderr, "panic on another CPU: %s (%s:%d)\n", what, file, line);
	abort();
}

void check_boot(const struct mock_options *options)
{
	test_thread = pthread_self();
	mock_panic_hook(fail_test);
	mock_boot(options);
}

int check_up(void **state)
{
	(void)state;
	check_boot(NULL);
	return 0;
}

int check_down(void **state)
{
	(void)state;
	mock_down();
	return 0;
}
