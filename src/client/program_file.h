/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program in memory as something that can be executed.
 */
#ifndef CBX_CLIENT_PROGRAM_FILE_H
#define CBX_CLIENT_PROGRAM_FILE_H

#include <client/embed.h>
#include <confbox/confbox.h>

/**
 * Open a file that holds a program and has no name.
 *
 * A sealed memory file; where those may not be executed, a temporary file
 * that is already unlinked.
 *
 * @param      kind  0 for the best there is; 1, 2, ... for what comes next
 *                   after executing the last one was refused
 * @param[out] fd    close-on-exec; the caller closes it
 *
 * @retval CBX_OK             fit for execveat
 * @retval CBX_E_UNSUPPORTED  there is no such kind; no error is recorded
 * @retval CBX_E_NOMEM        no memory or descriptor to be had
 * @retval CBX_E_HARDWARE     it could not be written
 */
CBX_CHECKED enum cbx_status cbx_program_file_open(
	struct cbx_blob program, unsigned int kind, int *fd);

#endif
