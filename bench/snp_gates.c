/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates of a service in a stock Linux above the snp monitor, each a few times
 * between two moments at which the lab tells its counts; bench/snp_gates.py
 * runs it and knows what the rows are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include <tests/driver/use.h>

#define CODE_VA	     0x400000ull
#define STACK_VA     0x500000ull
#define DATA_VA	     0x10000000ull
#define STACK_PAGES  4u
#define HOST_PAGES   (CBX_IO_PAGES_MAX + 1) /* sources, and a buffer */
#define RESERVE	     64u
#define ROUNDS	     8u
#define COUNTS	     0xe9 /* lab/x86/device.c */
#define PAGES(count) ((uint64_t)(count)*CBX_PAGE_SIZE)

extern const uint8_t bench_box[];
extern const uint8_t bench_box_end[];
extern const uint8_t bench_box_exit[];

static int device;
static uint64_t host; /* HOST_PAGES of the host's */
static uint64_t box;  /* its root, and all that comes after */

/* The lab says here what it has counted; what was said before is out. */
static void tell(void)
{
	EXPECT(fflush(stdout) == 0 && tcdrain(STDOUT_FILENO) == 0);
	outb(0, COUNTS);
}

#define GATE(NAME, ...) \
	EXPECT(USE_CALL(device, NULL, CBX_CALL_##NAME, __VA_ARGS__) == CBX_OK)

/* The row that ends here. */
static void end(const char *name, unsigned int rounds)
{
	tell();
	printf("row %s %u\n", name, rounds);
}

static void empty(void)
{
	tell();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		GATE(VERSION, 0);
	}
	end("version", ROUNDS);
}

static void give_and_take(uint64_t first)
{
	tell();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		EXPECT(use_done(device, CBX_CALL_PAGE_DONATE, 0,
			       first + i * CBX_RANGE_PAGES_MAX,
			       CBX_RANGE_PAGES_MAX) == CBX_OK);
	}
	end("donate", ROUNDS);
	tell();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		EXPECT(use_done(device, CBX_CALL_PAGE_RETURN, 0,
			       first + i * CBX_RANGE_PAGES_MAX,
			       CBX_RANGE_PAGES_MAX) == CBX_OK);
	}
	end("return", ROUNDS);
}

static void write_host(const void *bytes, uint64_t size)
{
	uint8_t *page = use_map(device, host, 1);

	memset(page, 0, CBX_PAGE_SIZE);
	memcpy(page, bytes, size);
	EXPECT(munmap(page, CBX_PAGE_SIZE) == 0);
}

static void make_box(void)
{
	const struct cbx_policy policy = { .version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1,
		.flags = CBX_POLICY_TRACE };
	const uint64_t own = box + 2 + RESERVE;

	write_host(&policy, sizeof(policy));
	GATE(BOX_CREATE, box, box + 1, host);
	GATE(BOX_GRANT, box, box + 2, RESERVE);
	write_host(bench_box, (uint64_t)(bench_box_end - bench_box));
	GATE(BOX_ADD, box, CODE_VA, own, 1, CBX_RIGHT_R | CBX_RIGHT_X, host);
	GATE(BOX_ADD, box, STACK_VA, own + 1, STACK_PAGES,
		CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE);
	GATE(BOX_THREAD, box, CODE_VA + (uint64_t)(bench_box_exit - bench_box),
		STACK_VA + PAGES(STACK_PAGES));
}

/* Batches as long as the gate takes them, measured and mapped. */
static void add(uint64_t first)
{
	tell();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		GATE(BOX_ADD, box, DATA_VA + PAGES(i * CBX_IO_PAGES_MAX),
			first + i * CBX_IO_PAGES_MAX, CBX_IO_PAGES_MAX,
			CBX_RIGHT_R, host);
	}
	end("add", ROUNDS);
}

/* To the box's next gate, of which the host is told, and back. */
static void enter(void)
{
	uint64_t ret[CBX_REPLY_RETS];

	GATE(BOX_FINALIZE, box);
	tell();
	for (uint64_t i = 0; i < ROUNDS; i++) {
		do {
			EXPECT(USE_CALL(device, ret, CBX_CALL_BOX_ENTER, box,
				       host + CBX_IO_PAGES_MAX, 1) == CBX_OK);
		} while (ret[0] == CBX_EXIT_INTERRUPTED);
		EXPECT(ret[0] == CBX_EXIT_RESULT);
	}
	end("enter", ROUNDS);
}

static void reclaim(uint64_t first)
{
	EXPECT(use_done(device, CBX_CALL_BOX_KILL, box, 0, 0) == CBX_OK);
	tell();
	EXPECT(use_done(device, CBX_CALL_BOX_RECLAIM, box, first,
		       ROUNDS * CBX_IO_PAGES_MAX) == CBX_OK);
	end("reclaim", 1);
}

int main(void)
{
	const uint64_t most = ROUNDS * CBX_RANGE_PAGES_MAX;
	const uint64_t data_pages = ROUNDS * CBX_IO_PAGES_MAX;
	uint64_t data;

	device = use_open();
	EXPECT(ioperm(COUNTS, 1, 1) == 0);
	host = use_pages(device, HOST_PAGES);
	box = use_pages(device, most);
	data = box + most - data_pages;
	empty();
	give_and_take(box);
	use_donate(device, box, 2 + RESERVE + 1 + STACK_PAGES);
	use_donate(device, data, data_pages);
	make_box();
	add(data);
	enter();
	reclaim(data);
	puts("rows end");
	return 0;
}
