/* SPDX-License-Identifier: Apache-2.0 */
#include <tools/find.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tools/say.h>

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

/* folder/name, or NULL when out of memory. */
static char *join(const char *folder, size_t length, const char *name)
{
	char *path = NULL;

	if (length == 0) {
		folder = ".";
		length = 1;
	}
	return asprintf(&path, "%.*s/%s", (int)length, folder, name) < 0 ? NULL
									 : path;
}

/* A folder of programs that only look for another version of themselves, as
 * pyenv and its like make: in a box there is nobody to ask. */
static bool is_shims(const char *folder, size_t length)
{
	return length >= 6 && strncmp(folder + length - 6, "/shims", 6) == 0;
}

static char *search_path(const char *name, bool shims)
{
	const char *folder = getenv("PATH");

	if (folder == NULL) {
		folder = PATH_DEFAULT;
	}
	while (true) {
		size_t length = strcspn(folder, ":");
		char *path = shims == is_shims(folder, length)
				     ? join(folder, length, name)
				     : NULL;

		if (path != NULL && is_program(path)) {
			return path;
		}
		free(path);
		if (folder[length] == '\0') {
			return NULL;
		}
		folder += length + 1;
	}
}

static char *search(const char *name)
{
	char *path = search_path(name, false);

	return path != NULL ? path : search_path(name, true);
}

static int not_found(const char *name, const char *cause)
{
	cbx_say("%s: %s; check the path, or the PATH", name, cause);
	return CBX_CODE_NOT_FOUND;
}

static bool begins(const char *name, const char *bytes, size_t size)
{
	FILE *file = fopen(name, "re");
	char head[8];
	bool same;

	if (file == NULL) {
		return false;
	}
	same = fread(head, 1, size, file) == size &&
	       memcmp(head, bytes, size) == 0;
	(void)fclose(file);
	return same;
}

bool cbx_find_is_image(const char *name)
{
	return begins(name, "CBXIMAGE", 8);
}

bool cbx_find_is_program(const char *name)
{
	char *path = strchr(name, '/') == NULL && name[0] != '\0' ? search(name)
								  : NULL;

	free(path);
	return path != NULL || begins(name, "\177ELF", 4) ||
	       begins(name, "#!", 2);
}

int cbx_find_program(const char *name, char **path)
{
	struct stat st;

	if (strchr(name, '/') == NULL) {
		*path = name[0] == '\0' ? NULL : search(name);
		return *path != NULL ? 0 : not_found(name, "not found in PATH");
	}
	if (stat(name, &st) != 0) {
		return not_found(name, strerror(errno));
	}
	*path = strdup(name);
	if (*path == NULL) {
		cbx_say("%s: out of memory; free memory", name);
		return CBX_CODE_FAILED;
	}
	return 0;
}
