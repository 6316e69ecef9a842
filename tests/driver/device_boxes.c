/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes, entered from the thread that calls. */
#include "device.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "behaviour.h"

#define MANY	 50u
#define THOUSAND 1000

void a_box_lives_and_ends(void)
{
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_END, 42 };
	uint64_t box = use_box(&how);
	uint64_t ret[CBX_REPLY_RETS];

	EXPECT(use_number(USE_OF_DEVICE, "boxes") == 1);
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_CREATE, box, how.first + 1,
		       how.first + 8) == CBX_E_STATE);
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_ENTER, box, how.first + 8, 1) ==
		CBX_OK);
	EXPECT(ret[0] == CBX_EXIT_ENDED && ret[1] == 42);
	use_box_end(&how);
	EXPECT(use_number(USE_OF_DEVICE, "boxes") == 0);
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_QUERY, box) == CBX_E_OWNER);
	close(fd);
}

void boxes_are_limited(void)
{
	int fd = use_open();
	struct use_box how[2];
	struct cbx_device_call third = { .call.id = CBX_CALL_BOX_CREATE };

	for (int i = 0; i < 2; i++) {
		how[i] = (struct use_box){ fd, use_pages(fd, USE_BOX_PAGES),
			BEHAVE_END, 0 };
		use_box(&how[i]);
	}
	use_set(USE_OF_MODULE, "boxes", 2);
	third.call.arg[0] = how[0].first + 2;
	third.call.arg[1] = how[0].first + 3;
	third.call.arg[2] = how[0].first + 4;
	EXPECT(ioctl(fd, CBX_DEVICE_CALL, &third) < 0 && errno == ENOMEM);
	use_set(USE_OF_MODULE, "boxes", 1024);
	use_box_end(&how[0]);
	use_box_end(&how[1]);
	close(fd);
}

void fifty_boxes_live_at_once(void)
{
	int fd = use_open();
	uint64_t first = use_pages(fd, (uint64_t)MANY * USE_BOX_PAGES);
	struct use_box how = { fd, first, BEHAVE_END, 0 };

	for (uint64_t i = 0; i < MANY; i++) {
		how.first = first + i * USE_BOX_PAGES;
		use_box(&how);
	}
	EXPECT(use_number(USE_OF_DEVICE, "boxes") == MANY);
	for (uint64_t i = 0; i < MANY; i++) {
		how.first = first + i * USE_BOX_PAGES;
		use_box_end(&how);
	}
	close(fd);
}

void a_thousand_boxes_come_and_go(void)
{
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_END, 0 };

	for (int i = 0; i < THOUSAND; i++) {
		use_box(&how);
		use_box_end(&how);
	}
	EXPECT(use_number(USE_OF_MODULE, "test_pages") == 0);
	close(fd);
}

void a_box_that_is_interrupted_is_entered_again(void)
{
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_INTERRUPTS, 50 };
	uint64_t box = use_box(&how);
	uint64_t ret[CBX_REPLY_RETS];
	long calls = use_number(USE_OF_MODULE, "test_calls");

	do { /* on a slow machine its turn is over first */
		EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_ENTER, box) == CBX_OK);
	} while (ret[0] == CBX_EXIT_INTERRUPTED);
	EXPECT(ret[0] == CBX_EXIT_ENDED);
	EXPECT(use_number(USE_OF_MODULE, "test_calls") == calls + 51);
	use_box_end(&how);
	close(fd);
}

/* Its service may have more CPUs for it, or no more time. */
void a_box_that_computes_is_left_now_and_then(void)
{
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_SPIN, 0 };
	uint64_t box = use_box(&how);
	uint64_t ret[CBX_REPLY_RETS];
	long calls = use_number(USE_OF_MODULE, "test_calls");
	long turns = 0;

	do { /* entered again meanwhile; a slow machine may need another turn */
		EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_ENTER, box) == CBX_OK);
		EXPECT(ret[0] == CBX_EXIT_INTERRUPTED);
		turns++;
	} while (turns < 3 ||
		 use_number(USE_OF_MODULE, "test_calls") <= calls + turns);
	use_box_end(&how);
	close(fd);
}

