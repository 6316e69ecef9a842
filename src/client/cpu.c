/* SPDX-License-Identifier: Apache-2.0 */
#include <client/context.h>

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include <client/error.h>

#define BUSY_YIELDS  8u
#define BUSY_STEP_NS 20000u
#define BUSY_MOST_NS 1000000u
#define BUSY_TRIES   30000u   /* about half a minute */
#define BUSY_PARTS   0x20000u /* 256 GiB, a range call's worth at a time */

static bool status_known(uint64_t status)
{
	switch (status) {
#define X(number, NAME, text) case (number):
#include <confbox/status.def>
#undef X
		return true;
	default:
		return false;
	}
}

static enum cbx_status open_cpu(
	struct cbx_context *context, struct cbx_cpu **cpu)
{
	struct cbx_cpu *fresh = calloc(1, sizeof(*fresh));
	enum cbx_status status;

	if (fresh == NULL) {
		return cbx_fail_memory("cannot get a CPU");
	}
	fresh->context = context;
	status = cbx_monitor_open(&context->monitor, &fresh->lane);
	if (status != CBX_OK) {
		free(fresh);
		return status;
	}
	context->cpus++;
	*cpu = fresh;
	return CBX_OK;
}

/* With the lock held: the list is empty.  A context that ran out of CPUs waits
 * for one that is in use. */
static enum cbx_status take_new(
	struct cbx_context *context, struct cbx_cpu **cpu)
{
	/* One is the service CPU, which never comes back. */
	if (context->cpus >= context->monitor.cpu_count) {
		context->wanted++;
		pthread_cond_wait(&context->cpu_idle, &context->lock);
		context->wanted--;
		return CBX_E_BUSY;
	}
	return open_cpu(context, cpu);
}

enum cbx_status cbx_cpu_take(struct cbx_context *context, struct cbx_cpu **cpu)
{
	enum cbx_status status = CBX_E_BUSY;

	pthread_mutex_lock(&context->lock);
	while (status == CBX_E_BUSY) {
		if (context->idle != NULL) {
			*cpu = context->idle;
			context->idle = (*cpu)->next;
			status = CBX_OK;
		} else {
			status = take_new(context, cpu);
		}
	}
	pthread_mutex_unlock(&context->lock);
	return status;
}

/* Whether the service CPU is there, or room is to be left for it. */
static bool has_service(struct cbx_context *context)
{
	bool has;

	pthread_mutex_lock(&context->service_lock);
	has = context->service != NULL;
	pthread_mutex_unlock(&context->service_lock);
	return has;
}

bool cbx_cpu_try(struct cbx_context *context, struct cbx_cpu **cpu)
{
	uint32_t room = has_service(context) ? 0 : 1;
	bool taken = false;

	pthread_mutex_lock(&context->lock);
	if (context->wanted == 0 && context->idle != NULL) {
		*cpu = context->idle;
		context->idle = (*cpu)->next;
		taken = true;
	} else if (context->cpus + room < context->monitor.cpu_count) {
		taken = open_cpu(context, cpu) == CBX_OK;
	}
	pthread_mutex_unlock(&context->lock);
	return taken;
}

void cbx_cpu_put(struct cbx_cpu *cpu)
{
	struct cbx_context *context = cpu->context;

	pthread_mutex_lock(&context->lock);
	if (cpu->broken) {
		cbx_lane_close(&cpu->lane);
		free(cpu);
		context->cpus--;
	} else {
		cpu->posted = CBX_OK; /* nobody asked */
		cpu->next = context->idle;
		context->idle = cpu;
	}
	pthread_cond_signal(&context->cpu_idle);
	pthread_mutex_unlock(&context->lock);
}

enum cbx_status cbx_cpu_send(struct cbx_cpu *cpu, const struct cbx_call *call)
{
	const struct cbx_monitor *monitor = &cpu->context->monitor;

	if (cpu->broken || !monitor->by->send(monitor, &cpu->lane, call)) {
		cpu->broken = true;
		return cbx_monitor_gone(monitor);
	}
	return CBX_OK;
}

static enum cbx_status receive(struct cbx_cpu *cpu, struct cbx_reply *reply)
{
	const struct cbx_monitor *monitor = &cpu->context->monitor;
	struct cbx_reply got;

