/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many boxes of the monitor below this kernel, each of which computes.
 *
 *   boxes cycles COUNT   one after the other, in one file
 *   boxes many COUNT     at once, each a process's
 *   boxes hold COUNT     none: the monitor is given so many rows of pages, or all
 *                        there are, and keeps them until this process is killed
 *
 * Nothing is left of boxes but what they computed, which is right.
 */
#include "use.h"

#include "boxes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Pages of a box: root, space, what its tables and thread are made of, code, data;
 * behind them one of the host's. */
#define RESERVE 24u
#define CODE	(2 + RESERVE)
#define DATA	(CODE + 1)
#define OWN	(DATA + BOXES_PAGES)

#define ROW	    511u /* pages, 512 with the one in front */
#define PER_FILE    100u /* one after the other, until it is closed */
#define ROUNDS_FEW  4u
#define ROUNDS_MANY 2000u

extern const uint8_t boxes_code[], boxes_code_end[];

struct box {
	int fd;
	uint64_t root;
	uint8_t *staging; /* the host's page */
	uint64_t argument;
};

static uint64_t expected(uint64_t argument)
{
	uint64_t data[BOXES_WORDS] = { 0 };
	uint64_t sum = (uint32_t)argument;

	for (uint64_t i = 0; i < argument >> 32; i++) {
		for (uint64_t k = 0; k < BOXES_WORDS; k++) {
			sum = (sum ^ data[k]) * BOXES_FACTOR + 1;
			data[k] = sum;
		}
	}
	return sum;
}

static void open_file(struct box *box)
{
	box->fd = use_open();
	box->root = use_pages(box->fd, OWN + 1);
	box->staging = use_map(box->fd, box->root + OWN, 1);
}

static void close_file(struct box *box)
{
	EXPECT(munmap(box->staging, CBX_PAGE_SIZE) == 0);
	EXPECT(close(box->fd) == 0);
}

static void make(struct box *box, uint64_t argument)
{
	const struct cbx_policy policy = { .version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1 };
	const uint64_t root = box->root;
	const uint64_t staging = root + OWN;
	const int fd = box->fd;

	box->argument = argument;
	memcpy(box->staging, &policy, sizeof(policy));
	EXPECT(use_done(fd, CBX_CALL_PAGE_DONATE, 0, root, OWN) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_CREATE, root, root + 1,
		       staging) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_GRANT, root, root + 2,
		       RESERVE) == CBX_OK);
	memcpy(box->staging, boxes_code, (size_t)(boxes_code_end - boxes_code));
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_ADD, root, BOXES_CODE,
		       root + CODE, 1, CBX_RIGHT_R | CBX_RIGHT_X,
		       staging) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_ADD, root, BOXES_DATA,
		       root + DATA, BOXES_PAGES, CBX_RIGHT_R | CBX_RIGHT_W,
		       CBX_NO_PAGE) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_THREAD, root, BOXES_CODE,
		       BOXES_DATA, argument) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_FINALIZE, root) == CBX_OK);
}

static void run(const struct box *box)
{
	uint64_t ret[CBX_REPLY_RETS];
	uint64_t status;

	do {
		status = USE_CALL(box->fd, ret, CBX_CALL_BOX_ENTER, box->root,
			box->root + OWN, 1);
	} while (status == CBX_OK && (uint32_t)ret[0] == CBX_EXIT_INTERRUPTED);
	EXPECT(status == CBX_OK && (uint32_t)ret[0] == CBX_EXIT_ENDED);
	EXPECT(ret[2] == CBX_END_EXIT && ret[1] == expected(box->argument));
}

/* Its pages are this process's to read, and zero. */
static void end(const struct box *box)
{
	const int fd = box->fd;
	const uint64_t root = box->root;
	uint8_t *pages;

	EXPECT(use_done(fd, CBX_CALL_BOX_KILL, root, 0, 0) == CBX_OK);
	EXPECT(use_done(fd, CBX_CALL_BOX_RECLAIM, root, root + 1, OWN - 1) ==
		CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_DESTROY, root) == CBX_OK);
	EXPECT(use_done(fd, CBX_CALL_PAGE_RETURN, 0, root, OWN) == CBX_OK);
	pages = use_map(fd, root, OWN);
	for (uint64_t i = 0; i < OWN * CBX_PAGE_SIZE; i++) {
		EXPECT(pages[i] == 0);
	}
	EXPECT(munmap(pages, OWN * CBX_PAGE_SIZE) == 0);
}

static void cycles(unsigned long count)
{
	struct box box;

	for (unsigned long i = 0; i < count; i++) {
		if (i % PER_FILE == 0) {
			open_file(&box);
		}
		make(&box, (uint64_t)ROUNDS_FEW << 32 | i);
		run(&box);
		end(&box);
		if (i % PER_FILE == PER_FILE - 1 || i == count - 1) {
			close_file(&box);
		}
	}
}

/* A box of its own, which runs when all are there; every second one is left to the
 * kernel. */
static _Noreturn void process(unsigned long number, int ready, int go)
{
	struct box box;
	char c = 0;

	open_file(&box);
	make(&box, (uint64_t)ROUNDS_MANY << 32 | number);
	EXPECT(write(ready, &c, 1) == 1);
	EXPECT(read(go, &c, 1) == 0);
	run(&box);
	if (number % 2 == 0) {
		end(&box);
	}
	_exit(0);
}

static void many(unsigned long count)
{
	int ready[2], go[2];
	int status;
	char c;

	EXPECT(pipe(ready) == 0 && pipe(go) == 0);
	for (unsigned long i = 0; i < count; i++) {
		pid_t pid = fork();

		EXPECT(pid >= 0);
		if (pid == 0) {
			(void)close(go[1]);
			process(i, ready[1], go[0]);
		}
	}
	(void)close(ready[1]);
	for (unsigned long i = 0; i < count; i++) {
		EXPECT(read(ready[0], &c, 1) == 1);
	}
	EXPECT(use_number(USE_OF_DEVICE, "boxes") == (long)count);
	EXPECT(use_number(USE_OF_DEVICE, "files") == (long)count);
	(void)close(go[1]);
	for (unsigned long i = 0; i < count; i++) {
		EXPECT(wait(&status) > 0 && status == 0);
	}
}

static _Noreturn void hold(unsigned long count)
{
	int fd = use_open();
	unsigned long rows = 0;
	struct cbx_device_pages pages = { .count = ROW };

	while (rows < count && ioctl(fd, CBX_DEVICE_PAGES, &pages) == 0) {
		EXPECT(use_done(fd, CBX_CALL_PAGE_DONATE, 0, pages.pfn, ROW) ==
			CBX_OK);
		rows++;
	}
	printf("held %lu\n", rows);
	(void)fflush(stdout);
	for (;;) {
		(void)pause();
	}
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	EXPECT(count != 0);
	if (strcmp(argv[1], "hold") == 0) {
		hold(count);
	} else if (strcmp(argv[1], "many") == 0) {
		many(count);
	} else {
		EXPECT(strcmp(argv[1], "cycles") == 0);
		cycles(count);
	}
	EXPECT(use_number(USE_OF_DEVICE, "files") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "boxes") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "pages") == 0);
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 0);
	printf("pass: %s %lu\n", argv[1], count);
	return 0;
}
