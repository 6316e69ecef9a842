/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/option.h>

#include <stdlib.h>
#include <string.h>

#include <tools/say.h>

#define R CBX_COMMAND_RUN
#define B CBX_COMMAND_BUILD
#define M CBX_COMMAND_MEASURE
#define I CBX_COMMAND_INFO
#define S CBX_COMMAND_SCAN
#define A CBX_COMMAND_ATTEST

static const struct cbx_option_row rows[] = {
#define X(NAME, name, value, commands, shapes, help)                        \
	{ CBX_OPTION_##NAME, name, value, (unsigned int)(commands), shapes, \
		help },
#include <tools/option.def>
#undef X
};

const struct cbx_option_row *cbx_option_row(unsigned int index)
{
	return &rows[index];
}

bool cbx_option_optional(const struct cbx_option_row *row)
{
	return row->value != NULL && row->value[0] == '[';
}

/* The two short forms there are. */
static const char *long_form(const char *word)
{
	if (strcmp(word, "-h") == 0) {
		return "--help";
	}
	return strcmp(word, "-o") == 0 ? "--output" : word;
}

static const struct cbx_option_row *find_row(
	enum cbx_command command, const char *name, size_t length)
{
	for (unsigned int i = 0; i < CBX_OPTIONS; i++) {
		if ((rows[i].commands & (unsigned int)command) != 0 &&
			strlen(rows[i].name) == length &&
			memcmp(rows[i].name, name, length) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

int cbx_option_find(enum cbx_command command, const char *word,
	struct cbx_option_word *found)
{
	const char *name = long_form(word);
	size_t length;

	if (strncmp(name, "--", 2) != 0) {
		name = "";
	} else {
		name += 2;
	}
	length = strcspn(name, "=");
	found->row = find_row(command, name, length);
	found->value = name[length] == '=' ? name + length + 1 : NULL;
	if (found->row == NULL) {
		cbx_say("%s: unknown option; see confbox %s --help", word,
			cbx_command_name(command));
		return CBX_CODE_FAILED;
	}
	if (cbx_option_optional(found->row) && found->value == NULL) {
		found->value = "";
	}
	if (found->row->value == NULL && found->value != NULL) {
		cbx_say("--%s: takes no value; leave out '=%s'",
			found->row->name, found->value);
		return CBX_CODE_FAILED;
	}
	return 0;
}

static void free_paths(struct cbx_path *paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		union {
			const char *in;
			char *out;
		} host = { .in = paths[i].host }; /* strdup made it */

		free(host.out);
	}
	free(paths);
}

void cbx_options_finish(struct cbx_command_line *line)
{
	free_paths(line->files, line->program.file_count);
	free_paths(line->directories, line->program.directory_count);
	free_paths(line->shares, line->program.share_count);
	free(line->env);
	free(line->with);
}
