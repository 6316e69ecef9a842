/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of an opener: how many, whose, and where they are mapped. */
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.h"

#define LIMIT	   64
#define FOREIGN	   0x1000u /* a page of the kernel's */
#define GUARD	   1u	   /* pages in front of a row, which count */
#define SINGLE	   1000
#define ROWS	   32
#define CHANGES	   20000u
#define STATE_HOST 2u /* PAGE_QUERY's word */

void pages_are_in_a_row_and_zero(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, ROW);
	const uint64_t *at = (uint64_t *)use_map(fd, pfn, ROW);

	for (uint64_t i = 0; i < ROW * CBX_PAGE_SIZE / sizeof(*at); i++) {
		EXPECT(at[i] == 0);
	}
	EXPECT(use_number(USE_OF_DEVICE, "pages") == ROW + GUARD);
	EXPECT(munmap((void *)(uintptr_t)at, ROW * CBX_PAGE_SIZE) == 0);
	close(fd);
	EXPECT(use_number(USE_OF_DEVICE, "pages") == 0);
}

static int try_pages(int fd, uint64_t count)
{
	struct cbx_device_pages pages = { .count = count };

	return ioctl(fd, CBX_DEVICE_PAGES, &pages) == 0 ? 0 : errno;
}

/* Not by a call for each. */
void pages_go_back_many_at_a_time(void)
{
	int fd = use_open();
	long calls;

	use_donate(fd, use_pages(fd, ROW), ROW);
	calls = use_number(USE_OF_MODULE, "test_calls");
	close(fd);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
	EXPECT(use_number(USE_OF_MODULE, "test_calls") < calls + ROW / 4);
}

void pages_are_counted_and_limited(void)
{
	int fd = use_open();
	int other;

	EXPECT(try_pages(fd, 0) == EINVAL);
	EXPECT(try_pages(fd, UINT64_MAX) == ENOMEM);
	EXPECT(try_pages(fd, 1ull << 52) == ENOMEM);
	use_set(USE_OF_MODULE, "pages", LIMIT);
	EXPECT(try_pages(fd, LIMIT) == ENOMEM);
	EXPECT(try_pages(fd, LIMIT - 2 - 2 * GUARD) == 0);
	EXPECT(try_pages(fd, 3) == ENOMEM);
	EXPECT(try_pages(fd, 2) == 0);
	EXPECT(try_pages(fd, 1) == ENOMEM);
	other = use_open();
	use_set(USE_OF_MODULE, "all_pages", LIMIT + 2);
	EXPECT(try_pages(other, 3 - GUARD) == ENOMEM);
	EXPECT(try_pages(other, 2 - GUARD) == 0);
	close(fd);
	EXPECT(try_pages(other, LIMIT - 2 - GUARD) == 0);
	close(other);
	use_set(USE_OF_MODULE, "pages", 0);
	use_set(USE_OF_MODULE, "all_pages", 0);
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *one = a;
	const uint64_t *other = b;

	return (*one > *other) - (*one < *other);
}

/* The kernel may read a word into the page behind a name's. */
void in_front_of_a_row_is_a_page_of_nobodys(void)
{
	static uint64_t pfns[SINGLE];
	int fd = use_open();

	for (int i = 0; i < SINGLE; i++) {
		pfns[i] = use_pages(fd, 1);
	}
	EXPECT(use_number(USE_OF_DEVICE, "pages") == SINGLE * (1 + GUARD));
	qsort(pfns, SINGLE, sizeof(pfns[0]), by_number);
	for (int i = 1; i < SINGLE; i++) {
		EXPECT(pfns[i] > pfns[i - 1] + GUARD);
	}
	close(fd);
}

/* The first page of memory that is to stay movable (movablecore=). */
static uint64_t movable_from(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	unsigned long long first = 0;
	bool movable = false;
	char line[256];
	const char *at;

	EXPECT(file != NULL);
	while (first == 0 && fgets(line, sizeof(line), file) != NULL) {
		movable = strncmp(line, "Node", 4) == 0
				  ? strstr(line, "Movable") != NULL
				  : movable;
		at = strstr(line, "start_pfn:");
		if (movable && at != NULL) {
			first = strtoull(at + strlen("start_pfn:"), NULL, 10);
		}
	}
	(void)fclose(file);
	EXPECT(first != 0);
	return first;
}

