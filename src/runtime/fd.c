/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"
#include "linux.h"

static struct {
	struct cbx_file *file;
	bool close_on_exec;
} table[CBX_FD_MAX];

struct cbx_file *cbx_fd_file(uint64_t fd)
{
	return fd < CBX_FD_MAX ? table[fd].file : NULL;
}

int64_t cbx_fd_add(struct cbx_file *file, uint64_t lowest, bool close_on_exec)
{
	for (uint64_t fd = lowest; fd < CBX_FD_MAX; fd++) {
		if (table[fd].file == NULL) {
			table[fd].file = file;
			table[fd].close_on_exec = close_on_exec;
			return (int64_t)fd;
		}
	}
	return -LX_EMFILE;
}

void cbx_fd_set(uint64_t fd, struct cbx_file *file, bool close_on_exec)
{
	struct cbx_file *before = table[fd].file;

	table[fd].file = file;
	table[fd].close_on_exec = close_on_exec;
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
	for (uint64_t fd = 0; fd < CBX_FD_MAX; fd++) {
		if (table[fd].file != NULL && table[fd].close_on_exec) {
			cbx_fd_set(fd, NULL, false);
		}
	}
}

bool cbx_fd_marked(uint64_t fd)
{
	return fd < CBX_FD_MAX && table[fd].close_on_exec;
}

void cbx_fd_mark(uint64_t fd, bool close_on_exec)
{
	table[fd].close_on_exec = close_on_exec;
}
