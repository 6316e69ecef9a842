/* SPDX-License-Identifier: Apache-2.0 */
#include <client/box.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <client/error.h>
#include <client/range.h>

#define RESERVE_MIN 8u

void *cbx_box_buffer(const struct cbx_box *box)
{
	return cbx_monitor_page(&box->context->monitor, box->buffer.pfn);
}

enum cbx_status cbx_box_call(struct cbx_cpu *cpu, const struct cbx_call *call,
	struct cbx_reply *reply, const char *what)
{
	enum cbx_status status = cbx_cpu_call(cpu, call, reply);

	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply->status, what);
}

static enum cbx_status init_sync(struct cbx_box *box)
{
	pthread_condattr_t attr;

	box->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (box->wake < 0) {
		return cbx_fail_os(
			CBX_E_NOMEM, errno, "cannot make a box: eventfd");
	}
	(void)pthread_mutex_init(&box->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&box->ended, &attr);
	(void)pthread_condattr_destroy(&attr);
	return CBX_OK;
}

static bool init_parts(struct cbx_box *box)
{
	struct cbx_pool *pool = &box->context->pool;

	if (!cbx_context_pages(box->context, CBX_IO_PAGES_MAX, &box->buffer)) {
		(void)cbx_fail(CBX_E_NOMEM,
			"no memory for the box: no page free in the context");
		return false;
	}
	if (init_sync(box) != CBX_OK) {
		cbx_pool_give(pool, box->buffer);
		return false;
	}
	return true;
}

/* An object without pages at the monitor; NULL when that failed. */
static struct cbx_box *new_box(struct cbx_context *context)
{
	struct cbx_box *box = calloc(1, sizeof(*box));

	if (box == NULL) {
		(void)cbx_fail_memory("cannot make a box");
		return NULL;
	}
	box->context = context;
	if (!init_parts(box)) {
		free(box);
		return NULL;
	}
	cbx_context_hold(context);
	return box;
}

static enum cbx_status create(struct cbx_box *box, struct cbx_cpu *cpu,
	const struct cbx_policy *policy)
{
	enum cbx_status status = cbx_box_take(box, cpu, 2, true);
	struct cbx_call call = { .id = CBX_CALL_BOX_CREATE };
	struct cbx_reply reply;

	if (status != CBX_OK) {
		return status;
	}
	call.arg[0] = box->holdings[0].extent.pfn;
	call.arg[1] = call.arg[0] + 1;
	call.arg[2] = box->buffer.pfn;
	memcpy(cbx_box_buffer(box), policy, sizeof(*policy));
	status = cbx_box_call(
		cpu, &call, &reply, "the monitor does not make the box");
	if (status == CBX_OK) {
		box->root = call.arg[0];
		box->lends = (policy->flags & CBX_POLICY_TEMPLATE) != 0;
		box->plain = (policy->flags & CBX_POLICY_PLAIN) != 0;
		box->output_pages = policy->output_pages;
		box->holdings[0].given = 2;
	}
	return status;
}

static enum cbx_status grant(
	struct cbx_box *box, struct cbx_cpu *cpu, uint64_t pages)
{
	struct cbx_range gate = { CBX_CALL_BOX_GRANT, box->root,
		"the monitor does not grant the box pages" };
	size_t first = box->holding_count;
	enum cbx_status status = cbx_box_take(box, cpu, pages, false);

	for (size_t i = first; i < box->holding_count && status == CBX_OK;
		i++) {
		struct cbx_holding *holding = &box->holdings[i];

		holding->given = holding->extent.count; /* or some of them */
		status = cbx_range_call_whole(cpu, &gate, holding->extent);
	}
	return status;
}

enum cbx_status cbx_box_create(struct cbx_context *context,
	const struct cbx_policy *policy, uint64_t reserve_pages,
	struct cbx_box **box)
{
	struct cbx_box *fresh;
	struct cbx_cpu *cpu = NULL;
	enum cbx_status status;

	if (reserve_pages < RESERVE_MIN) {
		return cbx_fail(CBX_E_INVALID,
			"reserve: a box needs at least %u pages", RESERVE_MIN);
	}
	fresh = new_box(context);
	if (fresh == NULL) {
		return cbx_error_last()->status;
	}
	status = cbx_cpu_take(context, &cpu);
	if (status == CBX_OK) {
		status = create(fresh, cpu, policy);
		if (status == CBX_OK) {
			status = grant(fresh, cpu, reserve_pages);
		}
		cbx_cpu_put(cpu);
	}
	if (status != CBX_OK) {
		cbx_box_destroy(fresh);
		return status;
	}
	*box = fresh;
	return CBX_OK;
}

static bool runs(struct cbx_box *box)
{
	bool running;

	pthread_mutex_lock(&box->lock);
	running = box->phase == CBX_PHASE_RUNNING;
	pthread_mutex_unlock(&box->lock);
	return running;
}

/* One that runs has to leave its CPUs first. */
static bool wait_end(bool running, uint32_t tries)
{
	return running ? cbx_busy_wait(tries) : cbx_busy_part(tries);
}

enum cbx_status cbx_box_end(struct cbx_box *box, struct cbx_cpu *cpu)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_KILL,
		.arg = { box->root } };
	struct cbx_reply reply;
	enum cbx_status status;
	bool running = runs(box);
	uint32_t tries = 0;

	do {
		status = cpu == NULL
				 ? cbx_context_call(box->context, &call, &reply)
				 : cbx_cpu_call(cpu, &call, &reply);
	} while (reply.status == CBX_E_BUSY && wait_end(running, ++tries));
	return status == CBX_OK ? CBX_OK
				: cbx_fail_call(status, reply.status,
					  "the monitor does not end the box");
}

enum cbx_status cbx_box_kill(struct cbx_box *box)
{
	uint64_t one = 1;

	if (write(box->wake, &one, sizeof(one)) < 0 && errno != EAGAIN) {
		return cbx_fail_os(CBX_E_HARDWARE, errno, "cannot end the box");
	}
	return cbx_box_end(box, NULL);
}

static void give_back(struct cbx_box *box)
{
	struct cbx_context *context = box->context;
	struct cbx_error keep = *cbx_error_last();
	struct cbx_cpu *cpu = NULL;

	if (box->holding_count != 0 && cbx_cpu_take(context, &cpu) == CBX_OK) {
		cbx_box_give_back(box, cpu);
		cbx_cpu_put(cpu);
	}
	cbx_monitor_forget(
		&context->monitor, box->buffer.pfn, box->buffer.count);
	cbx_pool_give(&context->pool, box->buffer);
	cbx_error_restore(&keep);
}

void cbx_box_destroy(struct cbx_box *box)
{
	if (box == NULL) {
		return;
	}
	give_back(box);
	close(box->wake);
	pthread_cond_destroy(&box->ended);
	pthread_mutex_destroy(&box->lock);
	cbx_context_release(box->context);
	free(box->holdings);
	free(box);
}
