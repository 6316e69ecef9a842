/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's process.
 */
#ifndef CBX_CLIENT_PROCESS_H
#define CBX_CLIENT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include <client/embed.h>
#include <confbox/confbox.h>

struct cbx_process {
	int fd;	   /* a pidfd, or -1 */
	int voice; /* what it writes to standard error, or -1 */
};

/** What to execute. */
struct cbx_process_plan {
	struct cbx_blob program;
	char *const *argv; /* NULL-terminated */
	char *const *envp; /* NULL-terminated */
	int socket;	   /* becomes descriptor CBX_WIRE_CONTROL_FD */
	bool loud;	   /* standard error is ours; else it is kept, for
			    * cbx_process_death */
};

/**
 * Execute a program with nothing but a socket and standard error.
 *
 * Standard input and output are /dev/null; every other descriptor is closed,
 * every signal has its default action and is unblocked.  The child sends no
 * SIGCHLD and is not reaped by wait().
 *
 * @param[out] process untouched on failure
 *
 * @retval CBX_OK          it runs
 * @retval CBX_E_NOMEM     no memory, process or descriptor to be had
 * @retval CBX_E_HARDWARE  it could not be executed
 */
CBX_CHECKED enum cbx_status cbx_process_start(
	const struct cbx_process_plan *plan, struct cbx_process *process);

/** Say how the process ended, as in "killed by signal 9", and what it said at
 * last; waits a moment for it to do so.  @param[out] text  text[size] */
void cbx_process_death(
	const struct cbx_process *process, char *text, size_t size);

/** Wait for the end of the process, kill it if it takes too long, reap it. */
void cbx_process_end(struct cbx_process *process);

#endif
