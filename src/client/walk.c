/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of the host, with all they hold. */
#include <client/tree.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/error.h>
#include <client/tree_node.h>

#define DEPTH_MAX 64u

static enum cbx_status walk(
	struct cbx_tree *tree, const struct cbx_path *path, unsigned depth);

static enum cbx_status add_link(
	struct cbx_tree *tree, const struct cbx_path *path)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path->host, target, sizeof(target) - 1);
	char *copy;

	if (n < 0) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", path->host);
	}
	target[n] = '\0';
	copy = strdup(target);
	return copy == NULL ? cbx_fail_memory(path->host)
			    : cbx_tree_add_link(tree, path, copy);
}

static enum cbx_status add_entry(
	struct cbx_tree *tree, const struct cbx_path *path, unsigned depth)
{
	struct stat st;

	if (lstat(path->host, &st) != 0) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", path->host);
	}
	if (S_ISDIR(st.st_mode)) {
		return walk(tree, path, depth + 1);
	}
	if (S_ISLNK(st.st_mode)) {
		return add_link(tree, path);
	}
	if (S_ISREG(st.st_mode)) {
		return cbx_tree_add_file(tree, path);
	}
	return cbx_fail(CBX_E_INVALID,
		"%s: a device, pipe or socket cannot go into a box",
		path->host);
}

static enum cbx_status add_child(struct cbx_tree *tree,
	const struct cbx_path *folder, const char *name, unsigned depth)
{
	char host[PATH_MAX];
	char box[PATH_MAX];
	int h = snprintf(host, sizeof(host), "%s/%s", folder->host, name);
	int b = snprintf(box, sizeof(box), "%s/%s", folder->box, name);
	struct cbx_path child = { host, box };

	if (h < 0 || b < 0 || (size_t)h >= sizeof(host) ||
		(size_t)b >= sizeof(box)) {
		return cbx_fail_os(CBX_E_INVALID, ENAMETOOLONG, "%s/%s",
			folder->host, name);
	}
	return add_entry(tree, &child, depth);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum cbx_status add_children(struct cbx_tree *tree, DIR *folder,
	const struct cbx_path *path, unsigned depth)
{
	enum cbx_status status = CBX_OK;
	struct dirent *entry;

	errno = 0;
	while (status == CBX_OK && (entry = readdir(folder)) != NULL) {
		if (!is_dots(entry->d_name)) {
			status = add_child(tree, path, entry->d_name, depth);
		}
		errno = 0;
	}
	if (status == CBX_OK && errno != 0) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", path->host);
	}
	return status;
}

static enum cbx_status walk(
	struct cbx_tree *tree, const struct cbx_path *path, unsigned depth)
{
	enum cbx_status status;
	struct stat st;
	DIR *folder;

	if (depth > DEPTH_MAX) {
		return cbx_fail(CBX_E_INVALID,
			"%s: directories are nested too deep", path->host);
	}
	folder = opendir(path->host);
	if (folder == NULL || fstat(dirfd(folder), &st) != 0) {
		status = cbx_fail_os(CBX_E_INVALID, errno, "%s", path->host);
		if (folder != NULL) {
			closedir(folder);
		}
		return status;
	}
	status = path->box[0] == '\0' /* the root is there anyway */
			 ? CBX_OK
			 : cbx_tree_add_folder(tree, path, st.st_mode);
	if (status == CBX_OK) {
		status = add_children(tree, folder, path, depth);
	}
	closedir(folder);
	return status;
}

enum cbx_status cbx_tree_add_directory(
	struct cbx_tree *tree, const struct cbx_path *path)
{
	struct cbx_path clean = *path;
	enum cbx_status status;
	char *box = NULL;

	if (path->box != NULL && path->box[0] != '/') {
		return cbx_fail(CBX_E_INVALID,
			"%s: a path in the box must begin with /", path->box);
	}
	status = cbx_path_clean(
		path->box != NULL ? path->box : path->host, &box);
	if (status != CBX_OK) {
		return status;
	}
	clean.box = strcmp(box, "/") == 0 ? "" : box;
	status = walk(tree, &clean, 0);
	free(box);
	return status;
}
