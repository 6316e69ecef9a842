/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New tasks.
 */
#ifndef CBX_RUNTIME_CLONE_H
#define CBX_RUNTIME_CLONE_H

#include "task.h"

#define LX_CLONE_VM		0x00000100ull
#define LX_CLONE_FS		0x00000200ull
#define LX_CLONE_FILES		0x00000400ull
#define LX_CLONE_SIGHAND	0x00000800ull
#define LX_CLONE_PIDFD		0x00001000ull
#define LX_CLONE_PTRACE		0x00002000ull
#define LX_CLONE_VFORK		0x00004000ull
#define LX_CLONE_PARENT		0x00008000ull
#define LX_CLONE_THREAD		0x00010000ull
#define LX_CLONE_NEWNS		0x00020000ull
#define LX_CLONE_SYSVSEM	0x00040000ull
#define LX_CLONE_SETTLS		0x00080000ull
#define LX_CLONE_PARENT_SETTID	0x00100000ull
#define LX_CLONE_CHILD_CLEARTID 0x00200000ull
#define LX_CLONE_DETACHED	0x00400000ull
#define LX_CLONE_CHILD_SETTID	0x01000000ull
#define LX_CLONE_CLEAR_SIGHAND	0x100000000ull

/** What a new task is to be, as clone and clone3 say. */
struct cbx_clone {
	uint64_t flags; /* LX_CLONE_* */
	uint64_t stack; /* its first stack pointer; 0: the caller's */
	uint64_t tls;
	uint64_t parent_tid; /* addresses */
	uint64_t child_tid;
	uint64_t pidfd;
	uint32_t exit_signal;
};

/**
 * Make a task like the running one, which returns 0 from the same call.
 *
 * It is on its process's list and does not run yet.
 *
 * @param process  the running one, or one that begins with it
 *
 * @return NULL when there is no memory
 */
struct cbx_task *cbx_task_create(
	struct cbx_process *process, const struct cbx_clone *how);

/** Let it run, in its process's space.
 * @retval -EAGAIN  there is no thread for it; it is freed */
CBX_MUST_CHECK int64_t cbx_task_start(struct cbx_task *task);

/** Have what a thread of it needs before it can ask for anything in a map's
 * space.  @return false when there is no memory */
CBX_MUST_CHECK bool cbx_task_bring(
	const struct cbx_task *task, const struct cbx_map *map);

/** The end of its runtime stack. */
uint64_t cbx_task_stack_end(const struct cbx_task *task);

/** Become a task, in a thread that has just begun. */
void cbx_task_register(struct cbx_task *task);

/** The first code of a thread of execve's: rdi of its entry. */
_Noreturn void cbx_exec_begin(struct cbx_task *task);

/** Free a task that was never started. */
void cbx_task_abandon(struct cbx_task *task);

/** Put it at the end of its process's list, or take it off.  @lock held */
void cbx_task_list(struct cbx_task *task);
void cbx_task_unlist(struct cbx_task *task);

/** A task is off its list and about to leave: its memory is freed after
 * that. */
void cbx_task_gone(struct cbx_task *task);

/** Where a new thread's first code goes on. */
_Noreturn void cbx_task_begin(struct cbx_task *task);

#endif
