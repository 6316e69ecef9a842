/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev/confbox as a program meets it, on a kernel whose driver has the test
 * monitor (call_test.c).  Runs as root and alone; prints a line a test.
 */
#include "device.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEST(name)         \
	name();            \
	nothing_is_left(); \
	puts("ok " #name);

/* All that a kernel sets up at the first time is set up before memory is
 * compared. */
static void warm(void)
{
	int fd = use_open();

	EXPECT(munmap(use_map(fd, use_pages(fd, ROW), ROW),
		       ROW * CBX_PAGE_SIZE) == 0);
	close(fd);
	kill_one(1);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "warm") == 0) {
		warm();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "stay") == 0) {
		a_box_that_stays_keeps_the_module();
		puts("ok a_box_that_stays_keeps_the_module");
		return 0;
	}
	DEVICE_TESTS(TEST)
	puts("pass");
	return 0;
}
