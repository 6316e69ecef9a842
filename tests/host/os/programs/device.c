/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/confbox and /dev/confbox-test: pages, gates, a box, what the host cannot
 * read any more, and that closing gives everything back. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <arch/x86_64/layout.h>
#include <host/os/test_device.h>

#include "say.h"

#define PAGE	  4096ul
#define BOX_PAGES 96u
#define CODE_VA	  0x400000ull
#define STACK_VA  0x500000ull
#define DIRECT_VA 0xffff800000000000ull

enum page {
	PAGE_HOST = 2,
	PAGE_POOL = 5,
};

/* END with status 42. */
static const uint8_t end_code[] = { 0xbf, 42, 0, 0, 0, 0x31, 0xf6, 0x31, 0xd2,
	0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0, 0x45, 0x31, 0xc9, 0xb8, 0x00, 0x01,
	0xbf, 0x0c, 0x0f, 0x05 };

static int device;
static int test;
static sigjmp_buf back;
static volatile sig_atomic_t last;

static void out(int signal)
{
	last = signal;
	siglongjmp(back, 1);
}

/* @return the signal, or 0 */
static int touch(volatile uint8_t *at, bool write)
{
	last = 0;
	if (sigsetjmp(back, 1) == 0) {
		if (write) {
			*at = 1;
		} else {
			(void)*at;
		}
	}
	return last;
}

static struct cbx_reply call_on(
	int fd, unsigned int request, const struct cbx_call *call)
{
	struct cbx_device_call both = { .call = *call };

	do {
		if (ioctl(fd, request, &both) != 0) {
			return (struct cbx_reply){ .status = UINT64_MAX };
		}
	} while (both.reply.status == CBX_E_BUSY);
	return both.reply;
}

