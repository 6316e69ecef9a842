/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of random operations on files, and a digest of everything that came
 * of them: the same in a box and outside, run as root in a directory of its
 * own.
 *
 *     calls_model SEED COUNT [verbose]
 *
 * A path never leads above where the program began: ".." follows a name, links
 * lead down. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOTS 12
#define FIRST 20 /* the first descriptor of a slot */
#define SIZE  300000u

static uint64_t seed;
static uint64_t digest = 14695981039346656037ull;
static bool verbose;
static unsigned char block[70000];

static uint32_t pick(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % below;
}

static void add(const void *bytes, size_t count)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < count; i++) {
		digest = (digest ^ at[i]) * 1099511628211ull;
	}
}

/* Count a result, and say it when asked to. */
static void note(long result, const char *format, ...)
{
	int why = result < 0 ? errno : 0;
	va_list list;

	add(&result, sizeof(result));
	add(&why, sizeof(why));
	if (verbose) {
		va_start(list, format);
		vprintf(format, list);
		va_end(list);
		printf(" = %ld %s\n", result, why != 0 ? strerror(why) : "");
	}
}

static const char *name(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "l",
		"m", "a long name of no particular meaning" };

	return names[pick(sizeof(names) / sizeof(names[0]))];
}

/* A path of up to four parts. */
static const char *path(void)
{
	static char all[4][256];
	static int turn;
	char *at = all[turn++ % 4];
	int depth = 0;

	at[0] = '\0';
	for (uint32_t i = 0, count = 1 + pick(4); i < count; i++) {
		uint32_t kind = pick(12);

		if (kind == 0) {
			strcat(at, "./");
		} else if (kind == 1 && depth > 0) {
			strcat(at, "../");
			depth--;
		} else {
			strcat(at, name());
			strcat(at, pick(30) == 0 ? "//" : "/");
			depth++;
		}
	}
	if (pick(15) != 0) {
		at[strlen(at) - 1] = '\0';
	}
	return at;
}

static int slot(void)
{
	return FIRST + (int)pick(SLOTS);
}

static void one_open(void)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR,
		O_RDWR | O_APPEND, O_RDONLY | O_DIRECTORY,
		O_WRONLY | O_APPEND };
	int flag = flags[pick(sizeof(flags) / sizeof(flags[0]))];
	const char *p = path();
	struct stat st;
	int to = slot();
	int fd;

	flag |= pick(3) != 0 && (flag & O_DIRECTORY) == 0 ? O_CREAT : 0;
	flag |= pick(8) == 0 && (flag & O_CREAT) != 0 ? O_EXCL : 0;
	flag |= pick(10) == 0 ? O_TRUNC : 0;
	flag |= pick(10) == 0 ? O_NOFOLLOW : 0;
	/* a named pipe would wait */
	fd = open(p, flag | O_NONBLOCK, 0600 + pick(64));
	/* how much a pipe holds is counted in pages outside */
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISFIFO(st.st_mode)) {
		dup2(fd, to);
		close(fd);
		fd = to;
	} else if (fd >= 0) {
		close(fd);
		fd = 1000;
	}
	note(fd, "open %s %o", p, (unsigned)flag);
}

static void one_read(void)
{
	size_t bytes = pick(4) == 0 ? pick(sizeof(block)) : pick(5000);
	long at = pick(SIZE);
	int fd = slot();
	long got;

	if (pick(2) == 0) {
		got = read(fd, block, bytes);
		note(got, "read %d %zu", fd, bytes);
	} else {
		got = pread(fd, block, bytes, at);
		note(got, "pread %d %zu %ld", fd, bytes, at);
	}
	if (got > 0) {
		add(block, (size_t)got);
	}
}

static void one_write(void)
{
	size_t bytes = pick(4) == 0 ? pick(sizeof(block)) : pick(5000);
	long at = pick(SIZE);
	int fd = slot();

	memset(block, (int)pick(256), bytes);
	if (pick(3) == 0) {
		note(pwrite(fd, block, bytes, at), "pwrite %d %zu %ld", fd,
			bytes, at);
	} else {
		struct iovec v[2] = { { block, bytes / 3 },
			{ block, bytes - bytes / 3 } };

		note(writev(fd, v, 2), "writev %d %zu", fd, bytes);
	}
}

static void one_position(void)
{
	int fd = slot();
	long at = (long)pick(SIZE) - 1000;
	int whence = (int)pick(3);
	struct stat st;

	/* the end of a directory is the file system's own affair */
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		note(lseek(fd, 0, SEEK_SET), "rewind %d", fd);
	} else {
		note(lseek(fd, at, whence), "lseek %d %ld %d", fd, at, whence);
	}
}

static void one_size(void)
{
	long size = pick(SIZE);
	long bytes = 1 + pick(50000);
	const char *p = path();
	int fd = slot();

	switch (pick(5)) {
	case 0:
		note(truncate(p, size), "truncate %s %ld", p, size);
		break;
	case 1:
		note(ftruncate(fd, size), "ftruncate %d %ld", fd, size);
		break;
	case 2:
		note(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     size, bytes),
			"punch %d %ld %ld", fd, size, bytes);
		break;
	case 3:
		note(fallocate(fd, 0, size, bytes), "fallocate %d %ld %ld", fd,
			size, bytes);
		break;
	default:
		note(fallocate(fd, FALLOC_FL_ZERO_RANGE, size, bytes),
			"zero %d %ld %ld", fd, size, bytes);
	}
}

