/* SPDX-License-Identifier: Apache-2.0 */
/* The less common calls about files: prints the same in a box and outside, run
 * in a directory of its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Print what a call came to, and why when it failed. */
#define SAY(call)                                                          \
	do {                                                               \
		errno = 0;                                                 \
		long result_ = (long)(call);                               \
		printf("%s = %ld %s\n", #call, result_ < 0 ? -1 : result_, \
			result_ < 0 ? strerror(errno) : "");               \
	} while (0)

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		perror(path);
	}
	close(fd);
}

static void show(const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	printf("%s: %zd '%.*s'\n", path, n, n < 0 ? 0 : (int)n, text);
	close(fd);
}

static void describe(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		printf("%s: %s\n", path, strerror(errno));
		return;
	}
	printf("%s: %o, %ld links, %ld bytes\n", path, st.st_mode,
		(long)st.st_nlink, S_ISDIR(st.st_mode) ? 0 : (long)st.st_size);
}

static void exchange(void)
{
	puts("-- exchange");
	put("x", "this is x");
	mkdir("y", 0755);
	mkdir("y/z", 0755);
	put("y/w", "this is w");
	SAY(renameat2(AT_FDCWD, "x", AT_FDCWD, "y", RENAME_EXCHANGE));
	show("y");
	describe("x");
	show("x/w");
	SAY(renameat2(AT_FDCWD, "x", AT_FDCWD, "x/z", RENAME_EXCHANGE));
	SAY(renameat2(AT_FDCWD, "x/z", AT_FDCWD, "x", RENAME_EXCHANGE));
	SAY(renameat2(AT_FDCWD, "x/z", AT_FDCWD, "y", RENAME_EXCHANGE));
	describe("x");
	describe("y");
	show("x/z");
	SAY(renameat2(AT_FDCWD, "x", AT_FDCWD, "none", RENAME_EXCHANGE));
	SAY(renameat2(AT_FDCWD, "x", AT_FDCWD, "y", RENAME_NOREPLACE));
	SAY(renameat2(AT_FDCWD, "x", AT_FDCWD, "y",
		RENAME_NOREPLACE | RENAME_EXCHANGE));
	SAY(renameat2(AT_FDCWD, "x", AT_FDCWD, "y", 64));
	SAY(renameat2(AT_FDCWD, "x/w", AT_FDCWD, "x/w", RENAME_EXCHANGE));
	SAY(renameat2(AT_FDCWD, "x/w", AT_FDCWD, "x/z", RENAME_EXCHANGE));
	show("x/w");
	show("x/z");
}

static long open2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .resolve = resolve };
	long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));

	if (fd >= 0) {
		close((int)fd);
	}
	return fd < 0 ? -1 : 0;
}

static void conditions(void)
{
	struct {
		struct open_how how;
		uint64_t more;
	} larger = { { .flags = O_RDONLY }, 0 };
	int dir;

	puts("-- openat2");
	mkdir("base", 0755);
	put("base/f", "f");
	symlink("f", "base/l");
	symlink("../base/f", "base/up");
	symlink("/f", "base/abs");
	symlink("/proc/self/fd/0", "base/jump");
	dir = open("base", O_RDONLY);
	SAY(open2(dir, "f", O_RDONLY, 0));
	SAY(open2(dir, "f", O_RDONLY, RESOLVE_BENEATH));
	SAY(open2(dir, "../base/f", O_RDONLY, RESOLVE_BENEATH));
	SAY(open2(dir, "l", O_RDONLY, RESOLVE_BENEATH));
	SAY(open2(dir, "up", O_RDONLY, RESOLVE_BENEATH));
	SAY(open2(dir, "abs", O_RDONLY, RESOLVE_BENEATH));
	SAY(open2(dir, "/f", O_RDONLY, RESOLVE_BENEATH));
	SAY(open2(dir, "/f", O_RDONLY, RESOLVE_IN_ROOT));
	SAY(open2(dir, "../../f", O_RDONLY, RESOLVE_IN_ROOT));
	SAY(open2(dir, "abs", O_RDONLY, RESOLVE_IN_ROOT));
	SAY(open2(dir, "up", O_RDONLY, RESOLVE_IN_ROOT));
	SAY(open2(dir, "l", O_RDONLY, RESOLVE_NO_SYMLINKS));
	SAY(open2(dir, "f", O_RDONLY, RESOLVE_NO_SYMLINKS));
	SAY(open2(dir, "jump", O_RDONLY, RESOLVE_NO_MAGICLINKS));
	SAY(open2(dir, "f", O_RDONLY, 0x1000));
	SAY(open2(dir, "f", 0x100000000u, 0));
	SAY(open2(dir, "f", O_RDONLY, RESOLVE_BENEATH | RESOLVE_IN_ROOT));
	SAY(open2(AT_FDCWD, "/proc/self/status", O_RDONLY, RESOLVE_NO_XDEV));
	SAY(syscall(SYS_openat2, dir, "f", &larger, 8));
	SAY(syscall(SYS_openat2, dir, "f", &larger, sizeof(larger)) >= 0);
	larger.more = 1;
	SAY(syscall(SYS_openat2, dir, "f", &larger, sizeof(larger)));
	larger.how.mode = 0600;
	SAY(syscall(SYS_openat2, dir, "f", &larger.how, sizeof(larger.how)));
	close(dir);
}

