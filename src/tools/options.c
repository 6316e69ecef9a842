/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/options.h>

#include <stdlib.h>
#include <string.h>

#include <tools/find.h>
#include <tools/number.h>
#include <tools/option.h>
#include <tools/policy.h>
#include <tools/say.h>

int cbx_options_bad_value(const char *name, const char *value, const char *want)
{
	cbx_say("--%s: '%s' is not %s; see confbox --help", name, value, want);
	return CBX_CODE_FAILED;
}

static int out_of_memory(void)
{
	cbx_say("arguments: out of memory; free memory");
	return CBX_CODE_FAILED;
}

/* To a list with a NULL at its end. */
static int add_word(const char ***list, size_t *count, const char *value)
{
	const char **grown = reallocarray(*list, *count + 2, sizeof(**list));

	if (grown == NULL) {
		return out_of_memory();
	}
	grown[(*count)++] = value;
	grown[*count] = NULL;
	*list = grown;
	return 0;
}

static int add_env(struct cbx_command_line *line, const char *value)
{
	if (strchr(value, '=') == NULL || value[0] == '=') {
		return cbx_options_bad_value("env", value, "NAME=VALUE");
	}
	return add_word(&line->env, &line->env_count, value);
}

/* HOST or HOST:BOX, split at the last colon that a slash follows. */
static bool split_path(const char *value, struct cbx_path *path)
{
	char *host = strdup(value);
	char *colon = host == NULL ? NULL : strstr(host, ":/");

	for (char *next = colon; next != NULL; next = strstr(next + 1, ":/")) {
		colon = next;
	}
	if (colon != NULL) {
		*colon = '\0';
	}
	*path = (struct cbx_path){ host, colon == NULL ? NULL : colon + 1 };
	return host != NULL;
}

static int add_path(struct cbx_path **paths, size_t *count, const char *value)
{
	struct cbx_path *grown =
		reallocarray(*paths, *count + 1, sizeof(**paths));

	if (grown == NULL) {
		return out_of_memory();
	}
	*paths = grown;
	if (!split_path(value, &grown[*count])) {
		return out_of_memory();
	}
	++*count;
	return 0;
}

static int set_memory(struct cbx_command_line *line, const char *value)
{
	uint64_t bytes;

	if (!cbx_number_size(value, &bytes)) {
		return cbx_options_bad_value(
			"memory", value, "a size such as 512M");
	}
	if (bytes < CBX_PROGRAM_MEMORY_MIN) {
		return cbx_options_bad_value("memory", value, "at least 4M");
	}
	line->program.memory_bytes = bytes;
	return 0;
}

/* An option that has one value, and is a program flag then. */
static int set_mode(struct cbx_command_line *line, enum cbx_option option,
	const char *value)
{
	bool text = option == CBX_OPTION_TEXT;
	const char *mode = text ? "execute-only" : "fixed";

	if (strcmp(value, mode) != 0) {
		return cbx_options_bad_value(
			text ? "text" : "clock", value, mode);
	}
	line->program.flags |=
		text ? CBX_PROGRAM_EXECUTE_ONLY : CBX_PROGRAM_CLOCK_FIXED;
	return 0;
}

static int set_rewrite(struct cbx_command_line *line, const char *value)
{
	if (strcmp(value, "never") == 0) {
		line->program.flags |= CBX_PROGRAM_NO_REWRITE;
	} else if (strcmp(value, "first") == 0) {
		line->program.flags |= CBX_PROGRAM_REWRITE_FIRST;
	} else if (strcmp(value, "often") != 0) {
		return cbx_options_bad_value(
			"rewrite", value, "often, first or never");
	}
	return 0;
}

static int set_features(struct cbx_command_line *line, const char *value)
{
	uint64_t features = CBX_FEATURE_BASIC;

	for (const char *at = value; at != NULL;) {
		const char *comma = strchr(at, ',');
		size_t length =
			comma != NULL ? (size_t)(comma - at) : strlen(at);
		uint64_t feature = cbx_number_feature(at, length);

		if (feature == 0) {
			return cbx_options_bad_value("features", value,
				"a list of basic, avx, avx512, counter");
		}
		features |= feature;
		at = comma != NULL ? comma + 1 : NULL;
	}
	line->program.features = features;
	return 0;
}

