/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CBX_TOOLS_HINT_H
#define CBX_TOOLS_HINT_H

#include <tools/options.h>

/** A program of the command line has failed: name the first of its arguments
 * that is a file here and that the box was not given, which is a common slip. */
void cbx_hint(const struct cbx_command_line *line);

#endif
