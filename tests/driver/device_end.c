/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of an opener that closes, or dies. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"

#define ROUNDS	30
#define THREADS 3u

void nothing_is_left(void)
{
	EXPECT(use_number(USE_OF_DEVICE, "files") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "boxes") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "pages") == 0);
	EXPECT(use_number(USE_OF_MODULE, "test_boxes") == 0);
}

static void *spin(void *data)
{
	const struct use_box *how = data;

	for (;;) {
		(void)USE_CALL(how->fd, NULL, CBX_CALL_BOX_ENTER, how->first);
	}
	return NULL;
}

/* A template and one that borrows of it, one with a window, and CPUs in a box,
 * until it is killed. */
static _Noreturn void be_busy(int ready)
{
	int fd = use_open();
	uint64_t first = use_pages(fd, ROW);
	struct use_box how = { fd, first, BEHAVE_SPIN, 0 };
	uint64_t template = use_box(&how);
	pthread_t thread;

	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_TEMPLATE, template) == CBX_OK);
	how.first += USE_BOX_PAGES;
	use_donate(fd, how.first, 3);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_CREATE, how.first, how.first + 1,
		       template + USE_BOX_PAGES - 1) == CBX_OK);
	EXPECT(use_done(fd, CBX_CALL_BOX_BORROW, how.first, template, 0) ==
		CBX_OK);
	how.first += USE_BOX_PAGES;
	how.behaviour = BEHAVE_SHARE;
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_ENTER, use_box(&how)) == CBX_OK);
	how.first += USE_BOX_PAGES;
	how.behaviour = BEHAVE_SPIN;
	use_box(&how);
	for (unsigned int i = 0; i < THREADS; i++) {
		EXPECT(pthread_create(&thread, NULL, spin, &how) == 0);
	}
	EXPECT(write(ready, "", 1) == 1);
	for (uint64_t at = how.first + USE_BOX_PAGES;; at++) {
		(void)use_done(fd, CBX_CALL_PAGE_DONATE, 0,
			first + 64 + at % (ROW - 64), 1);
	}
}

void kill_one(int round)
{
	int ready[2];
	char byte;
	pid_t pid;

	(void)fflush(stdout);
	EXPECT(pipe(ready) == 0);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		be_busy(ready[1]);
	}
	close(ready[1]);
	if (round % 3 != 0) {
		EXPECT(read(ready[0], &byte, 1) == 1);
	}
	usleep((useconds_t)(rand() % 30000));
	EXPECT(kill(pid, SIGKILL) == 0);
	EXPECT(waitpid(pid, NULL, 0) == pid);
	close(ready[0]);
	nothing_is_left();
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
}

void who_is_killed_leaves_nothing(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		kill_one(round);
	}
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 0);
}

void the_module_stays_while_a_file_or_mapping_does(void)
{
	int fd = use_open();
	uint8_t *memory = use_map(fd, use_pages(fd, 1), 1);

	EXPECT(syscall(SYS_delete_module, "confbox", O_NONBLOCK) < 0 &&
		errno == EWOULDBLOCK);
	close(fd);
	EXPECT(syscall(SYS_delete_module, "confbox", O_NONBLOCK) < 0 &&
		errno == EWOULDBLOCK);
	EXPECT(munmap(memory, CBX_PAGE_SIZE) == 0);
}

/* What it knows of the box's pages would be gone with it. */
void a_box_that_stays_keeps_the_module(void)
{
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_END, 0 };

	use_box(&how);
	use_set(USE_OF_MODULE, "test_stay", 1);
	close(fd);
	EXPECT(use_number(USE_OF_DEVICE, "files") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "boxes") == 1);
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 1); /* its root */
	EXPECT(syscall(SYS_delete_module, "confbox", O_NONBLOCK) < 0 &&
		errno == EWOULDBLOCK);
}

/* A donation that is busy counts for all of its pages.  Those that it did not come
 * to, and that are refused then, are the kernel's again with all that is in them. */
void what_never_left_is_not_lost(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 8);
	uint8_t *memory = use_map(fd, pfn, 8);

	memset(memory, 1, (size_t)8 * CBX_PAGE_SIZE);
	use_set(USE_OF_MODULE, "test_half", 1);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_PAGE_DONATE, pfn, 8) == CBX_E_BUSY);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 1);
	EXPECT(touch(memory) == SIGBUS);
	EXPECT(touch(memory + (size_t)7 * CBX_PAGE_SIZE) == SIGBUS);
	EXPECT(munmap(memory, (size_t)8 * CBX_PAGE_SIZE) == 0);
	use_set(USE_OF_MODULE, "test_refuse", 1);
	close(fd);
	use_set(USE_OF_MODULE, "test_refuse", 0);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 0);
}

/* It is not the kernel's before the monitor gave it back. */
void what_is_refused_half_way_left(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 4);
	uint8_t *memory = use_map(fd, pfn, 4);

	memset(memory, 1, (size_t)4 * CBX_PAGE_SIZE);
	use_set(USE_OF_MODULE, "test_stuck", 1);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_PAGE_DONATE, pfn, 4) ==
		CBX_E_HARDWARE);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 1);
	EXPECT(touch(memory) == SIGBUS);
	EXPECT(touch(memory + CBX_PAGE_SIZE) == 0);
	EXPECT(munmap(memory, (size_t)4 * CBX_PAGE_SIZE) == 0);
	close(fd);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 0);
}

/* Of five pages three are kept and one comes back with bytes in it. */
void what_does_not_come_back_clean_is_lost(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 5);

	for (uint64_t i = 0; i < 5; i++) {
		use_donate(fd, pfn + i, 1);
	}
	use_set(USE_OF_MODULE, "test_keep", 3);
	use_set(USE_OF_MODULE, "test_dirty", 1);
	close(fd);
	nothing_is_left();
	EXPECT(use_number(USE_OF_MODULE, "test_keep") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 4);
}
