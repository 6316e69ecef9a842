/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_info.h"

#include "frame.h"
#include "message.h"
#include "task.h"
#include "user.h"

enum vector {
	DIVIDE = 0,
	INVALID = 6,
};

#define INT3 0xccu

/* What a system without a reason says: not where it happened. */
static struct lx_siginfo from_kernel(int signal)
{
	return (struct lx_siginfo){
		.signo = signal,
		.code = LX_SI_KERNEL,
	};
}

static struct lx_siginfo at(int signal, int32_t code, uint64_t address)
{
	return (struct lx_siginfo){
		.signo = signal,
		.code = code,
		.address = address,
	};
}

/* An instruction that does not exist, or that a program may not execute. */
static struct lx_siginfo of_instruction(uint64_t vector, uint64_t rip)
{
	return vector == INVALID ? at(LX_SIGILL, LX_ILL_ILLOPN, rip)
				 : from_kernel(LX_SIGSEGV);
}

static int32_t arithmetic_code(uint32_t exceptions)
{
	enum {
		INVALID_OPERATION = 1,
		DENORMAL = 2,
		BY_ZERO = 4,
		OVERFLOW = 8,
		UNDERFLOW = 16,
	};

	if ((exceptions & INVALID_OPERATION) != 0) {
		return LX_FPE_FLTINV;
	}
	if ((exceptions & BY_ZERO) != 0) {
		return LX_FPE_FLTDIV;
	}
	if ((exceptions & OVERFLOW) != 0) {
		return LX_FPE_FLTOVF;
	}
	return (exceptions & (UNDERFLOW | DENORMAL)) != 0 ? LX_FPE_FLTUND
							  : LX_FPE_FLTRES;
}

static bool after_int3(uint64_t rip)
{
	uint8_t before;

	return cbx_user_get(&before, rip - 1, 1) == 0 && before == INT3;
}

struct lx_siginfo cbx_fault_info(const struct cbx_upcall *upcall,
	const struct cbx_regs *regs, void *frame)
{
	uint64_t vector = cbx_frame_trap(frame).vector;

	switch (upcall->code) {
	case CBX_FAULT_ARITHMETIC:
		return at(LX_SIGFPE,
			vector == DIVIDE
				? LX_FPE_INTDIV
				: arithmetic_code(cbx_frame_exceptions(frame)),
			regs->rip);
	case CBX_FAULT_BREAKPOINT:
		return after_int3(regs->rip)
			       ? from_kernel(LX_SIGTRAP)
			       : at(LX_SIGTRAP, LX_TRAP_TRACE, regs->rip);
	case CBX_FAULT_INSTRUCTION:
	default:
		return of_instruction(vector, regs->rip);
	}
}

struct lx_siginfo cbx_fault_describe(
	const struct cbx_upcall *upcall, enum cbx_memory_fault served)
{
	struct lx_siginfo info = {
		.signo = LX_SIGSEGV,
		.code = LX_SEGV_ACCERR,
		.address = upcall->value,
	};

	if (served == CBX_FAULTED_NOTHING) {
		info.code = LX_SEGV_MAPERR;
	} else if (served == CBX_FAULTED_BEYOND) {
		info.signo = LX_SIGBUS;
		info.code = LX_BUS_ADRERR;
	}
	return info;
}

void cbx_fault_explain(
	const struct cbx_upcall *upcall, const struct lx_siginfo *info)
{
	const struct cbx_extent *e =
		cbx_extent_at(cbx_memory_extents(), upcall->value);

	if (upcall->code == CBX_FAULT_READ && e != NULL &&
		e->rights == CBX_RIGHT_X && e->kind == CBX_EXTENT_PROGRAM &&
		cbx_process_self()->signal.action[info->signo].handler ==
			LX_SIG_DFL) {
		cbx_message_begin("the program reads its own text, which is "
				  "execute-only: its constants are in it, or "
				  "it is attacked");
		cbx_message_end();
	}
}
