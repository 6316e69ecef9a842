/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <tools/commands.h>
#include <tools/option.h>
#include <tools/policy.h>
#include <tools/say.h>
#include <tools/descriptor.h>

static int run_command(struct cbx_command_line *line)
{
	if (line->help) {
		cbx_help_command(line->command);
		return cbx_say_flush();
	}
	switch (line->command) {
	case CBX_COMMAND_RUN:
		return cbx_command_run(line);
	case CBX_COMMAND_BUILD:
		return cbx_command_build(line);
	case CBX_COMMAND_MEASURE:
		return cbx_command_measure(line);
	case CBX_COMMAND_SCAN:
		return cbx_command_scan(line);
	case CBX_COMMAND_ATTEST:
		return cbx_command_attest(line);
	case CBX_COMMAND_POLICY: /* read its own arguments */
	case CBX_COMMAND_COUNTER:
	case CBX_COMMAND_SIGN:
	case CBX_COMMAND_VERIFY:
	case CBX_COMMAND_SEND:
	case CBX_COMMAND_RECEIVE:
	case CBX_COMMAND_LAB: /* went to its script */
	case CBX_COMMAND_INFO:
	default:
		return cbx_command_info(line);
	}
}

static int command(const char *name, int argc, char **argv)
{
	static const struct {
		enum cbx_command command;
		int (*run)(char **argv);
	} alone[] = { { CBX_COMMAND_POLICY, cbx_command_policy },
		{ CBX_COMMAND_COUNTER, cbx_command_counter },
		{ CBX_COMMAND_SIGN, cbx_command_sign },
		{ CBX_COMMAND_VERIFY, cbx_command_verify },
		{ CBX_COMMAND_SEND, cbx_command_send },
		{ CBX_COMMAND_RECEIVE, cbx_command_receive } };
	static const enum cbx_command commands[] = { CBX_COMMAND_RUN,
		CBX_COMMAND_BUILD, CBX_COMMAND_MEASURE, CBX_COMMAND_INFO,
		CBX_COMMAND_SCAN, CBX_COMMAND_ATTEST };
	struct cbx_command_line line;
	int code;

	for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		if (strcmp(name, cbx_command_name(alone[i].command)) == 0) {
			return alone[i].run(argv);
		}
	}
	if (strcmp(name, cbx_command_name(CBX_COMMAND_LAB)) == 0) {
		return cbx_command_lab(argv - 1);
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, cbx_command_name(commands[i])) != 0) {
			continue;
		}
		code = cbx_options_read(&line, commands[i], argc, argv);
		if (code == 0) {
			code = run_command(&line);
		}
		cbx_options_finish(&line);
		return code;
	}
	cbx_say("%s: unknown command; see confbox --help", name);
	return CBX_CODE_FAILED;
}

int main(int argc, char **argv)
{
	cbx_descriptor_guard();
	if (argc < 2) {
		cbx_say("no command is given; see confbox --help");
		return CBX_CODE_FAILED;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		cbx_help();
		return cbx_say_flush();
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("confbox %s\n", cbx_version());
		return cbx_say_flush();
	}
	return command(argv[1], argc - 2, argv + 2);
}
