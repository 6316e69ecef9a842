/* SPDX-License-Identifier: Apache-2.0 */
/* Several lenders of one box: who is told what, and who waits for whom. */
#include "client/unit.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <base/device.h>
#include <client/box.h>

#include "client/fake_monitor.h"

#define RUN_SECONDS 20 /* what a run that ends takes a hundredth of */

/* A run in a thread of its own, with an input that says nothing. */
struct runner {
	struct cbx_context *context;
	struct cbx_box *box;
	struct cbx_run how;
	struct cbx_result result;
	enum cbx_status status;
	pthread_t thread;
	int input[2];
};

static void *run_main(void *arg)
{
	struct runner *r = arg;

	r->status = cbx_box_run(r->box, &r->how, &r->result);
	return NULL;
}

static bool start(
	struct runner *r, const struct fake_script *script, uint32_t cpus)
{
	const struct cbx_options options = { .size = sizeof(options),
		.cpu_count = 5 };
	static const struct cbx_policy policy;

	*r = (struct runner){ .result.size = sizeof(r->result) };
	fake_begin(script);
	if (pipe(r->input) != 0 ||
		cbx_context_open(&options, &r->context) != CBX_OK ||
		cbx_box_create(r->context, &policy, 8, &r->box) != CBX_OK) {
		return false;
	}
	r->how = (struct cbx_run){ .size = sizeof(r->how),
		.input_fd = r->input[0],
		.output_fd = -1,
		.error_fd = -1,
		.cpus = cpus };
	return true;
}

/* @return whether the run ended, and nobody waits for anybody */
static bool ends(struct runner *r)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += RUN_SECONDS;
	return pthread_timedjoin_np(r->thread, NULL, &until) == 0;
}

static void finish(struct runner *r)
{
	cbx_box_destroy(r->box);
	cbx_context_close(r->context);
	close(r->input[0]);
	close(r->input[1]);
}

/* ---- the end of the time ---- */

/* The first one reads for thread 7, until the time is over.  The helper has the
 * one place; that its box still runs is not told it before the first one knows
 * of the end: it comes second.  Before the box is killed it wants input, too. */
static void enter_readers(unsigned int cpu, struct cbx_reply *reply)
{
	if (cpu == FAKE_FIRST) {
		fake_set_threads(2);
		fake_want_input(reply, 7);
		return;
	}
	fake_wait(CBX_CALL_BOX_KILL, 1, RUN_SECONDS * 1000);
	fake_set_threads(1);
	fake_want_input(reply, 8);
}

static void hold_back(unsigned int cpu, const struct cbx_call *call)
{
	(void)cpu;
	if (call->id == CBX_CALL_BOX_KICK) {
		fake_wait(CBX_CALL_BOX_REPLY, 1, RUN_SECONDS * 1000);
		fake_wait(CBX_CALL_BOX_REPLY, UINT32_MAX, 100);
	} else if (call->id == CBX_CALL_BOX_KILL) {
		fake_wait(CBX_CALL_BOX_REPLY, UINT32_MAX, 200);
	}
}

static void who_is_second_to_know_of_the_end_keeps_its_place_from_nobody(
	void **state)
{
	static const struct fake_script script = { enter_readers, hold_back };
	static struct runner r;

	(void)state;
	assert_true(start(&r, &script, 1));
	r.how.timeout_ns = 300000000;
	assert_int_equal(pthread_create(&r.thread, NULL, run_main, &r), 0);
	assert_true(ends(&r));
	assert_int_equal(r.status, CBX_OK);
	assert_int_equal(r.result.timed_out, 1);
	assert_int_equal(r.result.reason, CBX_END_KILLED);
	assert_int_equal(fake_count(CBX_CALL_BOX_KILL), 1);
	assert_true(fake_count(CBX_CALL_BOX_REPLY) >= 2); /* both have read */
	finish(&r);
}

/* ---- what the kernel does not give ---- */

/* Refuse a system call to all threads there are and will be. */
static bool refuse(uint32_t number, uint16_t error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { 4, filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

static int descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	while (folder != NULL && readdir(folder) != NULL) {
		count++;
	}
	if (folder != NULL) {
		closedir(folder);
	}
	return count;
}

/* Runs with two threads until a helper was looked for a few times, then has
 * nothing to do until it is killed. */
static void enter_sleeper(unsigned int cpu, struct cbx_reply *reply)
{
	(void)cpu;
	fake_set_threads(2);
	fake_wait(CBX_CALL_BOX_KICK, 4, RUN_SECONDS * 1000);
	reply->ret[0] = CBX_EXIT_IDLE;
}

/* In a process of its own, of which the kernel refuses that call. @return what
 * went wrong, or NULL */
static const char *sleep_and_be_killed(uint32_t number, uint16_t error)
{
	static const struct fake_script script = { enter_sleeper, NULL };
	static struct runner r;
	int before;

	if (!start(&r, &script, 2) || !refuse(number, error) ||
		pthread_create(&r.thread, NULL, run_main, &r) != 0) {
		return "it does not begin";
	}
	before = descriptors();
	while (fake_count(CBX_CALL_BOX_KICK) < 4) {
		(void)usleep(1000);
	}
	(void)usleep(100000); /* it sleeps */
	if (cbx_box_kill(r.box) != CBX_OK || !ends(&r)) {
		return "it does not hear that it is to end";
	}
	if (r.status != CBX_OK || r.result.reason != CBX_END_KILLED) {
		return "it does not end as it should";
	}
	return descriptors() == before ? NULL : "descriptors are left";
}

static void assert_killed_without(uint32_t number, uint16_t error)
{
	int status = -1;
	pid_t child;

	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		const char *wrong = sleep_and_be_killed(number, error);

		if (wrong != NULL) {
			(void)fprintf(stderr, "call %u: %s\n", number, wrong);
		}
		_exit(wrong == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void who_gets_no_bell_hears_of_the_end_all_the_same(void **state)
{
	(void)state;
	assert_killed_without(SYS_epoll_ctl, ENOSPC);
	assert_killed_without(SYS_epoll_create1, EMFILE);
	assert_killed_without(SYS_eventfd2, EMFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			who_is_second_to_know_of_the_end_keeps_its_place_from_nobody),
		cmocka_unit_test(
			who_gets_no_bell_hears_of_the_end_all_the_same),
	};

	if (access(CBX_DEVICE_PATH, F_OK) == 0) {
		(void)printf("a machine with %s: the library asks that\n",
			CBX_DEVICE_PATH);
		return 77;
	}
	return cmocka_run_group_tests_name("lend", tests, NULL, NULL);
}