/* All rows there are, without those. */
void no_row_lies_in_memory_that_is_to_stay_movable(void)
{
	struct cbx_device_pages pages = { .count = ROW };
	uint64_t end = movable_from();
	int fd = use_open();
	int rows = 0;

	use_set(USE_OF_MODULE, "pages", ROWS * (ROW + GUARD));
	use_set(USE_OF_MODULE, "all_pages", ROWS * (ROW + GUARD));
	while (rows < ROWS && ioctl(fd, CBX_DEVICE_PAGES, &pages) == 0) {
		EXPECT(pages.pfn + ROW <= end);
		rows++;
	}
	EXPECT(rows > 0 && rows < ROWS && errno == ENOMEM);
	close(fd);
	use_set(USE_OF_MODULE, "pages", 0);
	use_set(USE_OF_MODULE, "all_pages", 0);
}

void pages_nobody_was_told_of_are_not_kept(void)
{
	int fd = use_open();
	struct cbx_device_pages *pages = mmap(NULL, CBX_PAGE_SIZE,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pages->count = 4;
	EXPECT(mprotect(pages, CBX_PAGE_SIZE, PROT_READ) == 0);
	EXPECT(ioctl(fd, CBX_DEVICE_PAGES, pages) < 0 && errno == EFAULT);
	EXPECT(use_number(USE_OF_DEVICE, "pages") == 0);
	close(fd);
}

static int try_map(int fd, uint64_t pfn, int protection, int flags)
{
	void *memory = mmap(NULL, (size_t)2 * CBX_PAGE_SIZE, protection, flags,
		fd, (off_t)(pfn * CBX_PAGE_SIZE));

	if (memory == MAP_FAILED) {
		return errno;
	}
	EXPECT(munmap(memory, (size_t)2 * CBX_PAGE_SIZE) == 0);
	return 0;
}

void only_own_pages_are_mapped_and_never_to_execute(void)
{
	const int both = PROT_READ | PROT_WRITE;
	int fd = use_open();
	int other = use_open();
	uint64_t pfn = use_pages(fd, 4);
	uint8_t *memory = use_map(fd, pfn, 4);

	EXPECT(try_map(fd, pfn, both, MAP_SHARED) == 0);
	EXPECT(try_map(fd, pfn, both, MAP_PRIVATE) == EINVAL);
	EXPECT(try_map(fd, pfn, PROT_READ | PROT_EXEC, MAP_SHARED) == EPERM);
	EXPECT(try_map(fd, pfn + 3, both, MAP_SHARED) == EINVAL);
	EXPECT(try_map(fd, pfn - 1, both, MAP_SHARED) == EINVAL);
	EXPECT(try_map(fd, FOREIGN, both, MAP_SHARED) == EINVAL);
	EXPECT(try_map(other, pfn, both, MAP_SHARED) == EINVAL);
	EXPECT(mprotect(memory, CBX_PAGE_SIZE, both | PROT_EXEC) < 0);
	memory[0] = 1;
	close(fd);
	close(other);
	EXPECT(use_number(USE_OF_DEVICE, "files") == 1); /* the mapping's */
	memory[3 * CBX_PAGE_SIZE] = 1;
	EXPECT(munmap(memory, (size_t)4 * CBX_PAGE_SIZE) == 0);
	EXPECT(use_number(USE_OF_DEVICE, "files") == 0);
}

static sigjmp_buf trap;

static void on_trap(int number)
{
	siglongjmp(trap, number);
}

int touch(const volatile uint8_t *at)
{
	const struct sigaction action = { .sa_handler = on_trap };
	int number;

	EXPECT(sigaction(SIGBUS, &action, NULL) == 0 &&
		sigaction(SIGSEGV, &action, NULL) == 0);
	number = sigsetjmp(trap, 1);
	if (number == 0) {
		(void)*at;
	}
	return number;
}

void a_page_that_is_given_is_unmapped_until_it_is_back(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 4);
	uint8_t *memory = use_map(fd, pfn, 4);
	uint8_t *again = use_map(fd, pfn, 4);

	memset(memory, 1, (size_t)4 * CBX_PAGE_SIZE);
	EXPECT(again[CBX_PAGE_SIZE] == 1);
	use_donate(fd, pfn + 1, 1);
	EXPECT(touch(memory + CBX_PAGE_SIZE) == SIGBUS);
	EXPECT(touch(again + CBX_PAGE_SIZE) == SIGBUS);
	EXPECT(touch(memory) == 0 && touch(memory + 2 * CBX_PAGE_SIZE) == 0);
	EXPECT(write(fd, memory, 1) < 0);
	EXPECT(use_done(fd, CBX_CALL_PAGE_RETURN, 0, pfn + 1, 1) == CBX_OK);
	EXPECT(touch(memory + CBX_PAGE_SIZE) == 0);
	EXPECT(memory[CBX_PAGE_SIZE] == 0 && memory[0] == 1);
	EXPECT(munmap(again, (size_t)4 * CBX_PAGE_SIZE) == 0);
	EXPECT(munmap(memory, (size_t)4 * CBX_PAGE_SIZE) == 0);
	close(fd);
}

