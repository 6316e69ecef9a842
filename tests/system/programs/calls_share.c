/* SPDX-License-Identifier: Apache-2.0 */
/* Mappings of files and what else mmap's family does: prints the same in a box
 * and outside. */
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
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define MIB  (1u << 20)
#define RW   (PROT_READ | PROT_WRITE)

static sigjmp_buf back;

static void on_fault(int number)
{
	siglongjmp(back, number);
}

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

static int make(const char *path, size_t bytes, int byte)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *block = malloc(bytes);

	memset(block, byte, bytes);
	if (fd < 0 || write(fd, block, bytes) != (ssize_t)bytes) {
		perror(path);
		exit(1);
	}
	free(block);
	return fd;
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

static void coherent(void)
{
	int fd = make("/tmp/share", 300000, 1);
	char *a = mmap(NULL, 300000, RW, MAP_SHARED, fd, 0);
	char *b = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 16 * PAGE);
	char *p = mmap(NULL, 300000, RW, MAP_PRIVATE, fd, 0);
	char one[4] = { 0 };

	printf("first: %d %d %d\n", a[0], b[0], p[299999]);
	a[16 * PAGE] = 7;
	printf("seen: %d %d\n", b[0], p[16 * PAGE]);
	pread(fd, one, 1, 16 * PAGE);
	printf("read: %d\n", one[0]);
	pwrite(fd, "\11", 1, 17 * PAGE);
	printf("written: %d %d\n", a[17 * PAGE], b[PAGE]);
	p[17 * PAGE] = 5;
	printf("private: %d %d %d\n", a[17 * PAGE], b[PAGE], p[17 * PAGE]);
	pwrite(fd, "\12", 1, 17 * PAGE);
	printf("stays: %d %d\n", p[17 * PAGE], a[17 * PAGE]);
	printf("tail: %d\n", is(a + 300000, 0, 74 * PAGE - 300000));
	madvise(p, 300000, MADV_DONTNEED);
	printf("reread: %d\n", p[17 * PAGE]);
	munmap(a, 300000);
	printf("after: %d\n", b[0]);
	munmap(b, 2 * PAGE);
	munmap(p, 300000);
	close(fd);
}

static void the_end(void)
{
	int fd = make("/tmp/end", 3 * PAGE + 10, 3);
	char *a = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);

	printf("in: %d, last: %d, past: %d\n", touch(a + 3 * PAGE, true),
		touch(a + 4 * PAGE - 1, true), touch(a + 4 * PAGE, false));
	ftruncate(fd, 6 * PAGE);
	printf("longer: %d %d\n", touch(a + 5 * PAGE, true), a[5 * PAGE]);
	a[2 * PAGE] = 4;
	ftruncate(fd, PAGE);
	printf("shorter: %d %d\n", touch(a, true), touch(a + 2 * PAGE, false));
	ftruncate(fd, 4 * PAGE);
	printf("again: %d %d\n", touch(a + 2 * PAGE, false), a[2 * PAGE]);
	unlink("/tmp/end");
	close(fd);
	a[0] = 9;
	printf("unlinked: %d %d\n", a[0], a[1]);
	munmap(a, 8 * PAGE);
}

/* Cutting a file takes away what processes copied of it, not what lies on its
 * last page. */
static void cut_copies(void)
{
	int fd = make("/tmp/cut", 4 * PAGE, 3);
	char *a = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	pid_t pid;

	memset(a, 7, 4 * PAGE);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		memset(a + PAGE, 8, 2 * PAGE);
		ftruncate(fd, PAGE + 10);
		ftruncate(fd, 4 * PAGE);
		_exit(a[0] == 7 && a[PAGE] == 8 && a[2 * PAGE - 1] == 8 &&
					a[2 * PAGE] == 0 && a[3 * PAGE] == 0
				? 0
				: 1);
	}
	waitpid(pid, &(int){ 0 }, 0);
	printf("copies: %d %d %d %d\n", is(a, 7, 2 * PAGE), a[2 * PAGE],
		touch(a + 3 * PAGE, true), is(a + 3 * PAGE, 0, PAGE));
	ftruncate(fd, 0);
	printf("nothing: %d\n", touch(a, false));
	unlink("/tmp/cut");
	close(fd);
	munmap(a, 4 * PAGE);
}

static void refused(void)
{
	int fd = make("/tmp/ro", PAGE, 1);
	int ro = open("/tmp/ro", O_RDONLY);
	int wo = open("/tmp/ro", O_WRONLY);

	errno = 0;
	printf("write: %d",
		mmap(NULL, PAGE, RW, MAP_SHARED, ro, 0) == MAP_FAILED);
	printf(" %d\n", errno);
	errno = 0;
	printf("unreadable: %d",
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0) == MAP_FAILED);
	printf(" %d\n", errno);
	errno = 0;
	printf("closed: %d",
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED);
	printf(" %d\n", errno);
	errno = 0;
	printf("offset: %d",
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 12) == MAP_FAILED);
	printf(" %d\n", errno);
	errno = 0;
	printf("large pages: %d",
		mmap(NULL, 2 * MIB, RW,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1,
			0) == MAP_FAILED);
	printf(" %d\n", errno);
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);

	errno = 0;
	printf("read only: %d", mprotect(at, PAGE, RW));
	printf(" %d\n", errno);
	munmap(at, PAGE);
	close(fd);
	close(ro);
	close(wo);
}

