/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/channel.h>
#include <core/frame.h>
#include <core/gate.h>
#include <core/run.h>

void cbx_run_leave(struct cbx_run *run, enum cbx_exit_reason reason)
{
	run->host->ret[0] = (uint64_t)reason;
	run->leave = true;
}

void cbx_run_leave_to_serve(struct cbx_run *run, enum cbx_exit_reason reason)
{
	struct cbx_domain *d = run->d;

	cbx_run_leave(run, reason);
	if (d->left_count < CBX_LEFT_MAX) {
		d->left[d->left_count++] =
			(struct cbx_left){ run->thread->self, run->io.pfn };
	}
}

/* The CPU with that buffer is back: what left on it goes on, first.  Unless the
 * box ended it is there: it did not run meanwhile.  But a thread that does
 * nothing but leave would keep others from ever being looked at: once in a while
 * it is their turn. */
static void come_back(struct cbx_domain *d, struct cbx_io io)
{
	for (uint32_t i = 0; i < d->left_count;) {
		const struct cbx_left left = d->left[i];

		if (left.buffer == io.pfn) {
			d->left[i] = d->left[--d->left_count];
			if (++d->came_back % CBX_LEFT_FIRST != 0) {
				d->next_thread = left.thread;
			}
		} else {
			i++;
		}
	}
}

struct cbx_space *cbx_run_space(struct cbx_run *run)
{
	if (run->space == NULL) {
		run->space = cbx_space_hold(run->d, run->thread->space);
	}
	return run->space;
}

void cbx_run_spread(struct cbx_run *run)
{
	if (run->d->idle != 0 && run->d->state == CBX_DOMAIN_READY) {
		cbx_run_leave(run, CBX_EXIT_INTERRUPTED);
	}
}

/* Tell the host that the box ended, and of one that was confined no more. */
static void leave_ended(struct cbx_run *run)
{
	*run->host = (struct cbx_reply){ 0 };
	cbx_run_leave(run, CBX_EXIT_ENDED);
	if (run->d->was_confined) {
		cbx_frame_end(run);
	} else {
		run->host->ret[1] = run->d->end_status;
		run->host->ret[2] = run->d->end_reason;
	}
}

static void leave_idle(struct cbx_run *run, uint64_t wake)
{
	cbx_run_leave(run, CBX_EXIT_IDLE);
	run->d->idle++;
	run->host->ret[1] = wake;
}

/* A confined box ended: until the end's time step it seems to sleep. */
static void leave_ending(struct cbx_run *run)
{
	if (run->d->end_wake > cbx_hal_ticks()) {
		leave_idle(run, run->d->end_wake);
	} else {
		cbx_domain_move(run->d, CBX_DOMAIN_DO_END);
	}
}

/* The program made a system call under trace: show it to the host. */
static void leave_trace(struct cbx_run *run, const struct cbx_call *call)
{
	const uint64_t self = run->thread->self;

	if ((run->d->policy.flags & CBX_POLICY_TRACE) == 0 ||
		run->d->state != CBX_DOMAIN_READY ||
		cbx_copy_to_host(run->io, 0, &self, sizeof(self)) != CBX_OK) {
		return;
	}
	cbx_run_leave_to_serve(run, CBX_EXIT_TRACE);
	run->host->ret[0] |= call->id << 32;
	for (int i = 0; i < CBX_CALL_ARGS; i++) {
		run->host->ret[1 + i] = call->arg[i];
	}
}

static void gate(struct cbx_run *run, const struct cbx_call *call)
{
	struct cbx_thread *thread = run->thread;

	cbx_gate_box(run, call, &thread->reply);
	thread->answered = thread->state != CBX_THREAD_WAITING;
}

static void handle_stop(struct cbx_run *run, const struct cbx_stop *stop)
{
	switch (stop->kind) {
	case CBX_STOP_GATE:
		gate(run, &stop->call);
		break;
	case CBX_STOP_TRACE:
		leave_trace(run, &stop->call);
		break;
	case CBX_STOP_FAULT:
		cbx_domain_end(run->d, CBX_END_FAULT, (uint64_t)stop->fault);
		break;
	case CBX_STOP_INTERRUPTED:
		cbx_run_leave(run, CBX_EXIT_INTERRUPTED);
		break;
	case CBX_STOP_LOST:
	default:
		cbx_domain_end(run->d, CBX_END_LOST, 0);
		break;
	}
}