static int set_cpuid(struct cbx_command_line *line, const char *value)
{
	if (value[0] != 'v' || value[1] < '1' || value[1] > '4' ||
		value[2] != '\0') {
		return cbx_options_bad_value(
			"cpuid", value, "v1, v2, v3 or v4");
	}
	line->program.cpuid = (uint32_t)(value[1] - '0');
	return 0;
}

static int set_trace(struct cbx_command_line *line, const char *value)
{
	if (value[0] != '\0' && strcmp(value, "json") != 0) {
		return cbx_options_bad_value("trace", value, "json");
	}
	line->program.flags |= CBX_PROGRAM_TRACE;
	line->trace = true;
	line->trace_json = value[0] != '\0';
	return 0;
}

/* Options without a value. */
static int apply_flag(struct cbx_command_line *line, enum cbx_option option)
{
	line->program.flags |=
		option == CBX_OPTION_CONFINE	   ? CBX_PROGRAM_CONFINE
		: option == CBX_OPTION_PROFILE	   ? CBX_PROGRAM_TRACE
		: option == CBX_OPTION_ALONE	   ? CBX_PROGRAM_ALONE
		: option == CBX_OPTION_SHARE_FILES ? CBX_PROGRAM_SHARE_FILES
		: option == CBX_OPTION_TEMPLATE || option == CBX_OPTION_CLONE
			? CBX_PROGRAM_TEMPLATE
			: 0;
	line->clone = line->clone || option == CBX_OPTION_CLONE;
	line->runtime = line->runtime || option == CBX_OPTION_RUNTIME;
	line->profile = line->profile || option == CBX_OPTION_PROFILE;
	line->print_measurement =
		line->print_measurement || option == CBX_OPTION_PRINT;
	line->serve = line->serve || option == CBX_OPTION_SERVE;
	line->help = line->help || option == CBX_OPTION_HELP;
	return 0;
}

/* Where the value of an option goes that is taken as it is. */
static const char **word_of(
	struct cbx_command_line *line, enum cbx_option option)
{
	return option == CBX_OPTION_ROOT	 ? &line->program.root
	       : option == CBX_OPTION_CWD	 ? &line->program.cwd
	       : option == CBX_OPTION_TRACE_FILE ? &line->trace_file
	       : option == CBX_OPTION_OUTPUT	 ? &line->output
	       : option == CBX_OPTION_NONCE	 ? &line->nonce
	       : option == CBX_OPTION_COUNTER	 ? &line->counter
	       : option == CBX_OPTION_SIGNATURE	 ? &line->signature
						 : &line->keys;
}

/* An option that may be given many times. */
static int add_to_list(struct cbx_command_line *line, enum cbx_option option,
	const char *value)
{
	struct cbx_program *program = &line->program;

	if (option == CBX_OPTION_ENV) {
		return add_env(line, value);
	}
	if (option == CBX_OPTION_FILE) {
		return add_path(&line->files, &program->file_count, value);
	}
	if (option == CBX_OPTION_SHARE) {
		return add_path(&line->shares, &program->share_count, value);
	}
	return option == CBX_OPTION_DIR
		       ? add_path(&line->directories, &program->directory_count,
				 value)
		       : add_word(&line->with, &program->with_count, value);
}

