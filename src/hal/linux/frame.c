/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/frame.h>

#define USER_CS	    0x33
#define USER_SS	    0x2b
#define FLAGS_START 0x202 /* interrupts; the bit that is always one */
#define FRAME_FLAGS 6u	  /* UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
#define STATE_ALIGN 64u
#define UPCALL_ROOM 256u
#define STACK_BYTES (CBX_SLOT_BYTES - CBX_SLOT_STACK)

static uint64_t stack_va(uint32_t slot)
{
	return cbx_linux_slot_va(slot) + CBX_SLOT_STACK;
}

/* The monitor's view of an address on the stack of a slot. */
static void *stack_at(
	struct cbx_linux_process *process, uint32_t slot, uint64_t va)
{
	return process->comm + cbx_linux_slot_offset(slot) +
	       (va - cbx_linux_slot_va(slot));
}

bool cbx_linux_frame_valid(uint32_t slot, uint64_t context)
{
	uint64_t low = stack_va(slot) + UPCALL_ROOM;
	uint64_t high = stack_va(slot) + STACK_BYTES -
			sizeof(struct cbx_linux_ucontext);

	return context >= low && context <= high && context % 8 == 0;
}

uint64_t cbx_linux_frame_address(uint32_t slot)
{
	return cbx_linux_slot_va(slot) +
	       offsetof(struct cbx_linux_info, resume);
}

/* What every frame has: our stack, no signal masked, 64-bit segments. */
static void write_frame(struct cbx_linux_process *process, uint32_t slot,
	const struct cbx_regs *regs, uint64_t fpstate)
{
	cbx_linux_process_info(process, slot)->resume =
		(struct cbx_linux_ucontext){
			.flags = FRAME_FLAGS,
			.stack_base = stack_va(slot),
			.stack_bytes = STACK_BYTES,
			.regs = *regs,
			.cs = USER_CS,
			.ss = USER_SS,
			.fpstate = fpstate,
		};
}

void cbx_linux_frame_start(struct cbx_linux_process *process, uint32_t slot,
	const struct cbx_vcpu_start *start)
{
	const struct cbx_regs regs = {
		.rdi = start->arg,
		.rsp = start->stack,
		.rip = start->entry,
		.rflags = FLAGS_START,
	};

	write_frame(process, slot, &regs, 0);
}

/* Extended state elsewhere than on this stack is not the kernel's. */
static uint64_t check_fpstate(uint32_t slot, uint64_t fpstate)
{
	bool ours = fpstate >= stack_va(slot) &&
		    fpstate < stack_va(slot) + STACK_BYTES &&
		    fpstate % STATE_ALIGN == 0;

	return ours ? fpstate : 0;
}

void cbx_linux_frame_resume(
	struct cbx_linux_process *process, uint32_t slot, uint64_t context)
{
	const volatile struct cbx_linux_ucontext *from =
		stack_at(process, slot, context);
	const struct cbx_regs regs = from->regs;

	write_frame(process, slot, &regs, check_fpstate(slot, from->fpstate));
}

/* Below the kernel's frame, which begins 8 bytes below the context. */
void cbx_linux_frame_upcall(
	const struct cbx_linux_thread *thread, const struct cbx_upcall *upcall)
{
	uint64_t context = thread->context;
	uint64_t va = (context - 8 - sizeof(*upcall)) & ~(uint64_t)15;
	const struct cbx_regs regs = {
		.rdi = va,
		.rsi = context + offsetof(struct cbx_linux_ucontext, regs),
		.rdx = context,
		.rsp = va - 8, /* as if called */
		.rip = thread->entry,
		.rflags = FLAGS_START,
	};
	struct cbx_upcall *to = stack_at(thread->process, thread->slot, va);

	*to = *upcall;
	write_frame(thread->process, thread->slot, &regs, 0);
}
