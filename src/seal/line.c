/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of confbox-seal(1). */
#include <seal/tool.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: confbox-seal seal [options] < DATA > BLOB\n"
	"       confbox-seal open [options] < BLOB > DATA\n"
	"       confbox-seal advance [options] --after FILE\n"
	"       confbox-seal root\n"
	"\n"
	"In a box: seal data for this box or its signer's, open them again, "
	"advance a\nblob's counter, print the name of the root that keys come "
	"from.\n"
	"\n"
	"options:\n"
	"  --for WHO               seal: box (this exact one), signer, family\n"
	"  --security-version N    seal: the least that may open it; open: the "
	"least accepted\n"
	"  --root NAME             refuse another root\n"
	"  --context TEXT          open only with the same text\n"
	"  --counter SERVICE:NAME  seal: the first blob of a counter; open: of "
	"this one only\n"
	"  --after FILE            seal: advance that blob's counter and seal "
	"the "
	"next one\n"
	"  --ahead FILE            seal: for where that blob's counter is "
	"next, "
	"without asking\n"
	"  --uncounted             open: whatever the counter says\n"
	"\n"
	"exit status: 0 done, 1 refused, 2 failed\n";

static bool read_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

/* 64 digits at the beginning of a text. */
static bool read_hex(const char *text, uint8_t bytes[32])
{
	if (strspn(text, "0123456789abcdef") != 64) {
		return false;
	}
	for (size_t i = 0; i < 32; i++) {
		const char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}

/* 64 digits, a colon, a name of at most 32 bytes. */
static bool read_counter(const char *text, struct cbx_counter_id *id)
{
	size_t name;

	*id = (struct cbx_counter_id){ 0 };
	if (!read_hex(text, id->service) || text[64] != ':') {
		return false;
	}
	name = strlen(text + 65);
	memcpy(id->name, text + 65, name > 32 ? 32 : name);
	return name >= 1 && name <= 32;
}

static bool read_selector(const char *text, uint32_t *selector)
{
	static const char *const names[] = { "box", "signer", "family" };

	for (uint32_t i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			*selector = CBX_SEAL_EXACT + i;
			return true;
		}
	}
	return false;
}

static int bad_value(const char *option, const char *value)
{
	return tool_say(TOOL_FAILED, "%s %s: not such a value; see --help",
		option, value);
}

static int apply(struct tool *tool, const char *option, const char *value)
{
	bool good = true;

	if (strcmp(option, "--for") == 0) {
		good = read_selector(value, &tool->selector);
	} else if (strcmp(option, "--security-version") == 0) {
		good = read_number(value, &tool->version);
	} else if (strcmp(option, "--context") == 0) {
		tool->context = value;
		good = strlen(value) <= CBX_SEAL_CONTEXT_MAX;
	} else if (strcmp(option, "--counter") == 0) {
		tool->counted = true;
		good = read_counter(value, &tool->counter);
	} else if (strcmp(option, "--root") == 0) {
		tool->rooted = true;
		good = read_hex(value, tool->root) && value[64] == '\0';
	} else if (strcmp(option, "--after") == 0) {
		tool->after = value;
	} else if (strcmp(option, "--ahead") == 0) {
		tool->ahead = value;
	} else {
		return tool_say(
			TOOL_FAILED, "%s: not known; see --help", option);
	}
	return good ? 0 : bad_value(option, value);
}

/* What does not go together. */
static int check(const struct tool *tool)
{
	bool seal = strcmp(tool->command, "seal") == 0;
	bool open = strcmp(tool->command, "open") == 0;
	bool root = strcmp(tool->command, "root") == 0;
	int ways = (tool->counted ? 1 : 0) + (tool->after != NULL ? 1 : 0) +
		   (tool->ahead != NULL ? 1 : 0);

	if (!seal && !open && !root && strcmp(tool->command, "advance") != 0) {
		return tool_say(TOOL_FAILED, "%s: not known; see --help",
			tool->command);
	}
	if (ways > 1) {
		return tool_say(TOOL_FAILED,
			"--counter, --after, --ahead: one of them");
	}
	if ((!seal && tool->ahead != NULL) || (open && tool->after != NULL) ||
		(!open && tool->uncounted) || (root && ways != 0) ||
		(!seal && !open && !root &&
			(tool->after == NULL || tool->selector != 0))) {
		return tool_say(TOOL_FAILED,
			"not these options with %s; see --help", tool->command);
	}
	return 0;
}

int tool_read_line(int argc, char **argv, struct tool *tool)
{
	int code = 0;

	*tool = (struct tool){ 0 };
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		(void)fputs(usage, argc < 2 ? stderr : stdout);
		return argc < 2 ? TOOL_FAILED : 0;
	}
	tool->command = argv[1];
	for (int i = 2; i < argc && code == 0; i++) {
		if (strcmp(argv[i], "--uncounted") == 0) {
			tool->uncounted = true;
		} else if (i + 1 == argc) {
			code = tool_say(TOOL_FAILED,
				"%s: not known, or without a value; see --help",
				argv[i]);
		} else {
			code = apply(tool, argv[i], argv[i + 1]);
			i++;
		}
	}
	return code == 0 ? check(tool) : code;
}
