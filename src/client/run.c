/* SPDX-License-Identifier: Apache-2.0 */
#include <client/confine.h>
#include <client/lend.h>

#include <errno.h>
#include <string.h>

#include <base/start.h>
#include <client/error.h>
#include <client/sized.h>

#define END_WAIT_MS 30000
#define TICK_MS	    10
#define USEFUL_NS   100000u

enum cbx_status cbx_run_nonsense(const char *what)
{
	return cbx_fail_transport(CBX_E_HARDWARE, 0,
		"the monitor's answer makes no sense: %s", what);
}

enum cbx_status cbx_run_timeout(struct cbx_lender *lender)
{
	struct cbx_running *run = lender->run;
	bool first;

	lender->patience.until_ns = UINT64_MAX;
	pthread_mutex_lock(&run->lock);
	first = run->result.timed_out == 0;
	run->result.timed_out = 1;
	pthread_mutex_unlock(&run->lock);
	return first ? cbx_box_kill(run->box) : CBX_OK;
}

static bool time_is_over(const struct cbx_lender *lender)
{
	return lender->patience.until_ns != UINT64_MAX &&
	       cbx_now_ns() >= lender->patience.until_ns;
}

/* Wait until the exit, or the end of the box's time, which is told. */
static enum cbx_status wait_ticking(struct cbx_lender *lender, bool *over)
{
	enum cbx_status status = CBX_OK;

	*over = false;
	while (status == CBX_OK && !*over) {
		int ms = cbx_ms_until(lender->patience.until_ns);

		if (cbx_cpu_wait(lender->cpu,
			    ms < 0 || ms > TICK_MS ? TICK_MS : ms)) {
			break;
		}
		*over = time_is_over(lender);
		status = *over ? CBX_OK : cbx_lend_tick(lender);
	}
	return status;
}

/* Wait for the exit; a box whose time is over is killed and then exits. */
static enum cbx_status wait_exit(struct cbx_lender *lender)
{
	bool over;
	enum cbx_status status = wait_ticking(lender, &over);

	if (status != CBX_OK || !over) {
		return status;
	}
	status = cbx_run_timeout(lender);
	if (status != CBX_OK) {
		return status;
	}
	return cbx_cpu_wait(lender->cpu, END_WAIT_MS)
		       ? CBX_OK
		       : cbx_run_nonsense("the box does not stop");
}

static enum cbx_status enter(struct cbx_lender *lender, struct cbx_reply *exit)
{
	struct cbx_call call = { .id = CBX_CALL_BOX_ENTER,
		.arg = { lender->run->box->root, lender->buffer.pfn,
			lender->buffer.count } };
	enum cbx_status status = cbx_cpu_send(lender->cpu, &call);

	if (status == CBX_OK) {
		status = wait_exit(lender);
	}
	if (status == CBX_OK) {
		status = cbx_cpu_receive(lender->cpu, exit);
	} else {
		lender->cpu->broken = true; /* an answer is still to come */
	}
	if (status == CBX_OK) {
		status = cbx_run_answered(lender);
	}
	if (status == CBX_OK && exit->status != CBX_OK) {
		status = cbx_fail_monitor((enum cbx_status)exit->status,
			"the monitor does not enter the box");
	}
	return status;
}

void cbx_run_sleep(struct cbx_lender *lender,
	const struct cbx_patience *patience, uint64_t until_ns)
{
	struct cbx_server *server = lender->run->server;

	if (server != NULL && cbx_server_waits(server)) {
		cbx_server_sleep(server, patience->wake,
			until_ns < patience->until_ns ? until_ns
						      : patience->until_ns);
	} else {
		cbx_stream_idle(patience, until_ns);
	}
}

void cbx_run_note_end(
	struct cbx_running *run, uint64_t status, enum cbx_end_reason reason)
{
	run->result.reason = reason;
	if (reason != CBX_END_EXIT) {
		return;
	}
	if ((status & ~0xffull) == CBX_END_SIGNAL) {
		run->result.signal = (uint32_t)(status & 0x7fu);
	} else {
		run->result.exit_status = (uint32_t)(status & 0xffu);
	}
}

static void end(struct cbx_lender *lender, const struct cbx_reply *exit)
{
	if (lender->run->confined) {
		cbx_confine_end(lender);
	} else {
		cbx_run_note_end(lender->run, exit->ret[1],
			(enum cbx_end_reason)exit->ret[2]);
	}
}

/* What wants no place in the box. */
static enum cbx_status serve_locked(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	switch ((enum cbx_exit_reason)(uint32_t)exit->ret[0]) {
	case CBX_EXIT_OUTPUT:
		return cbx_run_output(lender, exit);
	case CBX_EXIT_FORWARD:
		return cbx_run_forward(lender, exit);
	case CBX_EXIT_REFUSED:
		return cbx_run_refused(lender, exit);
	case CBX_EXIT_TRACE:
	case CBX_EXIT_RESULT:
		cbx_run_trace(lender, exit);
		return CBX_OK;
	case CBX_EXIT_INTERRUPTED:
	case CBX_EXIT_IDLE:
	case CBX_EXIT_ENDED:
	case CBX_EXIT_INPUT:
	default:
		return cbx_run_nonsense("an unknown exit");
	}
}

/* One at a time, so that callbacks need no locks. */
static void take_turn(struct cbx_lender *lender)
{
	if (pthread_mutex_trylock(&lender->run->serving) != 0) {
		cbx_lend_block(lender);
		pthread_mutex_lock(&lender->run->serving);
	}
}

/* Where calls are not waited for (a device) there was no tick, and this is how a
 * while is known to have passed. */