static _Atomic bool idle;

struct entry {
	const struct use_box *how;
	uint64_t exit;
};

static void *enter(void *data)
{
	struct entry *entry = data;
	uint64_t ret[CBX_REPLY_RETS];

	do {
		EXPECT(USE_CALL(entry->how->fd, ret, CBX_CALL_BOX_ENTER,
			       entry->how->first) == CBX_OK);
	} while (ret[0] == CBX_EXIT_INTERRUPTED && !idle);
	idle = idle || ret[0] == CBX_EXIT_IDLE;
	entry->exit = ret[0];
	return NULL;
}

/* One CPU is told that there is nothing to do: the other one is interrupted, and
 * that may be for the service to send the first again. */
void a_service_with_a_cpu_to_spare_is_told_of_interrupts(void)
{
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_IDLE, 0 };
	struct entry entries[2] = { { &how, 0 }, { &how, 0 } };
	pthread_t threads[2];

	use_box(&how);
	for (int i = 0; i < 2; i++) {
		EXPECT(pthread_create(&threads[i], NULL, enter, &entries[i]) ==
			0);
	}
	for (int i = 0; i < 2; i++) {
		EXPECT(pthread_join(threads[i], NULL) == 0);
	}
	EXPECT(entries[0].exit + entries[1].exit ==
		CBX_EXIT_IDLE + CBX_EXIT_INTERRUPTED);
	use_box_end(&how);
	close(fd);
}

static volatile sig_atomic_t alarmed;

static void on_alarm(int number)
{
	(void)number;
	alarmed = 1;
}

void a_signal_takes_the_thread_out_of_the_box(void)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval soon = { .it_value = { 0, 200000 } };
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_SPIN, 0 };
	uint64_t box = use_box(&how);
	uint64_t ret[CBX_REPLY_RETS];
	long calls = use_number(USE_OF_MODULE, "test_calls");
	long turns = 0;

	EXPECT(sigaction(SIGALRM, &action, NULL) == 0);
	EXPECT(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	do {
		EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_ENTER, box) == CBX_OK);
		EXPECT(ret[0] == CBX_EXIT_INTERRUPTED);
		turns++;
	} while (alarmed == 0 ||
		 use_number(USE_OF_MODULE, "test_calls") <= calls + turns);
	use_box_end(&how);
	close(fd);
}

void a_window_is_mapped_while_it_is_shared(void)
{
	int fd = use_open();
	const struct use_box how = { fd, use_pages(fd, USE_BOX_PAGES),
		BEHAVE_SHARE, 0 };
	uint64_t box = use_box(&how);
	uint8_t *memory = use_map(fd, how.first, USE_BOX_PAGES);
	uint64_t ret[CBX_REPLY_RETS];
	uint64_t window;

	for (uint64_t i = 0; i < USE_BOX_PAGES - 1; i++) {
		EXPECT(touch(memory + i * CBX_PAGE_SIZE) == SIGBUS);
	}
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_ENTER, box) == CBX_OK);
	EXPECT(ret[0] == CBX_EXIT_OUTPUT && ret[1] > box);
	window = ret[1] - box;
	EXPECT(touch(memory + window * CBX_PAGE_SIZE) == 0);
	EXPECT(memory[window * CBX_PAGE_SIZE] == BEHAVE_WINDOW);
	for (uint64_t i = 0; i < USE_BOX_PAGES - 1; i++) {
		EXPECT((touch(memory + i * CBX_PAGE_SIZE) == 0) ==
			(i == window));
	}
	EXPECT(munmap(memory, (size_t)USE_BOX_PAGES * CBX_PAGE_SIZE) == 0);
	EXPECT(USE_CALL(fd, ret, CBX_CALL_BOX_ENTER, box) == CBX_OK);
	EXPECT(ret[0] == CBX_EXIT_ENDED);
	use_box_end(&how);
	close(fd);
}
