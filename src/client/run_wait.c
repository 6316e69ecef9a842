/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting: for a box that has nothing to run, for a run in another thread. */
#include <client/run.h>

#include <client/error.h>
#include <client/lend.h>
#include <client/sized.h>

#define IDLE_STEP_NS 500000u

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

/* Ticks are nanoseconds since the monitor began, a little after we started it:
 * sleep until it can be time, then ask in small steps. */
static void idle(struct cbx_lender *lender, uint64_t wake)
{
	uint64_t start = lender->run->box->context->monitor.started_ns;
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
	cbx_lend_idle(lender, until);
}

/* A box that may become a template sleeps for good at its point. */
enum cbx_status cbx_run_idle(struct cbx_lender *lender, uint64_t wake)
{
	struct cbx_running *run = lender->run;

	if (!run->box->lends || wake != 0 || run->lenders != 1) {
		idle(lender, wake);
		return CBX_OK;
	}
	if (run->box->to_point) {
		run->box->at_point = cbx_lend_end(run);
		return CBX_OK;
	}
	return cbx_fail(CBX_E_STATE,
		"the program stopped at its point, /dev/template, for good; "
		"run it with --warm, or without --template");
}
