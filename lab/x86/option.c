/* SPDX-License-Identifier: Apache-2.0 */
#include "option.h"

#include <stddef.h>

#include "machine.h"

static bool is_end(char c)
{
	return c == '\0' || c == ' ';
}

/* Behind what @p at begins with; NULL when it begins otherwise. */
static const char *behind(const char *at, const char *start)
{
	for (; *start != '\0'; start++, at++) {
		if (*at != *start) {
			return NULL;
		}
	}
	return at;
}

/* @param at  behind the name */
static bool has_value(const char *at, const char *value)
{
	const char *end;

	if (value == NULL) {
		return is_end(*at) || *at == '=';
	}
	while (*at == '=' || *at == ',') {
		end = behind(++at, value);
		if (end != NULL && (is_end(*end) || *end == ',')) {
			return true;
		}
		while (!is_end(*at) && *at != ',') {
			at++;
		}
	}
	return false;
}

static bool is_word(const char *word, const char *name, const char *value)
{
	const char *at = behind(word, "lab.");

	at = at == NULL ? NULL : behind(at, name);
	return at != NULL && has_value(at, value);
}

bool lab_option(const char *name, const char *value)
{
	const char *at = lab_machine.command_line;

	while (at != NULL && *at != '\0') {
		if (is_word(at, name, value)) {
			return true;
		}
		while (!is_end(*at)) {
			at++;
		}
		at += *at == ' ' ? 1 : 0;
	}
	return false;
}
