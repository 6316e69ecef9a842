/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees of files: prints the same in a box and outside, run in a
 * directory of its own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
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

static void unnamed(void)
{
	char text[8] = { 0 };
	int fd = open(".", O_RDWR | O_TMPFILE, 0600);
	struct stat st;

	SAY(write(fd, "unnamed", 7));
	SAY(pread(fd, text, 7, 0));
	fstat(fd, &st);
	printf("'%s' %d\n", text, (int)st.st_nlink);
	close(fd);
}

static void opening(void)
{
	put("a", "first");
	SAY(open("a", O_RDONLY | O_CREAT | O_EXCL, 0600));
	SAY(open("none", O_RDONLY));
	SAY(open("none/x", O_RDONLY | O_CREAT, 0600));
	SAY(open("a/x", O_RDONLY));
	SAY(open("a/", O_RDONLY));
	SAY(open(".", O_WRONLY));
	SAY(open("a", O_RDONLY | O_DIRECTORY));
	SAY(open("", O_RDONLY));
	SAY(open("new/", O_WRONLY | O_CREAT, 0600));
	SAY(open("a", O_RDWR | O_TMPFILE, 0600));
	SAY(open(".", O_RDONLY | O_TMPFILE, 0600));
	SAY(open("none", O_RDWR | O_TMPFILE, 0600));
	unnamed();
	SAY(symlink("a", "l"));
	SAY(symlink("loop", "loop"));
	SAY(open("l", O_RDONLY | O_NOFOLLOW));
	SAY(open("loop", O_RDONLY));
	SAY(symlink("made", "dangling"));
	int fd = open("dangling", O_WRONLY | O_CREAT, 0600);

	SAY(write(fd, "through", 7));
	close(fd);
	show("made");
	char long_name[300];

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	SAY(open(long_name, O_RDONLY));
	SAY(mkdir(long_name, 0700));
	SAY(close(99));
	SAY(open("l/", O_RDONLY));
}

static void positions(void)
{
	int fd = open("p", O_RDWR | O_CREAT | O_TRUNC, 0644);
	char text[64] = { 0 };

	SAY(write(fd, "0123456789", 10));
	SAY(lseek(fd, 3, SEEK_SET));
	SAY(read(fd, text, 4));
	printf("'%s'\n", text);
	SAY(lseek(fd, -2, SEEK_CUR));
	SAY(write(fd, "AB", 2));
	SAY(lseek(fd, 100000, SEEK_SET));
	SAY(write(fd, "far", 3));
	SAY(pread(fd, text, 10, 50000));
	printf("hole %d\n", text[0] == 0 && text[9] == 0);
	SAY(pwrite(fd, "mid", 3, 70000));
	SAY(pread(fd, text, 5, 69999));
	printf("%d '%s'\n", text[0], text + 1);
	SAY(lseek(fd, 0, SEEK_END));
	SAY(ftruncate(fd, 12));
	SAY(lseek(fd, 0, SEEK_CUR));
	SAY(read(fd, text, 4));
	SAY(ftruncate(fd, 20));
	SAY(pread(fd, text, 30, 0));
	printf("'%.12s' %d\n", text, text[15]);
	SAY(lseek(fd, -1, SEEK_SET));
	SAY(lseek(fd, 0, 99));
	SAY(ftruncate(fd, -1));
	SAY(pread(fd, text, 1, -5));
	close(fd);
	fd = open("p", O_WRONLY | O_APPEND);
	SAY(pwrite(fd, "end", 3, 0));
	SAY(write(fd, "END", 3));
	SAY(read(fd, text, 1));
	close(fd);
	describe("p");
	fd = open("p", O_RDONLY);
	SAY(write(fd, "x", 1));
	close(fd);
}

/* The position of /dev/null and its like stays 0. */
static void devices(void)
{
	static const char *const names[] = { "/dev/null", "/dev/zero",
		"/dev/full" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = open(names[i], O_RDONLY);

		SAY(lseek(fd, -5, SEEK_SET));
		SAY(lseek(fd, 1l << 62, SEEK_END));
		SAY(lseek(fd, 7, SEEK_CUR));
		SAY(lseek(fd, 0, 99));
		close(fd);
	}
}

