/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/json_line.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Past the string that begins here. */
static const char *skip_string(const char *at)
{
	for (at++; *at != '"' && *at != '\0'; at++) {
		if (*at == '\\' && at[1] != '\0') {
			at++;
		}
	}
	return *at == '"' ? at + 1 : at;
}

/* Past the value that begins here. */
static const char *skip_value(const char *at)
{
	size_t depth = 0;

	do {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		if (depth == 0 && strchr("}]", *at) == NULL) {
			return at + strcspn(at, ",]} \t\r\n");
		}
		at++;
	} while (depth != 0 && *at != '\0');
	return at;
}

/* Whether the key here is the step's. */
static bool is_key(const char *at, const char *key)
{
	return strncmp(at + 1, key, strlen(key)) == 0 &&
	       at[1 + strlen(key)] == '"';
}

/* The member or element of the value here; NULL when there is none. */
static const char *step_down(const char *at, const struct cbx_json_step *step)
{
	size_t index = 0;

	at = skip_space(at + 1);
	while (*at != '}' && *at != ']' && *at != '\0') {
		bool found = step->key == NULL ? index == step->index
					       : is_key(at, step->key);

		if (step->key != NULL) {
			at = skip_space(skip_string(at));
			at = skip_space(at + 1); /* the colon */
		}
		if (found) {
			return at;
		}
		at = skip_space(skip_value(at));
		at = *at == ',' ? skip_space(at + 1) : at;
		index++;
	}
	return NULL;
}

size_t cbx_json_line(
	const char *text, const struct cbx_json_step *steps, size_t count)
{
	const char *at = skip_space(text);
	size_t line = 1;

	for (size_t i = 0; i < count; i++) {
		const char *next = step_down(at, &steps[i]);

		if (next == NULL) {
			break;
		}
		at = next;
	}
	for (const char *c = text; c < at; c++) {
		line += *c == '\n';
	}
	return line;
}

void cbx_json_name(const struct cbx_json_step *steps, size_t count, char *name,
	size_t size)
{
	size_t used = 0;

	name[0] = '\0';
	for (size_t i = 0; i < count && used < size; i++) {
		int n = steps[i].key != NULL
				? snprintf(name + used, size - used, "%s%s",
					  i == 0 ? "" : ".", steps[i].key)
				: snprintf(name + used, size - used, "[%zu]",
					  steps[i].index);

		used += n > 0 ? (size_t)n : 0;
	}
}
