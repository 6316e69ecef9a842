/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy file being read into a command line.
 */
#ifndef CBX_TOOLS_POLICY_READER_H
#define CBX_TOOLS_POLICY_READER_H

#include <jansson.h>

#include <tools/options.h>
#include <tools/policy_text.h>

struct cbx_policy_reader {
	struct cbx_policy_text text;
	struct cbx_command_line *line;
};

/** Say that a value is not @p want. @return CBX_CODE_FAILED */
int cbx_policy_type(const struct cbx_policy_reader *reader, const char *want);

/* What is called with the value of its key.
 * @return 0, or the exit status after saying what is wrong */
int cbx_policy_forward(struct cbx_policy_reader *reader, const json_t *value);
int cbx_policy_violation(struct cbx_policy_reader *reader, const json_t *value);

#endif
