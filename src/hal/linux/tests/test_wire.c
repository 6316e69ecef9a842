/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor as the library sees it: sockets, packets, endings. */
#include "box.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/wire.h>
#include <hal/linux/process.h>
#include <hal/linux/start.h>

#define PAGES 64u
#define CPUS  2u

struct monitor {
	pid_t pid;
	int control;
	int host_file;
	struct cbx_wire_hello hello;
};

/* Answers a call with its arguments, a page state with its numbers. */
static void echo(uint32_t cpu)
{
	struct cbx_reply reply;
	const struct cbx_reply *answer = NULL;
	struct cbx_event event;

	for (;;) {
		cbx_hal_host_run(cpu, answer, &event);
		if (event.kind == CBX_EVENT_CPU_STOP) {
			return;
		}
		reply = (struct cbx_reply){ .status = event.kind };
		answer = &reply;
		memcpy(reply.ret, event.call.arg, sizeof(event.call.arg));
		if (event.kind == CBX_EVENT_PAGE_STATE) {
			reply.ret[0] = event.pfn.n;
			reply.ret[1] = event.count;
			reply.ret[2] = event.shared;
		}
	}
}

static _Noreturn void run_monitor(int socket)
{
	char name[] = "monitor";
	char pages[] = "64";
	char cpus[] = "2";
	char *argv[] = { name, pages, cpus, NULL };

	if (dup2(socket, CBX_WIRE_CONTROL_FD) != CBX_WIRE_CONTROL_FD) {
		_exit(1);
	}
	cbx_linux_start(3, argv);
	if (cbx_linux_process_create(0) == NULL) {
		_exit(1);
	}
	cbx_linux_serve(echo);
}

static int receive_fd(int socket, void *data, size_t bytes)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { data, bytes };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int fd;

	assert_int_equal(recvmsg(socket, &message, 0), bytes);
	assert_int_equal(message.msg_controllen, CMSG_SPACE(sizeof(int)));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void send_fd(int socket, const void *data, size_t bytes, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
			      .cmsg_level = SOL_SOCKET,
			      .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (void *)(uintptr_t)data, bytes };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(socket, &message, MSG_NOSIGNAL), (int)bytes);
}

static struct monitor monitor_start(void)
{
	struct monitor m;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	m.pid = fork();
	if (m.pid == 0) {
		(void)close(fd[0]);
		run_monitor(fd[1]);
	}
	(void)close(fd[1]);
	m.control = fd[0];
	m.host_file = receive_fd(m.control, &m.hello, sizeof(m.hello));
	return m;
}

/* We adopt what the monitor leaves behind: nothing. @return how it ended */
static int monitor_wait(struct monitor *m)
{
	int status = -1;

	assert_int_equal(waitpid(m->pid, &status, 0), m->pid);
	(void)close(m->host_file);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	return status;
}

static void monitor_stop(struct monitor *m)
{
	(void)close(m->control);
	assert_int_equal(monitor_wait(m), 0);
}

static struct cbx_wire_cpu_ready cpu_open(struct monitor *m, int *socket)
{
	const struct cbx_wire_cpu_new request = {
		{ CBX_WIRE_CPU_NEW, sizeof(request) },
	};
	struct cbx_wire_cpu_ready ready;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	send_fd(m->control, &request, sizeof(request), fd[1]);
	(void)close(fd[1]);
	assert_int_equal(
		recv(m->control, &ready, sizeof(ready), 0), (int)sizeof(ready));
	assert_int_equal(ready.head.kind, CBX_WIRE_CPU_READY);
	*socket = fd[0];
	return ready;
}

static void the_greeting_says_what_there_is(void **state)
{
	struct monitor m = monitor_start();
	struct stat st;

	(void)state;
	assert_int_equal(m.hello.head.kind, CBX_WIRE_HELLO);
	assert_int_equal(m.hello.head.bytes, sizeof(m.hello));
	assert_int_equal(m.hello.magic, CBX_WIRE_MAGIC);
	assert_int_equal(m.hello.version, CBX_WIRE_VERSION);
	assert_int_equal(m.hello.page_count, PAGES);
	assert_int_equal(m.hello.cpu_count, CPUS);
	assert_int_equal(m.hello.caps, cbx_hal_caps().bits);
	assert_int_equal(fstat(m.host_file, &st), 0);
	assert_int_equal(st.st_size, PAGES * CBX_PAGE_SIZE);
	assert_int_not_equal(ftruncate(m.host_file, 0), 0);
	monitor_stop(&m);
}