static void deliver_deadline(struct cbx_thread *thread)
{
	if (thread->deadline != 0 && thread->deadline <= cbx_hal_ticks()) {
		thread->deadline = 0;
		cbx_arch_vcpu_upcall(
			&thread->vcpu, CBX_UPCALL_DEADLINE, cbx_hal_ticks());
	}
}

/* Run the thread until it stops, once; box code runs between the two calls
 * that drop and take the lock. */
static void run_once(struct cbx_run *run)
{
	struct cbx_thread *thread = run->thread;
	struct cbx_stop stop;
	bool keeper = run->d->keeper;

	deliver_deadline(thread);
	thread->ask = CBX_ASK_NOTHING;
	if (!keeper) {
		cbx_gate_lock_drop();
	}
	cbx_arch_vcpu_run(
		&thread->vcpu, thread->answered ? &thread->reply : NULL, &stop);
	if (!keeper) {
		cbx_gate_lock_take();
	}
	thread->answered = false;
	/* Whatever it wanted, a box that ended does not get it. */
	if (!run->d->ended) {
		handle_stop(run, &stop);
	}
}

static void begin_thread(struct cbx_run *run, struct cbx_thread *thread)
{
	run->thread = thread;
	run->yield = false;
	run->gone = false;
	run->d->running++;
	thread->state = CBX_THREAD_RUNNING;
	thread->cpu = cbx_hal_cpu();
	thread->wake = 0;
}

static void finish_thread(struct cbx_run *run)
{
	struct cbx_domain *d = run->d;

	if (run->space != NULL) {
		cbx_space_drop(run->space);
		run->space = NULL;
	}
	d->running--;
	d->last_space = run->thread->space;
	if (run->thread->state == CBX_THREAD_RUNNING) {
		run->thread->state = CBX_THREAD_RUNNABLE;
	}
	if (!run->gone || d->state == CBX_DOMAIN_DYING) {
		cbx_thread_drop(run->thread);
		return;
	}
	cbx_thread_destroy(d, run->thread);
	if (d->threads.count == 0) {
		cbx_domain_end(d, CBX_END_EXIT, 0);
	}
}

/* A confined box's output whose time has come, or the thread itself. */
static void run_thread(struct cbx_run *run, struct cbx_thread *thread)
{
	bool held = thread->state == CBX_THREAD_HELD;

	begin_thread(run, thread);
	if (held) {
		cbx_frame_release(run);
	}
	while (!run->leave && !run->yield && !run->gone && !run->d->ended) {
		run_once(run);
	}
	finish_thread(run);
}

enum cbx_status cbx_run_enter(
	struct cbx_domain *d, struct cbx_io io, struct cbx_reply *reply)
{
	struct cbx_run run = { .d = d, .io = io, .host = reply };

	if (d->idle != 0) {
		d->idle--;
	}
	come_back(d, io);
	while (!run.leave && !d->ended) {
		uint64_t wake;
		struct cbx_thread *thread = cbx_thread_pick(d, &wake);

		if (thread == NULL) {
			leave_idle(&run, wake);
		} else {
			run_thread(&run, thread);
		}
	}
	if (!run.leave && d->state == CBX_DOMAIN_CONFINED) {
		leave_ending(&run);
	}
	if (d->state == CBX_DOMAIN_DYING) {
		leave_ended(&run);
	}
	return CBX_OK;
}

enum cbx_status cbx_run_keeper(struct cbx_domain *d)
{
	struct cbx_reply ignored = { 0 };
	struct cbx_run run = { .d = d, .host = &ignored };

	while (!run.keeper_asks && d->state != CBX_DOMAIN_DYING) {
		uint64_t wake;
		struct cbx_thread *thread = cbx_thread_pick(d, &wake);

		if (thread == NULL) {
			cbx_domain_end(d, CBX_END_LOST, 0);
			break;
		}
		run.leave = false;
		run_thread(&run, thread);
	}
	return run.keeper_asks ? (enum cbx_status)run.keeper_status
			       : CBX_E_HARDWARE;
}
