/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/cpu.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <hal/linux/check.h>

struct cpu {
	pthread_cond_t given; /* socket changed; with lock */
	int socket;	      /* -1: none; guarded by lock, its thread reads */
	bool threaded;	      /* its thread exists; guarded by lock */
	cbx_linux_cpu_serve *serve;
	int event;
	atomic_bool kicked;
	uint32_t rank; /* its thread's */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cpu *cpus;
static uint32_t cpu_count;
static _Thread_local uint32_t cpu_self;
_Thread_local uint32_t cbx_linux_cpu_maps;

bool cbx_linux_cpu_start(uint32_t count)
{
	cpus = calloc(count, sizeof(*cpus));
	if (cpus == NULL) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		cpus[i].socket = -1;
		cpus[i].event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (cpus[i].event < 0 ||
			pthread_cond_init(&cpus[i].given, NULL) != 0) {
			return false;
		}
	}
	cpu_count = count;
	return true;
}

static void wait_for_socket(struct cpu *cpu)
{
	pthread_mutex_lock(&lock);
	while (cpu->socket < 0) {
		pthread_cond_wait(&cpu->given, &lock);
	}
	pthread_mutex_unlock(&lock);
}

static void give_back(struct cpu *cpu)
{
	CBX_CHECK(cbx_linux_cpu_maps == 0 && cpu->rank == 0);
	pthread_mutex_lock(&lock);
	close(cpu->socket);
	cpu->socket = -1;
	pthread_mutex_unlock(&lock);
}

static void *thread_main(void *arg)
{
	struct cpu *cpu = arg;

	cpu_self = (uint32_t)(cpu - cpus);
	for (;;) {
		wait_for_socket(cpu);
		cpu->serve(cpu_self);
		give_back(cpu);
	}
	return NULL;
}

static bool thread_exists(struct cpu *cpu)
{
	pthread_t thread;

	if (!cpu->threaded) {
		cpu->threaded =
			pthread_create(&thread, NULL, thread_main, cpu) == 0;
	}
	return cpu->threaded;
}

static struct cpu *find_free(void)
{
	for (uint32_t i = 0; i < cpu_count; i++) {
		if (cpus[i].socket < 0) {
			return &cpus[i];
		}
	}
	return NULL;
}

enum cbx_status cbx_linux_cpu_open(
	int socket, cbx_linux_cpu_serve *serve, uint32_t *number)
{
	enum cbx_status status = CBX_E_NOMEM;
	struct cpu *cpu;

	pthread_mutex_lock(&lock);
	cpu = find_free();
	if (cpu == NULL) {
		status = CBX_E_BUSY;
	} else if (thread_exists(cpu)) {
		cpu->serve = serve;
		cpu->socket = socket;
		*number = (uint32_t)(cpu - cpus);
		pthread_cond_signal(&cpu->given);
		status = CBX_OK;
	}
	pthread_mutex_unlock(&lock);
	return status;
}

int cbx_linux_cpu_socket(uint32_t cpu)
{
	CBX_CHECK(cpu == cpu_self);
	return cpus[cpu].socket;
}

int cbx_linux_cpu_event(uint32_t cpu)
{
	return cpus[cpu].event;
}

/* A full counter is as readable as one more. */
void cbx_linux_cpu_wake(uint32_t cpu)
{
	ssize_t n;

	do {
		n = write(cpus[cpu].event, &(uint64_t){ 1 }, sizeof(uint64_t));
	} while (n < 0 && errno == EINTR);
}

void cbx_linux_cpu_calm(uint32_t cpu)
{
	uint64_t count;
	ssize_t n;

	do {
		n = read(cpus[cpu].event, &count, sizeof(count));
	} while (n < 0 && errno == EINTR);
}

bool cbx_linux_cpu_kicked(uint32_t cpu)
{
	return atomic_exchange(&cpus[cpu].kicked, false);
}

void cbx_hal_cpu_kick(uint32_t cpu)
{
	CBX_CHECK(cpu < cpu_count);
	atomic_store(&cpus[cpu].kicked, true);
	cbx_linux_cpu_wake(cpu);
}

uint32_t cbx_hal_cpu_count(void)
{
	return cpu_count;
}

uint32_t cbx_hal_cpu(void)
{
	return cpu_self;
}

uint32_t *cbx_hal_cpu_rank(void)
{
	return &cpus[cpu_self].rank;
}

/* The holder may be a thread that waits for this very processor. */
void cbx_hal_cpu_relax(void)
{
	(void)sched_yield();
}
