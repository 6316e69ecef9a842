/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of processes. */
#include "linux.h"
#include "path.h"
#include "proc.h"
#include "task.h"
#include "time.h"

#define KEPT 256u

enum where {
	PROCESS = 1,
	TASK = 2,
	BOTH = 3,
};

static const struct {
	char name[15];
	uint8_t proc;
	uint32_t mode;
	uint8_t where;
} list[] = {
#define X(KIND, name, mode, where) { name, CBX_PROC_##KIND, mode, where },
#include "proc.def"
#undef X
};

#define LIST (sizeof(list) / sizeof(list[0]))

/* Nodes made last, the oldest at the hand. */
static struct {
	struct cbx_node *at[KEPT];
	uint64_t hand;
} kept;

/* The process with the lowest number above @p pid. */
static struct cbx_process *process_after(uint64_t pid)
{
	struct cbx_process *found = NULL;

	for (struct cbx_process *p = &cbx_process_init; p != NULL;
		p = p->next) {
		if (p->pid > pid && (found == NULL || p->pid < found->pid)) {
			found = p;
		}
	}
	return found;
}

struct cbx_process *cbx_proc_process(const struct cbx_node *node)
{
	struct cbx_process *process = cbx_process_find(node->pid);

	return process == NULL || process->state == CBX_PROCESS_ENDED ? NULL
								      : process;
}

struct cbx_task *cbx_proc_task(const struct cbx_node *node)
{
	struct cbx_process *process = cbx_proc_process(node);
	struct cbx_task *task = process == NULL ? NULL : process->tasks;

	while (task != NULL && node->tid != 0 && task->tid != node->tid) {
		task = task->next;
	}
	return task;
}

bool cbx_proc_is_live(const struct cbx_node *dir)
{
	switch (dir->proc) {
	case CBX_PROC_TOP:
	case CBX_PROC_PID:
	case CBX_PROC_TASKS:
	case CBX_PROC_TID:
	case CBX_PROC_FDS:
	case CBX_PROC_FDINFOS:
		return true;
	default:
		return false;
	}
}

static struct cbx_proc_name numbered(
	uint64_t key, uint64_t number, uint32_t mode)
{
	struct cbx_proc_name found = { .key = key, .mode = mode };
	struct cbx_text text = { .at = found.name, .size = sizeof(found.name) };

	cbx_text_put_number(&text, number);
	found.length = text.used;
	return found;
}

static struct cbx_proc_name next_listed(uint8_t where, uint64_t after)
{
	for (uint64_t i = after; i < LIST; i++) {
		struct cbx_proc_name found = { .key = i + 1,
			.mode = list[i].mode,
			.length = strlen(list[i].name) };

		if ((list[i].where & where) != 0) {
			memcpy(found.name, list[i].name, found.length);
			return found;
		}
	}
	return (struct cbx_proc_name){ 0 };
}

static struct cbx_proc_name next_fd(
	const struct cbx_node *dir, uint64_t after, uint32_t mode)
{
	struct cbx_process *process = cbx_proc_process(dir);
	uint64_t count = process == NULL ? 0 : process->fds->capacity;

	for (uint64_t fd = after; fd < count; fd++) {
		if (cbx_fd_file_of(process->fds, fd) != NULL) {
			return numbered(fd + 1, fd, mode);
		}
	}
	return (struct cbx_proc_name){ 0 };
}

static struct cbx_proc_name next_task(
	const struct cbx_node *dir, uint64_t after)
{
	const struct cbx_process *process = cbx_proc_process(dir);
	const struct cbx_task *task = process == NULL ? NULL : process->tasks;
	uint64_t best = 0;

	for (; task != NULL; task = task->next) {
		if (task->tid > after && (best == 0 || task->tid < best)) {
			best = task->tid;
		}
	}
	return best == 0 ? (struct cbx_proc_name){ 0 }
			 : numbered(best, best, LX_S_IFDIR | 0555u);
}

static struct cbx_proc_name next_process(uint64_t after)
{
	const struct cbx_process *process = process_after((uint32_t)after);

	return process == NULL ? (struct cbx_proc_name){ 0 }
			       : numbered(process->pid, process->pid,
					 LX_S_IFDIR | 0555u);
}

struct cbx_proc_name cbx_proc_next(const struct cbx_node *dir, uint64_t after)
{
	switch (dir->proc) {
	case CBX_PROC_TOP:
		return next_process(after);
	case CBX_PROC_TASKS:
		return next_task(dir, after);
	case CBX_PROC_FDS:
		return next_fd(dir, after, LX_S_IFLNK | 0700u);
	case CBX_PROC_FDINFOS:
		return next_fd(dir, after, LX_S_IFREG | 0400u);
	case CBX_PROC_PID:
		return next_listed(PROCESS, after);
	case CBX_PROC_TID:
		return next_listed(TASK, after);
	default:
		return (struct cbx_proc_name){ 0 };
	}
}