static void vectors(void)
{
	char a[4] = { 0 };
	char b[8] = { 0 };
	struct iovec out[3] = { { "one", 3 }, { "", 0 }, { "three", 5 } };
	struct iovec in[2] = { { a, 3 }, { b, 7 } };
	int fd = open("v", O_RDWR | O_CREAT | O_TRUNC, 0644);

	SAY(writev(fd, out, 3));
	SAY(lseek(fd, 0, SEEK_SET));
	SAY(readv(fd, in, 2));
	printf("'%s' '%s'\n", a, b);
	SAY(preadv(fd, in, 2, 2));
	printf("'%s' '%s'\n", a, b);
	volatile int too_many = -1;

	SAY(writev(fd, out, too_many));
	close(fd);
}

static void names(void)
{
	SAY(mkdir("d", 0755));
	SAY(mkdir("d", 0755));
	SAY(mkdir("d/e", 0700));
	SAY(rmdir("d"));
	put("d/f", "f");
	SAY(link("d/f", "d/g"));
	describe("d/f");
	SAY(link("d", "dd"));
	SAY(link("a", "d/f"));
	SAY(rename("d/f", "d/g"));
	describe("d/f");
	SAY(rename("d", "d/e/x"));
	SAY(rename("d/e", "a"));
	SAY(rename("a", "d/e"));
	SAY(rename("none", "b"));
	put("r", "old");
	SAY(rename("d/g", "r"));
	show("r");
	SAY(mkdir("empty", 0755));
	SAY(rename("d/e", "empty"));
	describe("empty");
	SAY(rename("d", "empty"));
	SAY(mkdir("full", 0755));
	put("full/x", "x");
	SAY(rename("empty", "full"));
	SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "r", RENAME_NOREPLACE));
	SAY(unlink("full"));
	SAY(rmdir("full"));
	SAY(rmdir("full/."));
	SAY(rmdir("a"));
	SAY(unlink("full/x"));
	SAY(rmdir("full/"));
	SAY(rename(".", "elsewhere"));
	SAY(unlink("none"));
	SAY(symlink("", "s"));
	SAY(symlink("x", "a"));
	SAY(mkdir("", 0755));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void listing(void)
{
	struct dirent **entries;
	int count;
	DIR *dir;

	mkdir("many", 0755);
	for (int i = 0; i < 3000; i++) {
		char path[32];

		snprintf(path, sizeof(path), "many/f%d", i);
		put(path, "");
	}
	dir = opendir("many");
	count = 0;
	for (struct dirent *e; (e = readdir(dir)) != NULL; count++) {
		if (e->d_name[0] == 'f') {
			unlinkat(dirfd(dir), e->d_name, 0);
		}
	}
	closedir(dir);
	printf("seen while removing: %d\n", count);
	SAY(rmdir("many"));
	count = scandir(".", &entries, NULL, by_name);
	for (int i = 0; i < count; i++) {
		printf("%s type %d\n", entries[i]->d_name, entries[i]->d_type);
		free(entries[i]);
	}
	free(entries);
	int fd = open(".", O_RDONLY);
	char byte;

	SAY(read(fd, &byte, 1));
	close(fd);
}

