/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of a box's process: making, continuing and ending them.
 *
 * @lock  process->lock, throughout; let go while waiting
 */
#ifndef CBX_HAL_LINUX_THREAD_H
#define CBX_HAL_LINUX_THREAD_H

#include <hal/linux/process.h>

/**
 * Make a thread that rests at its beginning.
 *
 * @return NULL when the kernel has none to give, the process has no free slot
 *         or is dead
 */
struct cbx_linux_thread *cbx_linux_thread_create(
	struct cbx_linux_process *process, const struct cbx_vcpu_start *start);

/** End a resting thread; its registers are gone.  Its use of the process
 * becomes the caller's, to drop when the lock is no longer needed. */
void cbx_linux_thread_destroy(struct cbx_linux_thread *thread);

/** Continue a resting thread: into the runtime if an up-call is due. */
void cbx_linux_thread_continue(struct cbx_linux_thread *thread);

/** Make a running thread come to rest in CBX_STUB_STOP, soon. */
void cbx_linux_thread_interrupt(struct cbx_linux_thread *thread);

/** Let a returning thread return. */
void cbx_linux_thread_return(
	struct cbx_linux_thread *thread, const struct cbx_linux_notice *notice);

/** Where the runtime's up-call entry is from now on; 0 is nowhere. */
void cbx_linux_thread_entry(struct cbx_linux_thread *thread, uint64_t entry);

/** Make an up-call due; one of the same kind that was due is replaced. */
void cbx_linux_thread_due(
	struct cbx_linux_thread *thread, const struct cbx_upcall *upcall);

/** Whether a notice is a well-formed CBX_STUB_STOP of this thread. */
bool cbx_linux_thread_stopped(const struct cbx_linux_thread *thread,
	const struct cbx_linux_notice *notice);

/** It rests in that CBX_STUB_STOP. */
void cbx_linux_thread_rest(
	struct cbx_linux_thread *thread, const struct cbx_linux_notice *notice);

#endif
