/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <client/error.h>
#include <client/tree.h>

/* Where the last part of a clean path begins, its slash included. */
static size_t parent_end(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/') {
		length--;
	}
	return length > 0 ? length - 1 : 0;
}

static bool part_is(const char *part, size_t length, const char *name)
{
	return length == strlen(name) && memcmp(part, name, length) == 0;
}

/* Append the parts of @p path to clean[length], which has room. */
static size_t append_parts(char *clean, size_t length, const char *path)
{
	while (*path != '\0') {
		size_t part = strcspn(path, "/");

		if (part_is(path, part, "..")) {
			length = parent_end(clean, length);
		} else if (part != 0 && !part_is(path, part, ".")) {
			clean[length++] = '/';
			memcpy(clean + length, path, part);
			length += part;
		}
		path += part;
		path += *path == '/' ? 1 : 0;
	}
	return length;
}

static enum cbx_status clean_from(
	const char *base, const char *path, char **clean)
{
	char *buf = malloc(strlen(base) + strlen(path) + 3);
	size_t length;

	if (buf == NULL) {
		return cbx_fail_memory(path);
	}
	length = append_parts(buf, 0, base);
	length = append_parts(buf, length, path);
	if (length == 0) {
		buf[length++] = '/';
	}
	buf[length] = '\0';
	*clean = buf;
	return CBX_OK;
}

enum cbx_status cbx_path_clean(const char *path, char **clean)
{
	enum cbx_status status;
	char *cwd;

	if (path[0] == '\0') {
		return cbx_fail(CBX_E_INVALID, "a path is empty");
	}
	if (path[0] == '/') {
		return clean_from("", path, clean);
	}
	cwd = getcwd(NULL, 0);
	if (cwd == NULL) {
		return cbx_fail_os(
			CBX_E_INVALID, errno, "%s: working directory", path);
	}
	status = clean_from(cwd, path, clean);
	free(cwd);
	return status;
}