static void attributes(void)
{
	struct timespec t[2] = { { 1000, 5 }, { 2000, 7 } };
	struct stat st;

	umask(027);
	SAY(open("m", O_CREAT | O_WRONLY, 0666) > 0);
	describe("m");
	SAY(chmod("m", 04751));
	describe("m");
	SAY(chown("m", 5, 6));
	stat("m", &st);
	printf("%d %d %o\n", (int)st.st_uid, (int)st.st_gid, st.st_mode);
	SAY(utimensat(AT_FDCWD, "m", t, 0));
	stat("m", &st);
	printf("%ld.%ld %ld.%ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec,
		st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	t[0].tv_nsec = UTIME_OMIT;
	t[1].tv_sec = 3000;
	SAY(utimensat(AT_FDCWD, "m", t, 0));
	stat("m", &st);
	printf("%ld %ld\n", st.st_atim.tv_sec, st.st_mtim.tv_sec);
	t[0].tv_nsec = 2000000000;
	SAY(utimensat(AT_FDCWD, "m", t, 0));
	SAY(access("m", R_OK | W_OK | X_OK));
	SAY(chmod("m", 0600));
	SAY(access("m", X_OK));
	SAY(access("none", F_OK));
	SAY(truncate("m", 10));
	SAY(truncate(".", 10));
	describe("m");
	umask(022);
}

static void descriptors(void)
{
	int fd = open("a", O_RDWR);
	int other = dup(fd);
	char text[8] = { 0 };

	SAY(lseek(fd, 2, SEEK_SET));
	SAY(read(other, text, 3));
	printf("'%s'\n", text);
	SAY(dup2(fd, 50) == 50);
	SAY(dup2(fd, fd) == fd);
	SAY(dup2(99, 3));
	SAY(dup3(fd, fd, 0));
	SAY(fcntl(50, F_GETFD));
	SAY(fcntl(50, F_SETFD, FD_CLOEXEC));
	SAY(fcntl(50, F_GETFD));
	SAY(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND));
	SAY(fcntl(fd, F_SETFL, O_APPEND));
	SAY(fcntl(other, F_GETFL) & (O_ACCMODE | O_APPEND));
	SAY(fcntl(fd, F_DUPFD, 60));
	SAY(fcntl(fd, 9999));
	SAY(ioctl(fd, TIOCGWINSZ, text));
	int left = 0;

	SAY(ioctl(fd, FIONREAD, &left));
	printf("left %d\n", left);
	int to = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0644);
	off_t from = 1;

	SAY(sendfile(to, fd, &from, 100));
	printf("from %ld\n", (long)from);
	SAY(unlink("a"));
	SAY(pread(fd, text, 5, 0));
	SAY(close_range(50, 70, 0));
	SAY(close(50));
	show("copy");
}

static void copying(void)
{
	static char block[200000];
	int from = open("big", O_RDWR | O_CREAT | O_TRUNC, 0644);
	int to = open("big2", O_RDWR | O_CREAT | O_TRUNC, 0644);
	off_t at = 100;

	for (size_t i = 0; i < sizeof(block); i++) {
		block[i] = (char)(i * 7 + i / 251);
	}
	SAY(write(from, block, sizeof(block)));
	SAY(copy_file_range(from, &at, to, NULL, 150000, 0));
	printf("at %ld\n", (long)at);
	static char back[200000];

	SAY(pread(to, back, sizeof(back), 0));
	printf("same %d\n", memcmp(back, block + 100, 150000));
	SAY(fallocate(to, 0, 0, 180000));
	describe("big2");
	SAY(pread(to, back, sizeof(back), 150000));
	printf("zero %d\n", back[0] == 0 && back[29999] == 0);
	close(from);
	close(to);
}

static void directories(void)
{
	char path[4096];

	mkdir("x", 0755);
	mkdir("x/y", 0755);
	SAY(chdir("x/y"));
	SAY(getcwd(path, 5) == NULL);
	SAY(rmdir("../y"));
	SAY(getcwd(path, sizeof(path)) == NULL);
	printf("%s\n", strerror(errno));
	SAY(open("new", O_CREAT | O_WRONLY, 0600));
	SAY(chdir("none"));
	SAY(fchdir(0));
	int fd = open("/", O_RDONLY);

	SAY(fchdir(fd));
	printf("%s\n", getcwd(path, sizeof(path)));
	SAY(chdir("/proc/self/fd/../"));
	SAY(faccessat(fd, "dev/null", R_OK, 0));
	SAY(openat(fd, "/dev/null", O_RDONLY) > 0);
	SAY(openat(99, "dev/null", O_RDONLY));
	SAY(openat(0, "dev/null", O_RDONLY));
	SAY(readlink("/proc/self/exe", path, sizeof(path)) > 0);
	SAY(readlink("/dev/null", path, sizeof(path)));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	opening();
	positions();
	devices();
	vectors();
	names();
	listing();
	attributes();
	descriptors();
	copying();
	directories();
	return 0;
}
