/* SPDX-License-Identifier: Apache-2.0 */
#include "signal.h"

#include "channel.h"
#include "gate.h"
#include "lib.h"
#include "process.h"
#include "sigframe.h"

uint64_t cbx_signal_mask;
uint64_t cbx_signal_mask_after;
bool cbx_signal_mask_swapped;
uint64_t cbx_signal_pending;
struct lx_sigaction cbx_signal_action[LX_SIGNALS + 1];
struct lx_stack cbx_signal_stack = { .flags = LX_SS_DISABLE };

static struct lx_siginfo detail[LX_SIGNALS + 1];

void cbx_signal_die(int signal)
{
	cbx_channel_flush();
	cbx_gate_end(CBX_END_SIGNAL | (uint64_t)signal);
}

static bool ignored_by_default(int signal)
{
	switch (signal) {
	case LX_SIGCHLD:
	case LX_SIGCONT:
	case LX_SIGURG:
	case LX_SIGWINCH:
	case LX_SIGSTOP: /* nobody could continue the box's one process */
	case LX_SIGTSTP:
	case LX_SIGTTIN:
	case LX_SIGTTOU:
		return true;
	default:
		return false;
	}
}

static bool ignored(int signal)
{
	uint64_t handler = cbx_signal_action[signal].handler;

	return handler == LX_SIG_IGN ||
	       (handler == LX_SIG_DFL && ignored_by_default(signal));
}

static void pend(const struct lx_siginfo *info)
{
	uint64_t bit = cbx_signal_bit(info->signo);

	if ((cbx_signal_pending & bit) == 0) {
		detail[info->signo] = *info;
		cbx_signal_pending |= bit;
	}
}

void cbx_signal_raise(int signal)
{
	const struct lx_siginfo info = {
		.signo = signal,
		.value = CBX_PROCESS_ID,
	};

	if (ignored(signal) &&
		(cbx_signal_mask & cbx_signal_bit(signal)) == 0) {
		return;
	}
	pend(&info);
}

void cbx_signal_fault(const struct lx_siginfo *info)
{
	uint64_t bit = cbx_signal_bit(info->signo);

	if ((cbx_signal_mask & bit) != 0 ||
		cbx_signal_action[info->signo].handler <= LX_SIG_IGN) {
		cbx_signal_die(info->signo);
	}
	pend(info);
}

bool cbx_signal_waiting(void)
{
	return (cbx_signal_pending & ~cbx_signal_mask) != 0;
}

/* Run one signal's action. */
static void act(int signal, struct cbx_regs *regs, void *frame)
{
	const struct lx_sigaction action = cbx_signal_action[signal];

	if (ignored(signal)) {
		return;
	}
	if (action.handler == LX_SIG_DFL) {
		cbx_signal_die(signal);
	}
	if (!cbx_sigframe_push(&action, &detail[signal], regs, frame)) {
		cbx_signal_die(LX_SIGSEGV);
	}
	cbx_signal_mask |= action.mask;
	if ((action.flags & LX_SA_NODEFER) == 0) {
		cbx_signal_mask |= cbx_signal_bit(signal);
	}
	if ((action.flags & LX_SA_RESETHAND) != 0) {
		cbx_signal_action[signal].handler = LX_SIG_DFL;
	}
}

void cbx_signal_deliver(struct cbx_regs *regs, void *frame)
{
	uint64_t waiting;

	while ((waiting = cbx_signal_pending & ~cbx_signal_mask) != 0) {
		int signal = __builtin_ctzll(waiting) + 1;

		cbx_signal_pending &= ~cbx_signal_bit(signal);
		act(signal, regs, frame);
		cbx_signal_mask_swapped = false;
	}
	if (cbx_signal_mask_swapped) {
		cbx_signal_mask = cbx_signal_mask_after;
		cbx_signal_mask_swapped = false;
	}
}

void cbx_signal_return(struct cbx_regs *regs, void *frame)
{
	if (!cbx_sigframe_pop(regs, frame)) {
		cbx_signal_die(LX_SIGSEGV);
	}
}

void cbx_signal_reset(void)
{
	for (int signal = 1; signal <= LX_SIGNALS; signal++) {
		if (cbx_signal_action[signal].handler != LX_SIG_IGN) {
			cbx_signal_action[signal] = (struct lx_sigaction){ 0 };
		}
	}
	cbx_signal_stack = (struct lx_stack){ .flags = LX_SS_DISABLE };
}
