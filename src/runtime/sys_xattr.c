/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes: there are none. */
#include "at.h"
#include "file.h"
#include "linux.h"
#include "syscall.h"

static int64_t of_path(uint64_t path, uint64_t flags, int64_t answer)
{
	struct cbx_node *node;
	int64_t status = cbx_at_node(CBX_AT_CWD, path, flags, &node);

	return status != 0 ? status : answer;
}

static int64_t of_fd(uint64_t fd, int64_t answer)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)fd);

	return file == NULL || file->ops == &cbx_path_ops ? -LX_EBADF : answer;
}

int64_t cbx_sys_xattr(const uint64_t *arg)
{
	return of_path(arg[0], 0, -LX_EOPNOTSUPP);
}

int64_t cbx_sys_lxattr(const uint64_t *arg)
{
	return of_path(arg[0], LX_AT_SYMLINK_NOFOLLOW, -LX_EOPNOTSUPP);
}

int64_t cbx_sys_fxattr(const uint64_t *arg)
{
	return of_fd(arg[0], -LX_EOPNOTSUPP);
}

int64_t cbx_sys_listxattr(const uint64_t *arg)
{
	return of_path(arg[0], 0, 0);
}

int64_t cbx_sys_llistxattr(const uint64_t *arg)
{
	return of_path(arg[0], LX_AT_SYMLINK_NOFOLLOW, 0);
}

int64_t cbx_sys_flistxattr(const uint64_t *arg)
{
	return of_fd(arg[0], 0);
}
