/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include <tools/option.h>

struct command_text {
	enum cbx_command command;
	const char *name;
	const char *usage;
	const char *what;
};

static const struct command_text texts[] = {
	{ CBX_COMMAND_RUN, "run",
		"confbox run [options] IMAGE\n"
		"       confbox run [options] [--] PROGRAM [ARGUMENT]...",
		"Run a program in a box.  Standard input, output and error are "
		"the program's,\nand so is the exit status; 124 means "
		"--timeout, 125 that confbox failed, 126\nthat the program is "
		"nothing a box can run, 127 that it was not found, 128+n\n"
		"death by signal n." },
	{ CBX_COMMAND_BUILD, "build",
		"confbox build [options] --output FILE [--] PROGRAM "
		"[ARGUMENT]...",
		"Write the image of a box to a file.  The same inputs give the "
		"same bytes." },
	{ CBX_COMMAND_MEASURE, "measure",
		"confbox measure IMAGE\n"
		"       confbox measure [options] [--] PROGRAM [ARGUMENT]...",
		"Print the measurement that the monitor will give a box of "
		"this image." },
	{ CBX_COMMAND_ATTEST, "attest",
		"confbox attest --nonce HEX [options] [IMAGE]\n"
		"       confbox attest --nonce HEX [options] [--] PROGRAM "
		"[ARGUMENT]...",
		"Write evidence of a box of this image, not yet begun; without "
		"an image, of the\nmonitor alone.  confbox verify checks it." },
	{ CBX_COMMAND_INFO, "info", "confbox info",
		"Show which backend runs boxes here, and who it keeps out." },
	{ CBX_COMMAND_SCAN, "scan", "confbox scan FILE",
		"Look for instructions that the pks-vm monitor does not let a "
		"host kernel hold, at\nevery byte of the file's code; exit "
		"status 1 when there are some." },
	{ CBX_COMMAND_POLICY, "policy", "confbox policy check FILE",
		"Say whether a policy file is well-formed, and what it "
		"allows." },
	{ CBX_COMMAND_SIGN, "sign",
		"confbox sign KEY FAMILY VERSION MEASUREMENT",
		"Answer for a measurement; see confbox sign --help." },
	{ CBX_COMMAND_COUNTER, "counter",
		"confbox counter DIRECTORY [--listen SOCKET]",
		"Keep counters for sealed data; see confbox counter --help." },
	{ CBX_COMMAND_VERIFY, "verify", "confbox verify [options] EVIDENCE",
		"Check evidence of a box, or of a bare platform; see confbox "
		"verify --help." },
	{ CBX_COMMAND_SEND, "send",
		"confbox send --to ADDRESS --verify-policy FILE [options]",
		"Send standard input to a box whose evidence is accepted; see "
		"confbox send --help." },
	{ CBX_COMMAND_RECEIVE, "receive", "confbox receive SESSION < ANSWER",
		"Open the answer to what confbox send wrote to a file." },
	{ CBX_COMMAND_LAB, "lab",
		"confbox lab pks-vm|snp [options] -- PROGRAM [ARGUMENT]...",
		"Boot a backend's machine in an emulator and run a program in "
		"a box there; see\nconfbox lab --help." },
};

static const struct command_text *text_of(enum cbx_command command)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].command == command) {
			return &texts[i];
		}
	}
	return &texts[0];
}

const char *cbx_command_name(enum cbx_command command)
{
	return text_of(command)->name;
}

static void print_row(const struct cbx_option_row *row)
{
	char left[48];

	(void)snprintf(left, sizeof(left), "--%s%s%s", row->name,
		row->value != NULL && !cbx_option_optional(row) ? " " : "",
		row->value != NULL ? row->value : "");
	(void)printf("  %-22s  %s\n", left, row->help);
}

void cbx_help_command(enum cbx_command command)
{
	const struct command_text *text = text_of(command);

	(void)printf("usage: %s\n\n%s\n\noptions:\n", text->usage, text->what);
	for (unsigned int i = 0; i < CBX_OPTIONS; i++) {
		const struct cbx_option_row *row = cbx_option_row(i);

		if ((row->commands & (unsigned int)command) != 0) {
			print_row(row);
		}
	}
}

void cbx_help(void)
{
	(void)printf("usage: confbox COMMAND [options]\n\n"
		     "Run a program with a client's data in a sealed box.\n\n"
		     "commands:\n");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *usage = strrchr(texts[i].usage, '\n');

		usage = usage == NULL ? texts[i].usage
				      : strstr(usage, "confbox");
		(void)printf("  %s\n", usage);
	}
	(void)printf("\nconfbox COMMAND --help says more; confbox --version "
		     "tells the version.\n");
}
