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

static char *search(const char *name)
{
	const char *folder = getenv("PATH");

	if (folder == NULL) {
		folder = PATH_DEFAULT;
	}
	while (true) {
		size_t length = strcspn(folder, ":");
		char *path = join(folder, length, name);

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

static int not_found(const char *name, const char *cause)
{
	cbx_say("%s: %s; check the path, or the PATH", name, cause);
	return CBX_CODE_NOT_FOUND;
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
