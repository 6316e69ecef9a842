/* SPDX-License-Identifier: Apache-2.0 */
/* Who may open the device, and what it says. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP  1000u /* the module's parameter, as init says */
#define NOBODY 65534u

static int in_child(int (*what)(void))
{
	pid_t pid;
	int status;

	(void)fflush(stdout);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		_exit(what());
	}
	EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int become(gid_t group)
{
	EXPECT(setgroups(0, NULL) == 0 && setgid(group) == 0 &&
		setuid(NOBODY) == 0);
	return open(CBX_DEVICE_PATH, O_RDWR) >= 0 ? 0 : errno;
}

static int as_nobody(void)
{
	return become(NOBODY);
}

static int as_member(void)
{
	return become(GROUP);
}

/* There it may do everything. */
static int as_root_of_its_own(void)
{
	EXPECT(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 &&
		setuid(NOBODY) == 0);
	EXPECT(unshare(CLONE_NEWUSER) == 0);
	return open(CBX_DEVICE_PATH, O_RDWR) >= 0 ? 0 : errno;
}

void who_has_no_right_opens_nothing_whatever_the_mode(void)
{
	struct stat is;

	EXPECT(stat(CBX_DEVICE_PATH, &is) == 0 && (is.st_mode & 0777) == 0660);
	EXPECT(in_child(as_nobody) == EACCES);
	EXPECT(chmod(CBX_DEVICE_PATH, 0666) == 0);
	EXPECT(in_child(as_nobody) == EPERM);
	EXPECT(in_child(as_root_of_its_own) == EPERM);
	EXPECT(in_child(as_member) == 0);
	EXPECT(chmod(CBX_DEVICE_PATH, 0660) == 0);
}

void it_is_opened_to_read_and_write(void)
{
	EXPECT(open(CBX_DEVICE_PATH, O_RDONLY) < 0 && errno == EACCES);
	EXPECT(open(CBX_DEVICE_PATH, O_WRONLY) < 0 && errno == EACCES);
}

void it_says_what_there_is(void)
{
	struct cbx_device_info info;
	int fd = use_open();

	EXPECT(ioctl(fd, CBX_DEVICE_INFO, &info) == 0);
	EXPECT(info.version == CBX_DEVICE_VERSION && info.cpu_count == 2);
	EXPECT(info.free_pages >= 2 * ROW && info.age_ns != 0);
	close(fd);
}

void what_it_does_not_know_is_refused(void)
{
	struct cbx_device_call call = { .call = { .id = CBX_CALL_MAP } };
	const struct cbx_device_call *closed;
	int fd = use_open();

	EXPECT(ioctl(fd, 0xcb00, &call) < 0 && errno == ENOTTY);
	EXPECT(ioctl(fd, CBX_DEVICE_CALL + 1, &call) < 0 && errno == ENOTTY);
	EXPECT(ioctl(fd, CBX_DEVICE_CALL ^ 1u << 16, &call) < 0 &&
		errno == ENOTTY);
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, &call) < 0 && errno == EINVAL);
	call.call.id = 0x23;
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, &call) < 0 && errno == EINVAL);
	call.call.id = 0x100000000 + CBX_CALL_VERSION;
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, &call) < 0 && errno == EINVAL);
	for (unsigned int n = 1; n <= 3; n++) {
		EXPECT(ioctl(fd, CBX_DEVICE_INFO + (n - 1), (void *)8) < 0);
	}
	EXPECT(ioctl(fd, CBX_DEVICE_INFO, NULL) < 0 && errno == EFAULT);
	EXPECT(ioctl(fd, CBX_DEVICE_PAGES, NULL) < 0 && errno == EFAULT);
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, NULL) < 0 && errno == EFAULT);
	closed = mmap(NULL, CBX_PAGE_SIZE, PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	EXPECT(closed != MAP_FAILED);
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, closed) < 0 && errno == EFAULT);
	close(fd);
}

/* As a program of 32 bits makes it. */
static long ioctl_32(int fd, unsigned int request, void *at)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(54), "b"(fd), "c"(request), "d"(at)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

void a_caller_of_32_bits_is_served_alike(void)
{
	struct cbx_device_call *call =
		mmap(NULL, CBX_PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 1);

	EXPECT(call != MAP_FAILED);
	call->call =
		(struct cbx_call){ .id = CBX_CALL_PAGE_QUERY, .arg = { pfn } };
	EXPECT(ioctl_32(fd, CBX_DEVICE_CALL, call) == 0);
	EXPECT(call->reply.status == CBX_OK && call->reply.ret[0] != 0);
	call->call.arg[0] = pfn + 1;
	EXPECT(ioctl_32(fd, CBX_DEVICE_CALL, call) == 0);
	EXPECT(call->reply.status == CBX_E_OWNER);
	EXPECT(ioctl_32(fd, CBX_DEVICE_INFO, NULL) == -EFAULT);
	EXPECT(ioctl_32(fd, 0xcb00, call) == -ENOTTY);
	EXPECT(munmap(call, CBX_PAGE_SIZE) == 0);
	close(fd);
}

void a_monitor_that_does_not_answer_is_an_error(void)
{
	struct cbx_device_call call = { .call = { .id = CBX_CALL_VERSION } };
	int fd = use_open();

	use_set(USE_OF_MODULE, "test_silent", 1);
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, &call) < 0 && errno == EIO);
	use_set(USE_OF_MODULE, "test_silent", 0);
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, &call) == 0);
	close(fd);
}
