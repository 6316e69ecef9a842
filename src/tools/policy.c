/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/policy.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tools/policy_reader.h>
#include <tools/say.h>

#define FILE_MOST (1u << 20)

/* One key of an object: what reads its value. */
struct key {
	const char *name;
	int (*read)(struct cbx_policy_reader *reader, const json_t *value);
};

int cbx_policy_type(const struct cbx_policy_reader *reader, const char *want)
{
	return cbx_policy_wrong(&reader->text, "not %s; write one", want);
}

/* Every member of an object by the table; one that is not in it is wrong. */
static int read_object(struct cbx_policy_reader *reader, const json_t *object,
	const struct key *keys, size_t count)
{
	const char *name;
	json_t *value;
	int code = 0;

	if (!json_is_object(object)) {
		return cbx_policy_type(reader, "an object, { ... }");
	}
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0;

		while (i < count && strcmp(keys[i].name, name) != 0) {
			i++;
		}
		cbx_policy_down(&reader->text, name, 0);
		code = i < count ? keys[i].read(reader, value)
				 : cbx_policy_wrong(&reader->text,
					   "unknown word; see doc/policy.md");
		cbx_policy_up(&reader->text);
		if (code != 0) {
			return code;
		}
	}
	return 0;
}

static int read_comment(struct cbx_policy_reader *reader, const json_t *value)
{
	return json_is_string(value) || json_is_array(value)
		       ? 0
		       : cbx_policy_type(reader, "a text");
}

/* ---- words that options have, too ---- */

static int set_option(struct cbx_policy_reader *reader, const json_t *value)
{
	const char *name = reader->text.step[reader->text.steps - 1].key;
	char word[64];
	const char *text = json_string_value(value);

	if (json_is_integer(value)) {
		(void)snprintf(word, sizeof(word), "%" JSON_INTEGER_FORMAT,
			json_integer_value(value));
		text = word;
	}
	if (text == NULL) {
		return cbx_policy_type(reader, "a text or a whole number");
	}
	return cbx_options_set(reader->line, name, text) == 0
		       ? 0
		       : cbx_policy_wrong(&reader->text,
				 "the option of that name says why; mend it");
}

static int set_features(struct cbx_policy_reader *reader, const json_t *value)
{
	char list[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *word = json_string_value(json_array_get(value, i));

		if (word == NULL || used + strlen(word) + 2 > sizeof(list)) {
			return cbx_policy_type(reader, "a list of texts");
		}
		used += (size_t)snprintf(list + used, sizeof(list) - used,
			"%s%s", i == 0 ? "" : ",", word);
	}
	if (!json_is_array(value) || used == 0) {
		return cbx_policy_type(reader, "a list of texts");
	}
	return cbx_options_set(reader->line, "features", list) == 0
		       ? 0
		       : cbx_policy_wrong(&reader->text,
				 "the option of that name says why; mend it");
}

static int set_flag(
	struct cbx_policy_reader *reader, const json_t *value, uint32_t flag)
{
	if (!json_is_boolean(value)) {
		return cbx_policy_type(reader, "true or false");
	}
	if (json_is_true(value)) {
		reader->line->program.flags |= flag;
	}
	return 0;
}

static int set_debug(struct cbx_policy_reader *reader, const json_t *value)
{
	return set_flag(reader, value, CBX_PROGRAM_DEBUG);
}

static int set_traced(struct cbx_policy_reader *reader, const json_t *value)
{
	return set_flag(reader, value, CBX_PROGRAM_TRACE);
}

static int set_clean(struct cbx_policy_reader *reader, const json_t *value)
{
	return set_flag(reader, value, CBX_PROGRAM_CLEAN);
}

static int set_confine(struct cbx_policy_reader *reader, const json_t *value)
{
	return set_flag(reader, value, CBX_PROGRAM_CONFINE);
}

/* A whole number from @p least to @p most. */
static int set_count(struct cbx_policy_reader *reader, const json_t *value,
	json_int_t most, uint64_t *count)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 1 || number > most) {
		return cbx_policy_wrong(&reader->text,
			"out of range; 1 to %" JSON_INTEGER_FORMAT, most);
	}
	*count = (uint64_t)number;
	return 0;
}

