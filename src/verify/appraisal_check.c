/* SPDX-License-Identifier: Apache-2.0 */
#include <verify/appraisal.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CLAIM_NAME_MAX 95u

void cbx_appraisal_down(
	struct cbx_appraisal_text *text, const char *key, size_t index)
{
	text->step[text->steps++] = (struct cbx_json_step){ key, index };
}

void cbx_appraisal_up(struct cbx_appraisal_text *text)
{
	text->steps--;
}

bool cbx_appraisal_wrong(
	struct cbx_appraisal_text *text, const char *format, ...)
{
	char name[160];
	char cause[320];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(cause, sizeof(cause), format, arguments);
	va_end(arguments);
	cbx_json_name(text->step, text->steps, name, sizeof(name));
	(void)snprintf(text->message, text->size, "%zu: %s%s%s",
		cbx_json_line(text->text, text->step, text->steps), name,
		name[0] == '\0' ? "" : ": ", cause);
	return false;
}

static bool check_object(
	struct cbx_appraisal_text *text, const json_t *value, const char *like)
{
	return json_is_object(value) ||
	       cbx_appraisal_wrong(text, "is no object; write { %s }", like);
}

static bool check_claim_name(struct cbx_appraisal_text *text, const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < size; i++) {
		if (name[i] <= ' ' || name[i] > '~') {
			size = 0;
		}
	}
	return (size != 0 && size <= CLAIM_NAME_MAX) ||
	       cbx_appraisal_wrong(text,
		       "is no name of a claim; confbox verify lists them");
}

/* Something a claim may be. */
static bool check_value(struct cbx_appraisal_text *text, const json_t *value)
{
	if (json_is_string(value) || json_is_boolean(value)) {
		return true;
	}
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		return true;
	}
	return cbx_appraisal_wrong(text,
		"is no value of a claim; write a text, bytes in hexadecimal, "
		"a number not below 0, true or false");
}

static bool check_values(struct cbx_appraisal_text *text, json_t *values)
{
	size_t index;
	json_t *value;

	if (!json_is_array(values)) {
		return check_value(text, values);
	}
	if (json_array_size(values) == 0) {
		return cbx_appraisal_wrong(
			text, "accepts nothing; name a value, or leave it out");
	}
	json_array_foreach(values, index, value)
	{
		cbx_appraisal_down(text, NULL, index);
		if (!check_value(text, value)) {
			return false;
		}
		cbx_appraisal_up(text);
	}
	return true;
}

static bool check_require(struct cbx_appraisal_text *text, json_t *require)
{
	const char *name;
	json_t *values;

	if (!check_object(text, require, "\"measurement\": \"...\"")) {
		return false;
	}
	json_object_foreach(require, name, values)
	{
		cbx_appraisal_down(text, name, 0);
		if (!check_claim_name(text, name) ||
			!check_values(text, values)) {
			return false;
		}
		cbx_appraisal_up(text);
	}
	return true;
}

static bool check_at_least(struct cbx_appraisal_text *text, json_t *least)
{
	const char *name;
	json_t *value;

	if (!check_object(text, least, "\"snp.reported-tcb.microcode\": 115")) {
		return false;
	}
	json_object_foreach(least, name, value)
	{
		cbx_appraisal_down(text, name, 0);
		if (!check_claim_name(text, name)) {
			return false;
		}
		if (!json_is_integer(value) || json_integer_value(value) < 0) {
			return cbx_appraisal_wrong(text,
				"is no number; write the least one that is "
				"accepted");
		}
		cbx_appraisal_up(text);
	}
	return true;
}

/* Whether it is a text, and one of words[] when there are some. */
static bool is_word(const json_t *item, const char *const *words)
{
	const char *found = json_string_value(item);

	if (found == NULL || *found == '\0' || words == NULL) {
		return words == NULL && found != NULL && *found != '\0';
	}
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(found, words[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* A list of texts. */
static bool check_list(struct cbx_appraisal_text *text, json_t *list,
	const char *const *words, const char *like)
{
	size_t index;
	json_t *item;

	if (!json_is_array(list)) {
		return cbx_appraisal_wrong(
			text, "is no list; write [%s]", like);
	}
	json_array_foreach(list, index, item)
	{
		if (!is_word(item, words)) {
			cbx_appraisal_down(text, NULL, index);
			return cbx_appraisal_wrong(
				text, "is not known; write %s", like);
		}
	}
	return true;
}

static bool check_flag(struct cbx_appraisal_text *text, const json_t *value)
{
	return json_is_boolean(value) ||
	       cbx_appraisal_wrong(
		       text, "is neither true nor false; write one of them");
}

static bool check_member(
	struct cbx_appraisal_text *text, const char *key, json_t *value)
{
	static const char *const allowed[] = { "debug", "no-hardware", NULL };

	if (strcmp(key, "require") == 0) {
		return check_require(text, value);
	}
	if (strcmp(key, "at-least") == 0) {
		return check_at_least(text, value);
	}
	if (strcmp(key, "allow") == 0) {
		return check_list(
			text, value, allowed, "\"debug\", \"no-hardware\"");
	}
	if (strcmp(key, "roots") == 0) {
		return check_list(
			text, value, NULL, "\"a file of certificates\"");
	}
	if (strcmp(key, "pristine") == 0 || strcmp(key, "collateral") == 0) {
		return check_flag(text, value);
	}
	if (strcmp(key, "comment") == 0) {
		return json_is_string(value) ||
		       cbx_appraisal_wrong(text, "is no text; write one");
	}
	return cbx_appraisal_wrong(text,
		"is not known; write require, at-least, allow, pristine, "
		"collateral, roots or comment");
}

bool cbx_appraisal_check(struct cbx_appraisal_text *text, json_t *policy)
{
	const char *key;
	json_t *value;

	if (!check_object(text, policy, "\"require\": { ... }")) {
		return false;
	}
	json_object_foreach(policy, key, value)
	{
		cbx_appraisal_down(text, key, 0);
		if (!check_member(text, key, value)) {
			return false;
		}
		cbx_appraisal_up(text);
	}
	return true;
}
