/* SPDX-License-Identifier: Apache-2.0 */
/* What a command line lacks, or has too much. */
#include <tools/options.h>

#include <stddef.h>

#include <tools/say.h>

int cbx_options_unexpected(const char *word)
{
	cbx_say("%s: unexpected; put -- before the program and its arguments",
		word);
	return CBX_CODE_FAILED;
}

static int check_scan(const struct cbx_command_line *line)
{
	if (line->image != NULL && line->argv == NULL) {
		return 0;
	}
	cbx_say("no file is named; write confbox scan FILE");
	return CBX_CODE_FAILED;
}

int cbx_options_check(const struct cbx_command_line *line)
{
	if (line->command == CBX_COMMAND_SCAN) {
		return check_scan(line);
	}
	if (line->image != NULL && line->command != CBX_COMMAND_RUN &&
		line->command != CBX_COMMAND_MEASURE &&
		line->command != CBX_COMMAND_ATTEST) {
		return cbx_options_unexpected(line->image);
	}
	if (line->image != NULL && line->shaping != NULL) {
		cbx_say("--%s: it belongs to the image; give it to confbox "
			"build",
			line->shaping);
		return CBX_CODE_FAILED;
	}
	if (line->image == NULL && line->argv == NULL &&
		line->command != CBX_COMMAND_INFO &&
		line->command != CBX_COMMAND_ATTEST) {
		cbx_say("no program is named; see confbox --help");
		return CBX_CODE_FAILED;
	}
	if (line->command == CBX_COMMAND_BUILD && line->output == NULL) {
		cbx_say("no image file is named; add --output FILE");
		return CBX_CODE_FAILED;
	}
	return 0;
}