static void interrupted(struct cbx_lender *lender)
{
	if (lender->cpu->lane.fd < 0) {
		cbx_lend_more(lender->run);
	}
	cbx_lend_leave(lender);
	cbx_lend_call(lender);
}

static enum cbx_status serve_exit(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	enum cbx_status status;

	switch ((enum cbx_exit_reason)(uint32_t)exit->ret[0]) {
	case CBX_EXIT_INTERRUPTED:
		interrupted(lender);
		return CBX_OK;
	case CBX_EXIT_IDLE:
		cbx_lend_leave(lender);
		return cbx_run_idle(lender, exit->ret[1]);
	case CBX_EXIT_INPUT:
		return cbx_run_input(lender, exit);
	case CBX_EXIT_ENDED:
		if (cbx_lend_end(lender->run)) {
			end(lender, exit);
		}
		return CBX_OK;
	case CBX_EXIT_OUTPUT:
	case CBX_EXIT_FORWARD:
	case CBX_EXIT_REFUSED:
	case CBX_EXIT_TRACE:
	case CBX_EXIT_RESULT:
	default:
		take_turn(lender);
		status = serve_locked(lender, exit);
		pthread_mutex_unlock(&lender->run->serving);
		return status;
	}
}

/* Serve an exit, and tell who wants to know how long it took. */
static enum cbx_status serve_timed(
	struct cbx_lender *lender, const struct cbx_reply *exit)
{
	struct cbx_running *run = lender->run;
	enum cbx_exit_reason reason =
		(enum cbx_exit_reason)(uint32_t)exit->ret[0];
	bool asked = !run->confined &&
		     (reason == CBX_EXIT_OUTPUT || reason == CBX_EXIT_INPUT ||
			     reason == CBX_EXIT_FORWARD);
	uint64_t began;
	enum cbx_status status;

	if (run->how.exit == NULL) {
		return serve_exit(lender, exit);
	}
	began = cbx_now_ns();
	status = serve_exit(lender, exit);
	take_turn(lender);
	run->how.exit(run->how.arg, asked ? exit->ret[1] : 0, reason,
		cbx_now_ns() - began);
	pthread_mutex_unlock(&run->serving);
	return status;
}

static enum cbx_status serve_waiting(struct cbx_lender *lender)
{
	enum cbx_status status;

	if (lender->run->server == NULL) {
		return CBX_OK;
	}
	take_turn(lender);
	status = cbx_run_served(lender);
	pthread_mutex_unlock(&lender->run->serving);
	return status;
}

/* A call that found nothing to do was useless. */
static void note_use(
	struct cbx_lender *lender, uint64_t began, const struct cbx_reply *exit)
{
	if ((uint32_t)exit->ret[0] != CBX_EXIT_IDLE ||
		cbx_now_ns() - began > USEFUL_NS) {
		lender->useless = 0;
	} else {
		lender->useless++;
	}
}

static enum cbx_status run_once(struct cbx_lender *lender)
{
	struct cbx_reply exit;
	enum cbx_status status = CBX_OK;
	uint64_t began;

	if (time_is_over(lender)) {
		status = cbx_run_timeout(lender);
	}
	if (status == CBX_OK) {
		status = serve_waiting(lender);
	}
	cbx_lend_enter(lender);
	if (status != CBX_OK || lender->run->ended) {
		return status;
	}
	began = cbx_now_ns();
	status = enter(lender, &exit);
	if (status == CBX_OK) {
		note_use(lender, began, &exit);
		status = serve_timed(lender, &exit);
	}
	return status;
}

/* The first error is the run's; the box must end for the others to come back. */
static void fail_run(struct cbx_running *run, enum cbx_status status)
{
	if (!cbx_lend_end(run)) {
		return;
	}
	run->error = *cbx_error_last();
	run->status = status;
	if (run->lenders > 1 && cbx_box_end(run->box, NULL) != CBX_OK) {
		return; /* the monitor is gone, and wakes them so */
	}
}

void cbx_lend_main(struct cbx_lender *lender)
{
	enum cbx_status status = CBX_OK;

	while (status == CBX_OK && !lender->run->ended) {
		status = run_once(lender);
	}
	if (status != CBX_OK) {
		fail_run(lender->run, status);
	}
	cbx_cpu_settle(lender->cpu);
	cbx_lend_leave(lender);
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

static enum cbx_status run_on_cpus(struct cbx_running *run)
{
	enum cbx_status status;

	run->patience.wake = run->box->wake;
	run->patience.until_ns = run->how.timeout_ns == 0
					 ? UINT64_MAX
					 : cbx_until_ns(run->how.timeout_ns);
	run->cpus = run->how.cpus == 0 ? 1 : run->how.cpus;
	status = cbx_lend_start(run);
	if (status == CBX_OK) {
		cbx_lend_main(&run->first);
	}
	cbx_lend_finish(run);
	if (run->status != CBX_OK) {
		cbx_error_restore(&run->error);
		return run->status;
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
		(running.how.flags & ~(CBX_RUN_SERVE | CBX_RUN_SEALED)) != 0 ||
		running.how.debug_fd < 0 ||
		!cbx_sized_valid(result, sizeof(running.result))) {
		return cbx_fail(CBX_E_INVALID,
			"run: options or result of an unknown size or version");
	}
	status = begin(box);
	if (status != CBX_OK) {
		return status;
	}
	status = run_on_cpus(&running);
	cbx_server_destroy(running.server);
	cbx_sealed_end(&running.session);
	finish(box, status, &running.result);
	if (status == CBX_OK) {
		cbx_sized_write(
			result, &running.result, sizeof(running.result));
	}
	return status;
}
