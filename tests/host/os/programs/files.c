/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the archive, devices, descriptors, and what is refused. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "say.h"

#define PATH "/data/numbers"
#define SIZE 10000u

static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 7 + i / 256);
}

static bool right(const uint8_t *bytes, size_t from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != byte_at(from + i)) {
			return false;
		}
	}
	return true;
}

static void files_are_read(void)
{
	static uint8_t bytes[SIZE + 1];
	int fd = open(PATH, O_RDONLY);
	struct iovec parts[] = { { bytes, 1000 }, { bytes + 1000, 3000 } };
	struct stat st;

	SAY("open", fd >= 3);
	SAY("fstat", fstat(fd, &st) == 0 && st.st_size == SIZE);
	SAY("a regular file", S_ISREG(st.st_mode));
	SAY("readv", readv(fd, parts, 2) == 4000 && right(bytes, 0, 4000));
	SAY("read", read(fd, bytes, sizeof(bytes)) == SIZE - 4000);
	SAY("what is left", right(bytes, 4000, SIZE - 4000));
	SAY("the end", read(fd, bytes, 1) == 0);
	SAY("lseek", lseek(fd, -10, SEEK_END) == SIZE - 10);
	SAY("read there", read(fd, bytes, 100) == 10);
	SAY("pread", pread(fd, bytes, 500, 77) == 500 && right(bytes, 77, 500));
	SAY("lseek refuses", lseek(fd, -1, SEEK_SET) == -1 && errno == EINVAL);
	SAY("close", close(fd) == 0 && close(fd) == -1 && errno == EBADF);
}

static void files_are_mapped(void)
{
	int fd = open(PATH, O_RDONLY);
	uint8_t *at =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
	uint8_t byte;

	SAY("mmap", at != MAP_FAILED && right(at, 4096, SIZE - 4096));
	SAY("zeros behind it", at[SIZE - 4096] == 0);
	at[0] ^= 1;
	SAY("it is our own",
		pread(fd, &byte, 1, 4096) == 1 && byte == byte_at(4096));
	SAY("not shared to write",
		mmap(NULL, SIZE, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED &&
			errno == EACCES);
	SAY("munmap", munmap(at, SIZE) == 0 && close(fd) == 0);
}

static void names_are_refused(void)
{
	struct stat st;

	SAY("no such file",
		open("/data/nothing", O_RDONLY) == -1 && errno == ENOENT);
	SAY("read-only", open(PATH, O_RDWR) == -1 && errno == EROFS);
	SAY("stat", stat(PATH, &st) == 0 && st.st_size == SIZE);
	SAY("access", access(PATH, R_OK) == 0 && access("/x", R_OK) == -1);
	SAY("a bad address", syscall(SYS_open, 16, 0) == -1 && errno == EFAULT);
	SAY("an address of the kernel's",
		syscall(SYS_write, 1, 0xffff800000000000ul, 10) == -1 &&
			errno == EFAULT);
	SAY("no such call", syscall(SYS_reboot, 0) == -1 && errno == ENOSYS);
	SAY("no such call at all", syscall(9999) == -1 && errno == ENOSYS);
}

static void devices_are_there(void)
{
	uint64_t random[4] = { 0 };
	int zero = open("/dev/null", O_RDWR);
	int source = open("/dev/urandom", O_RDONLY);

	SAY("null", write(zero, "x", 1) == 1 && read(zero, random, 8) == 0);
	SAY("urandom",
		read(source, random, 16) == 16 && random[0] != random[1]);
	SAY("getrandom",
		getrandom(&random[2], 16, 0) == 16 && random[2] != random[3]);
}

static void waits_to_the_nanosecond(int fd)
{
	struct timespec pause = { 0, 3000000 };
	const struct timespec never = { 0, 1000000000 };
	struct pollfd poll_one = { .fd = fd, .events = POLLIN };
	struct timespec begun;
	struct timespec done;
	uint64_t value = 1;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	SAY("ppoll waits", ppoll(&poll_one, 1, &pause, NULL) == 0);
	clock_gettime(CLOCK_MONOTONIC, &done);
	SAY("as long as it was told",
		(done.tv_sec - begun.tv_sec) * 1000000000 + done.tv_nsec -
				begun.tv_nsec >=
			3000000);
	SAY("no such time",
		ppoll(&poll_one, 1, &never, NULL) == -1 && errno == EINVAL);
	SAY("add one", write(fd, &value, 8) == 8);
	SAY("ppoll sees it", ppoll(&poll_one, 1, NULL, NULL) == 1 &&
				     poll_one.revents == POLLIN);
	SAY("and takes it", read(fd, &value, 8) == 8 && value == 1);
}

static void events_count(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct pollfd poll_one = { .fd = fd, .events = POLLIN };
	uint64_t value = 3;

	SAY("nothing yet", poll(&poll_one, 1, 10) == 0);
	SAY("read would wait", read(fd, &value, 8) == -1 && errno == EAGAIN);
	SAY("add", write(fd, &value, 8) == 8 && write(fd, &value, 8) == 8);
	SAY("now", poll(&poll_one, 1, -1) == 1 && poll_one.revents == POLLIN);
	SAY("sum", read(fd, &value, 8) == 8 && value == 6);
	waits_to_the_nanosecond(fd);
}

static void the_system(void)
{
	struct utsname name;
	char path[64] = { 0 };

	SAY("uname", uname(&name) == 0 && strcmp(name.sysname, "Linux") == 0);
	SAY("its own path", readlink("/proc/self/exe", path, 63) > 0);
	SAY("the path is its name", strncmp(path, "/bin/", 5) == 0);
	SAY("getcwd", getcwd(path, sizeof(path)) != NULL && path[0] == '/');
}

int main(void)
{
	files_are_read();
	files_are_mapped();
	names_are_refused();
	devices_are_there();
	events_count();
	the_system();
	return say_bad == 0 ? 0 : 1;
}