static int set_threads(struct cbx_policy_reader *reader, const json_t *value)
{
	uint64_t count = reader->line->program.threads_max;
	int code = set_count(reader, value, 1024, &count);

	reader->line->program.threads_max = (uint32_t)count;
	return code;
}

static int set_output_pages(
	struct cbx_policy_reader *reader, const json_t *value)
{
	uint64_t count = reader->line->program.output_pages;
	int code = set_count(reader, value, CBX_IO_PAGES_MAX, &count);

	reader->line->program.output_pages = (uint32_t)count;
	return code;
}

static int set_wake_step(struct cbx_policy_reader *reader, const json_t *value)
{
	return set_count(
		reader, value, INT64_MAX, &reader->line->program.wake_step_ns);
}

static const struct key keys[] = {
	{ "clean", set_clean },
	{ "clock", set_option },
	{ "comment", read_comment },
	{ "confine", set_confine },
	{ "cpuid", set_option },
	{ "debug", set_debug },
	{ "epoch", set_option },
	{ "features", set_features },
	{ "forward", cbx_policy_forward },
	{ "memory", set_option },
	{ "output_pages", set_output_pages },
	{ "rewrite", set_option },
	{ "text", set_option },
	{ "threads", set_threads },
	{ "trace", set_traced },
	{ "violation", cbx_policy_violation },
	{ "wake_step_ns", set_wake_step },
};

static int parse(struct cbx_policy_reader *reader)
{
	json_error_t error;
	json_t *root =
		json_loads(reader->text.text, JSON_REJECT_DUPLICATES, &error);
	int code;

	if (root == NULL) {
		cbx_say("%s:%d: %s; mend the JSON there", reader->text.path,
			error.line, error.text);
		return CBX_CODE_FAILED;
	}
	code = read_object(reader, root, keys, sizeof(keys) / sizeof(keys[0]));
	json_decref(root);
	return code;
}

/* The file as text; NULL after saying why not. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file == NULL ? NULL : calloc(1, FILE_MOST + 1);
	size_t size = text == NULL ? 0 : fread(text, 1, FILE_MOST, file);

	if (text == NULL || ferror(file) || !feof(file)) {
		cbx_say("%s: %s; name a policy file (doc/policy.md)", path,
			text != NULL && !ferror(file) ? "larger than 1 MiB"
						      : strerror(errno));
		free(text);
		text = NULL;
	} else if (strlen(text) != size) {
		cbx_say("%s: a zero byte in it; name a text file", path);
		free(text);
		text = NULL;
	}
	if (file != NULL) {
		(void)fclose(file);
	}
	return text;
}

int cbx_policy_read(const char *path, struct cbx_command_line *line)
{
	char *text = read_text(path);
	struct cbx_policy_reader reader = {
		.text = { .path = path, .text = text }, .line = line
	};
	int code = text == NULL ? CBX_CODE_FAILED : parse(&reader);

	free(text);
	line->program.rules = &line->rules;
	return code;
}

int cbx_command_policy(char **argv)
{
	struct cbx_command_line line = { .program = { .size = sizeof(
							      line.program) } };
	int code;

	if (argv[0] == NULL || strcmp(argv[0], "check") != 0 ||
		argv[1] == NULL || argv[2] != NULL) {
		cbx_say("policy: nothing to check; write confbox policy check "
			"FILE");
		return CBX_CODE_FAILED;
	}
	code = cbx_policy_read(argv[1], &line);
	if (code == 0) {
		(void)printf("%s: %u rules, %zu bytes of names; a call they do "
			     "not allow %s\n",
			argv[1], line.rules.rule_count,
			strnlen(line.rules.text, sizeof(line.rules.text)),
			(line.rules.flags & CBX_POLICY_STRICT) != 0
				? "ends the box"
				: "is an error");
		code = cbx_say_flush();
	}
	return code;
}
