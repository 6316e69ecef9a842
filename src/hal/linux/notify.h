/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices: waiting for them, and answering.  seccomp_unotify(2).
 *
 * @lock  process->lock, throughout
 */
#ifndef CBX_HAL_LINUX_NOTIFY_H
#define CBX_HAL_LINUX_NOTIFY_H

#include <hal/hal.h>
#include <hal/linux/process.h>

/** Why a wait ended. */
enum cbx_linux_wait {
	CBX_WAIT_NOTICE, /* there it is */
	CBX_WAIT_KICK,	 /* this CPU was kicked */
	CBX_WAIT_LATE,	 /* nothing in time */
	CBX_WAIT_DEATH,	 /* the process is dead */
};

/** A patience without a limit. */
#define CBX_WAIT_FOREVER UINT64_MAX

/** Check that the kernel has what we need. @return what is missing, or NULL */
const char *cbx_linux_notify_start(void);

/** A listener that wakes the thread it answers at once. */
void cbx_linux_notify_prepare(int listener);

/**
 * Wait for a mailbox to fill, and empty it.  The lock is not held meanwhile.
 * Time in which the machine stood still, and a box with it, is not waited for.
 *
 * @param[in,out] patience  ns after which to give up, or CBX_WAIT_FOREVER; what
 *                          is left of them
 * @param      kickable  whether a kick of this CPU ends the wait
 * @param[out] notice    valid on CBX_WAIT_NOTICE
 */
enum cbx_linux_wait cbx_linux_notify_wait(struct cbx_linux_process *process,
	struct cbx_linux_mailbox *mailbox, uint64_t *patience, bool kickable,
	struct cbx_linux_notice *notice);

/** Make the call return @p value.  A process that is gone does not mind. */
void cbx_linux_notify_answer(
	struct cbx_linux_process *process, uint64_t id, int64_t value);

/** Let the kernel make the call. */
void cbx_linux_notify_continue(struct cbx_linux_process *process, uint64_t id);

#endif
