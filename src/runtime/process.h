/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process: what its tasks share.
 *
 * Everything here is changed under the runtime's lock (lock.h).
 */
#ifndef CBX_RUNTIME_PROCESS_H
#define CBX_RUNTIME_PROCESS_H

#include "file.h"
#include "linux_layout.h"
#include "memory_map.h"
#include "signal.h"

#define CBX_CAPABILITY_SETS 3u
#define CBX_CAPABILITY_ALL  0x1ffffffffffull
#define CBX_PROCESS_INIT    1u /* its end is the box's */

struct cbx_clone;
struct cbx_process_timers;
struct cbx_task;

/** Arguments and environment, packed: strings one after the other. */
struct cbx_arguments {
	const char *path; /* of the program, as it was named */
	const char *argv; /* argc strings in argv_bytes bytes */
	uint64_t argc;
	uint64_t argv_bytes;
	const char *envp; /* envc strings in envp_bytes bytes */
	uint64_t envc;
	uint64_t envp_bytes;
};

/** The heap blocks the arguments lie in; none while they are the start
 * block's. */
struct cbx_arguments_kept {
	char *block[2];
	uint64_t bytes[2];
};

enum cbx_process_state {
	CBX_PROCESS_RUNS,
	CBX_PROCESS_ENDING,
	CBX_PROCESS_ENDED, /* its parent may ask how */
};

struct cbx_process {
	uint32_t pid;
	uint32_t group; /* of processes, as kill knows them */
	uint32_t session;
	uint32_t state;		  /* enum cbx_process_state */
	struct cbx_process *next; /* of all */

	struct cbx_process *parent;	/* NULL: the box's first process */
	struct cbx_wait_queue children; /* one of them ended */
	struct cbx_wait_queue end;	/* it ended itself */
	uint32_t status;		/* ENDED: as wait tells it */
	uint32_t exit_signal;	 /* what its end sends the parent, or 0 */
	uint32_t death_signal;	 /* what the parent's end sends it, or 0 */
	bool subreaper;		 /* orphans below it become its children */
	bool began;		 /* it has called execve */
	struct cbx_task *lender; /* sleeps while its memory is lent to this */
	struct cbx_task *tasks;	 /* the first one's tid was the pid */
	uint64_t task_count;
	bool barriers; /* it registered for membarrier */
	struct cbx_wait_queue task_ends;

	struct cbx_arguments arguments;
	struct cbx_arguments_kept kept;
	struct cbx_node *program; /* holds a reference */
	uint64_t vector; /* where argc is: the program's first stack pointer */

	struct cbx_node *cwd; /* holds a reference */
	uint32_t umask;
	int16_t oom_score_adj; /* kept and told */
	struct cbx_fd_table *fds;
	struct lx_rlimit limit[LX_RLIMITS];
	/* effective, permitted, inheritable */
	uint64_t capability[CBX_CAPABILITY_SETS];
	struct cbx_process_signals signal;
	struct cbx_process_timers *timers; /* NULL: it never had one */
	int64_t cpu_ended; /* nanoseconds its former tasks ran */

	struct cbx_map *map;
};

/** A process like the running one, of one task that returns 0 from the same
 * call and does not run yet.
 *
 * @param[out] process  on success
 *
 * @retval 0
 * @retval -EAGAIN  too many
 * @retval -ENOMEM */
CBX_MUST_CHECK int64_t cbx_process_create(
	const struct cbx_clone *how, struct cbx_process **process);

/** Forget a process: one that never ran, or that its parent was told of. */
void cbx_process_forget(struct cbx_process *process);

/** End the running process with a status as wait tells it; the first one's
 * end is the box's.  @lock held */
_Noreturn void cbx_process_exit(uint32_t status);

/** The memory a parent lent, if it did, is the parent's alone again. */
void cbx_process_return_memory(struct cbx_process *process);

/** Whether a process runs a file's program: then nobody writes it. */
bool cbx_process_runs(const struct cbx_node *node);

/** The process with that number; NULL when there is none. */
struct cbx_process *cbx_process_find(uint64_t pid);

/** The box's first process. */
extern struct cbx_process cbx_process_init;

/** What the box was started with: CBX_START_*. */
extern uint32_t cbx_box_flags;

/** Set the name programs see of the running task, from a path. */
void cbx_process_name(const char *path);

#endif
