/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root's program: looks for a text in memory.
 *
 *   pry hold                                  keep standard input in memory
 *   pry debugger TEXT OWN PID                 as ptrace, /proc/PID/mem and
 *                                             process_vm_readv give it
 *   pry devmem TEXT OWN FIRST END...          pages, by reading /dev/mem
 *   pry devmap TEXT OWN FIRST END...          pages, by mapping it
 *   pry module HOW TEXT OWN FIRST END...      pages, by root's module (spy.h)
 *
 * TEXT and OWN, another one, are in hexadecimal, each bit inverted.  A line says
 * what came of it.
 */
#include "look.h"
#include "spy.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW 128u /* pages mapped at once */

_Noreturn static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- another process ---- */

struct debugged {
	int pid;
	int mem;
	struct look way[3];
};

/* Word by word, which takes its time. */
static bool peek(int pid, uint64_t va, uint8_t *page, uint64_t size)
{
	for (uint64_t i = 0; i < size; i += 8) {
		if (syscall(SYS_ptrace, PTRACE_PEEKDATA, pid, va + i,
			    page + i) != 0) {
			return false;
		}
	}
	return true;
}

static void debug_page(void *arg, uint64_t va)
{
	struct debugged *at = arg;
	uint8_t page[SPY_PAGE] = { 0 };
	struct iovec mine = { page, SPY_PAGE };
	struct iovec its = { look_pointer(va), SPY_PAGE };

	look_count(&at->way[1], page,
		pread(at->mem, page, SPY_PAGE, (off_t)va) == SPY_PAGE);
	look_count(&at->way[0], page,
		peek(at->pid, va, page, look_is_zero(page) ? 8 : SPY_PAGE));
	look_count(&at->way[2], page,
		process_vm_readv(at->pid, &mine, 1, &its, 1, 0) == SPY_PAGE);
}

static int debugger(const struct look *look, const char *pid)
{
	static const char *const names[] = { "ptrace", "/proc/PID/mem",
		"process_vm_readv" };
	struct debugged at = { .pid = (int)strtol(pid, NULL, 10) };
	char path[64];

	if (ptrace(PTRACE_ATTACH, at.pid, NULL, NULL) != 0 ||
		waitpid(at.pid, NULL, __WALL) != at.pid) {
		fail("ptrace");
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", at.pid);
	at.mem = open(path, O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 3; i++) {
		at.way[i] = *look;
	}
	if (!look_through(pid, debug_page, &at)) {
		fail("maps");
	}
	for (int i = 0; i < 3; i++) {
		look_say(stdout, names[i], &at.way[i]);
	}
	(void)ptrace(PTRACE_DETACH, at.pid, NULL, NULL);
	return 0;
}

/* ---- memory ---- */

/* @return what was mapped, NULL: nothing */
static uint8_t *map_some(int fd, uint64_t pfn, uint64_t pages)
{
	void *map = mmap(NULL, pages * SPY_PAGE, PROT_READ, MAP_SHARED, fd,
		(off_t)(pfn * SPY_PAGE));

	return map == MAP_FAILED ? NULL : map;
}

static void devmap(struct look *look, int fd, uint64_t first, uint64_t end)
{
	uint8_t page[SPY_PAGE];
	uint64_t pages;

	for (uint64_t pfn = first; pfn < end; pfn += pages) {
		uint8_t *map;

		pages = end - pfn < WINDOW ? end - pfn : WINDOW;
		map = map_some(fd, pfn, pages);
		if (map == NULL) { /* some are the kernel's, some reserved */
			pages = 1;
			map = map_some(fd, pfn, pages);
		}
		if (map == NULL) {
			fail("mmap"); /* to touch them is what may be refused */
		}
		for (uint64_t i = 0; i < pages; i++) {
			look_count(look, page,
				look_copy(page, map + i * SPY_PAGE));
		}
		(void)munmap(map, pages * SPY_PAGE);
	}
}

static void devread(struct look *look, int fd, uint64_t first, uint64_t end)
{
	uint8_t page[SPY_PAGE];

	for (uint64_t pfn = first; pfn < end; pfn++) {
		look_count(look, page,
			pread(fd, page, SPY_PAGE, (off_t)(pfn * SPY_PAGE)) ==
				SPY_PAGE);
	}
}

/* All of the ranges */
static int devmem(struct look *look, char **range, bool mapped)
{
	int fd = open("/dev/mem", O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		fail("/dev/mem");
	}
	look_begin();
	for (; range[0] != NULL && range[1] != NULL; range += 2) {
		(mapped ? devmap : devread)(look, fd,
			strtoull(range[0], NULL, 0),
			strtoull(range[1], NULL, 0));
	}
	look_say(stdout, mapped ? "/dev/mem, mapped" : "/dev/mem, read", look);
	return 0;
}

static void sweep_one(int fd, uint64_t how, struct look *look, char **range)
{
	struct spy_sweep sweep = { .how = how,
		.first = strtoull(range[0], NULL, 0),
		.end = strtoull(range[1], NULL, 0),
		.text = look->text,
		.own = look->own };

	if (ioctl(fd, (unsigned long)SPY_SWEEP, &sweep) != 0) {
		fail(SPY_PATH);
	}
	look->pages += sweep.tried;
	look->refused += sweep.refused;
	look->found += sweep.found;
	look->found_own += sweep.found_own;
}

static int module(uint64_t how, struct look *look, char **range)
{
	int fd = open(SPY_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		fail(SPY_PATH);
	}
	for (; range[0] != NULL && range[1] != NULL; range += 2) {
		sweep_one(fd, how, look, range);
	}
	look_say(stdout, "module", look);
	return 0;
}

/* ---- control ---- */

_Noreturn static void hold(void)
{
	static char held[1 << 16];
	size_t n = fread(held, 1, sizeof(held), stdin);

	(void)printf("held: %zu bytes\n", n);
	(void)fflush(stdout);
	for (;;) {
		(void)pause();
	}
}

int main(int argc, char **argv)
{
	struct look look = { 0 };
	const char *what = argc > 1 ? argv[1] : "";
	int at = strcmp(what, "module") == 0 ? 3 : 2; /* TEXT */

	if (strcmp(what, "hold") == 0) {
		hold();
	}
	if (argc > at + 2 && look_text(argv[at], &look.text) &&
		look_text(argv[at + 1], &look.own)) {
		if (strcmp(what, "debugger") == 0) {
			return debugger(&look, argv[4]);
		}
		if (strncmp(what, "devm", 4) == 0) {
			return devmem(
				&look, argv + 4, strcmp(what, "devmap") == 0);
		}
		if (at == 3) {
			return module(
				strtoull(argv[2], NULL, 0), &look, argv + 5);
		}
	}
	(void)fprintf(stderr, "pry: see its first lines\n");
	return 2;
}
