/* SPDX-License-Identifier: Apache-2.0 */
#include "use.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define OWN 7u /* pages of a box: root, space, five more */

_Noreturn void use_fail(const char *condition, const char *file, int line)
{
	printf("bad: %s:%d: %s (errno %d)\n", file, line, condition, errno);
	(void)fflush(stdout);
	_exit(1);
}

static int open_number(const char *folder, const char *name, int flags)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s%s", folder, name);
	fd = open(path, flags);
	EXPECT(fd >= 0);
	return fd;
}

long use_number(const char *folder, const char *name)
{
	int fd = open_number(folder, name, O_RDONLY);
	char text[32] = "";

	EXPECT(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strtol(text, NULL, 10);
}

void use_set(const char *folder, const char *name, long value)
{
	int fd = open_number(folder, name, O_WRONLY);
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld", value);

	EXPECT(write(fd, text, (size_t)n) == n);
	close(fd);
}

int use_open(void)
{
	int fd = open(CBX_DEVICE_PATH, O_RDWR | O_CLOEXEC);

	EXPECT(fd >= 0);
	return fd;
}

uint64_t use_pages(int fd, uint64_t count)
{
	struct cbx_device_pages pages = { .count = count };

	EXPECT(ioctl(fd, CBX_DEVICE_PAGES, &pages) == 0);
	EXPECT(pages.count == count && pages.pfn != 0);
	return pages.pfn;
}

uint8_t *use_map(int fd, uint64_t pfn, uint64_t count)
{
	void *memory = mmap(NULL, count * CBX_PAGE_SIZE, PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, (off_t)(pfn * CBX_PAGE_SIZE));

	EXPECT(memory != MAP_FAILED);
	return memory;
}

uint64_t use_call(int fd, const struct cbx_call *call, uint64_t *ret)
{
	struct cbx_device_call asked = { .call = *call };

	EXPECT(ioctl(fd, CBX_DEVICE_CALL, &asked) == 0);
	if (ret != NULL) {
		memcpy(ret, asked.reply.ret, sizeof(asked.reply.ret));
	}
	return asked.reply.status;
}

uint64_t use_done(int fd, uint64_t id, uint64_t box, uint64_t pfn, uint64_t n)
{
	uint64_t ret[CBX_REPLY_RETS] = { 0 };
	uint64_t status;

	do {
		const struct cbx_call call = { .id = id,
			.arg = { box != 0 ? box : pfn, box != 0 ? pfn : n,
				box != 0 ? n : 0 } };

		status = use_call(fd, &call, ret);
		if (n != 0) {
			pfn += ret[0];
			n -= ret[0];
		}
		if (id == CBX_CALL_PAGE_RETURN && status == CBX_E_BUSY) {
			(void)use_done(fd, CBX_CALL_PAGE_DONATE, 0, pfn, 1);
		}
	} while (status == CBX_E_BUSY);
	return status;
}

static void write_policy(int fd, uint64_t pfn)
{
	uint8_t *page = use_map(fd, pfn, 1);
	const struct cbx_policy policy = { .version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1 };

	memcpy(page, &policy, sizeof(policy));
	EXPECT(munmap(page, CBX_PAGE_SIZE) == 0);
}

void use_donate(int fd, uint64_t pfn, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		while (use_done(fd, CBX_CALL_PAGE_DONATE, 0, pfn + i, 1) ==
			CBX_E_HARDWARE) {
		}
	}
}

uint64_t use_box(const struct use_box *how)
{
	const int fd = how->fd;
	const uint64_t root = how->first;
	const uint64_t last = root + USE_BOX_PAGES - 1;
	uint64_t ret[CBX_REPLY_RETS];

	write_policy(fd, last);
	use_donate(fd, root, USE_BOX_PAGES - 1);
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_CREATE, root, root + 1, last) ==
		CBX_OK);
	EXPECT(ret[0] == root);
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_GRANT, root, root + 2, 4) ==
		CBX_OK);
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_ADD, root, 0x10000, root + 6, 1,
		       CBX_RIGHT_R, last) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_THREAD, root, how->behaviour, 0,
		       how->argument) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_FINALIZE, root) == CBX_OK);
	return root;
}

void use_box_end(const struct use_box *how)
{
	const int fd = how->fd;

	EXPECT(use_done(fd, CBX_CALL_BOX_KILL, how->first, 0, 0) == CBX_OK);
	EXPECT(use_done(fd, CBX_CALL_BOX_RECLAIM, how->first, how->first + 1,
		       OWN - 1) == CBX_OK);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_BOX_DESTROY, how->first) == CBX_OK);
	EXPECT(use_done(fd, CBX_CALL_PAGE_RETURN, 0, how->first,
		       USE_BOX_PAGES - 1) == CBX_OK);
}
