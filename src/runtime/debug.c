/* SPDX-License-Identifier: Apache-2.0 */
#include "debug_int.h"

#include <base/start.h>

#include "clocks.h"
#include "forward.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "lock.h"
#include "signal.h"
#include "task.h"
#include "time.h"
#include "timers.h"
#include "wait.h"

#define LOOK_NS 100000000 /* at what the debugger says while the box runs */
#define WAIT_NS 1000000u

static struct {
	bool on;
	bool begun;
	struct cbx_process *process;
	struct cbx_task *owner; /* it serves the debugger; NULL: nobody does */
	struct cbx_debug_run run;
	struct cbx_wait_queue waiting; /* tasks that are not to run */
	struct cbx_timer timer;
} debug;

static struct cbx_debug_text text; /* the owner's */

static void end(void)
{
	debug.on = false;
	debug.owner = NULL;
	debug.run = (struct cbx_debug_run){ 0 };
	cbx_timers_cancel(&debug.timer);
	cbx_wait_wake(&debug.waiting, UINT64_MAX);
}

/* Ctrl-C in the debugger is SIGINT here, which stops the box before anybody
 * sees it. */
static void look(struct cbx_timer *timer)
{
	const struct lx_siginfo info = { .signo = LX_SIGINT };
	bool gone = false;

	if (debug.owner == NULL && cbx_debug_interrupted(&gone)) {
		(void)cbx_signal_send(debug.process, NULL, &info);
	}
	if (gone) {
		end();
	} else if (debug.on) {
		cbx_timers_set(
			timer, cbx_clock_add(cbx_time_monotonic(), LOOK_NS));
	}
}

void cbx_debug_init(void)
{
	debug.on = (cbx_box_flags & CBX_START_GDB) != 0 &&
		   cbx_forward_may(CBX_FORWARD_DEBUG);
	debug.process = cbx_process_self();
	debug.timer.fire = look;
}

void cbx_debug_call(struct cbx_regs *regs)
{
	if (debug.on) {
		regs->rflags &= ~(uint64_t)CBX_DEBUG_TRAP_FLAG;
	}
}

static bool may_run(const struct cbx_task *task)
{
	return debug.owner == NULL &&
	       (debug.run.only == NULL || debug.run.only == task);
}

/* With the owner's place free. */
static void wait_for_turn(struct cbx_task *self)
{
	while (debug.on && debug.owner != self && !may_run(self) &&
		!self->ending) {
		cbx_wait_deaf(&debug.waiting);
	}
}

/* Whether a task of the process is in its program. */
static bool any_outside(const struct cbx_task *self)
{
	bool any = false;

	for (struct cbx_task *t = debug.process->tasks; t != NULL;
		t = t->next) {
		if (t != self && t->outside) {
			cbx_task_interrupt(t);
			any = true;
		}
	}
	return any;
}

static void stop_others(const struct cbx_task *self)
{
	while (any_outside(self)) {
		cbx_runtime_unlock();
		cbx_gate_park(cbx_gate_ticks() + WAIT_NS);
		cbx_runtime_lock();
	}
}

static void go(struct cbx_task *self)
{
	debug.owner = NULL;
	if (debug.run.step != NULL) {
		debug.run.step->context.regs->rflags |= CBX_DEBUG_TRAP_FLAG;
	}
	cbx_wait_wake(&debug.waiting, UINT64_MAX);
	wait_for_turn(self);
}

static enum cbx_debug_go serve(void)
{
	const char *packet = cbx_debug_exchange(&text);
	enum cbx_debug_go what = CBX_DEBUG_STAY;

	while (packet != NULL) {
		what = cbx_debug_command(packet, &text, &debug.run);
		if (what != CBX_DEBUG_STAY) {
			return what;
		}
		packet = cbx_debug_exchange(&text);
	}
	return CBX_DEBUG_DETACH;
}

/* Stand still until the debugger says otherwise.
 * @return the signal the task gets then, or 0 */
static int32_t stop(struct cbx_task *self, int32_t signal)
{
	enum cbx_debug_go what;

	debug.owner = self;
	debug.run = (struct cbx_debug_run){ 0 };
	self->context.regs->rflags &= ~(uint64_t)CBX_DEBUG_TRAP_FLAG;
	stop_others(self);
	cbx_debug_stopped(self, signal);
	text.bytes = 0;
	cbx_debug_reason(&text, self, signal);
	what = serve();
	if (what == CBX_DEBUG_KILL) {
		cbx_process_exit(LX_SIGKILL);
	}
	if (what == CBX_DEBUG_DETACH) {
		cbx_debug_send(&text);
		end();
		return 0;
	}
	signal = debug.run.signal;
	go(self);
	return signal;
}

/* Before the first instruction that is not the loader's, the debugger comes;
 * it has not asked anything yet. */
static void begin(struct cbx_task *self)
{
	const char *packet;

	debug.begun = true;
	debug.owner = self;
	cbx_debug_stopped(self, LX_SIGTRAP);
	packet = cbx_debug_exchange(NULL);
	if (packet == NULL) {
		end();
		return;
	}
	(void)cbx_debug_command(packet, &text, &debug.run);
	cbx_timers_set(
		&debug.timer, cbx_clock_add(cbx_time_monotonic(), LOOK_NS));
}

static enum cbx_debug_go first(struct cbx_task *self)
{
	begin(self);
	return debug.on ? serve() : CBX_DEBUG_RUN;
}

void cbx_debug_look(struct cbx_task *self, bool call)
{
	if (!debug.on || self->process != debug.process) {
		return;
	}
	if (!debug.begun) {
		switch (first(self)) {
		case CBX_DEBUG_KILL:
			cbx_process_exit(LX_SIGKILL);
		case CBX_DEBUG_DETACH:
			end();
			break;
		case CBX_DEBUG_STAY:
		case CBX_DEBUG_RUN:
		default:
			go(self);
		}
		return;
	}
	wait_for_turn(self);
	if (call && debug.on && debug.run.step == self) {
		(void)stop(self, LX_SIGTRAP);
	}
}

void cbx_debug_forget(const struct cbx_task *task)
{
	if (debug.run.step == task) {
		debug.run.step = NULL;
	}
	if (debug.run.only == task) {
		debug.run.only = NULL;
		cbx_wait_wake(&debug.waiting, UINT64_MAX);
	}
}

bool cbx_debug_signal(struct lx_siginfo *info)
{
	struct cbx_task *self = cbx_task_self();

	if (!debug.on || self->process != debug.process) {
		return true;
	}
	if (!may_run(self) && info->signo == LX_SIGTRAP &&
		info->code == LX_SI_KERNEL) {
		/* its breakpoint may be gone when it is its turn: again */
		self->context.regs->rip--;
		wait_for_turn(self);
		return false;
	}
	wait_for_turn(self);
	if (debug.on) {
		info->signo = stop(self, info->signo);
	}
	return info->signo != 0;
}

void cbx_debug_end(uint32_t status)
{
	bool killed = (status & 0x7f) != 0;
	uint8_t code = (uint8_t)(killed ? status & 0x7f : status >> 8);

	if (!debug.on || !debug.begun) {
		return;
	}
	text.bytes = 0;
	cbx_debug_put(&text, killed ? "X" : "W");
	cbx_debug_put_bytes(&text, &code, 1);
	cbx_debug_send(&text);
}
