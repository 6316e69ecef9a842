/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pager: the thread in a box's process that makes the system calls the
 * monitor needs made there, one at a time, and is the only one that can.
 *
 * @lock  process->lock, throughout; let go while waiting.  The core's lock
 *        keeps calls apart.
 */
#ifndef CBX_HAL_LINUX_PAGER_H
#define CBX_HAL_LINUX_PAGER_H

#include <hal/linux/process.h>

/** Wait for the pager to ask for its first command.
 * @return false when it does not; the process is dead */
CBX_MUST_CHECK bool cbx_linux_pager_meet(struct cbx_linux_process *process);

/**
 * Have the pager make a system call.
 *
 * @param[out] result  what the kernel returned; untouched on failure
 *
 * @return false when the process is dead, or now is because it did something
 *         else
 */
CBX_MUST_CHECK bool cbx_linux_pager_call(struct cbx_linux_process *process,
	uint64_t nr, const uint64_t arg[6], int64_t *result);

#endif
