/* SPDX-License-Identifier: Apache-2.0 */
/* The measured files become the root. */
#include "fs.h"

#include "contents.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "path.h"
#include "time.h"

#define TIME_MAX ((uint64_t)(INT64_MAX / LX_NS - 1))

/* Under way; made[i] is what member i became. */
struct mount {
	struct cbx_list list;
	const uint8_t *archive;
	struct cbx_node **made;
	int64_t time_ns;
};

static bool set_target(
	struct cbx_node *node, const char *target, uint64_t bytes)
{
	char *text = cbx_heap_take(bytes + 1);

	if (text == NULL) {
		return false;
	}
	memcpy(text, target, bytes + 1);
	node->link.target = text;
	node->link.length = bytes;
	return true;
}

static struct cbx_node *make_node(
	const struct mount *mount, const struct cbx_member *member)
{
	struct cbx_node *node = cbx_node_create(
		member->mode & (CBX_MEMBER_TYPE | CBX_MEMBER_RIGHTS),
		mount->time_ns);

	if (node == NULL) {
		return NULL;
	}
	if (cbx_node_is(node, LX_S_IFREG)) {
		node->data.base = mount->archive + member->offset;
		node->data.base_bytes = member->size;
		node->data.size = member->size;
	}
	if (cbx_node_is(node, LX_S_IFLNK) &&
		!set_target(node, mount->list.string + member->offset,
			member->size)) {
		cbx_heap_give(node, sizeof(*node));
		return NULL;
	}
	return node;
}

/* @return NULL, or what is wrong */
static const char *add(const struct mount *mount, uint64_t i)
{
	const struct cbx_member *member = &mount->list.member[i];
	const char *name = mount->list.string + member->name;
	struct cbx_node *dir = member->parent == 0
				       ? cbx_path_root
				       : mount->made[member->parent - 1];

	if (!cbx_node_is(dir, LX_S_IFDIR) ||
		cbx_entry_find(dir, name, member->name_bytes) != NULL) {
		return "their list names one file twice, or one in a file";
	}
	mount->made[i] = make_node(mount, member);
	if (mount->made[i] == NULL ||
		cbx_entry_add(dir, name, member->name_bytes, mount->made[i]) !=
			0) {
		return "no memory for the file system";
	}
	return NULL;
}

static const char *add_all(const struct mount *mount, uint64_t archive_bytes)
{
	const char *wrong = NULL;

	for (uint64_t i = 0; i < mount->list.head->members && wrong == NULL;
		i++) {
		wrong = cbx_contents_valid(&mount->list, i, archive_bytes)
				? add(mount, i)
				: "their list is damaged";
	}
	return wrong;
}

static const char *mount_list(
	const uint8_t *archive, uint64_t bytes, uint64_t list_bytes)
{
	struct mount mount = { .archive = archive };
	uint64_t size;
	const char *wrong;

	if (!cbx_contents_open(archive + cbx_pages_of(bytes) * CBX_PAGE_SIZE,
		    list_bytes, &mount.list)) {
		return "their list is damaged";
	}
	mount.time_ns =
		(int64_t)cbx_min(mount.list.head->seconds, TIME_MAX) * LX_NS;
	size = cbx_max(mount.list.head->members, 1) * sizeof(struct cbx_node *);
	mount.made = cbx_heap_take(size);
	if (mount.made == NULL) {
		return "no memory for the file system";
	}
	wrong = add_all(&mount, bytes);
	cbx_heap_give(mount.made, size);
	return wrong;
}

const char *cbx_fs_mount(
	const uint8_t *archive, uint64_t bytes, uint64_t list_bytes)
{
	const char *wrong = NULL;

	cbx_path_root = cbx_node_create(LX_S_IFDIR | 0755u, cbx_time_coarse());
	if (cbx_path_root == NULL) {
		return "no memory for the file system";
	}
	cbx_node_hold(cbx_path_root);
	if (list_bytes != 0) {
		wrong = mount_list(archive, bytes, list_bytes);
	}
	if (wrong == NULL && !cbx_fs_make_system()) {
		wrong = "no memory for the file system";
	}
	return wrong;
}
