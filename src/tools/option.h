/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of options, and the words that name them.
 */
#ifndef CBX_TOOLS_OPTION_H
#define CBX_TOOLS_OPTION_H

#include <tools/options.h>

enum cbx_option {
#define X(NAME, name, value, commands, shapes, help) CBX_OPTION_##NAME,
#include <tools/option.def>
#undef X
	CBX_OPTIONS
};

/** One line of the table. */
struct cbx_option_row {
	enum cbx_option option;
	const char *name;
	const char *value; /* what it is called, NULL: takes none */
	unsigned int commands;
	bool shapes;
	const char *help;
};

/** Row @p index, less than CBX_OPTIONS. */
const struct cbx_option_row *cbx_option_row(unsigned int index);

/** Whether its value may be left out, and then is "". */
bool cbx_option_optional(const struct cbx_option_row *row);

/** An option as it was written. */
struct cbx_option_word {
	const struct cbx_option_row *row;
	const char *value; /* after "=", or NULL */
};

/** Find what "--name", "--name=value" or a short form means to a command.
 * @return 0, or the exit status after saying that there is no such option */
int cbx_option_find(enum cbx_command command, const char *word,
	struct cbx_option_word *found);

/** Set an option whose value is a number.  @return as cbx_options_read */
int cbx_options_number(struct cbx_command_line *line, enum cbx_option option,
	const char *value);

/** Print what a command does and its options. */
void cbx_help_command(enum cbx_command command);

/** Print what there is. */
void cbx_help(void);

/** "run", "build", ... */
const char *cbx_command_name(enum cbx_command command);

#endif
