/* SPDX-License-Identifier: Apache-2.0 */
#include <client/root.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <client/error.h>
#include <client/merge.h>
#include <client/oci.h>
#include <client/tree_node.h>

#define LAYOUT "oci-layout"

static bool is_oci_folder(const char *path)
{
	char *layout = NULL;
	bool there;

	if (asprintf(&layout, "%s/" LAYOUT, path) < 0) {
		return false;
	}
	there = access(layout, R_OK) == 0;
	free(layout);
	return there;
}

static enum cbx_status add_folder(struct cbx_tree *tree, const char *path)
{
	const struct cbx_path whole = { path, "/" };
	const struct cbx_oci image = { path, NULL };
	struct cbx_layer_budget budget = { 0 };

	return is_oci_folder(path) ? cbx_oci_add(tree, &image, &budget)
				   : cbx_tree_add_directory(tree, &whole);
}

/* An archive whose members turn out to be an image's is read as one. */
static enum cbx_status add_archive(struct cbx_tree *tree, const char *path)
{
	const struct cbx_layer_source source = { .name = path };
	struct cbx_layer_budget budget = { 0 };
	struct cbx_tree members = { .automatic = tree->automatic };
	const struct cbx_oci image = { path, &members };
	enum cbx_status status =
		cbx_layer_add(&members, &source, 1, false, &budget);

	if (status == CBX_OK) {
		status = cbx_tree_merge(&members);
	}
	if (status == CBX_OK) {
		status = cbx_tree_sort(&members);
	}
	if (status == CBX_OK && cbx_tree_find(&members, "/" LAYOUT) == NULL) {
		*tree = members;
		return CBX_OK;
	}
	if (status == CBX_OK) {
		status = cbx_oci_add(tree, &image, &budget);
	}
	cbx_tree_fini(&members);
	return status;
}

enum cbx_status cbx_root_add(struct cbx_tree *tree, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		return cbx_fail_os(CBX_E_INVALID, errno, "%s", path);
	}
	return S_ISDIR(st.st_mode) ? add_folder(tree, path)
				   : add_archive(tree, path);
}
