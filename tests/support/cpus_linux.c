/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <base/wire.h>
#include <core/gate.h>
#include <hal/linux/cpu.h>
#include <monitor/loop.h>

#include "support/check.h"
#include "support/cpus_linux.h"

static struct cpu {
	pthread_t thread;
	uint32_t number; /* the monitor's */
	int socket;
	void (*work)(void *arg);
	void *arg;
	bool begun; /* the test's: not joined yet */
	atomic_bool done;
} cpus[CPUS_MAX];
static atomic_bool ending;
static _Thread_local int own_socket = -1;

static void sleep_for_ever(uint32_t cpu)
{
	(void)cpu;
	for (;;) {
		(void)pause();
	}
}

void cpus_linux_start(void)
{
	uint32_t cpu;

	assert_int_equal(
		cbx_linux_cpu_open(dup(2), sleep_for_ever, &cpu), CBX_OK);
	assert_int_equal(cpu, 0);
}

static void serve(uint32_t cpu)
{
	(void)cbx_monitor_run(cpu);
}

int cpus_linux_open(uint32_t *cpu)
{
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0) {
		return -1;
	}
	if (cbx_linux_cpu_open(fd[1], serve, cpu) != CBX_OK) {
		(void)close(fd[0]);
		(void)close(fd[1]);
		return -1;
	}
	return fd[0];
}

/* A monitor that does not answer is a reply nobody sends. */
static void call_by_socket(
	int socket, const struct cbx_call *call, struct cbx_reply *reply)
{
	const struct cbx_wire_call request = {
		.head = { CBX_WIRE_CALL, sizeof(request) },
		.call = *call,
	};
	struct cbx_wire_reply answer;

	memset(reply, 0xff, sizeof(*reply));
	if (send(socket, &request, sizeof(request), MSG_NOSIGNAL) ==
			(ssize_t)sizeof(request) &&
		recv(socket, &answer, sizeof(answer), 0) ==
			(ssize_t)sizeof(answer)) {
		*reply = answer.reply;
	}
}

void cpus_linux_gate(const struct cbx_call *call, struct cbx_reply *reply)
{
	if (own_socket < 0) {
		cbx_gate_host(call, reply);
	} else {
		call_by_socket(own_socket, call, reply);
	}
}

static void *run(void *arg)
{
	struct cpu *cpu = arg;

	own_socket = cpu->socket;
	cpu->work(cpu->arg);
	atomic_store(&cpu->done, true);
	return NULL;
}

void cpus_run(uint32_t cpu, void (*work)(void *arg), void *arg)
{
	struct cpu *c = &cpus[cpu];

	assert_in_range(cpu, 1, CPUS_MAX - 1);
	assert_false(c->begun);
	c->work = work;
	c->arg = arg;
	atomic_store(&c->done, false);
	c->socket = cpus_linux_open(&c->number);
	assert_true(c->socket >= 0);
	assert_int_equal(pthread_create(&c->thread, NULL, run, c), 0);
	c->begun = true;
}

void cpus_join(uint32_t cpu)
{
	assert_true(cpus[cpu].begun);
	assert_int_equal(pthread_join(cpus[cpu].thread, NULL), 0);
	(void)close(cpus[cpu].socket);
	cpus[cpu].begun = false;
}

int cpus_ending(void)
{
	return atomic_load(&ending);
}

void cpus_down(void)
{
	atomic_store(&ending, true);
	for (uint32_t i = 1; i < CPUS_MAX; i++) {
		while (cpus[i].begun && !atomic_load(&cpus[i].done)) {
			cbx_hal_cpu_kick(cpus[i].number);
			(void)usleep(1000);
		}
		if (cpus[i].begun) {
			cpus_join(i);
		}
	}
	atomic_store(&ending, false);
}