uint64_t cbx_proc_ino(const struct cbx_node *dir, uint64_t key)
{
	return (1ull << 62) | (uint64_t)dir->proc << 52 |
	       ((uint64_t)dir->pid * 31 + dir->tid) << 16 | key;
}

/* What a new node below a directory is. */
static void fill(struct cbx_node *node, const struct cbx_node *dir,
	const struct cbx_proc_name *name)
{
	node->pid = dir->pid;
	node->tid = dir->tid;
	node->index = (uint32_t)name->key;
	node->ino = cbx_proc_ino(dir, name->key);
	switch (dir->proc) {
	case CBX_PROC_TOP:
		node->proc = CBX_PROC_PID;
		node->pid = (uint32_t)name->key;
		break;
	case CBX_PROC_TASKS:
		node->proc = CBX_PROC_TID;
		node->tid = (uint32_t)name->key;
		break;
	case CBX_PROC_FDS:
		node->proc = CBX_PROC_FD;
		node->index--;
		break;
	case CBX_PROC_FDINFOS:
		node->proc = CBX_PROC_FDINFO;
		node->index--;
		break;
	default:
		node->proc = list[name->key - 1].proc;
		break;
	}
}

/* Keep a node, in place of the one made longest ago. */
static void keep(struct cbx_node *node)
{
	struct cbx_node *old = kept.at[kept.hand];

	kept.at[kept.hand] = node;
	kept.hand = (kept.hand + 1) % KEPT;
	node->links++;
	if (old != NULL) {
		old->links--;
		cbx_node_hold(old);
		cbx_node_drop(old); /* freed when nobody has it */
	}
}

static struct cbx_node *make(
	struct cbx_node *dir, const struct cbx_proc_name *name)
{
	uint64_t ino = cbx_proc_ino(dir, name->key);
	struct cbx_node *node;

	for (uint64_t i = 0; i < KEPT; i++) {
		if (kept.at[i] != NULL && kept.at[i]->ino == ino &&
			kept.at[i]->above == dir) {
			return kept.at[i];
		}
	}
	node = cbx_node_create(name->mode, cbx_time_coarse());
	if (node == NULL) {
		return NULL;
	}
	fill(node, dir, name);
	node->above = dir;
	cbx_node_hold(dir);
	if (cbx_node_is(node, LX_S_IFDIR)) {
		node->dir.parent = dir;
	}
	keep(node);
	return node;
}

struct cbx_node *cbx_proc_child(
	struct cbx_node *dir, const char *name, uint64_t length)
{
	struct cbx_proc_name found = { 0 };
	uint64_t number;

	if (dir->proc == CBX_PROC_PID || dir->proc == CBX_PROC_TID) {
		if (cbx_process_find(dir->pid) == NULL ||
			(dir->tid != 0 && cbx_proc_task(dir) == NULL)) {
			return NULL;
		}
		do {
			found = cbx_proc_next(dir, found.key);
		} while (found.key != 0 &&
			 (found.length != length ||
				 memcmp(found.name, name, length) != 0));
	} else if (cbx_text_number(name, length, &number) &&
		   (number == 0 || name[0] != '0') && number < UINT32_MAX) {
		bool fd = dir->proc == CBX_PROC_FDS ||
			  dir->proc == CBX_PROC_FDINFOS;
		uint64_t key = number + (fd ? 1 : 0);

		found = key == 0 ? found : cbx_proc_next(dir, key - 1);
		found.key = found.key == key ? key : 0;
	}
	return found.key == 0 ? NULL : make(dir, &found);
}

struct cbx_proc_name cbx_proc_name_of(const struct cbx_node *node)
{
	switch (node->proc) {
	case CBX_PROC_PID:
		return numbered(node->pid, node->pid, node->mode);
	case CBX_PROC_TID:
		return numbered(node->tid, node->tid, node->mode);
	case CBX_PROC_FD:
	case CBX_PROC_FDINFO:
		return numbered(node->index + 1, node->index, node->mode);
	default:
		return next_listed(BOTH, node->index - 1);
	}
}

struct cbx_node *cbx_proc_jump(const struct cbx_node *link)
{
	struct cbx_process *process = cbx_proc_process(link);
	const struct cbx_file *file;

	if (process == NULL) {
		return NULL;
	}
	switch (link->proc) {
	case CBX_PROC_EXE:
		return process->program;
	case CBX_PROC_CWD:
		return process->cwd;
	case CBX_PROC_ROOT:
		return cbx_path_root;
	default:
		file = cbx_fd_file_of(process->fds, link->index);
		return file == NULL ? NULL : file->node;
	}
}