static void assert_answers(int cpu, uint64_t i)
{
	const struct cbx_wire_call call = {
		.head = { CBX_WIRE_CALL, sizeof(call) },
		.call = { .id = 1, .arg = { i, i + 1 } },
	};
	struct cbx_wire_reply reply;

	assert_int_equal(send(cpu, &call, sizeof(call), 0), (int)sizeof(call));
	assert_int_equal(
		recv(cpu, &reply, sizeof(reply), 0), (int)sizeof(reply));
	assert_int_equal(reply.head.kind, CBX_WIRE_REPLY);
	assert_int_equal(reply.reply.ret[0], i);
	assert_int_equal(reply.reply.ret[1], i + 1);
}

static void calls_are_answered_in_order(void **state)
{
	struct monitor m = monitor_start();
	int cpu;

	(void)state;
	assert_int_equal(cpu_open(&m, &cpu).status, CBX_OK);
	for (uint64_t i = 0; i < 100; i++) {
		assert_answers(cpu, i);
	}
	(void)close(cpu);
	monitor_stop(&m);
}

static void a_page_state_is_an_event(void **state)
{
	const struct cbx_wire_page_state request = {
		.head = { CBX_WIRE_PAGE_STATE, sizeof(request) },
		.pfn = 7,
		.count = 8,
		.shared = 1,
	};
	struct monitor m = monitor_start();
	struct cbx_wire_reply reply;
	int cpu;

	(void)state;
	assert_int_equal(cpu_open(&m, &cpu).status, CBX_OK);
	assert_int_equal(
		send(cpu, &request, sizeof(request), 0), (int)sizeof(request));
	assert_int_equal(
		recv(cpu, &reply, sizeof(reply), 0), (int)sizeof(reply));
	assert_int_equal(reply.reply.status, CBX_EVENT_PAGE_STATE);
	assert_int_equal(reply.reply.ret[0], 7);
	assert_int_equal(reply.reply.ret[1], 8);
	assert_int_equal(reply.reply.ret[2], 1);
	(void)close(cpu);
	monitor_stop(&m);
}

static void cpus_are_limited_and_given_back(void **state)
{
	struct monitor m = monitor_start();
	struct cbx_wire_cpu_ready ready;
	int cpu[CPUS + 1];
	char byte;

	(void)state;
	for (uint32_t i = 0; i < CPUS; i++) {
		ready = cpu_open(&m, &cpu[i]);
		assert_int_equal(ready.status, CBX_OK);
		assert_int_equal(ready.cpu, i);
	}
	assert_int_equal(cpu_open(&m, &cpu[CPUS]).status, CBX_E_BUSY);
	assert_int_equal(recv(cpu[CPUS], &byte, 1, 0), 0);
	(void)shutdown(cpu[1], SHUT_WR);
	assert_int_equal(recv(cpu[1], &byte, 1, 0), 0); /* it let go */
	(void)close(cpu[1]);
	ready = cpu_open(&m, &cpu[1]);
	assert_int_equal(ready.status, CBX_OK);
	assert_int_equal(ready.cpu, 1);
	monitor_stop(&m);
}

/* 0 to 3 are in use: not one more. */
static void without_a_descriptor_a_cpu_is_refused_and_all_goes_on(void **state)
{
	struct monitor m = monitor_start();
	struct cbx_wire_cpu_ready ready;
	struct rlimit old;
	struct rlimit few;
	int cpu[3];
	char byte;

	(void)state;
	assert_int_equal(cpu_open(&m, &cpu[0]).status, CBX_OK);
	assert_int_equal(prlimit(m.pid, RLIMIT_NOFILE, NULL, &old), 0);
	few = (struct rlimit){ 4, old.rlim_max };
	assert_int_equal(prlimit(m.pid, RLIMIT_NOFILE, &few, NULL), 0);
	ready = cpu_open(&m, &cpu[1]);
	assert_int_equal(ready.status, CBX_E_NOMEM);
	assert_int_equal(recv(cpu[1], &byte, 1, 0), 0);
	assert_answers(cpu[0], 7);
	assert_int_equal(prlimit(m.pid, RLIMIT_NOFILE, &old, NULL), 0);
	ready = cpu_open(&m, &cpu[2]);
	assert_int_equal(ready.status, CBX_OK);
	assert_int_equal(ready.cpu, 1);
	monitor_stop(&m);
}

