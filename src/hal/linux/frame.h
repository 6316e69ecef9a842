/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Register frames: what a resting thread continues with.
 *
 * A thread in CBX_STUB_STOP continues by rt_sigreturn from the frame in its
 * slot's first page, which only the monitor writes.  So the signal mask and
 * the signal stack are always ours, whatever the box does to its own frames.
 */
#ifndef CBX_HAL_LINUX_FRAME_H
#define CBX_HAL_LINUX_FRAME_H

#include <hal/linux/process.h>

/** Whether @p context can be the address of a frame the kernel put on the
 * stack of @p slot, with room for an up-call below it. */
bool cbx_linux_frame_valid(uint32_t slot, uint64_t context);

/** Continue at a beginning. */
void cbx_linux_frame_start(struct cbx_linux_process *process, uint32_t slot,
	const struct cbx_vcpu_start *start);

/** Continue with the registers of @p context, read once.
 * @pre cbx_linux_frame_valid */
void cbx_linux_frame_resume(
	struct cbx_linux_process *process, uint32_t slot, uint64_t context);

/** Continue at the runtime's entry, with the thread's context as the program's
 * registers.  @pre cbx_linux_frame_valid; the thread has an entry */
void cbx_linux_frame_upcall(
	const struct cbx_linux_thread *thread, const struct cbx_upcall *upcall);

/** The box address of the frame. */
uint64_t cbx_linux_frame_address(uint32_t slot);

#endif