#define CALL(id_, ...)                   \
	call_on(device, CBX_DEVICE_CALL, \
		&(struct cbx_call){ CBX_CALL_##id_, { __VA_ARGS__ }, 0 })
#define GOOD(...) (CALL(__VA_ARGS__).status == CBX_OK)

static struct os_probe probe(uint64_t va, enum os_probe_op op, uint64_t value)
{
	struct os_probe probe = { .va = va, .op = op, .value = value };

	if (ioctl(test, OS_TEST_PROBE, &probe) != 0) {
		probe.trapped = UINT64_MAX;
	}
	return probe;
}

static uint64_t take(uint64_t count)
{
	struct cbx_device_pages pages = { .count = count };

	return ioctl(device, CBX_DEVICE_PAGES, &pages) == 0 ? pages.pfn : 0;
}

static uint8_t *map(uint64_t pfn, uint64_t count)
{
	void *at = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		device, (off_t)(pfn * PAGE));

	return at == MAP_FAILED ? NULL : at;
}

static void the_device_says_what_it_is(void)
{
	struct cbx_device_info info = { 0 };
	struct cbx_device_pages none = { 0 };
	uint64_t cpu = 99;

	device = open(CBX_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	test = open(OS_TEST_PATH, O_RDWR);
	SAY("open", device >= 0 && test >= 0);
	SAY("info", ioctl(device, CBX_DEVICE_INFO, &info) == 0 &&
			    info.version == CBX_DEVICE_VERSION);
	SAY("something is there",
		info.cpu_count >= 1 && info.free_pages > 50000);
	SAY("version", CALL(VERSION).status == CBX_OK);
	SAY("no such call", CALL(END).status == UINT64_MAX && errno == EINVAL);
	SAY("no such request",
		ioctl(device, 77, &info) == -1 && errno == ENOTTY);
	SAY("no pages", ioctl(device, CBX_DEVICE_PAGES, &none) == -1 &&
				errno == EINVAL);
	none.count = 1ull << 40;
	SAY("too many", ioctl(device, CBX_DEVICE_PAGES, &none) == -1 &&
				errno == ENOMEM);
	SAY("a bad address",
		ioctl(device, CBX_DEVICE_INFO, 16) == -1 && errno == EFAULT);
	SAY("this CPU", ioctl(test, OS_TEST_CPU, &cpu) == 0 && cpu == 0);
}

static void a_donated_page_is_gone(void)
{
	uint64_t pfn = take(4);
	uint8_t *at = map(pfn, 4);

	SAY("pages", pfn != 0 && at != NULL);
	SAY("not another's", map(pfn + 4, 1) == NULL && errno == EINVAL);
	memset(at, 0x5e, 4 * PAGE);
	SAY("ring 0 sees them",
		(uint8_t)probe(DIRECT_VA + (pfn + 1) * PAGE, OS_PROBE_READ, 0)
				.value == 0x5e);
	SAY("donate", GOOD(PAGE_DONATE, pfn + 1, 2));
	SAY("it is the pool's", CALL(PAGE_QUERY, pfn + 1).ret[0] == PAGE_POOL);
	SAY("its neighbour is there", touch(at, false) == 0);
	SAY("no read", touch(at + PAGE, false) == SIGBUS);
	SAY("no write", touch(at + 2 * PAGE, true) == SIGBUS);
	SAY("nor for a call", ioctl(device, CBX_DEVICE_INFO, at + PAGE) == -1 &&
				      errno == EFAULT);
	SAY("nor for ring 0",
		probe(DIRECT_VA + (pfn + 1) * PAGE, OS_PROBE_READ, 0).vector ==
			14);
	SAY("return", GOOD(PAGE_RETURN, pfn + 1, 2));
	SAY("read again", touch(at + PAGE, false) == 0 && at[PAGE] == 0);
	SAY("write again", touch(at + 2 * PAGE, true) == 0);
}

static void ring_0_is_refused(void)
{
	struct os_probe p = probe(CBX_CPU_STATE_VA, OS_PROBE_READ, 0);

	SAY("no read", p.trapped == 1 && p.vector == 14 && p.error == 0x21);
	SAY("its address", p.cr2 == CBX_CPU_STATE_VA);
	p = probe(CBX_CPU_STATE_VA, OS_PROBE_WRITE, 0);
	SAY("no write", p.trapped == 1 && p.error == 0x23);
	p = probe(DIRECT_VA + take(1) * PAGE, OS_PROBE_EXECUTE, 0);
	SAY("no execution", p.trapped == 1 && p.error == 0x11);
	p = probe(CBX_IMAGE_VA, OS_PROBE_READ, 0);
	SAY("the gate can be read", p.trapped == 0 && p.value != 0);
	SAY("any gate", call_on(test, OS_TEST_GATE,
				&(struct cbx_call){ 0x1fff, { 0 }, 0 })
					.status == CBX_E_UNKNOWN_CALL);
}

static const struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

static bool make_box(uint64_t box, uint64_t page, uint8_t *at)
{
	memcpy(at, &policy, sizeof(policy));
	if (!GOOD(PAGE_DONATE, box, BOX_PAGES) ||
		!GOOD(BOX_CREATE, box, box + 1, page) ||
		!GOOD(BOX_GRANT, box, box + 2, 64)) {
		return false;
	}
	memset(at, 0, PAGE);
	memcpy(at, end_code, sizeof(end_code));
	return GOOD(BOX_ADD, box, CODE_VA, box + 80, 1,
		       CBX_RIGHT_R | CBX_RIGHT_X, page) &&
	       GOOD(BOX_ADD, box, STACK_VA, box + 81, 1,
		       CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE) &&
	       GOOD(BOX_THREAD, box, CODE_VA, STACK_VA + PAGE, 0) &&
	       GOOD(BOX_FINALIZE, box);
}

/* Its own vector registers survive those of the box. */
static struct cbx_reply enter(uint64_t box, uint64_t buffer, bool *survived)
{
	struct cbx_device_call both = {
		.call = { CBX_CALL_BOX_ENTER, { box, buffer, 1 }, 0 },
	};
	uint64_t value = 0x123456789abcdef;
	uint64_t after;
	long result;

	__asm__ volatile("movq %[value], %%xmm7\n\t"
			 "syscall\n\t"
			 "movq %%xmm7, %[after]"
			 : "=a"(result), [after] "=r"(after)
			 : "a"(16), "D"(device), "S"(CBX_DEVICE_CALL),
			 "d"(&both), [value] "r"(value)
			 : "rcx", "r11", "xmm7", "memory");
	*survived = result == 0 && after == value;
	return both.reply;
}

static void a_box_runs(void)
{
	uint64_t box = take(BOX_PAGES);
	uint64_t page = take(2);
	uint8_t *at = map(page, 1);
	uint8_t *inside = map(box, BOX_PAGES);
	unsigned int refused = 0;
	struct cbx_reply reply;
	bool survived = false;

	SAY("made", make_box(box, page, at));
	for (unsigned int i = 0; i < BOX_PAGES; i++) {
		refused += touch(inside + i * PAGE, false) == SIGBUS;
		refused += probe(DIRECT_VA + (box + i) * PAGE, OS_PROBE_READ, 0)
				   .trapped == 1;
	}
	SAY("nobody sees a page of it", refused == 2 * BOX_PAGES);
	do {
		reply = enter(box, page + 1, &survived);
	} while (survived && reply.status == CBX_OK &&
		 reply.ret[0] == CBX_EXIT_INTERRUPTED);
	SAY("it ran", reply.status == CBX_OK && reply.ret[0] == CBX_EXIT_ENDED);
	SAY("to its end", reply.ret[1] == 42 && reply.ret[2] == CBX_END_EXIT);
	SAY("our state survived", survived);
	SAY("another one", make_box(take(BOX_PAGES), page, at));
	close(device);
	SAY("gone with the device", touch(inside, false) == SIGSEGV);
	device = open(CBX_DEVICE_PATH, O_RDWR);
	SAY("its pages are the host's",
		CALL(PAGE_QUERY, box).ret[0] == PAGE_HOST &&
			CALL(PAGE_QUERY, box + 80).ret[0] == PAGE_HOST);
	SAY("the second box is gone, too",
		CALL(PAGE_QUERY, box + BOX_PAGES + 2 + 80).ret[0] == PAGE_HOST);
}

/* All of its life, and every page back. */
static bool live(uint64_t box, uint64_t page, uint8_t *at)
{
	struct cbx_reply reply;

	if (!make_box(box, page, at)) {
		return false;
	}
	do {
		reply = CALL(BOX_ENTER, box, page + 1, 1);
	} while (
		reply.status == CBX_OK && reply.ret[0] == CBX_EXIT_INTERRUPTED);
	return reply.status == CBX_OK && reply.ret[0] == CBX_EXIT_ENDED &&
	       reply.ret[1] == 42 && GOOD(BOX_KILL, box) &&
	       GOOD(BOX_RECLAIM, box, box + 1, 65) &&
	       GOOD(BOX_RECLAIM, box, box + 80, 2) && GOOD(BOX_DESTROY, box) &&
	       GOOD(PAGE_RETURN, box, BOX_PAGES);
}

#define LIVES 4u

static void *run_lives(void *arg)
{
	uint64_t box = take(BOX_PAGES);
	uint64_t page = take(2);
	uint8_t *at = map(page, 1);
	unsigned int good = 0;

	for (unsigned int i = 0; i < LIVES; i++) {
		good += live(box, page, at);
	}
	return good == LIVES ? arg : NULL;
}

static void every_cpu_runs_boxes(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int good = 0;
	pthread_t thread[16];

	for (long i = 0; i < count && i < 16; i++) {
		pthread_create(&thread[i], NULL, run_lives, &device);
	}
	for (long i = 0; i < count && i < 16; i++) {
		void *result = NULL;

		pthread_join(thread[i], &result);
		good += result == &device;
	}
	printf("cpus %ld\n", count);
	SAY("every CPU runs boxes", good == count);
}

int main(void)
{
	signal(SIGSEGV, out);
	signal(SIGBUS, out);
	the_device_says_what_it_is();
	a_donated_page_is_gone();
	ring_0_is_refused();
	a_box_runs();
	every_cpu_runs_boxes();
	return say_bad == 0 ? 0 : 1;
}