static int apply(struct cbx_command_line *line, enum cbx_option option,
	const char *value)
{
	switch (option) {
	case CBX_OPTION_MEMORY:
		return set_memory(line, value);
	case CBX_OPTION_ENV:
	case CBX_OPTION_FILE:
	case CBX_OPTION_SHARE:
	case CBX_OPTION_DIR:
	case CBX_OPTION_WITH:
		return add_to_list(line, option, value);
	case CBX_OPTION_ROOT:
	case CBX_OPTION_CWD:
	case CBX_OPTION_TRACE_FILE:
	case CBX_OPTION_OUTPUT:
	case CBX_OPTION_NONCE:
	case CBX_OPTION_COUNTER:
	case CBX_OPTION_SIGNATURE:
	case CBX_OPTION_KEYS:
		*word_of(line, option) = value;
		return 0;
	case CBX_OPTION_TEXT:
	case CBX_OPTION_CLOCK:
		return set_mode(line, option, value);
	case CBX_OPTION_REWRITE:
		return set_rewrite(line, value);
	case CBX_OPTION_FEATURES:
		return set_features(line, value);
	case CBX_OPTION_CPUID:
		return set_cpuid(line, value);
	case CBX_OPTION_CPUS:
	case CBX_OPTION_WARM:
	case CBX_OPTION_WARM_AFTER:
	case CBX_OPTION_TIMEOUT:
	case CBX_OPTION_EPOCH:
		return cbx_options_number(line, option, value);
	case CBX_OPTION_TRACE:
		return set_trace(line, value);
	case CBX_OPTION_GDB:
		line->program.flags |= CBX_PROGRAM_GDB;
		line->gdb = value;
		return 0;
	case CBX_OPTION_POLICY:
		line->serve = true;
		return cbx_policy_read(value, line);
	case CBX_OPTION_CONFINE:
	case CBX_OPTION_PROFILE:
	case CBX_OPTION_PRINT:
	case CBX_OPTION_SERVE:
	case CBX_OPTION_ALONE:
	case CBX_OPTION_SHARE_FILES:
	case CBX_OPTION_TEMPLATE:
	case CBX_OPTION_CLONE:
	case CBX_OPTION_RUNTIME:
	case CBX_OPTION_HELP:
	case CBX_OPTIONS:
	default:
		return apply_flag(line, option);
	}
}

int cbx_options_set(
	struct cbx_command_line *line, const char *name, const char *value)
{
	for (unsigned int i = 0; i < CBX_OPTIONS; i++) {
		const struct cbx_option_row *row = cbx_option_row(i);

		if (strcmp(row->name, name) == 0) {
			return apply(line, row->option, value);
		}
	}
	return cbx_options_bad_value(name, value, "an option");
}

/* One option at argv[*at]; *at moves past it and its value. */
static int read_option(
	struct cbx_command_line *line, int argc, char **argv, int *at)
{
	struct cbx_option_word word;
	int code = cbx_option_find(line->command, argv[*at], &word);

	if (code != 0) {
		return code;
	}
	++*at;
	if (word.row->value != NULL && word.value == NULL) {
		if (*at == argc) {
			cbx_say("--%s: needs a value: %s; see confbox --help",
				word.row->name, word.row->value);
			return CBX_CODE_FAILED;
		}
		word.value = argv[(*at)++];
	}
	if (word.row->shapes && line->shaping == NULL) {
		line->shaping = word.row->name;
	}
	return apply(line, word.row->option, word.value);
}

/* Whether @p count words without "--" before them are a program and its
 * arguments. */
static bool is_program(
	const struct cbx_command_line *line, char **argv, int count)
{
	if (line->command == CBX_COMMAND_SCAN ||
		line->command == CBX_COMMAND_INFO ||
		cbx_find_is_image(argv[0])) {
		return false;
	}
	return line->command == CBX_COMMAND_BUILD || count > 1 ||
	       line->program.root != NULL || cbx_find_is_program(argv[0]);
}

/* What follows the options: a program and its arguments, or an image. */
static int read_rest(
	struct cbx_command_line *line, int argc, char **argv, int at)
{
	bool marked = at < argc && strcmp(argv[at], "--") == 0;

	at += marked ? 1 : 0;
	if (at == argc) {
		return 0;
	}
	if (marked || is_program(line, &argv[at], argc - at)) {
		line->argv = &argv[at];
		return 0;
	}
	line->image = argv[at++];
	return at < argc ? cbx_options_unexpected(argv[at]) : 0;
}

int cbx_options_read(struct cbx_command_line *line, enum cbx_command command,
	int argc, char **argv)
{
	int code = 0;
	int at = 0;

	*line = (struct cbx_command_line){ .command = command,
		.program = { .size = sizeof(line->program) } };
	while (code == 0 && at < argc && argv[at][0] == '-' &&
		strcmp(argv[at], "--") != 0) {
		code = read_option(line, argc, argv, &at);
	}
	if (code == 0 && !line->help) {
		code = read_rest(line, argc, argv, at);
	}
	if (code == 0 && !line->help) {
		code = cbx_options_check(line);
	}
	line->program.files = line->files;
	line->program.directories = line->directories;
	line->program.shares = line->shares;
	line->program.envp = line->env;
	line->program.with = line->with;
	return code;
}
