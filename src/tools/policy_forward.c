/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a policy file that says what may be forwarded. */
#include <tools/policy_reader.h>

#include <fcntl.h>
#include <string.h>

#include <tools/policy_rule.h>
#include <tools/say.h>

/* Every element of an array, or the one value that stands for it. */
static int read_list(struct cbx_policy_reader *reader, const json_t *list,
	int (*each)(struct cbx_policy_reader *reader, const json_t *value))
{
	int code = 0;

	if (!json_is_array(list)) {
		return each(reader, list);
	}
	for (size_t i = 0; code == 0 && i < json_array_size(list); i++) {
		cbx_policy_down(&reader->text, NULL, i);
		code = each(reader, json_array_get(list, i));
		cbx_policy_up(&reader->text);
	}
	return code;
}

static int no_room(const struct cbx_policy_reader *reader)
{
	return cbx_policy_wrong(&reader->text,
		"no room for it: %u rules (an open takes two, all else that "
		"is open ten) and %u bytes of names are the most; name a "
		"directory for many",
		CBX_POLICY_RULES, CBX_POLICY_TEXT);
}

static int read_flag(
	struct cbx_policy_reader *reader, const json_t *value, uint64_t *flags)
{
	static const struct {
		const char *name;
		uint64_t flags;
	} known[] = {
		{ "read", 0 },
		{ "write", O_WRONLY | O_RDWR },
		{ "create", O_CREAT | O_EXCL },
		{ "truncate", O_TRUNC },
		{ "append", O_APPEND },
	};
	const char *name = json_string_value(value);

	for (size_t i = 0; name != NULL && i < sizeof(known) / sizeof(known[0]);
		i++) {
		if (strcmp(known[i].name, name) == 0) {
			*flags |= known[i].flags;
			return 0;
		}
	}
	return cbx_policy_wrong(&reader->text,
		"not a use of a file; read, write, create, truncate, append");
}

static int read_flags(
	struct cbx_policy_reader *reader, const json_t *rule, uint64_t *flags)
{
	const json_t *list = json_object_get(rule, "for");
	int code = 0;

	*flags = 0;
	if (list == NULL) {
		return 0;
	}
	cbx_policy_down(&reader->text, "for", 0);
	if (!json_is_array(list)) {
		code = read_flag(reader, list, flags);
	}
	for (size_t i = 0; code == 0 && i < json_array_size(list); i++) {
		cbx_policy_down(&reader->text, NULL, i);
		code = read_flag(reader, json_array_get(list, i), flags);
		cbx_policy_up(&reader->text);
	}
	cbx_policy_up(&reader->text);
	return code;
}

static int read_open(
	struct cbx_policy_reader *reader, const json_t *value, uint64_t flags)
{
	const char *name = json_string_value(value);
	const char *wrong = name == NULL ? NULL : cbx_policy_name_wrong(name);

	if (name == NULL) {
		return cbx_policy_type(reader, "a path");
	}
	if (wrong != NULL) {
		return cbx_policy_wrong(&reader->text, "'%s' %s", name, wrong);
	}
	return cbx_policy_add_open(&reader->line->rules, name, flags)
		       ? 0
		       : no_room(reader);
}

static int read_peer(
	struct cbx_policy_reader *reader, const json_t *value, uint32_t call)
{
	const char *name = json_string_value(value);
	struct cbx_policy_peer peer;

	if (name == NULL || !cbx_policy_peer_read(name, &peer)) {
		return cbx_policy_wrong(&reader->text,
			"'%s' is not ADDRESS:PORT; write numbers or *, as in "
			"127.0.0.1:6379, [::1]:80, 10.0.0.0/8:*",
			name == NULL ? "" : name);
	}
	return cbx_policy_add_peer(&reader->line->rules, call, &peer)
		       ? 0
		       : no_room(reader);
}

/* Which counters is for the program to know: answers are signed. */
static int read_counter(struct cbx_policy_reader *reader, const json_t *value)
{
	if (!json_is_true(value)) {
		return cbx_policy_type(reader, "true");
	}
	return cbx_policy_add_call(&reader->line->rules, CBX_FORWARD_COUNTER)
		       ? 0
		       : no_room(reader);
}

static int read_call(struct cbx_policy_reader *reader, const json_t *rule,
	const char *name, const json_t *value)
{
	uint64_t flags = 0;
	int code = read_flags(reader, rule, &flags);

	if (code != 0) {
		return code;
	}
	cbx_policy_down(&reader->text, name, 0);
	if (strcmp(name, "open") == 0) {
		code = read_open(reader, value, flags);
	} else if (strcmp(name, "counter") == 0) {
		code = read_counter(reader, value);
	} else {
		code = read_peer(reader, value,
			strcmp(name, "connect") == 0 ? CBX_FORWARD_CONNECT
						     : CBX_FORWARD_LISTEN);
	}
	cbx_policy_up(&reader->text);
	return code;
}

/* One rule: exactly one of the calls, "for" with open only. */
static int read_rule(struct cbx_policy_reader *reader, const json_t *rule)
{
	static const char *const calls[] = { "open", "connect", "listen",
		"counter" };
	const char *found = NULL;
	size_t known = 0;

	if (!json_is_object(rule)) {
		return cbx_policy_type(reader, "an object, { ... }");
	}
	known += json_object_get(rule, "comment") != NULL ? 1 : 0;
	known += json_object_get(rule, "for") != NULL ? 1 : 0;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (json_object_get(rule, calls[i]) != NULL) {
			known++;
			found = calls[i];
		}
	}
	if (found == NULL || known != json_object_size(rule) ||
		(json_object_get(rule, "for") != NULL &&
			strcmp(found, "open") != 0)) {
		return cbx_policy_wrong(&reader->text,
			"not one rule; write one of open (with for), connect, "
			"listen, counter");
	}
	return read_call(reader, rule, found, json_object_get(rule, found));
}

int cbx_policy_forward(struct cbx_policy_reader *reader, const json_t *value)
{
	int code = read_list(reader, value, read_rule);

	if (code == 0 && reader->line->rules.rule_count != 0 &&
		!cbx_policy_add_rest(&reader->line->rules)) {
		code = no_room(reader);
	}
	return code;
}

int cbx_policy_violation(struct cbx_policy_reader *reader, const json_t *value)
{
	const char *word = json_string_value(value);

	if (word == NULL ||
		(strcmp(word, "errno") != 0 && strcmp(word, "kill") != 0)) {
		return cbx_policy_wrong(
			&reader->text, "not known; errno or kill");
	}
	if (strcmp(word, "kill") == 0) {
		reader->line->rules.flags |= CBX_POLICY_STRICT;
	}
	return 0;
}