static void unnamed(void)
{
	char path[64];
	int fd = open(".", O_RDWR | O_TMPFILE, 0640);

	puts("-- unnamed");
	write(fd, "was unnamed", 11);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	SAY(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	show("named");
	describe("named");
	unlink("named");
	SAY(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	close(fd);
	fd = open(".", O_RDWR | O_TMPFILE | O_EXCL, 0640);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	SAY(linkat(AT_FDCWD, path, AT_FDCWD, "other", AT_SYMLINK_FOLLOW));
	close(fd);
}

static void poll_of(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	poll(&p, 1, 0);
	printf("poll%s%s%s%s\n", p.revents & POLLIN ? " in" : "",
		p.revents & POLLOUT ? " out" : "",
		p.revents & POLLHUP ? " hup" : "",
		p.revents & POLLERR ? " err" : "");
}

static void named_pipes(void)
{
	char text[16] = { 0 };
	int r;
	int w;
	int both;

	puts("-- named pipes");
	SAY(mkfifo("fifo", 0644));
	SAY(mkfifo("fifo", 0644));
	describe("fifo");
	SAY(open("fifo", O_WRONLY | O_NONBLOCK));
	r = open("fifo", O_RDONLY | O_NONBLOCK);
	SAY(read(r, text, 1));
	poll_of(r);
	w = open("fifo", O_WRONLY);
	SAY(read(r, text, 1));
	SAY(write(w, "by name", 7));
	poll_of(r);
	SAY(read(r, text, 16));
	close(w);
	poll_of(r);
	SAY(read(r, text, 16));
	close(r);
	both = open("fifo", O_RDWR);
	SAY(write(both, "self", 4));
	SAY(read(both, text, 16));
	SAY(write(both, "lost", 4));
	close(both);
	r = open("fifo", O_RDONLY | O_NONBLOCK);
	SAY(read(r, text, 16));
	SAY(lseek(r, 0, SEEK_SET));
	SAY(ftruncate(r, 0));
	close(r);
	SAY(mknod("plain", S_IFREG | 0600, 0));
	describe("plain");
	SAY(mknod("sock", S_IFSOCK | 0600, 0));
	SAY(mknod("odd", S_IFDIR | 0600, 0));
	SAY(unlink("fifo"));
}

static void sealed(void)
{
	int fd = memfd_create("a name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int plain = memfd_create("", 0);
	char path[64];
	char to[64] = { 0 };

	puts("-- memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	readlink(path, to, sizeof(to) - 1);
	printf("%s\n", to);
	SAY(fcntl(fd, F_GETFD));
	SAY(fcntl(fd, F_GET_SEALS));
	SAY(fcntl(plain, F_GET_SEALS));
	SAY(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW));
	SAY(ftruncate(fd, 5000));
	SAY(pwrite(fd, "hello", 5, 10));
	SAY(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	SAY(ftruncate(fd, 4999));
	SAY(ftruncate(fd, 5001));
	SAY(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	SAY(ftruncate(fd, 5002));
	SAY(pwrite(fd, "12345", 5, 4999));
	SAY(pwrite(fd, "12", 2, 4999));
	SAY(fallocate(fd, 0, 0, 9000));
	SAY(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
	SAY(pwrite(fd, "12", 2, 0));
	SAY(pwrite(fd, "12", 0, 0));
	SAY(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	SAY(fcntl(fd, F_GET_SEALS));
	SAY(pread(fd, to, 5, 10));
	SAY(fcntl(0, F_GET_SEALS));
	SAY(memfd_create("x", 0x40000000));
	SAY(memfd_create((const char *)8, 0));
	memset(path, 'x', sizeof(path));
	close(fd);
	close(plain);
}

static void through_pipes(void)
{
	char text[64] = { 0 };
	int one[2];
	int two[2];
	int pair[2];
	loff_t at = 4;
	loff_t to = 100;
	struct iovec v[2] = { { (void *)"vector ", 7 }, { (void *)"two", 3 } };
	struct iovec in[2] = { { text, 3 }, { text + 3, 60 } };
	int fd;

	puts("-- splice");
	put("source", "0123456789abcdef");
	fd = open("source", O_RDWR);
	pipe(one);
	pipe(two);
	SAY(splice(fd, &at, one[1], NULL, 8, 0));
	printf("at %ld\n", (long)at);
	SAY(tee(one[0], two[1], 5, 0));
	SAY(read(two[0], text, 64));
	printf("'%s'\n", text);
	SAY(splice(one[0], NULL, fd, &to, 100, 0));
	printf("to %ld\n", (long)to);
	SAY(pread(fd, text, 8, 100));
	printf("'%.8s'\n", text);
	SAY(splice(one[0], NULL, fd, NULL, 1, SPLICE_F_NONBLOCK));
	SAY(tee(one[0], two[1], 1, SPLICE_F_NONBLOCK));
	SAY(splice(fd, NULL, fd, NULL, 1, 0));
	SAY(splice(fd, NULL, one[1], &at, 1, 0));
	SAY(splice(99, NULL, one[1], NULL, 1, 0));
	SAY(splice(one[1], NULL, two[1], NULL, 1, 0));
	SAY(vmsplice(one[1], v, 2, 0));
	SAY(splice(one[0], NULL, two[1], NULL, 6, 0));
	SAY(readv(two[0], in, 2));
	SAY(vmsplice(one[0], in, 2, 0));
	printf("'%.4s'\n", text);
	SAY(vmsplice(fd, v, 2, 0));
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	lseek(fd, 2, SEEK_SET);
	SAY(sendfile(pair[0], fd, NULL, 4));
	SAY(lseek(fd, 0, SEEK_CUR));
	SAY(splice(pair[1], NULL, one[1], NULL, 100, 0));
	SAY(read(one[0], text, 64));
	printf("'%.4s'\n", text);
	SAY(sendfile(fd, pair[1], NULL, 4));
	SAY(sendfile(one[1], fd, NULL, 4));
	SAY(sendfile(pair[0], fd, &at, 0));
	close(one[1]);
	SAY(splice(one[0], NULL, fd, NULL, 100, 0) >= 0);
	SAY(splice(one[0], NULL, fd, NULL, 100, 0));
	close(fd);
	close(one[0]);
	close(two[0]);
	close(two[1]);
	close(pair[0]);
	close(pair[1]);
}

static void pipe_sizes(void)
{
	static char block[70000];
	int fd[2];

	puts("-- pipe sizes");
	pipe2(fd, O_NONBLOCK);
	SAY(fcntl(fd[0], F_GETPIPE_SZ));
	SAY(fcntl(fd[0], F_SETPIPE_SZ, 5000));
	SAY(write(fd[1], block, sizeof(block)));
	SAY(fcntl(fd[0], F_SETPIPE_SZ, 4096));
	SAY(fcntl(fd[0], F_SETPIPE_SZ, 1 << 17));
	SAY(write(fd[1], block, sizeof(block)));
	SAY(read(fd[0], block, 4097));
	SAY(fcntl(fd[0], F_SETPIPE_SZ, -1));
	SAY(fcntl(0, F_GETPIPE_SZ) == -1 || true);
	close(fd[0]);
	close(fd[1]);
}

static void flagged(void)
{
	char text[8] = { 0 };
	struct iovec v = { (void *)"abc", 3 };
	struct iovec r = { text, 8 };
	int fd = open("flagged", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int pipes[2];

	puts("-- preadv2");
	SAY(pwritev2(fd, &v, 1, 0, 0));
	SAY(pwritev2(fd, &v, 1, 0, RWF_APPEND));
	SAY(pwritev2(fd, &v, 1, -1, RWF_DSYNC));
	SAY(preadv2(fd, &r, 1, 1, 0));
	SAY(preadv2(fd, &r, 1, -1, 0));
	SAY(pwritev2(fd, &v, 1, 0, 0x4000));
	pipe(pipes);
	SAY(preadv2(pipes[0], &r, 1, 0, 0));
	SAY(writev(pipes[1], &v, 1));
	SAY(preadv2(pipes[0], &r, 1, -1, 0));
	SAY(readv(99, &r, 1));
	SAY(syscall(SYS_readv, fd, &r, -1));
	SAY(syscall(SYS_readv, fd, 8, 1));
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
}

static void no_disk(void)
{
	int fd = open("flagged", O_RDWR);
	int in[2];
	char names[64];

	puts("-- no disk");
	pipe(in);
	SAY(fsync(fd));
	SAY(fdatasync(in[0]));
	SAY(fsync(99));
	SAY(sync_file_range(fd, 0, 10, 7));
	SAY(sync_file_range(fd, 0, 10, 8));
	SAY(sync_file_range(in[0], 0, 10, 0));
	SAY(readahead(in[0], 0, 10));
	SAY(readahead(fd, 0, 10));
	SAY(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
	SAY(posix_fadvise(fd, 0, 0, 77));
	SAY(posix_fadvise(in[0], 0, 0, 0));
	SAY(listxattr("flagged", names, sizeof(names)));
	SAY(listxattr("none", names, sizeof(names)));
	SAY(getxattr("none", "user.x", names, sizeof(names)));
	close(fd);
	close(in[0]);
	close(in[1]);
}

/* Entries that come and go while the directory is read: each that stays is
 * seen once. */
static void changing(void)
{
	char path[32];
	DIR *dir;
	struct dirent *entry;
	int stayed = 0;
	int round = 0;

	puts("-- a changing directory");
	mkdir("many", 0755);
	for (int i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "many/%s%d", i % 2 ? "stay" : "go",
			i);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	dir = opendir("many");
	while ((entry = readdir(dir)) != NULL) {
		stayed += strncmp(entry->d_name, "stay", 4) == 0;
		if (round < 1000) {
			snprintf(path, sizeof(path), "many/go%d", round * 2);
			unlink(path);
			snprintf(path, sizeof(path), "many/new%d", round);
			close(open(path, O_CREAT | O_WRONLY, 0600));
			round++;
		}
	}
	printf("%d stayed\n", stayed);
	rewinddir(dir);
	stayed = 0;
	while ((entry = readdir(dir)) != NULL) {
		stayed++;
	}
	printf("%d at last\n", stayed);
	closedir(dir);
}

static void old_listing(void)
{
	char buffer[1024];
	long bytes;
	int fd;
	int found = 0;

	mkdir("few", 0755);
	close(open("few/a", O_CREAT | O_WRONLY, 0600));
	mkdir("few/dir", 0755);
	fd = open("few", O_RDONLY);
	bytes = syscall(SYS_getdents, fd, buffer, sizeof(buffer));
	for (long at = 0; at < bytes;) {
		unsigned short length;

		memcpy(&length, buffer + at + 16, sizeof(length));
		if (strcmp(buffer + at + 18, "dir") == 0) {
			found = buffer[at + length - 1];
		}
		at += length;
	}
	printf("type %d\n", found);
	SAY(syscall(SYS_getdents, fd, buffer, 10));
	SAY(syscall(SYS_getdents64, fd, buffer, 10));
	close(fd);
}

static void ranges(void)
{
	int a = open("flagged", O_RDONLY);
	int b = dup(a);

	puts("-- ranges and limits");
	SAY(close_range((unsigned)a, (unsigned)b, CLOSE_RANGE_CLOEXEC));
	SAY(fcntl(a, F_GETFD));
	SAY(close_range((unsigned)a, ~0u, CLOSE_RANGE_UNSHARE));
	SAY(fcntl(b, F_GETFD));
	SAY(close_range(5, 4, 0));
	SAY(close_range(5, 6, 64));
}

static void limits(void)
{
	struct rlimit limit;
	struct rlimit few = { 10, 0 };
	int last = -1;
	int fd;
	int in[2];

	getrlimit(RLIMIT_NOFILE, &limit);
	few.rlim_max = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	while ((fd = dup(1)) >= 0) {
		last = fd;
	}
	printf("last %d %s\n", last, strerror(errno));
	SAY(open("not made", O_CREAT | O_WRONLY, 0600));
	SAY(access("not made", F_OK));
	SAY(dup2(1, 10));
	SAY(fcntl(1, F_DUPFD, 10));
	close(9);
	SAY(pipe(in));
	SAY(dup(1));
	few.rlim_cur = 3000;
	SAY(setrlimit(RLIMIT_NOFILE, &few));
	SAY(dup2(1, 2999));
	SAY(fcntl(1, F_DUPFD, 2999));
	SAY(fcntl(1, F_DUPFD, 1500));
	SAY(close(2999));
	few.rlim_cur = 1;
	few.rlim_max = 0;
	SAY(setrlimit(RLIMIT_NOFILE, &few));
}

static void holes(void)
{
	static char block[0x10000];
	int fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0600);
	int clean = 1;

	puts("-- holes");
	memset(block, 7, sizeof(block));
	SAY(pwrite(fd, block, sizeof(block), 0x40000));
	SAY(lseek(fd, 0, SEEK_DATA));
	SAY(lseek(fd, 0, SEEK_HOLE));
	SAY(lseek(fd, 0x40000, SEEK_HOLE));
	SAY(lseek(fd, 0x50000, SEEK_DATA));
	SAY(lseek(fd, -1, SEEK_DATA));
	SAY(ftruncate(fd, 0x80000));
	SAY(lseek(fd, 0x50000, SEEK_DATA));
	SAY(pwrite(fd, block, sizeof(block), 0));
	SAY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0x40000,
		0x10000));
	SAY(lseek(fd, 0x10000, SEEK_DATA));
	SAY(pread(fd, block, sizeof(block), 0x40000));
	for (size_t i = 0; i < sizeof(block); i++) {
		clean &= block[i] == 0;
	}
	printf("clean %d\n", clean);
	SAY(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10, 20));
	SAY(pread(fd, block, 40, 0));
	printf("%d %d %d %d\n", block[9], block[10], block[29], block[30]);
	SAY(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10));
	SAY(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0x80000, 0x10000));
	SAY(lseek(fd, 0, SEEK_END));
	SAY(fallocate(fd, FALLOC_FL_ZERO_RANGE, 100, 10));
	SAY(fallocate(fd, 0, 0x80000, 0x10000));
	SAY(lseek(fd, 0, SEEK_END));
	SAY(fallocate(fd, 0, -1, 1));
	SAY(fallocate(fd, 0, 0, 0));
	close(fd);
	fd = open("holes", O_RDONLY);
	SAY(fallocate(fd, 0, 0, 10));
	close(fd);
}

static void mapped_seals(void)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	char *at;

	puts("-- mapped and sealed");
	ftruncate(fd, 8192);
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	at[5] = 'x';
	SAY(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(at, 8192);
	SAY(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	SAY(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
		MAP_FAILED);
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	at[6] = 'y';
	printf("%c%c\n", at[5], at[6]);
	close(fd);
}

static void inheriting(void)
{
	puts("-- groups");
	mkdir("shared", 0755);
	SAY(chmod("shared", 02775));
	mkdir("shared/below", 0755);
	describe("shared/below");
	SAY(fchmodat(AT_FDCWD, "shared", 0700, 0));
	symlink("shared", "to shared");
	SAY(chmod("to shared", 0711));
	describe("shared");
}

static void statx_of(void)
{
	struct statx x;

	puts("-- statx");
	put("sized", "12345");
	SAY(statx(AT_FDCWD, "sized", 0, STATX_BASIC_STATS, &x));
	printf("%o %ld %u %d\n", x.stx_mode, (long)x.stx_size, x.stx_nlink,
		(x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
	SAY(statx(AT_FDCWD, "sized", AT_STATX_SYNC_TYPE, STATX_SIZE, &x));
	SAY(statx(AT_FDCWD, "sized", 0, 0x80000000u, &x));
	SAY(statx(AT_FDCWD, "sized", 0x40000000, STATX_SIZE, &x));
	SAY(statx(AT_FDCWD, "", 0, STATX_SIZE, &x));
	SAY(statx(0, "", AT_EMPTY_PATH, STATX_TYPE, &x));
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	exchange();
	conditions();
	unnamed();
	named_pipes();
	sealed();
	through_pipes();
	pipe_sizes();
	flagged();
	no_disk();
	changing();
	old_listing();
	ranges();
	holes();
	mapped_seals();
	inheriting();
	statx_of();
	limits();
	return 0;
}
