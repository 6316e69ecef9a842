/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/policy_text.h>

#include <stdarg.h>
#include <stdio.h>

#include <tools/say.h>

void cbx_policy_down(
	struct cbx_policy_text *text, const char *key, size_t index)
{
	text->step[text->steps++] = (struct cbx_json_step){ key, index };
}

void cbx_policy_up(struct cbx_policy_text *text)
{
	text->steps--;
}

size_t cbx_policy_line(const struct cbx_policy_text *text)
{
	return cbx_json_line(text->text, text->step, text->steps);
}

int cbx_policy_wrong(
	const struct cbx_policy_text *text, const char *format, ...)
{
	char name[160];
	char cause[320];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(cause, sizeof(cause), format, args);
	va_end(args);
	cbx_json_name(text->step, text->steps, name, sizeof(name));
	cbx_say("%s:%zu:%s%s: %s", text->path, cbx_policy_line(text),
		name[0] == '\0' ? "" : " ", name, cause);
	return CBX_CODE_FAILED;
}
