/* SPDX-License-Identifier: Apache-2.0 */
/* Asking that bytes reach, or come from, a disk: there is none, so only the
 * arguments are looked at. */
#include "file.h"
#include "linux.h"
#include "syscall.h"

static const struct cbx_file *opened(uint64_t fd)
{
	const struct cbx_file *file = cbx_fd_file((uint32_t)fd);

	return file == NULL || file->ops == &cbx_path_ops ? NULL : file;
}

/* Whether there could be a disk behind it. */
static bool is_stored(const struct cbx_file *file)
{
	return cbx_node_is(file->node, LX_S_IFREG) ||
	       cbx_node_is(file->node, LX_S_IFDIR);
}

int64_t cbx_sys_fsync(const uint64_t *arg)
{
	const struct cbx_file *file = opened(arg[0]);

	if (file == NULL) {
		return -LX_EBADF;
	}
	return is_stored(file) ? 0 : -LX_EINVAL;
}

int64_t cbx_sys_syncfs(const uint64_t *arg)
{
	return opened(arg[0]) == NULL ? -LX_EBADF : 0;
}

int64_t cbx_sys_sync_file_range(const uint64_t *arg)
{
	const struct cbx_file *file = opened(arg[0]);
	int64_t end;

	if (file == NULL) {
		return -LX_EBADF;
	}
	if ((arg[3] & ~7ull) != 0 || (int64_t)arg[1] < 0 ||
		(int64_t)arg[2] < 0 ||
		__builtin_add_overflow(
			(int64_t)arg[1], (int64_t)arg[2], &end)) {
		return -LX_EINVAL;
	}
	return is_stored(file) ? 0 : -LX_ESPIPE;
}

int64_t cbx_sys_readahead(const uint64_t *arg)
{
	const struct cbx_file *file = opened(arg[0]);

	if (file == NULL || !cbx_file_readable(file)) {
		return -LX_EBADF;
	}
	return cbx_node_is(file->node, LX_S_IFREG) ? 0 : -LX_EINVAL;
}

int64_t cbx_sys_fadvise64(const uint64_t *arg)
{
	const struct cbx_file *file = opened(arg[0]);

	if (file == NULL) {
		return -LX_EBADF;
	}
	if (cbx_node_is(file->node, LX_S_IFIFO)) {
		return -LX_ESPIPE;
	}
	return (int64_t)arg[2] < 0 || arg[3] > 5 ? -LX_EINVAL : 0;
}
