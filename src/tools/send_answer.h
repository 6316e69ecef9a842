/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of a box, frame by frame, as confbox send and receive print it. */
#ifndef CBX_TOOLS_SEND_ANSWER_H
#define CBX_TOOLS_SEND_ANSWER_H

#include <confbox/client.h>

/** Exit status: the evidence was refused. */
#define CBX_SEND_REFUSED 123

/**
 * Read frames up to the box's end, and write what they hold to standard output
 * and error.
 *
 * @param fd    where they come from
 * @param name  of that, for what is said
 *
 * @return the exit status: the program's, or CBX_CODE_FAILED after saying what
 *         is wrong
 */
int cbx_send_answer(struct cbx_client *client, int fd, const char *name);

/** Say what went wrong with a session.  @return CBX_CODE_FAILED */
int cbx_send_error(const char *what, enum cbx_client_error error);

#endif
