/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees of memory: prints the same in a box and outside. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB  (1u << 20)

static sigjmp_buf back;

static void on_fault(int number)
{
	siglongjmp(back, number);
}

/* What touching an address comes to: 0 or the signal. */
static int touch(volatile char *at, bool write)
{
	int number = sigsetjmp(back, 1);

	if (number == 0) {
		char value = *at;

		if (write) {
			*at = value;
		}
	}
	return number;
}

static char *map(size_t bytes, int prot)
{
	char *at = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

static bool is(const char *at, int byte, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (at[i] != (char)byte) {
			return false;
		}
	}
	return true;
}

static void reuse(void)
{
	for (int i = 0; i < 50; i++) {
		char *at = map(3 * PAGE, PROT_READ | PROT_WRITE);

		if (!is(at, 0, 3 * PAGE)) {
			printf("stale bytes in turn %d\n", i);
			return;
		}
		memset(at, 0xa5, 3 * PAGE);
		munmap(at + PAGE, PAGE);
		munmap(at, PAGE);
		munmap(at + 2 * PAGE, PAGE);
	}
	printf("reuse: always zero\n");
}

static void rights(void)
{
	char *at = map(4 * PAGE, PROT_NONE);

	printf("none: %d %d\n", touch(at, false), touch(at + PAGE, true));
	printf("protect: %d\n", mprotect(at, 2 * PAGE, PROT_READ));
	printf("read: %d %d %d\n", touch(at, false), touch(at, true),
		touch(at + 2 * PAGE, false));
	printf("protect: %d\n",
		mprotect(at + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE));
	printf("write: %d %d %d\n", touch(at, true), touch(at + PAGE, true),
		touch(at + 2 * PAGE, true));
	at[PAGE] = 7;
	mprotect(at + PAGE, PAGE, PROT_READ);
	printf("kept: %d, write %d\n", at[PAGE], touch(at + PAGE, true));
	mprotect(at + 2 * PAGE, PAGE, PROT_NONE);
	printf("closed: %d\n", touch(at + 2 * PAGE, false));
	munmap(at, 4 * PAGE);
	errno = 0;
	int result = mprotect(at, PAGE, PROT_READ);

	printf("protect nothing: %d %d\n", result, errno);
}

