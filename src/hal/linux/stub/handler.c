/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/stub/stub.h>

/* The slot's first page: frames lie in the stack of the same slot. */
static const struct cbx_linux_info *info_of(
	const struct cbx_linux_ucontext *context)
{
	return (const struct cbx_linux_info *)((uintptr_t)context &
					       ~(uintptr_t)(CBX_SLOT_BYTES -
							    1));
}

static struct cbx_upcall upcall_of(int signal,
	const struct cbx_stub_siginfo *info,
	const struct cbx_linux_ucontext *context)
{
	if (signal == CBX_SIGNAL_SYS) {
		return (struct cbx_upcall){
			.kind = CBX_UPCALL_SYSCALL,
			.code = (uint32_t)info->nr,
		};
	}
	return (struct cbx_upcall){
		.kind = CBX_UPCALL_FAULT,
		.code = cbx_linux_fault(
			(uint64_t)signal, context->trap, context->error),
		.value = info->address,
	};
}

void cbx_stub_handle(int signal, const struct cbx_stub_siginfo *info,
	struct cbx_linux_ucontext *context)
{
	uint64_t entry = info_of(context)->entry;

	/* Only the kernel's own signals have a positive code: what another
	 * process sends must not look like a trap of the program. */
	if (entry != 0 && info->code > 0 && signal != CBX_STUB_KICK) {
		struct cbx_upcall upcall = upcall_of(signal, info, context);

		cbx_stub_enter(entry, &upcall, &context->regs, context);
	}
	cbx_stub_report((uint64_t)signal, (uint64_t)(int64_t)info->code,
		info->address, context->trap, context->error, context);
}