/* A child has the parent's mapping and descriptor: what the parent gives is gone
 * there, too, and the service is over when the last of them is. */
void a_child_is_the_same_service(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 2);
	uint8_t *memory = use_map(fd, pfn, 2);
	int go[2];
	int status;
	char byte;
	pid_t pid;

	memory[0] = memory[CBX_PAGE_SIZE] = 1;
	EXPECT(pipe(go) == 0);
	(void)fflush(stdout);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0) {
		EXPECT(memory[CBX_PAGE_SIZE] == 1);
		EXPECT(read(go[0], &byte, 1) == 1);
		EXPECT(touch(memory) == SIGBUS);
		EXPECT(touch(memory + CBX_PAGE_SIZE) == 0);
		EXPECT(use_done(fd, CBX_CALL_PAGE_RETURN, 0, pfn, 1) == CBX_OK);
		EXPECT(memory[0] == 0);
		_exit(0);
	}
	use_donate(fd, pfn, 1);
	EXPECT(munmap(memory, (size_t)2 * CBX_PAGE_SIZE) == 0);
	close(fd);
	EXPECT(use_number(USE_OF_DEVICE, "files") == 1);
	EXPECT(write(go[1], "", 1) == 1);
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	close(go[0]);
	close(go[1]);
}

void a_mapping_moves_and_does_not_grow(void)
{
	const size_t two = (size_t)2 * CBX_PAGE_SIZE;
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 4);
	uint8_t *memory = use_map(fd, pfn, 2);
	uint8_t *to = use_map(fd, pfn + 2, 2);

	memory[0] = 1;
	EXPECT(mremap(memory, two, 2 * two, MREMAP_MAYMOVE) == MAP_FAILED);
	EXPECT(mremap(memory, 0, two, MREMAP_MAYMOVE) == MAP_FAILED);
	EXPECT(mremap(memory, two, two, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
		to);
	EXPECT(to[0] == 1);
	use_donate(fd, pfn, 1);
	EXPECT(touch(to) == SIGBUS && touch(to + CBX_PAGE_SIZE) == 0);
	EXPECT(munmap(to, two) == 0);
	close(fd);
}

/* A monitor that waits for another CPU has the rights to all pages already: they are
 * not touched, and go back to the kernel by way of the monitor. */
void pages_on_their_way_are_nobodys_to_touch(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 8);
	uint8_t *memory = use_map(fd, pfn, 8);

	use_set(USE_OF_MODULE, "test_wait", 1);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_PAGE_DONATE, pfn, 8) == CBX_E_BUSY);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 8);
	for (size_t i = 0; i < 8; i++) {
		EXPECT(touch(memory + i * CBX_PAGE_SIZE) == SIGBUS);
	}
	EXPECT(munmap(memory, (size_t)8 * CBX_PAGE_SIZE) == 0);
	close(fd);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
}

/* A buffer of the kernel's: the address of a page nobody may touch is no more
 * than a bad one. */
void a_page_that_is_given_is_a_bad_address(void)
{
	int fd = use_open();
	uint64_t pfn = use_pages(fd, 1);
	uint8_t *memory = use_map(fd, pfn, 1);
	int file = open("/init", O_RDONLY);

	EXPECT(read(file, memory, 16) == 16);
	use_donate(fd, pfn, 1);
	EXPECT(read(file, memory, 16) < 0 && errno == EFAULT);
	EXPECT(ioctl(fd, CBX_DEVICE_INFO, memory) < 0 && errno == EFAULT);
	close(file);
	EXPECT(munmap(memory, CBX_PAGE_SIZE) == 0);
	close(fd);
}

