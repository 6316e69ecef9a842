/* SPDX-License-Identifier: Apache-2.0 */
/* The lab is a script of the source tree: it builds what a backend needs and
 * boots an emulator. */
#include <tools/commands.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tools/say.h>

#define SCRIPT "/scripts/lab"

/* build/BACKEND/src/tools of a source tree is where we were built. */
#define LEVELS_UP 5

static bool is_there(char *path, const char *root)
{
	int n = snprintf(path, PATH_MAX, "%s%s", root, SCRIPT);

	return n > 0 && n < PATH_MAX && access(path, X_OK) == 0;
}

static bool find_script(char *path)
{
	const char *root = getenv("CONFBOX_SOURCE");
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (root != NULL) {
		return is_there(path, root);
	}
	if (length <= 0) {
		return false;
	}
	self[length] = '\0';
	for (int i = 0; i < LEVELS_UP; i++) {
		char *slash = strrchr(self, '/');

		if (slash == NULL) {
			return false;
		}
		*slash = '\0';
	}
	return is_there(path, self);
}

int cbx_command_lab(char **argv)
{
	char path[PATH_MAX];
	char *name = argv[0];

	if (!find_script(path)) {
		cbx_say("lab: works from a source tree that was built; set "
			"CONFBOX_SOURCE to it, or run its scripts/lab");
		return CBX_CODE_FAILED;
	}
	argv[0] = path;
	(void)execv(path, argv);
	argv[0] = name;
	cbx_say("lab: %s: %s; make it executable", path, strerror(errno));
	return CBX_CODE_FAILED;
}