static void one_name(void)
{
	const char *p = path();
	const char *q = path();
	const char *n = name();

	switch (pick(12)) {
	case 0:
	case 1:
	case 2:
		note(mkdir(p, 0700 + pick(64)), "mkdir %s", p);
		break;
	case 3:
		note(rmdir(p), "rmdir %s", p);
		break;
	case 4:
		note(unlink(p), "unlink %s", p);
		break;
	case 5:
	case 6:
		note(rename(p, q), "rename %s %s", p, q);
		break;
	case 7:
		note(renameat2(AT_FDCWD, p, AT_FDCWD, q, 1 + pick(2)),
			"renameat2 %s %s", p, q);
		break;
	case 8:
		note(link(p, q), "link %s %s", p, q);
		break;
	case 9:
	case 10:
		note(symlink(n, p), "symlink %s %s", n, p);
		break;
	default:
		note(mkfifo(p, 0600), "mkfifo %s", p);
	}
}

static void look(const struct stat *st)
{
	long seen[4] = { (long)st->st_mode, (long)st->st_nlink,
		S_ISDIR(st->st_mode) ? 0 : (long)st->st_size,
		(long)st->st_uid };

	if (S_ISDIR(st->st_mode) && st->st_nlink == 1) {
		seen[1] = 2; /* one that was removed */
	}
	add(seen, sizeof(seen));
	if (verbose) {
		printf("  %lo %ld %ld %ld\n", seen[0], seen[1], seen[2],
			seen[3]);
	}
}

static void one_look(void)
{
	const char *p = path();
	struct stat st;
	int fd = slot();
	long r;

	switch (pick(4)) {
	case 0:
		r = stat(p, &st);
		break;
	case 1:
		r = lstat(p, &st);
		break;
	case 2:
		r = fstat(fd, &st);
		break;
	default:
		r = fstatat(fd, p, &st, AT_SYMLINK_NOFOLLOW);
	}
	note(r, "stat %d %s", fd, p);
	if (r == 0 && st.st_nlink != 0) {
		look(&st);
	}
}

/* The names in a directory, in any order. */
static void one_list(void)
{
	const char *p = path();
	DIR *dir = opendir(p);
	struct dirent *entry;
	uint64_t sum = 0;

	note(dir == NULL ? -1 : 0, "list %s", p);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		uint64_t hash = entry->d_type;

		for (const char *c = entry->d_name; *c != '\0'; c++) {
			hash = hash * 31 + (unsigned char)*c;
		}
		sum += hash * 0x9e3779b97f4a7c15ull;
	}
	if (dir != NULL) {
		closedir(dir);
	}
	add(&sum, sizeof(sum));
}

static bool one_file(int a, int b)
{
	struct stat x;
	struct stat y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino;
}

static void one_other(void)
{
	const char *p = path();
	const char *q = path();
	char text[256] = { 0 };
	int a = slot();
	int b = slot();
	long at = pick(SIZE);
	off_t from = at;
	size_t bytes;
	long r;

	switch (pick(10)) {
	case 0:
		note(close(a), "close %d", a);
		break;
	case 1:
		note(dup2(a, b), "dup2 %d %d", a, b);
		break;
	case 2:
		r = readlink(p, text, sizeof(text) - 1);
		note(r, "readlink %s", p);
		add(text, strlen(text));
		break;
	case 3:
		note(chmod(p, 0600 + pick(64)), "chmod %s", p);
		break;
	case 4:
		note(access(p, (int)pick(8)), "access %s", p);
		break;
	case 5:
		/* within one file it sends what it writes meanwhile */
		bytes = pick(40000);
		r = one_file(a, b) ? 0 : sendfile(b, a, &from, bytes);
		note(r, "sendfile %d %d", b, a);
		add(&from, sizeof(from));
		break;
	case 6:
		r = copy_file_range(a, &from, b, NULL, pick(40000), 0);
		note(r, "copy_file_range %d %d %ld", a, b, at);
		break;
	case 7:
		r = pick(2);
		note(fcntl(a, F_SETFL, O_NONBLOCK | (r ? O_APPEND : 0)),
			"append %d %ld", a, r);
		break;
	case 8:
		note(linkat(a, p, b, q, 0), "linkat %d %s %d %s", a, p, b, q);
		break;
	default:
		note(chown(p, pick(3), (gid_t)-1), "chown %s", p);
	}
}

/* A private view of a file: a page of it. */
static void one_map(void)
{
	int fd = slot();
	struct stat st;
	unsigned char *at;
	long page;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		return;
	}
	page = pick((uint32_t)((st.st_size + 4095) / 4096)) * 4096L;
	at = mmap(NULL, 4096, PROT_READ, pick(2) ? MAP_SHARED : MAP_PRIVATE, fd,
		page);
	note(at == MAP_FAILED ? -1 : 0, "mmap %d %ld", fd, page);
	if (at != MAP_FAILED) {
		add(at, 4096);
		munmap(at, 4096);
	}
}

static void one(void)
{
	uint32_t kind = pick(100);

	if (kind < 14) {
		one_open();
	} else if (kind < 30) {
		one_read();
	} else if (kind < 48) {
		one_write();
	} else if (kind < 53) {
		one_position();
	} else if (kind < 59) {
		one_size();
	} else if (kind < 76) {
		one_name();
	} else if (kind < 86) {
		one_look();
	} else if (kind < 89) {
		one_list();
	} else if (kind < 92) {
		one_map();
	} else {
		one_other();
	}
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 1000;

	seed = 0x9e3779b97f4a7c15ull * (uint64_t)(argc > 1 ? atol(argv[1]) : 1);
	verbose = argc > 3;
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	if (mkdir("model", 0755) != 0 || chdir("model") != 0) {
		perror("model");
		return 1;
	}
	for (long i = 1; i <= count; i++) {
		if (verbose) {
			printf("%ld %04lx ", i, digest & 0xffff);
		}
		one();
		if (i % (count / 10) == 0) {
			printf("%ld %016lx\n", i, digest);
		}
	}
	return 0;
}
