/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ends a kernel, or has it sleep on a disk, while the monitor stays.
 *
 *   life sleeps        who has a file, or lost a page, keeps the machine awake
 *   life hold          a service with pages and two boxes, one of which computes,
 *                      until there is no kernel
 *   life load KERNEL INITRD WORDS
 *                      the next kernel, which takes a while
 *   life next          begin it, in this one's memory
 */
#include "use.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "behaviour.h"

#define SNAPSHOT "/dev/snapshot" /* whoever saves memory begins by opening it */
#define ROW	 8192u		 /* more than the allocator gives at once */

static bool sleeps(int flags)
{
	int fd = open(SNAPSHOT, flags | O_CLOEXEC);

	EXPECT(fd >= 0 || errno == EBUSY);
	if (fd >= 0) {
		(void)close(fd);
	}
	return fd >= 0;
}

static void a_machine_without_services_may_sleep(void)
{
	int fd;

	EXPECT(sleeps(O_RDONLY));
	EXPECT(sleeps(O_WRONLY));
	fd = open(SNAPSHOT, O_RDONLY | O_CLOEXEC);
	EXPECT(fd >= 0);
	EXPECT(open(CBX_DEVICE_PATH, O_RDWR) < 0 && errno == ESHUTDOWN);
	EXPECT(close(fd) == 0);
	EXPECT(close(use_open()) == 0);
}

static void who_has_a_file_keeps_it_awake(void)
{
	int file = use_open();
	const struct use_box how = { file, use_pages(file, USE_BOX_PAGES),
		BEHAVE_END, 42 };
	uint64_t ret[CBX_REPLY_RETS];
	int fd = open("/sys/power/state", O_WRONLY | O_CLOEXEC);

	use_box(&how);
	EXPECT(!sleeps(O_RDONLY));
	EXPECT(!sleeps(O_WRONLY));
	EXPECT(fd >= 0 && write(fd, "disk", 4) < 0 && errno == EBUSY);
	(void)close(fd);
	EXPECT(USE_CALL(file, ret, CBX_CALL_BOX_ENTER, how.first) == CBX_OK);
	EXPECT(ret[0] == CBX_EXIT_ENDED && ret[1] == 42);
	EXPECT(close(use_open()) == 0);
	EXPECT(close(file) == 0);
	EXPECT(sleeps(O_RDONLY));
}

static void a_lost_page_keeps_it_awake(void)
{
	int file = use_open();

	use_donate(file, use_pages(file, 1), 1);
	use_set(USE_OF_MODULE, "test_keep", 1);
	EXPECT(close(file) == 0);
	EXPECT(use_number(USE_OF_DEVICE, "lost") == 1);
	EXPECT(!sleeps(O_RDONLY));
}

static void *compute(void *data)
{
	const struct use_box *how = data;
	struct cbx_device_call call = { .call = { .id = CBX_CALL_BOX_ENTER,
						.arg = { how->first } } };

	while (ioctl(how->fd, CBX_DEVICE_CALL, &call) == 0) {
	}
	EXPECT(errno == ESHUTDOWN);
	return NULL;
}

static _Noreturn void hold(void)
{
	int fd = use_open();
	uint64_t first = use_pages(fd, ROW);
	const struct use_box ends = { fd, first, BEHAVE_END, 0 };
	struct use_box spins = { fd, first + USE_BOX_PAGES, BEHAVE_SPIN, 0 };
	const volatile uint8_t *mine = use_map(fd, first + ROW - 1, 1);
	pthread_t thread;

	use_box(&ends);
	use_box(&spins);
	use_donate(fd, first + 2 * USE_BOX_PAGES, 100);
	EXPECT(pthread_create(&thread, NULL, compute, &spins) == 0);
	puts("held");
	(void)fflush(stdout);
	for (;;) {
		(void)*mine; /* SIGBUS in the end */
	}
}

static void load(const char *kernel, const char *initrd, const char *words)
{
	int fds[2] = { open(kernel, O_RDONLY), open(initrd, O_RDONLY) };

	EXPECT(syscall(SYS_kexec_file_load, fds[0], fds[1], strlen(words) + 1,
		       words, 0) == 0);
}

static void next(void)
{
	puts("the next kernel");
	(void)fflush(stdout);
	(void)syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		LINUX_REBOOT_CMD_KEXEC, NULL);
	EXPECT(false);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "sleeps") == 0) {
		a_machine_without_services_may_sleep();
		who_has_a_file_keeps_it_awake();
		a_lost_page_keeps_it_awake();
		puts("pass");
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "hold") == 0) {
		hold();
	}
	if (argc == 2 && strcmp(argv[1], "next") == 0) {
		next();
	}
	EXPECT(argc == 5 && strcmp(argv[1], "load") == 0);
	load(argv[2], argv[3], argv[4]);
	return 0;
}