static void a_malformed_packet_ends_its_connection_only(void **state)
{
	static const struct {
		uint32_t kind;
		uint32_t bytes;
		size_t sent;
	} cases[] = {
		{ CBX_WIRE_CALL, sizeof(struct cbx_wire_call),
			sizeof(struct cbx_wire_call) - 1 },
		{ CBX_WIRE_CALL, sizeof(struct cbx_wire_call),
			sizeof(struct cbx_wire_call) + 1 },
		{ CBX_WIRE_CALL, 1, sizeof(struct cbx_wire_call) },
		{ CBX_WIRE_REPLY, sizeof(struct cbx_wire_reply),
			sizeof(struct cbx_wire_reply) },
		{ CBX_WIRE_CPU_NEW, 8, 8 },
		{ CBX_WIRE_PAGE_STATE, sizeof(struct cbx_wire_page_state),
			sizeof(struct cbx_wire_page_state) },
		{ 0, 0, 1 },
		{ 77, 4096, 4096 },
	};
	static uint8_t packet[4096];
	struct monitor m = monitor_start();
	char byte;
	int cpu;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(packet, 0xff, sizeof(packet));
		memcpy(packet, &cases[i], 8);
		assert_int_equal(cpu_open(&m, &cpu).status, CBX_OK);
		assert_int_equal(send(cpu, packet, cases[i].sent, 0),
			(int)cases[i].sent);
		assert_int_equal(recv(cpu, &byte, 1, 0), 0);
		(void)close(cpu);
	}
	monitor_stop(&m);
}

static void a_malformed_control_packet_ends_the_monitor(void **state)
{
	struct monitor m = monitor_start();

	(void)state;
	assert_int_equal(send(m.control, "x", 1, 0), 1);
	assert_int_equal(monitor_wait(&m), 0);
	(void)close(m.control);
}

static void a_cpu_is_a_packet_socket(void **state)
{
	const struct cbx_wire_cpu_new request = {
		{ CBX_WIRE_CPU_NEW, sizeof(request) },
	};
	struct monitor m = monitor_start();
	struct cbx_wire_cpu_ready ready;

	(void)state;
	send_fd(m.control, &request, sizeof(request), 2);
	assert_int_equal(
		recv(m.control, &ready, sizeof(ready), 0), (int)sizeof(ready));
	assert_int_equal(ready.status, CBX_E_INVALID);
	monitor_stop(&m);
}

/* The service dies; a fork of it still holds the socket. */
static void the_monitor_follows_its_service(void **state)
{
	int pipes[2];
	pid_t monitor = -1;
	pid_t service;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	service = fork();
	if (service == 0) {
		struct monitor m = monitor_start();

		if (fork() == 0) { /* holds the control socket */
			(void)close(pipes[0]);
			(void)close(pipes[1]);
			(void)close(1); /* whoever reads our output */
			(void)close(2);
			(void)usleep(1500000);
			_exit(0);
		}
		(void)!write(pipes[1], &m.pid, sizeof(m.pid));
		(void)pause();
	}
	(void)close(pipes[1]);
	assert_int_equal(read(pipes[0], &monitor, sizeof(monitor)),
		(int)sizeof(monitor));
	assert_int_equal(kill(service, SIGKILL), 0);
	assert_int_equal(waitpid(service, NULL, 0), service);
	for (int i = 0; i < 100 && process_alive(monitor); i++) {
		(void)usleep(10000);
	}
	assert_false(process_alive(monitor));
	(void)close(pipes[0]);
}

/* One that has no descriptor left when it is to look at its service, which it
 * would outlive. */
static _Noreturn void run_without_descriptors(int socket)
{
	const struct rlimit few = { 4, 4 };
	char name[] = "monitor";
	char *argv[] = { name, NULL };

	(void)close(2);
	if (dup2(socket, CBX_WIRE_CONTROL_FD) != CBX_WIRE_CONTROL_FD) {
		_exit(77);
	}
	cbx_linux_start(1, argv);
	if (cbx_linux_process_create(0) == NULL ||
		setrlimit(RLIMIT_NOFILE, &few) != 0) {
		_exit(78);
	}
	cbx_linux_serve(echo);
}

static void a_machine_that_cannot_start_leaves_no_process(void **state)
{
	int status = 0;
	pid_t pid;
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(fd[0]);
		run_without_descriptors(fd[1]);
	}
	(void)close(fd[0]);
	(void)close(fd[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_greeting_says_what_there_is),
		cmocka_unit_test(calls_are_answered_in_order),
		cmocka_unit_test(a_page_state_is_an_event),
		cmocka_unit_test(cpus_are_limited_and_given_back),
		cmocka_unit_test(
			without_a_descriptor_a_cpu_is_refused_and_all_goes_on),
		cmocka_unit_test(a_malformed_packet_ends_its_connection_only),
		cmocka_unit_test(a_malformed_control_packet_ends_the_monitor),
		cmocka_unit_test(a_cpu_is_a_packet_socket),
		cmocka_unit_test(a_machine_that_cannot_start_leaves_no_process),
		cmocka_unit_test(the_monitor_follows_its_service),
	};

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
		return 1;
	}
	return cmocka_run_group_tests_name("linux wire", tests, NULL, NULL);
}
