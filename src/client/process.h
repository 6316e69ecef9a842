/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monitor's process.
 */
#ifndef CBX_CLIENT_PROCESS_H
#define CBX_CLIENT_PROCESS_H

#include <stddef.h>

#include <client/embed.h>
#include <confbox/confbox.h>

struct cbx_process {
	int fd; /* a pidfd, or -1 */
};

/**
 * Execute a program with nothing but a socket and standard error.
 *
 * Standard input and output are /dev/null; every other descriptor is closed,
 * every signal has its default action and is unblocked.  The child sends no
 * SIGCHLD and is not reaped by wait().
 *
 * @param      argv    NULL-terminated
 * @param      envp    NULL-terminated
 * @param      socket  becomes descriptor CBX_WIRE_CONTROL_FD
 * @param[out] process untouched on failure
 *
 * @retval CBX_OK          it runs
 * @retval CBX_E_NOMEM     no memory, process or descriptor to be had
 * @retval CBX_E_HARDWARE  it could not be executed
 */
CBX_CHECKED enum cbx_status cbx_process_start(struct cbx_blob program,
	char *const *argv, char *const *envp, int socket,
	struct cbx_process *process);

/** Say how the process ended, as in "killed by signal 9"; waits a moment for
 * it to do so.  @param[out] text  text[size] */
void cbx_process_death(
	const struct cbx_process *process, char *text, size_t size);

/** Wait for the end of the process, kill it if it takes too long, reap it. */
void cbx_process_end(struct cbx_process *process);

#endif