static void grow(void)
{
	char *at = map(2 * PAGE, PROT_READ | PROT_WRITE);

	memset(at, 1, 2 * PAGE);
	at = mremap(at, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
	printf("grown: %d %d\n", is(at, 1, 2 * PAGE),
		is(at + 2 * PAGE, 0, 298 * PAGE));
	memset(at, 2, 300 * PAGE);
	at = mremap(at, 300 * PAGE, 4096 * PAGE, MREMAP_MAYMOVE);
	printf("more: %d %d\n", is(at, 2, 300 * PAGE),
		is(at + 300 * PAGE, 0, 3796 * PAGE));
	at = mremap(at, 4096 * PAGE, PAGE, 0);
	printf("less: %d, beyond %d\n", is(at, 2, PAGE),
		touch(at + 2000 * PAGE, false));
	munmap(at, PAGE);
}

static void large(void)
{
	size_t bytes = 64 * (size_t)MIB;
	char *at = map(bytes, PROT_READ | PROT_WRITE);

	at[0] = 1;
	at[bytes - 1] = 2;
	at[bytes / 2] = 3;
	printf("large: %d %d %d %d\n", at[0], at[bytes - 1], at[bytes / 2],
		is(at + MIB, 0, 4 * (size_t)MIB));
	madvise(at, bytes, MADV_DONTNEED);
	printf("not needed: %d %d\n", at[0], at[bytes - 1]);
	munmap(at, bytes);
	printf("gone: %d\n", touch(at + bytes / 2, false));
}

static void fixed(void)
{
	char *at = map(8 * PAGE, PROT_READ | PROT_WRITE);
	char *in;

	memset(at, 9, 8 * PAGE);
	in = mmap(at + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	printf("fixed: %d %d %d %d\n", in == at + 2 * PAGE, is(at, 9, 2 * PAGE),
		is(in, 0, 2 * PAGE), is(at + 4 * PAGE, 9, 4 * PAGE));
	in = mmap(at, PAGE, PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	printf("no replace: %d %d\n", in == MAP_FAILED, errno);
	munmap(at, 8 * PAGE);
	errno = 0;
	in = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("nothing: %d %d\n", in == MAP_FAILED, errno);
	in = mmap(NULL, (size_t)1 << 46, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("too much: %d %d\n", in == MAP_FAILED, errno);
}

static void files(const char *self)
{
	int fd = open(self, O_RDONLY);
	char head[64];
	char *at = mmap(
		NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *second = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	char page[PAGE];

	if (read(fd, head, sizeof(head)) != sizeof(head) ||
		pread(fd, page, sizeof(page), PAGE) != sizeof(page)) {
		perror("read");
	}
	printf("file: %d %d\n", memcmp(at, head, sizeof(head)),
		memcmp(second, page, PAGE));
	at[1] = 'x';
	if (pread(fd, head, sizeof(head), 0) == sizeof(head)) {
		printf("private: %c %c\n", at[1], head[1]);
	}
	close(fd);
	printf("closed: %c%c\n", at[2], at[3]);
	munmap(at, 3 * PAGE);
	munmap(second, PAGE);
	errno = 0;
	at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0);
	printf("no file: %d %d\n", at == MAP_FAILED, errno);
}

static void breaks(void)
{
	char *start = sbrk(0);
	char *at = sbrk(5 * PAGE);

	printf("break: %d %d\n", at == start, is(at, 0, 5 * PAGE));
	memset(at, 3, 5 * PAGE);
	sbrk(-4 * (intptr_t)PAGE);
	sbrk(4 * PAGE);
	printf("again: %d %d\n", is(at, 3, PAGE), is(at + PAGE, 0, 4 * PAGE));
	sbrk(8 * MIB);
	at[7 * MIB] = 1;
	sbrk(-(intptr_t)(8 * MIB));
}

/* Code that is made, run, and can then not be written. */
static void code(void)
{
	static const unsigned char add[] = { 0x8d, 0x04, 0x37, 0xc3 };
	char *at = map(PAGE, PROT_READ | PROT_WRITE);
	int (*sum)(int, int) = (int (*)(int, int))(uintptr_t)at;

	memcpy(at, add, sizeof(add));
	mprotect(at, PAGE, PROT_READ | PROT_EXEC);
	printf("code: %d, write %d\n", sum(40, 2), touch(at, true));
	munmap(at, PAGE);
}

/* Pointers that are wrong are errors, not faults. */
static void wrong_pointers(void)
{
	char *volatile nowhere = (char *)8;
	char *at = map(2 * PAGE, PROT_READ | PROT_WRITE);
	int fd = open("/dev/zero", O_RDONLY);
	struct iovec v[2] = { { at, 10 }, { nowhere, 10 } };
	ssize_t n;

	munmap(at + PAGE, PAGE);
	mprotect(at, PAGE, PROT_READ | PROT_WRITE);
	n = read(fd, nowhere, 10);
	printf("read: %zd %d\n", n, errno);
	n = readv(fd, v, 2);
	printf("readv: %zd\n", n);
	n = open(nowhere, O_RDONLY);
	printf("open: %zd %d\n", n, errno);
	n = readv(fd, (struct iovec *)(void *)nowhere, 1);
	printf("vector: %zd %d\n", n, errno);
	n = write(fd, at, 1);
	printf("write: %zd %d\n", n, errno);
	close(fd);
	munmap(at, PAGE);
}

int main(int argc, char **argv)
{
	(void)argc;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	reuse();
	rights();
	grow();
	large();
	fixed();
	files(argv[0]);
	breaks();
	code();
	wrong_pointers();
	return 0;
}