/* Every call that names something, naming what is not the caller's. */
void what_is_not_ones_own_cannot_be_named(void)
{
	int fd = use_open();
	int other = use_open();
	uint64_t own = use_pages(fd, 4);
	uint64_t pfn = use_pages(other, USE_BOX_PAGES);
	const struct use_box how = { other, pfn, BEHAVE_END, 0 };
	uint64_t box = use_box(&how);
	unsigned int named = 0;
	long calls = use_number(USE_OF_MODULE, "test_calls");

	const uint64_t all[] = {
#define X(number, NAME, name, callers, nargs, states, repeat) number,
#include <confbox/gate.def>
#undef X
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct cbx_call call = { .id = all[i],
			.arg = { box, pfn, 1, 1, 1, pfn } };

		if (all[i] < 0x100 && all[i] != CBX_CALL_VERSION &&
			all[i] != CBX_CALL_CAPS &&
			all[i] != CBX_CALL_BOOT_DIGEST) {
			EXPECT(use_call(fd, &call, NULL) == CBX_E_OWNER);
			named++;
		}
	}
	EXPECT(named == 24);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_PAGE_DONATE, FOREIGN, 1) ==
		CBX_E_OWNER);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_PAGE_DONATE, own, 5) == CBX_E_OWNER);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_PAGE_DONATE, own + 1, UINT64_MAX) ==
		CBX_E_OWNER);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_PAGE_QUERY, own + 4) == CBX_E_OWNER);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_ROOT_RELEASE, own,
		       4 * CBX_PAGE_SIZE + 1) == CBX_E_OWNER);
	EXPECT(USE_CALL(fd, NULL, CBX_CALL_ROOT_RELEASE, own, UINT64_MAX) ==
		CBX_E_OWNER);
	EXPECT(use_number(USE_OF_MODULE, "test_calls") == calls);
	close(fd);
	use_box_end(&how);
	close(other);
}

/* A call and what it names, in turn, as long as it is not over. */
struct changing {
	struct cbx_device_call call;
	uint64_t pfns[2];
	atomic_bool over;
};

static void *change(void *data)
{
	struct changing *it = data;
	volatile uint64_t *argument = &it->call.call.arg[0];

	for (unsigned int i = 0; !it->over; i++) {
		*argument = it->pfns[i % 2];
	}
	return NULL;
}

/* Another thread writes to a call: it is made as it was checked, or not at all. */
void a_call_that_changes_is_made_as_it_was_checked(void)
{
	int fd = use_open();
	int other = use_open();
	struct changing it = { .call.call = { .id = CBX_CALL_PAGE_DONATE,
				       .arg = { 0, 1 } },
		.pfns = { use_pages(fd, 1), use_pages(other, 1) } };
	uint64_t ret[CBX_REPLY_RETS];
	unsigned int refused = 0;
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, change, &it) == 0);
	for (unsigned int i = 0; i < CHANGES; i++) {
		EXPECT(ioctl(fd, CBX_DEVICE_CALL, &it.call) == 0);
		refused += it.call.reply.status == CBX_E_OWNER;
		EXPECT(USE_CALL(other, ret, CBX_CALL_PAGE_QUERY, it.pfns[1]) ==
			CBX_OK);
		EXPECT(ret[0] == STATE_HOST);
	}
	it.over = true;
	EXPECT(pthread_join(thread, NULL) == 0);
	EXPECT(refused != 0 && refused != CHANGES);
	close(fd);
	close(other);
}

/* Its own box, and each argument in turn somebody else's page. */
void no_argument_is_forgotten(void)
{
	static const struct {
		uint64_t id;
		unsigned int argument;
	} rows[] = { { CBX_CALL_BOX_GRANT, 1 }, { CBX_CALL_BOX_ADD, 2 },
		{ CBX_CALL_BOX_ADD, 5 }, { CBX_CALL_BOX_ENTER, 1 },
		{ CBX_CALL_BOX_REPLY, 3 }, { CBX_CALL_BOX_CONFINE, 2 },
		{ CBX_CALL_BOX_RECLAIM, 1 }, { CBX_CALL_BOX_PEEK, 3 },
		{ CBX_CALL_BOX_BORROW, 1 }, { CBX_CALL_BOX_EVIDENCE, 1 },
		{ CBX_CALL_BOX_EVIDENCE, 3 }, { CBX_CALL_BOX_SIGN, 1 },
		{ CBX_CALL_BOX_CREATE, 0 }, { CBX_CALL_BOX_CREATE, 1 },
		{ CBX_CALL_BOX_CREATE, 2 }, { CBX_CALL_MONITOR_EVIDENCE, 0 },
		{ CBX_CALL_MONITOR_EVIDENCE, 2 } };
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_END, 0 };
	uint64_t box = use_box(&how);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbx_call call = { .id = rows[i].id,
			.arg = { box, box, box, box, box, box } };

		if (rows[i].id == CBX_CALL_BOX_ADD) {
			call.arg[3] = 1;
		} else if (rows[i].id == CBX_CALL_MONITOR_EVIDENCE) {
			call.arg[3] = 1;
		} else {
			call.arg[2] = rows[i].argument == 1 ? 1 : box;
			call.arg[4] = 1;
			call.arg[3] = rows[i].id == CBX_CALL_BOX_CONFINE
					      ? 1
					      : call.arg[3];
		}
		call.arg[rows[i].argument] = FOREIGN;
		EXPECT(use_call(fd, &call, NULL) == CBX_E_OWNER);
	}
	use_box_end(&how);
	close(fd);
}
