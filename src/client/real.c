/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the host with the symbolic links that lead to them. */
#include <client/tree_node.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/error.h>

#define LINKS_MAX 40u /* as the kernel */

/* A path being walked: at[] has no link in it, rest[] is still to go. */
struct way {
	char at[PATH_MAX];
	char rest[PATH_MAX];
	unsigned int links;
};

static enum cbx_status too_long(const char *path)
{
	return cbx_fail_os(CBX_E_INVALID, ENAMETOOLONG, "%.200s", path);
}

/* Take the first part off the rest; false when there is none. */
static bool next_part(struct way *way, char part[NAME_MAX + 1])
{
	const char *from = way->rest + strspn(way->rest, "/");
	size_t length = strcspn(from, "/");

	if (length == 0 || length > NAME_MAX) {
		return false;
	}
	memcpy(part, from, length);
	part[length] = '\0';
	memmove(way->rest, from + length, strlen(from + length) + 1);
	return true;
}

static void go_up(struct way *way)
{
	char *slash = strrchr(way->at, '/');

	if (slash != NULL) {
		*slash = '\0';
	}
}

/* Add the link the way is at, and turn to where it leads. */
static enum cbx_status follow(struct cbx_tree *tree, struct way *way)
{
	const struct cbx_path path = { way->at, way->at };
	char target[PATH_MAX];
	char rest[PATH_MAX];
	ssize_t n = readlink(way->at, target, sizeof(target) - 1);
	enum cbx_status status;
	char *copy;
	int length;

	if (n < 0 || ++way->links > LINKS_MAX) {
		return cbx_fail_os(
			CBX_E_INVALID, n < 0 ? errno : ELOOP, "%s", way->at);
	}
	target[n] = '\0';
	copy = strdup(target);
	status = copy == NULL ? cbx_fail_memory(way->at)
			      : cbx_tree_add_link(tree, &path, copy);
	if (status != CBX_OK) {
		return status;
	}
	length = snprintf(rest, sizeof(rest), "%s/%s", target, way->rest);
	if (length < 0 || (size_t)length >= sizeof(rest)) {
		return too_long(target);
	}
	memcpy(way->rest, rest, (size_t)length + 1);
	if (target[0] == '/') {
		way->at[0] = '\0';
	} else {
		go_up(way);
	}
	return CBX_OK;
}

static enum cbx_status step(
	struct cbx_tree *tree, struct way *way, const char *part)
{
	size_t length = strlen(way->at);
	struct stat st;

	if (strcmp(part, ".") == 0) {
		return CBX_OK;
	}
	if (strcmp(part, "..") == 0) {
		go_up(way);
		return CBX_OK;
	}
	if (length + strlen(part) + 2 > sizeof(way->at)) {
		return too_long(way->at);
	}
	way->at[length] = '/';
	memcpy(way->at + length + 1, part, strlen(part) + 1);
	if (lstat(way->at, &st) != 0) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", way->at);
	}
	return S_ISLNK(st.st_mode) ? follow(tree, way) : CBX_OK;
}

static enum cbx_status add_end(struct cbx_tree *tree, const char *at)
{
	const struct cbx_path path = { at, at };
	struct stat st;

	if (stat(at, &st) == 0 && S_ISDIR(st.st_mode)) {
		return cbx_tree_add_directory(tree, &path);
	}
	return cbx_tree_add_file(tree, &path);
}

enum cbx_status cbx_tree_add_real(struct cbx_tree *tree, const char *path)
{
	enum cbx_status status;
	char part[NAME_MAX + 1];
	struct way way = { 0 };
	char *clean = NULL;

	/* Of an absolute path ".." goes up from where a link led. */
	status = path[0] == '/' ? CBX_OK : cbx_path_clean(path, &clean);
	if (status == CBX_OK &&
		strlen(clean != NULL ? clean : path) >= sizeof(way.rest)) {
		status = too_long(path);
	}
	if (status == CBX_OK) {
		const char *whole = clean != NULL ? clean : path;

		memcpy(way.rest, whole, strlen(whole) + 1);
	}
	free(clean);
	while (status == CBX_OK && next_part(&way, part)) {
		status = step(tree, &way, part);
	}
	return status == CBX_OK
		       ? add_end(tree, way.at[0] == '\0' ? "/" : way.at)
		       : status;
}
