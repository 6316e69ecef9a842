/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy files (doc/policy.md): JSON to the words and rules of an image.
 */
#ifndef CBX_TOOLS_POLICY_H
#define CBX_TOOLS_POLICY_H

#include <tools/options.h>

/**
 * Read a policy file into a command line: its program, and its rules.
 *
 * @return 0, or the exit status after saying in which line what is wrong
 */
int cbx_policy_read(const char *path, struct cbx_command_line *line);

/** confbox policy check FILE: say what the file allows. */
int cbx_command_policy(char **argv);

#endif
