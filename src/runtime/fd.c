/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"
#include "linux.h"
#include "task.h"

struct cbx_file *cbx_fd_file(uint64_t fd)
{
	return fd < CBX_FD_MAX ? cbx_process_self()->fds->entry[fd].file : NULL;
}

int64_t cbx_fd_add(struct cbx_file *file, uint64_t lowest, bool close_on_exec)
{
	struct cbx_fd_table *table = cbx_process_self()->fds;

	for (uint64_t fd = lowest; fd < CBX_FD_MAX; fd++) {
		if (table->entry[fd].file == NULL) {
			table->entry[fd].file = file;
			table->entry[fd].close_on_exec = close_on_exec;
			return (int64_t)fd;
		}
	}
	return -LX_EMFILE;
}

void cbx_fd_set(uint64_t fd, struct cbx_file *file, bool close_on_exec)
{
	struct cbx_fd_table *table = cbx_process_self()->fds;
	struct cbx_file *before = table->entry[fd].file;

	table->entry[fd].file = file;
	table->entry[fd].close_on_exec = close_on_exec;
	if (before != NULL) {
		cbx_file_drop(before);
	}
}

int64_t cbx_fd_close(uint64_t fd)
{
	if (cbx_fd_file(fd) == NULL) {
		return -LX_EBADF;
	}
	cbx_fd_set(fd, NULL, false);
	return 0;
}

void cbx_fd_close_on_exec(void)
{
	const struct cbx_fd_table *table = cbx_process_self()->fds;

	for (uint64_t fd = 0; fd < CBX_FD_MAX; fd++) {
		if (table->entry[fd].file != NULL &&
			table->entry[fd].close_on_exec) {
			cbx_fd_set(fd, NULL, false);
		}
	}
}

bool cbx_fd_marked(uint64_t fd)
{
	return fd < CBX_FD_MAX &&
	       cbx_process_self()->fds->entry[fd].close_on_exec;
}

void cbx_fd_mark(uint64_t fd, bool close_on_exec)
{
	cbx_process_self()->fds->entry[fd].close_on_exec = close_on_exec;
}
