/* SPDX-License-Identifier: Apache-2.0 */
#include <client/run.h>

#include <errno.h>
#include <string.h>

#include <client/error.h>
#include <client/sized.h>

#define END_WAIT_MS  30000
#define TICK_MS	     10
#define IDLE_STEP_NS 500000u
#define SIGNAL_FLAG  0x100u /* END: the low byte is a signal */

enum cbx_status cbx_run_nonsense(const char *what)
{
	return cbx_fail_transport(CBX_E_HARDWARE, 0,
		"the monitor's answer makes no sense: %s", what);
}

enum cbx_status cbx_run_timeout(struct cbx_running *run)
{
	run->result.timed_out = 1;
	run->patience.until_ns = UINT64_MAX;
	return cbx_box_end(run->box, NULL);
}

static bool time_is_over(const struct cbx_running *run)
{
	return run->patience.until_ns != UINT64_MAX &&
	       cbx_now_ns() >= run->patience.until_ns;
}

/* What a timer's interrupt does on a machine of its own: the box leaves its
 * CPU, and when it is entered again its deadlines are looked at.  That it just
 * left by itself, or ended, is no failure. */
static enum cbx_status tick(const struct cbx_running *run)
{
	const struct cbx_call call = { .id = CBX_CALL_BOX_KICK,
		.arg = { run->box->root } };
	struct cbx_reply reply;

	return cbx_context_call(run->box->context, &call, &reply);
}

/* Wait until the exit, or the end of the box's time, which is told. */
static enum cbx_status wait_ticking(struct cbx_running *run, bool *over)
{
	enum cbx_status status = CBX_OK;

	*over = false;
	while (status == CBX_OK && !*over) {
		int ms = cbx_ms_until(run->patience.until_ns);

		if (cbx_cpu_wait(
			    run->cpu, ms < 0 || ms > TICK_MS ? TICK_MS : ms)) {
			break;
		}
		*over = time_is_over(run);
		status = *over ? CBX_OK : tick(run);
	}
	return status;
}

/* Wait for the exit; a box whose time is over is killed and then exits. */
static enum cbx_status wait_exit(struct cbx_running *run)
{
	bool over;
	enum cbx_status status = wait_ticking(run, &over);

	if (status != CBX_OK || !over) {
		return status;
	}
	status = cbx_run_timeout(run);
	if (status != CBX_OK) {
		return status;
	}
	return cbx_cpu_wait(run->cpu, END_WAIT_MS)
		       ? CBX_OK
		       : cbx_run_nonsense("the box does not stop");
}

static enum cbx_status enter(struct cbx_running *run, struct cbx_reply *exit)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_ENTER,
		.arg = { run->box->root, run->box->buffer.pfn,
			run->box->buffer.count } };
	enum cbx_status status = cbx_cpu_send(run->cpu, &call);

	if (status == CBX_OK) {
		status = wait_exit(run);
	}
	if (status == CBX_OK) {
		status = cbx_cpu_receive(run->cpu, exit);
	} else {
		run->cpu->broken = true; /* an answer is still to come */
	}
	if (status == CBX_OK && exit->status != CBX_OK) {
		status = cbx_fail_monitor((enum cbx_status)exit->status,
			"the monitor does not enter the box");
	}
	return status;
}

/* Ticks are nanoseconds since the monitor began, a little after we started it:
 * sleep until it can be time, then ask in small steps. */
static void idle(struct cbx_running *run, uint64_t wake)
{
	uint64_t start = run->box->context->monitor.started_ns;
	uint64_t now = cbx_now_ns();
	uint64_t until;

	if (wake == 0 || wake > UINT64_MAX - 1 - start) {
		until = UINT64_MAX;
	} else {
		until = start + wake;
		if (until < now + IDLE_STEP_NS) {
			until = now + IDLE_STEP_NS;
		}
	}
	if (run->server != NULL && cbx_server_waits(run->server)) {
		cbx_server_sleep(run->server, run->patience.wake,
			until < run->patience.until_ns
				? until
				: run->patience.until_ns);
	} else {
		cbx_stream_idle(&run->patience, until);
	}
}

static void end(struct cbx_running *run, const struct cbx_reply *exit)
{
	uint64_t status = exit->ret[1];

	run->ended = true;
	run->result.confined = run->confined ? 1 : 0;
	run->result.reason = run->confined ? CBX_END_EXIT
					   : (enum cbx_end_reason)exit->ret[2];
	if (run->result.reason != CBX_END_EXIT || run->confined) {
		return;
	}
	if ((status & ~0xffull) == SIGNAL_FLAG) {
		run->result.signal = (uint32_t)(status & 0x7fu);
	} else {
		run->result.exit_status = (uint32_t)(status & 0xffu);
	}
}

