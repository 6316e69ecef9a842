/* SPDX-License-Identifier: Apache-2.0 */
/* Options whose value is a number. */
#include <tools/option.h>

#include <tools/number.h>

#define WARM_MAX       1000000u
#define WARM_AFTER_MAX 86400000u /* milliseconds: a day */
#define NS_A_MS	       1000000u

static int set_count(const char *value, uint32_t most, uint32_t *count,
	const char *name, const char *want)
{
	return cbx_number_count(value, most, count)
		       ? 0
		       : cbx_options_bad_value(name, value, want);
}

static int set_warm_after(struct cbx_command_line *line, const char *value)
{
	uint32_t ms = 0;
	int code = set_count(value, WARM_AFTER_MAX, &ms, "warm-after",
		"1 to 86400000 milliseconds");

	line->program.flags |= CBX_PROGRAM_TEMPLATE;
	line->program.template_after_ns = (uint64_t)ms * NS_A_MS;
	return code;
}

static int set_time(const char *value, bool (*read)(const char *, uint64_t *),
	uint64_t *ns, const char *name, const char *want)
{
	return read(value, ns) ? 0 : cbx_options_bad_value(name, value, want);
}

static int set_warm(struct cbx_command_line *line, const char *value)
{
	line->program.flags |= CBX_PROGRAM_TEMPLATE;
	return set_count(value, WARM_MAX, &line->warm, "warm", "1 to 1000000");
}

int cbx_options_number(struct cbx_command_line *line, enum cbx_option option,
	const char *value)
{
	if (option == CBX_OPTION_CPUS) {
		return set_count(
			value, CBX_CPUS_MAX, &line->cpus, "cpus", "1 to 16");
	}
	if (option == CBX_OPTION_WARM) {
		return set_warm(line, value);
	}
	if (option == CBX_OPTION_WARM_AFTER) {
		return set_warm_after(line, value);
	}
	if (option == CBX_OPTION_TIMEOUT) {
		return set_time(value, cbx_number_seconds, &line->timeout_ns,
			"timeout", "a number of seconds above 0");
	}
	return set_time(value, cbx_number_epoch, &line->program.epoch_ns,
		"epoch", "now, or a number of seconds above 0");
}
