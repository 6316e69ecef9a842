/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/hint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <tools/say.h>

/* Where a program in the box looks for it. @return NULL without memory */
static char *path_in_box(const char *cwd, const char *name)
{
	char *path = NULL;

	if (name[0] == '/') {
		return strdup(name);
	}
	while (strncmp(name, "./", 2) == 0) {
		name += 2;
	}
	return asprintf(&path, "%s/%s",
		       cwd == NULL || strcmp(cwd, "/") == 0 ? "" : cwd,
		       name) < 0
		       ? NULL
		       : path;
}

/* Whether a path is another, or below it. */
static bool is_within(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

/* Whether one of the places given is, or holds, a path in the box. */
static bool is_among(
	const struct cbx_path *paths, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		const char *box = paths[i].box;
		char *real = box == NULL ? realpath(paths[i].host, NULL) : NULL;
		bool found = is_within(path, box != NULL    ? box
					     : real != NULL ? real
							    : paths[i].host);

		free(real);
		if (found) {
			return true;
		}
	}
	return false;
}

static bool is_given(const struct cbx_program *program, const char *path)
{
	bool with = false;

	for (size_t i = 0; i < program->with_count && !with; i++) {
		const struct cbx_path place = { .host = program->with[i] };

		with = is_among(&place, 1, path);
	}
	return with || is_among(program->files, program->file_count, path) ||
	       is_among(program->shares, program->share_count, path) ||
	       is_among(program->directories, program->directory_count, path);
}

/* A colon would end the host's name in what is advised. */
static bool is_file(const char *name)
{
	struct stat st;

	return strchr(name, ':') == NULL && stat(name, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

void cbx_hint(const struct cbx_command_line *line)
{
	if (line->argv == NULL || line->program.root != NULL) {
		return;
	}
	for (char **arg = line->argv + 1; *arg != NULL; arg++) {
		char *path = is_file(*arg)
				     ? path_in_box(line->program.cwd, *arg)
				     : NULL;
		bool given = path == NULL || is_given(&line->program, path);

		if (!given) {
			cbx_say("%s: a file here that the box was not given; "
				"add --file %s:%s",
				*arg, *arg, path);
		}
		free(path);
		if (!given) {
			return;
		}
	}
}
