/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the stub in a process of its own. */
#ifndef CBX_HAL_LINUX_SPAWN_H
#define CBX_HAL_LINUX_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/** A process that has sealed itself. */
struct cbx_linux_child {
	pid_t pid;
	int pidfd;
	int listener;
};

/** Prepare the stub's file.  @return false when the kernel refuses (errno) */
bool cbx_linux_spawn_start(void);

/**
 * Start a process with the memory files and @p comm.
 *
 * @param      comm   the comm file; its first page is filled
 * @param[out] child  untouched on failure
 *
 * @return false when there is none to be had; nothing is left over
 */
bool cbx_linux_spawn(int comm, struct cbx_linux_child *child);

/** Kill a process and reap it. */
void cbx_linux_spawn_end(int pidfd);

#endif
