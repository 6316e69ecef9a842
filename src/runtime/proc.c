/* SPDX-License-Identifier: Apache-2.0 */
#include "proc.h"

#include "heap.h"
#include "linux.h"
#include "path.h"
#include "task.h"
#include "user.h"

static int64_t shot_read(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	return cbx_data_read(&file->shot, at, va, bytes);
}

/* The name of the task that asks, or of the one whose file it is. */
static int64_t write_name(
	const struct cbx_node *node, uint64_t va, uint64_t bytes)
{
	struct cbx_task *task = cbx_proc_task(node);
	char name[CBX_TASK_NAME] = { 0 };
	uint64_t length = cbx_min(bytes, sizeof(name) - 1);

	if (task == NULL) {
		return -LX_ESRCH;
	}
	if (cbx_user_copy(name, (const void *)va, length) != 0) {
		return -LX_EFAULT;
	}
	memcpy(task->name, name, sizeof(name));
	return (int64_t)bytes;
}

static int64_t write_number(
	struct cbx_process *process, uint64_t va, uint64_t bytes)
{
	char text[8] = { 0 };
	uint64_t length = cbx_min(bytes, sizeof(text) - 1);
	bool minus;
	uint64_t number;

	if (process == NULL) {
		return -LX_ESRCH;
	}
	if (cbx_user_copy(text, (const void *)va, length) != 0) {
		return -LX_EFAULT;
	}
	while (length != 0 && text[length - 1] == '\n') {
		length--;
	}
	minus = text[0] == '-';
	if (!cbx_text_number(text + minus, length - minus, &number) ||
		number > 1000) {
		return -LX_EINVAL;
	}
	process->oom_score_adj =
		(int16_t)(minus ? -(int64_t)number : (int64_t)number);
	return (int64_t)bytes;
}

static int64_t shot_write(
	struct cbx_file *file, uint64_t va, uint64_t bytes, uint64_t at)
{
	(void)at;
	switch (file->node->proc) {
	case CBX_PROC_COMM:
		return write_name(file->node, va, bytes);
	case CBX_PROC_OOM_SCORE_ADJ:
		return write_number(cbx_proc_process(file->node), va, bytes);
	case CBX_PROC_LOGINUID:
		return -LX_EPERM;
	default:
		return -LX_EIO;
	}
}

static void shot_close(struct cbx_file *file)
{
	cbx_data_free(&file->shot);
}

const struct cbx_file_ops cbx_shot_ops = {
	.read = shot_read,
	.write = shot_write,
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

static uint64_t number_name(
	const char *kind, uint64_t number, char *to, uint64_t size)
{
	struct cbx_text text = { .at = to, .size = size };

	cbx_text_put(&text, kind);
	cbx_text_put(&text, ":[");
	cbx_text_put_number(&text, number);
	cbx_text_put(&text, "]");
	return cbx_min(text.used, size);
}

uint64_t cbx_proc_file_name(
	const struct cbx_file *file, char *to, uint64_t size)
{
	const struct cbx_node *node = file->node;

	if (file->ops->name != NULL) {
		uint64_t length = cbx_min(strlen(file->ops->name), size);

		memcpy(to, file->ops->name, length);
		return length;
	}
	if (node->device == CBX_DEVICE_SOCKET) {
		return number_name("socket", node->ino, to, size);
	}
	if (cbx_node_is(node, LX_S_IFIFO) && node->entry == NULL) {
		return number_name("pipe", node->ino, to, size);
	}
	return cbx_path_of(node, to, size);
}

/* Where an open descriptor's link points. */
static uint64_t fd_target(const struct cbx_node *link, char *to, uint64_t size)
{
	struct cbx_process *process = cbx_proc_process(link);
	const struct cbx_file *file =
		process == NULL ? NULL
				: cbx_fd_file_of(process->fds, link->index);

	return file == NULL ? 0 : cbx_proc_file_name(file, to, size);
}

static uint64_t self(bool with_task, char *to, uint64_t size)
{
	struct cbx_text text = { .at = to, .size = size };

	cbx_text_put_number(&text, cbx_process_self()->pid);
	if (with_task) {
		cbx_text_put(&text, "/task/");
		cbx_text_put_number(&text, cbx_task_self()->tid);
	}
	return cbx_min(text.used, size);
}

uint64_t cbx_proc_link(const struct cbx_node *link, char *to, uint64_t size)
{
	const struct cbx_node *node;

	switch (link->proc) {
	case CBX_PROC_FD:
		return fd_target(link, to, size);
	case CBX_PROC_SELF:
		return self(false, to, size);
	case CBX_PROC_THREAD_SELF:
		return self(true, to, size);
	default:
		node = cbx_proc_jump(link);
		return node == NULL ? 0 : cbx_path_of(node, to, size);
	}
}