static void moved(void)
{
	char *a = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *hole = mmap(NULL, 256 * PAGE, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *b;

	for (int i = 0; i < 64; i++) {
		a[i * PAGE] = (char)i;
	}
	b = mremap(a, 64 * PAGE, 128 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		hole + 64 * PAGE);
	printf("fixed: %d %d %d %d\n", b == hole + 64 * PAGE, b[63 * PAGE],
		b[64 * PAGE], touch(a, false) != 0);
	errno = 0;
	printf("overlap: %d",
		mremap(b, 128 * PAGE, 128 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			b + PAGE) == MAP_FAILED);
	printf(" %d\n", errno);
	errno = 0;
	printf("fixed alone: %d",
		mremap(b, PAGE, PAGE, MREMAP_FIXED, hole) == MAP_FAILED);
	printf(" %d\n", errno);
	printf("middle: %d\n", mprotect(b + 8 * PAGE, PAGE, PROT_READ));
	errno = 0;
	printf("two mappings: %d", mremap(b, 128 * PAGE, 200 * PAGE,
					   MREMAP_MAYMOVE) == MAP_FAILED);
	printf(" %d\n", errno);
	munmap(hole, 256 * PAGE);
}

static void moved_file(void)
{
	int fd = make("/tmp/move", 40 * PAGE, 1);
	char *a = mmap(NULL, 20 * PAGE, RW, MAP_SHARED, fd, 0);
	char *twin = mremap(a, 0, 10 * PAGE, MREMAP_MAYMOVE);
	char *p = mmap(NULL, 20 * PAGE, RW, MAP_PRIVATE, fd, 4 * PAGE);

	a[5 * PAGE] = 6;
	printf("twin: %d\n", twin[5 * PAGE]);
	a = mremap(a, 20 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	a[39 * PAGE] = 8;
	pread(fd, p, 1, 39 * PAGE);
	printf("grown: %d %d\n", p[0], a[5 * PAGE]);
	p[PAGE] = 3;
	p = mremap(p, 20 * PAGE, 36 * PAGE, MREMAP_MAYMOVE);
	printf("private: %d %d %d\n", p[PAGE], p[2 * PAGE], p[35 * PAGE]);
	munmap(a, 40 * PAGE);
	munmap(p, 36 * PAGE);
	munmap(twin, 10 * PAGE);
	close(fd);
}

static void anonymous(void)
{
	char *a = mmap(NULL, 4 * MIB, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int zero = open("/dev/zero", O_RDWR);
	char *z = mmap(NULL, PAGE, RW, MAP_SHARED, zero, 0);

	printf("zero: %d %d\n", is(a, 0, 4 * MIB), z[0]);
	a[3 * MIB] = 1;
	madvise(a, 4 * MIB, MADV_DONTNEED);
	printf("kept: %d\n", a[3 * MIB]);
	z[1] = 4;
	printf("device: %d\n", z[1]);
	munmap(a, 4 * MIB);
	munmap(z, PAGE);
	close(zero);
}

static void asked(void)
{
	char *a = mmap(NULL, 64 * MIB, RW,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *p = mmap(NULL, 4 * PAGE, RW,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned char in[4] = { 9, 9, 9, 9 };

	int result = mincore(p, 4 * PAGE, in);

	printf("core: %d %d%d%d%d\n", result, in[0] & 1, in[1] & 1, in[2] & 1,
		in[3] & 1);
	result = mincore(a + 32 * MIB, PAGE, in);
	printf("core: %d %d\n", result, in[0] & 1);
	printf("lock: %d %d\n", mlock(p, 100), munlock(p, 100));
	printf("sync: %d %d\n", msync(p, PAGE, MS_SYNC),
		msync(p + 1, PAGE, MS_SYNC));
	a[40 * MIB] = 1;
	printf("free: %d %d\n", madvise(a, 64 * MIB, MADV_WILLNEED),
		madvise(a, 64 * MIB, MADV_HUGEPAGE));
	madvise(a + 40 * MIB, 4 * MIB, MADV_DONTNEED);
	printf("gone: %d\n", a[40 * MIB]);
	printf("odd: %d %d\n", madvise(a + 1, PAGE, MADV_NORMAL),
		madvise(a, PAGE, 77));
	munmap(a, 64 * MIB);
	errno = 0;
	result = madvise(a, PAGE, MADV_NORMAL);
	printf("nothing: %d %d\n", result, errno);
	printf("hint: %d\n", mmap(a, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				     0) == (void *)a);
	munmap(a, PAGE);
	munmap(p, 4 * PAGE);
}

static void reserved(void)
{
	size_t bytes = (size_t)1024 * MIB;
	char *a = mmap(
		NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("reserve: %d\n", a != MAP_FAILED);
	printf("open: %d\n", mprotect(a + 512 * (size_t)MIB, 64 * MIB, RW));
	memset(a + 512 * (size_t)MIB, 1, 64 * MIB);
	printf("used: %d, beside: %d\n", is(a + 512 * (size_t)MIB, 1, 64 * MIB),
		touch(a + 600 * (size_t)MIB, false));
	munmap(a, bytes);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_fault };

	setvbuf(stdout, NULL, _IONBF, 0);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	coherent();
	the_end();
	cut_copies();
	refused();
	moved();
	moved_file();
	anonymous();
	asked();
	reserved();
	return 0;
}
