/* SPDX-License-Identifier: Apache-2.0 */
#include "at.h"

#include "file.h"
#include "linux.h"
#include "task.h"
#include "user.h"

static char path[LX_PATH_MAX];

static int64_t base_of(uint64_t dirfd, bool always, struct cbx_node **base)
{
	const struct cbx_file *file;

	*base = cbx_process_self()->cwd;
	if ((int32_t)dirfd == LX_AT_FDCWD || (path[0] == '/' && !always)) {
		return 0;
	}
	file = cbx_fd_file((uint32_t)dirfd);
	if (file == NULL) {
		return -LX_EBADF;
	}
	*base = file->node;
	return cbx_node_is(file->node, LX_S_IFDIR) || path[0] == '\0'
		       ? 0
		       : -LX_ENOTDIR;
}

int64_t cbx_at_resolve(
	uint64_t dirfd, uint64_t path_va, uint32_t flags, struct cbx_walk *walk)
{
	struct cbx_host_name name;
	struct cbx_node *base;
	int64_t status = cbx_user_path(path, path_va);

	if (status == 0) {
		/* even an absolute path may be below the directory */
		bool within = path[0] == '/' && (flags & CBX_PATH_IN_ROOT) != 0;

		status = base_of(dirfd, within, &base);
	}
	if (status == 0) {
		cbx_host_name(base, path, &name);
		status = name.bytes != 0 ? -LX_EROFS : 0;
	}
	return status == 0 ? cbx_path_resolve(base, path, flags, walk) : status;
}

int64_t cbx_at_host(
	uint64_t dirfd, uint64_t path_va, struct cbx_host_name *name)
{
	struct cbx_node *base;
	int64_t status = cbx_user_path(path, path_va);

	if (status == 0) {
		status = base_of(dirfd, false, &base);
	}
	if (status == 0) {
		cbx_host_name(base, path, name);
	}
	return status;
}

/* What the host has at a path, for who only looks. */
static int64_t look(const struct cbx_host_name *name, uint64_t flags,
	struct cbx_node **node)
{
	return (flags & CBX_AT_LOOK) == 0
		       ? -LX_EROFS
		       : cbx_host_look(name,
				 (flags & LX_AT_SYMLINK_NOFOLLOW) == 0, node);
}

int64_t cbx_at_walk(
	uint64_t dirfd, uint64_t path_va, bool follow, struct cbx_walk *walk)
{
	return cbx_at_resolve(
		dirfd, path_va, follow ? CBX_PATH_FOLLOW : CBX_PATH_NAME, walk);
}

int64_t cbx_at_node(uint64_t dirfd, uint64_t path_va, uint64_t flags,
	struct cbx_node **node)
{
	struct cbx_host_name name;
	struct cbx_walk walk;
	struct cbx_node *base;
	int64_t status = cbx_user_path(path, path_va);

	if (status == 0) {
		status = base_of(dirfd, false, &base);
	}
	if (status != 0) {
		return status;
	}
	if (path[0] == '\0' && (flags & LX_AT_EMPTY_PATH) != 0) {
		*node = base;
		return 0;
	}
	cbx_host_name(base, path, &name);
	if (name.bytes != 0) {
		return look(&name, flags, node);
	}
	status = cbx_path_walk(
		base, path, (flags & LX_AT_SYMLINK_NOFOLLOW) == 0, &walk);
	if (status != 0) {
		return status;
	}
	*node = walk.node;
	return walk.node == NULL ? -LX_ENOENT : 0;
}
