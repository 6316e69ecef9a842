/* SPDX-License-Identifier: Apache-2.0 */
#include "proc.h"

#include "heap.h"
#include "linux.h"
#include "path.h"
#include "task.h"
#include "time.h"
#include "user.h"

static int64_t shot_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	return cbx_data_read(&file->shot, at, va, bytes);
}

static void shot_close(struct cbx_file *file)
{
	cbx_data_free(&file->shot);
}

const struct cbx_file_ops cbx_shot_ops = {
	.read = shot_read,
	.close = shot_close,
	.seekable = true,
};

int64_t cbx_proc_take(const struct cbx_node *node, struct cbx_data *shot)
{
	struct cbx_text text = { 0 };
	uint64_t bytes;
	int64_t done;

	*shot = (struct cbx_data){ 0 };
	cbx_proc_write(node, &text); /* to know how much it is */
	bytes = text.used + CBX_PAGE_SIZE;
	text = (struct cbx_text){ .at = cbx_heap_take(bytes), .size = bytes };
	if (text.at == NULL) {
		return -LX_ENOMEM;
	}
	cbx_proc_write(node, &text);
	done = cbx_data_write(
		shot, 0, (uint64_t)text.at, cbx_min(text.used, text.size));
	cbx_heap_give(text.at, bytes);
	if (done < 0) {
		cbx_data_free(shot);
		return -LX_ENOMEM;
	}
	return 0;
}

/* Where an open descriptor's link points. */
static uint64_t fd_target(uint16_t fd, char *to, uint64_t size)
{
	const struct cbx_file *file = cbx_fd_file(fd);
	struct cbx_text text = { .at = to, .size = size };

	if (file == NULL) {
		return 0;
	}
	if (!cbx_node_is(file->node, LX_S_IFIFO)) {
		return cbx_path_of(file->node, to, size);
	}
	cbx_text_put(&text, "pipe:[");
	cbx_text_put_number(&text, file->node->ino);
	cbx_text_put(&text, "]");
	return cbx_min(text.used, size);
}

uint64_t cbx_proc_link(const struct cbx_node *link, char *to, uint64_t size)
{
	switch (link->proc) {
	case CBX_PROC_EXE:
		return cbx_path_of(cbx_process_self()->program, to, size);
	case CBX_PROC_CWD:
		return cbx_path_of(cbx_process_self()->cwd, to, size);
	case CBX_PROC_FD:
		return fd_target(link->index, to, size);
	default:
		return 0;
	}
}

struct cbx_node *cbx_proc_fd_find(const char *name, uint64_t length)
{
	static struct cbx_node *link[CBX_FD_SELECT];
	uint64_t fd;

	if (!cbx_text_number(name, length, &fd) || fd >= CBX_FD_SELECT ||
		cbx_fd_file(fd) == NULL) {
		return NULL;
	}
	if (link[fd] == NULL) {
		link[fd] =
			cbx_node_create(LX_S_IFLNK | 0700u, cbx_time_coarse());
	}
	if (link[fd] != NULL) {
		link[fd]->proc = CBX_PROC_FD;
		link[fd]->index = (uint16_t)fd;
		link[fd]->links = 1; /* it stays */
	}
	return link[fd];
}

struct cbx_node *cbx_proc_fd_node(const struct cbx_node *link)
{
	const struct cbx_file *file = cbx_fd_file(link->index);

	return file == NULL ? NULL : file->node;
}
