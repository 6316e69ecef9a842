/* SPDX-License-Identifier: Apache-2.0 */
/* Processes and threads of boxes: made, ended, left alone, left over. */
#include "box.h"

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hal/linux/cpu.h>

LABEL(box_gates);
LABEL(box_ping);
LABEL(box_spin);

#define BOXES	   5u
#define LANE_GATES 2000u

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	while (dir != NULL && readdir(dir) != NULL) {
		count++;
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return count;
}

/* Mappings of our memory files. */
static int count_maps(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		count += strstr(line, "confbox-") != NULL;
	}
	(void)fclose(file);
	return count;
}

static void a_box_leaves_nothing_behind(void **state)
{
	int files = count_entries("/proc/self/fd");
	int maps = count_maps();

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct box box = box_create(0);
		struct box_thread a = thread_create(&box, box_gates, 1);
		struct box_thread b = thread_create(&box, box_gates, 2);

		(void)thread_run(&a, NULL);
		thread_destroy(&a);
		box_destroy(&box); /* a thread may outlast its space */
		assert_int_equal(thread_run(&b, NULL), CBX_STOP_LOST);
		thread_destroy(&b);
	}
	assert_int_equal(child_count(), 0);
	assert_int_equal(count_entries("/proc/self/fd"), files);
	assert_int_equal(count_maps(), maps);
}

static int count_threads(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/task", only_child());
	return count_entries(path) - 2; /* . and .. */
}

static void threads_come_and_go(void **state)
{
	struct box box = box_create(0);
	struct box_thread t[40];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 40; i++) {
			t[i] = thread_create(&box, box_gates, i);
			(void)thread_run(&t[i], NULL);
			assert_gate(&t[i], 0x111);
			assert_int_equal(t[i].stop.call.arg[0], i);
		}
		assert_int_equal(count_threads(), 41);
		for (int i = 0; i < 40; i++) {
			thread_destroy(&t[i]);
		}
	}
	for (int i = 0; i < 100 && count_threads() > 1; i++) {
		(void)usleep(1000); /* the last exits are under way */
	}
	assert_int_equal(count_threads(), 1);
	box_destroy(&box);
}

/* Boxes on several CPUs at once, some with two threads in one process. */
static struct {
	struct box_thread *thread;
	atomic_uint gates; /* LANE_GATES and one more: done */
	atomic_bool wrong;
} lanes[8];

static void run_lane(uint32_t cpu)
{
	struct box_thread *t = lanes[cpu].thread;

	for (uint32_t i = 0; i < LANE_GATES; i++) {
		if (thread_run(t, NULL) != CBX_STOP_GATE ||
			t->stop.call.id != 0x100) {
			lanes[cpu].wrong = true;
		}
		lanes[cpu].gates++;
	}
	lanes[cpu].gates++;
}

static void threads_of_one_box_run_on_several_cpus(void **state)
{
	struct box box = box_create(0);
	struct box other = box_create(0);
	struct box_thread t[4];
	uint32_t cpu;

	(void)state;
	for (int i = 0; i < 4; i++) {
		t[i] = thread_create(i < 3 ? &box : &other, box_ping, 0);
	}
	for (uint32_t i = 0; i < 4; i++) {
		lanes[i + 1].thread = &t[i];
	}
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(
			cbx_linux_cpu_open(dup(2), run_lane, &cpu), CBX_OK);
		assert_int_equal(cpu, i + 1);
	}
	for (uint32_t i = 1; i < 5; i++) {
		while (lanes[i].gates <= LANE_GATES) {
			(void)usleep(1000);
			/* memory calls go on beside running threads */
			box_map(&box, 0x50000000, take_pages(1), 1, 3);
			assert_int_equal(cbx_arch_space_unmap(box.space,
						 (struct cbx_va){ 0x50000000 },
						 1, &(uint64_t){ 0 }),
				CBX_OK);
		}
		assert_false(lanes[i].wrong);
	}
	for (int i = 0; i < 4; i++) {
		thread_destroy(&t[i]);
	}
	box_destroy(&box);
	box_destroy(&other);
}

static void a_killed_process_is_lost_and_nothing_else(void **state)
{
	struct box box = box_create(0);
	struct box_thread t = thread_create(&box, box_spin, 0);
	struct cbx_mapping mapping;
	uint64_t done;

	(void)state;
	assert_int_equal(kill(only_child(), SIGKILL), 0);
	assert_int_equal(thread_run(&t, NULL), CBX_STOP_LOST);
	box_map(&box, 0x50000000, take_pages(3), 3, 3);
	assert_true(cbx_arch_space_lookup(
		box.space, (struct cbx_va){ 0x50002000 }, &mapping));
	assert_int_equal(cbx_arch_space_unmap(box.space,
				 (struct cbx_va){ 0x50000000 }, 3, &done),
		CBX_OK);
	assert_int_equal(done, 3);
	thread_destroy(&t);
	box_destroy(&box);
	assert_int_equal(child_count(), 0);
}

/* A machine of its own, which reports its children and spins. */
static void run_doomed_machine(void)
{
	struct box box[BOXES];
	struct box_thread t;
	char line[64];

	machine_start();
	for (uint32_t i = 0; i < BOXES; i++) {
		box[i] = box_create(0);
		t = thread_create(&box[i], box_spin, 0);
	}
	(void)snprintf(line, sizeof(line), "%d ", child_count());
	(void)!write(1, line, strlen(line));
	(void)thread_run(&t, NULL);
	_exit(0);
}

static void boxes_die_with_the_monitor(void **state)
{
	int children[BOXES] = { 0 };
	char byte;
	int pipes[2];
	pid_t pid;
	int left = BOXES;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(pipes[1], 1);
		run_doomed_machine();
	}
	(void)close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	assert_int_equal(list_children(pid, children, BOXES), BOXES);
	(void)usleep(20000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 100 && left > 0; i++) {
		(void)usleep(10000);
		left = 0;
		for (uint32_t k = 0; k < BOXES; k++) {
			left += process_alive(children[k]);
		}
	}
	assert_int_equal(left, 0);
	(void)close(pipes[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_leaves_nothing_behind),
		cmocka_unit_test(threads_come_and_go),
		cmocka_unit_test(threads_of_one_box_run_on_several_cpus),
		cmocka_unit_test(a_killed_process_is_lost_and_nothing_else),
	};
	const struct CMUnitTest doomed[] = {
		cmocka_unit_test(boxes_die_with_the_monitor),
	};
	int failed =
		cmocka_run_group_tests_name("linux death", doomed, NULL, NULL);

	machine_start();
	return failed +
	       cmocka_run_group_tests_name("linux process", tests, NULL, NULL);
}
