/* SPDX-License-Identifier: Apache-2.0 */
#include "client/fake_monitor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <client/error.h>
#include <client/monitor.h>

#define PAGES 4096u
#define CALLS 0x200u

struct cpu {
	int socket;
	unsigned int number;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t called = PTHREAD_COND_INITIALIZER;
static struct fake_script script;
static unsigned int cpus;
static atomic_uint count[CALLS];
static atomic_ulong threads;
static bool killed;

void fake_begin(const struct fake_script *wanted)
{
	script = *wanted;
	cpus = 0;
	threads = 1;
	killed = false;
	for (unsigned int i = 0; i < CALLS; i++) {
		count[i] = 0;
	}
}

unsigned int fake_count(uint64_t id)
{
	return count[id];
}

void fake_set_threads(uint64_t wanted)
{
	threads = wanted;
}

void fake_wait(uint64_t id, unsigned int wanted, unsigned int ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (count[id] < wanted && !killed &&
		pthread_cond_timedwait(&called, &lock, &until) == 0) {
	}
}

void fake_want_input(struct cbx_reply *reply, uint64_t thread)
{
	reply->ret[0] = CBX_EXIT_INPUT;
	reply->ret[1] = thread;
	reply->ret[2] = CBX_PORT_INPUT;
	reply->ret[3] = 16;
}

static void enter(unsigned int cpu, struct cbx_reply *reply)
{
	if (!killed) {
		script.enter(cpu, reply);
	}
	if (killed) {
		*reply = (struct cbx_reply){ .ret = { CBX_EXIT_ENDED, 0,
						     CBX_END_KILLED } };
	}
}

static struct cbx_reply answer(unsigned int cpu, const struct cbx_call *call)
{
	struct cbx_reply reply = { .status = CBX_OK };

	pthread_mutex_lock(&lock);
	count[call->id]++;
	pthread_cond_broadcast(&called);
	if (script.before != NULL) {
		script.before(cpu, call);
	}
	if (call->id == CBX_CALL_VERSION) {
		reply.ret[0] = CBX_ABI_MAJOR;
	} else if (call->id == CBX_CALL_BOX_QUERY) {
		reply.ret[4] = threads;
	} else if (call->id == CBX_CALL_BOX_KILL) {
		killed = true;
		pthread_cond_broadcast(&called);
	} else if (call->id == CBX_CALL_BOX_ENTER) {
		enter(cpu, &reply);
	}
	pthread_mutex_unlock(&lock);
	return reply;
}

static void *serve(void *arg)
{
	struct cpu *cpu = arg;
	struct cbx_call call;

	while (recv(cpu->socket, &call, sizeof(call), 0) == sizeof(call)) {
		struct cbx_reply reply = answer(cpu->number, &call);

		(void)send(cpu->socket, &reply, sizeof(reply), MSG_NOSIGNAL);
	}
	close(cpu->socket);
	free(cpu);
	return NULL;
}

/* ---- the transport ---- */

static enum cbx_status start(
	const struct cbx_monitor_start *how, struct cbx_monitor *monitor)
{
	void *memory = mmap(NULL, PAGES * CBX_PAGE_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		return cbx_fail_memory("the test's monitor");
	}
	monitor->memory = memory;
	monitor->host = (struct cbx_extent){ 1, PAGES };
	monitor->cpu_count = how->cpu_count;
	monitor->control = 0;
	return CBX_OK;
}

static void stop(struct cbx_monitor *monitor)
{
	monitor->control = -1;
}

static void forget(
	const struct cbx_monitor *monitor, uint64_t pfn, uint64_t pages)
{
	(void)monitor;
	(void)pfn;
	(void)pages;
}

static enum cbx_status gone(const struct cbx_monitor *monitor)
{
	(void)monitor;
	return cbx_fail_transport(CBX_E_HARDWARE, 0, "the monitor ended");
}

static enum cbx_status open_lane(
	const struct cbx_monitor *monitor, struct cbx_lane *lane)
{
	struct cpu *cpu = malloc(sizeof(*cpu));
	pthread_t thread;
	int pair[2];

	(void)monitor;
	if (cpu == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				   pair) != 0) {
		abort();
	}
	*cpu = (struct cpu){ pair[1], cpus++ };
	if (pthread_create(&thread, NULL, serve, cpu) != 0 ||
		pthread_detach(thread) != 0) {
		abort();
	}
	*lane = (struct cbx_lane){ .fd = pair[0] };
	return CBX_OK;
}

static bool send_call(const struct cbx_monitor *monitor, struct cbx_lane *lane,
	const struct cbx_call *call)
{
	(void)monitor;
	return send(lane->fd, call, sizeof(*call), MSG_NOSIGNAL) ==
	       sizeof(*call);
}

static bool wait_reply(const struct cbx_lane *lane, int ms)
{
	struct pollfd poller = { .fd = lane->fd, .events = POLLIN };

	return poll(&poller, 1, ms) == 1;
}

static bool receive_reply(const struct cbx_monitor *monitor,
	struct cbx_lane *lane, struct cbx_reply *reply)
{
	(void)monitor;
	return recv(lane->fd, reply, sizeof(*reply), 0) == sizeof(*reply);
}

static const struct cbx_transport by_threads = {
	.start = start,
	.stop = stop,
	.forget = forget,
	.gone = gone,
	.open = open_lane,
	.send = send_call,
	.wait = wait_reply,
	.receive = receive_reply,
};

const struct cbx_transport *const cbx_transport_other = &by_threads;