static enum cbx_status serve_exit(
	struct cbx_running *run, const struct cbx_reply *exit)
{
	switch ((enum cbx_exit_reason)(uint32_t)exit->ret[0]) {
	case CBX_EXIT_INTERRUPTED:
		return CBX_OK;
	case CBX_EXIT_IDLE:
		idle(run, exit->ret[1]);
		return CBX_OK;
	case CBX_EXIT_OUTPUT:
		return cbx_run_output(run, exit);
	case CBX_EXIT_ENDED:
		end(run, exit);
		return CBX_OK;
	case CBX_EXIT_INPUT:
		return cbx_run_input(run, exit);
	case CBX_EXIT_FORWARD:
		return cbx_run_forward(run, exit);
	case CBX_EXIT_REFUSED:
		return cbx_run_refused(run, exit);
	case CBX_EXIT_TRACE:
	case CBX_EXIT_RESULT:
		cbx_run_trace(run, exit);
		return CBX_OK;
	default:
		return cbx_run_nonsense("an unknown exit");
	}
}

static enum cbx_status run_until_end(struct cbx_running *run)
{
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && !run->ended) {
		struct cbx_reply exit;

		if (time_is_over(run)) {
			status = cbx_run_timeout(run);
		}
		if (status == CBX_OK) {
			status = cbx_run_served(run);
		}
		if (status == CBX_OK) {
			status = enter(run, &exit);
		}
		if (status == CBX_OK) {
			status = serve_exit(run, &exit);
		}
	}
	return status;
}

static enum cbx_status begin(struct cbx_box *box)
{
	enum cbx_status status = CBX_OK;

	pthread_mutex_lock(&box->lock);
	if (box->phase == CBX_PHASE_RUNNING) {
		status = cbx_fail(CBX_E_BUSY, "the box is running already");
	} else if (box->phase != CBX_PHASE_NEW) {
		status = cbx_fail(CBX_E_STATE, "the box ran before");
	} else {
		box->phase = CBX_PHASE_RUNNING;
	}
	pthread_mutex_unlock(&box->lock);
	return status;
}

static void finish(struct cbx_box *box, enum cbx_status status,
	const struct cbx_result *result)
{
	pthread_mutex_lock(&box->lock);
	box->phase = status == CBX_OK ? CBX_PHASE_ENDED : CBX_PHASE_FAILED;
	box->result = *result;
	pthread_cond_broadcast(&box->ended);
	pthread_mutex_unlock(&box->lock);
}

static enum cbx_status run_on_cpu(struct cbx_running *run)
{
	uint64_t now = cbx_now_ns();
	enum cbx_status status;

	run->patience.wake = run->box->wake;
	run->patience.until_ns =
		run->how.timeout_ns == 0 ||
				run->how.timeout_ns > UINT64_MAX - 1 - now
			? UINT64_MAX
			: now + run->how.timeout_ns;
	status = cbx_cpu_take(run->box->context, &run->cpu);
	if (status == CBX_OK) {
		status = run_until_end(run);
		cbx_cpu_put(run->cpu);
	}
	return status;
}

enum cbx_status cbx_box_run(struct cbx_box *box, const struct cbx_run *run,
	struct cbx_result *result)
{
	struct cbx_running running = { .box = box };
	enum cbx_status status;

	if (!cbx_sized_read(&running.how, sizeof(running.how), run,
		    sizeof(running.how)) ||
		(running.how.flags & ~CBX_RUN_SERVE) != 0 ||
		!cbx_sized_valid(result, sizeof(running.result))) {
		return cbx_fail(CBX_E_INVALID,
			"run: options or result of an unknown size or version");
	}
	status = begin(box);
	if (status != CBX_OK) {
		return status;
	}
	status = run_on_cpu(&running);
	cbx_server_destroy(running.server);
	finish(box, status, &running.result);
	if (status == CBX_OK) {
		cbx_sized_write(
			result, &running.result, sizeof(running.result));
	}
	return status;
}

/* With the lock held. @return false after @p until_ns */
static bool wait_end(struct cbx_box *box, uint64_t until_ns)
{
	struct timespec until = { (time_t)(until_ns / 1000000000u),
		(long)(until_ns % 1000000000u) };
	int error = 0;

	while (box->phase != CBX_PHASE_ENDED &&
		box->phase != CBX_PHASE_FAILED && error == 0) {
		error = until_ns == UINT64_MAX
				? pthread_cond_wait(&box->ended, &box->lock)
				: pthread_cond_timedwait(
					  &box->ended, &box->lock, &until);
	}
	return error == 0;
}

enum cbx_status cbx_box_wait(
	struct cbx_box *box, uint64_t timeout_ns, struct cbx_result *result)
{
	uint64_t now = cbx_now_ns();
	uint64_t until = timeout_ns > UINT64_MAX - 1 - now ? UINT64_MAX
							   : now + timeout_ns;
	struct cbx_result known;
	enum cbx_phase phase;
	bool ended;

	if (!cbx_sized_valid(result, sizeof(known))) {
		return cbx_fail(CBX_E_INVALID, "result: of an unknown size");
	}
	pthread_mutex_lock(&box->lock);
	ended = wait_end(box, until);
	known = box->result;
	phase = box->phase;
	pthread_mutex_unlock(&box->lock);
	if (!ended) {
		return cbx_fail(CBX_E_BUSY, "the box has not ended yet");
	}
	if (phase == CBX_PHASE_FAILED) {
		return cbx_fail(CBX_E_STATE, "the box ended without a result");
	}
	cbx_sized_write(result, &known, sizeof(known));
	return CBX_OK;
}