	if (!monitor->by->receive(monitor, &cpu->lane, &got)) {
		cpu->broken = true;
		return cbx_monitor_gone(monitor);
	}
	if (!status_known(got.status)) {
		cpu->broken = true;
		return cbx_fail_transport(CBX_E_HARDWARE, 0,
			"the monitor's answer makes no sense");
	}
	*reply = got;
	return CBX_OK;
}

static void note_posted(struct cbx_cpu *cpu, enum cbx_status status)
{
	if (cpu->posted == CBX_OK) {
		cpu->posted = status;
	}
}

/* The answer to the oldest posted call. */
static enum cbx_status receive_owed(struct cbx_cpu *cpu)
{
	struct cbx_reply reply = { 0 };
	enum cbx_status status = receive(cpu, &reply);

	cpu->owed--;
	if (status == CBX_OK) {
		note_posted(cpu, (enum cbx_status)reply.status);
	}
	return status;
}

bool cbx_cpu_wait(struct cbx_cpu *cpu, int ms)
{
	const struct cbx_transport *by = cpu->context->monitor.by;

	while (cpu->owed != 0 && !cpu->broken) {
		if (!by->wait(&cpu->lane, ms)) {
			return false;
		}
		if (receive_owed(cpu) != CBX_OK) {
			return true; /* which the next receiving says, too */
		}
	}
	return by->wait(&cpu->lane, ms);
}

static enum cbx_status settle(struct cbx_cpu *cpu)
{
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && cpu->owed != 0) {
		status = receive_owed(cpu);
	}
	return status;
}

/* A broken connection is told by the next call. */
void cbx_cpu_settle(struct cbx_cpu *cpu)
{
	if (!cpu->broken && settle(cpu) != CBX_OK) {
		cpu->broken = true;
	}
}

enum cbx_status cbx_cpu_receive(struct cbx_cpu *cpu, struct cbx_reply *reply)
{
	enum cbx_status status = settle(cpu);

	return status == CBX_OK ? receive(cpu, reply) : status;
}

enum cbx_status cbx_cpu_post(struct cbx_cpu *cpu, const struct cbx_call *call)
{
	enum cbx_status status;
	struct cbx_reply reply;

	if (cpu->lane.fd >= 0) { /* a socket keeps what is sent */
		status = cbx_cpu_send(cpu, call);
		cpu->owed += status == CBX_OK ? 1 : 0;
		return status;
	}
	status = cbx_cpu_call(cpu, call, &reply);
	if (reply.status != CBX_OK) {
		note_posted(cpu, (enum cbx_status)reply.status);
		return CBX_OK;
	}
	return status;
}

enum cbx_status cbx_cpu_posted(struct cbx_cpu *cpu)
{
	enum cbx_status status = cpu->posted;

	cpu->posted = CBX_OK;
	return status;
}

enum cbx_status cbx_cpu_call(struct cbx_cpu *cpu, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	enum cbx_status status;

	*reply = (struct cbx_reply){ 0 };
	status = cbx_cpu_send(cpu, call);
	if (status == CBX_OK) {
		status = cbx_cpu_receive(cpu, reply);
	}
	return status == CBX_OK ? (enum cbx_status)reply->status : status;
}

static enum cbx_status call_service(struct cbx_context *context,
	const struct cbx_call *call, struct cbx_reply *reply)
{
	enum cbx_status status = CBX_OK;

	if (context->service == NULL) {
		status = cbx_cpu_take(context, &context->service);
	}
	if (status == CBX_OK) {
		status = cbx_cpu_call(context->service, call, reply);
	}
	return status;
}

enum cbx_status cbx_context_call(struct cbx_context *context,
	const struct cbx_call *call, struct cbx_reply *reply)
{
	enum cbx_status status;

	*reply = (struct cbx_reply){ 0 };
	pthread_mutex_lock(&context->service_lock);
	status = call_service(context, call, reply);
	pthread_mutex_unlock(&context->service_lock);
	return status;
}

bool cbx_busy_wait(uint32_t tries)
{
	uint32_t ns = tries * BUSY_STEP_NS;
	struct timespec pause = { 0,
		ns < BUSY_MOST_NS ? (long)ns : (long)BUSY_MOST_NS };

	if (tries >= BUSY_TRIES) {
		return false;
	}
	if (tries < BUSY_YIELDS) {
		(void)sched_yield();
	} else {
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

bool cbx_busy_part(uint32_t tries)
{
	return tries < BUSY_PARTS || cbx_busy_wait(tries - BUSY_PARTS);
}
