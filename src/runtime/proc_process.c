/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a process's directory say. */
#include "cpu_time.h"
#include "linux.h"
#include "path.h"
#include "proc.h"
#include "task.h"
#include "user.h"

static void put_pages(struct cbx_text *text, const char *name, uint64_t pages)
{
	cbx_text_put(text, name);
	cbx_text_put_number(text, pages * (CBX_PAGE_SIZE / 1024));
	cbx_text_put(text, " kB\n");
}

static uint32_t parent_of(const struct cbx_process *process)
{
	return process->parent == NULL ? 0 : process->parent->pid;
}

static void put_numbers(
	struct cbx_text *text, const uint64_t *number, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cbx_text_put(text, " ");
		cbx_text_put_number(text, number[i]);
	}
}

static uint64_t ticks(int64_t ns)
{
	return (uint64_t)ns / (LX_NS / 100);
}

static char letter_of(const struct cbx_task *task)
{
	return task == cbx_task_self() || !task->parked ? 'R' : 'S';
}

/* The fields of stat from the parent on, as proc(5) counts them from 4. */
static void put_fields(struct cbx_text *text, const struct cbx_process *process,
	const uint64_t memory[3], uint64_t cpu_ticks)
{
	uint64_t first[19] = { parent_of(process), process->group,
		process->session };
	uint64_t last[30] = { 0 };

	first[5] = 0x400000; /* flags: a usual one */
	first[10] = cpu_ticks;
	first[14] = 20; /* priority, and a nice value of 0 */
	first[16] = process->task_count;
	last[0] = memory[0] * CBX_PAGE_SIZE;
	last[1] = memory[1];
	last[2] = UINT64_MAX;
	last[15] = process->exit_signal;
	last[24] = memory[2];
	put_numbers(text, first, 4);
	cbx_text_put(text, " -1"); /* no terminal's group */
	put_numbers(text, first + 5, 14);
	put_numbers(text, last, sizeof(last) / sizeof(last[0]));
	cbx_text_put(text, "\n");
}

static void put_stat(struct cbx_text *text, const struct cbx_process *process,
	const struct cbx_task *task)
{
	uint64_t memory[3] = { 0, 0, process->map->brk.start };
	const char letter[2] = { letter_of(task), '\0' };

	cbx_proc_pages(process, &memory[0], &memory[1]);
	cbx_text_put_number(text, task->tid);
	cbx_text_put(text, " (");
	cbx_text_put(text, task->name);
	cbx_text_put(text, ") ");
	cbx_text_put(text, letter);
	put_fields(
		text, process, memory, ticks(cbx_cpu_time_of_process(process)));
}

/* One that ended has little left to tell. */
static void put_ended(const struct cbx_node *node, struct cbx_text *text,
	const struct cbx_process *process)
{
	const uint64_t memory[3] = { 0 };

	if (node->proc == CBX_PROC_SELF_STAT) {
		cbx_text_put_number(text, process->pid);
		cbx_text_put(text, " () Z");
		put_fields(text, process, memory, 0);
	} else if (node->proc == CBX_PROC_STATUS) {
		cbx_text_put(text, "State:\tZ (zombie)\nTgid:\t");
		cbx_text_put_number(text, process->pid);
		cbx_text_put(text, "\nPid:\t");
		cbx_text_put_number(text, process->pid);
		cbx_text_put(text, "\nPPid:\t");
		cbx_text_put_number(text, parent_of(process));
		cbx_text_put(text, "\nThreads:\t0\n");
	}
}

static void put_field(struct cbx_text *text, const char *name, uint64_t number)
{
	cbx_text_put(text, name);
	cbx_text_put_number(text, number);
	cbx_text_put(text, "\n");
}

static void put_set(struct cbx_text *text, const char *name, uint64_t bits)
{
	cbx_text_put(text, name);
	cbx_text_put_hex(text, bits, 16);
	cbx_text_put(text, "\n");
}

/* The sets of signals that are ignored, or have a handler. */
static uint64_t actions(const struct cbx_process *process, bool ignored)
{
	uint64_t bits = 0;

	for (int i = 1; i <= LX_SIGNALS; i++) {
		uint64_t handler = process->signal.action[i].handler;

		if (ignored ? handler == LX_SIG_IGN : handler > LX_SIG_IGN) {
			bits |= cbx_signal_bit(i);
		}
	}
	return bits;
}

static void put_identity(struct cbx_text *text,
	const struct cbx_process *process, const struct cbx_task *task)
{
	cbx_text_put(text, "Name:\t");
	cbx_text_put(text, task->name);
	cbx_text_put(text, "\nUmask:\t0");
	for (uint32_t shift = 9; shift != 0; shift -= 3) {
		cbx_text_put_number(text, (process->umask >> (shift - 3)) & 7);
	}
	cbx_text_put(text, letter_of(task) == 'R' ? "\nState:\tR (running)\n"
						  : "\nState:\tS (sleeping)\n");
	put_field(text, "Tgid:\t", process->pid);
	cbx_text_put(text, "Ngid:\t0\n");
	put_field(text, "Pid:\t", task->tid);
	put_field(text, "PPid:\t", parent_of(process));
	cbx_text_put(
		text, "TracerPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
	put_field(text, "FDSize:\t", process->fds->capacity);
	cbx_text_put(text, "Groups:\t \n");
}

static void put_status(struct cbx_text *text, const struct cbx_process *process,
	const struct cbx_task *task)
{
	uint64_t all;
	uint64_t present;

	cbx_proc_pages(process, &all, &present);
	put_identity(text, process, task);
	put_pages(text, "VmPeak:\t", all);
	put_pages(text, "VmSize:\t", all);
	put_pages(text, "VmLck:\t", 0);
	put_pages(text, "VmHWM:\t", present);
	put_pages(text, "VmRSS:\t", present);
	put_field(text, "Threads:\t", process->task_count);
	put_set(text, "SigPnd:\t", task->signal.queue.pending);
	put_set(text, "ShdPnd:\t", process->signal.queue.pending);
	put_set(text, "SigBlk:\t", task->signal.mask);
	put_set(text, "SigIgn:\t", actions(process, true));
	put_set(text, "SigCgt:\t", actions(process, false));
	put_set(text, "CapInh:\t", process->capability[2]);
	put_set(text, "CapPrm:\t", process->capability[1]);
	put_set(text, "CapEff:\t", process->capability[0]);
	cbx_text_put(text, "CapBnd:\t000001ffffffffff\n"
			   "CapAmb:\t0000000000000000\n"
			   "NoNewPrivs:\t0\nSeccomp:\t0\n"
			   "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n"
			   "voluntary_ctxt_switches:\t0\n"
			   "nonvoluntary_ctxt_switches:\t0\n");
}

static void put_limit(struct cbx_text *text, uint64_t value)
{
	size_t end = text->used + 21;

	if (value == LX_RLIM_INFINITY) {
		cbx_text_put(text, "unlimited");
	} else {
		cbx_text_put_number(text, value);
	}
	cbx_text_pad(text, end);
}

static void put_limits(struct cbx_text *text, const struct cbx_process *process)
{
	static const struct {
		char name[22];
		char unit[10];
	} row[LX_RLIMITS] = {
		{ "Max cpu time", "seconds" },
		{ "Max file size", "bytes" },
		{ "Max data size", "bytes" },
		{ "Max stack size", "bytes" },
		{ "Max core file size", "bytes" },
		{ "Max resident set", "bytes" },
		{ "Max processes", "processes" },
		{ "Max open files", "files" },
		{ "Max locked memory", "bytes" },
		{ "Max address space", "bytes" },
		{ "Max file locks", "locks" },
		{ "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" },
		{ "Max nice priority", "" },
		{ "Max realtime priority", "" },
		{ "Max realtime timeout", "us" },
	};

	cbx_text_put(text, "Limit                     Soft Limit           "
			   "Hard Limit           Units     \n");
	for (size_t i = 0; i < LX_RLIMITS; i++) {
		size_t line = text->used;

		cbx_text_put(text, row[i].name);
		cbx_text_pad(text, line + 26);
		put_limit(text, process->limit[i].now);
		put_limit(text, process->limit[i].max);
		line = text->used;
		cbx_text_put(text, row[i].unit);
		cbx_text_pad(text, line + 10);
		cbx_text_put(text, "\n");
	}
}

static void put_fdinfo(
	struct cbx_text *text, const struct cbx_process *process, uint64_t fd)
{
	const struct cbx_file *file = cbx_fd_file_of(process->fds, fd);
	bool begun = false;

	if (file == NULL) {
		return;
	}
	cbx_text_put(text, "pos:\t");
	cbx_text_put_number(text, file->position);
	cbx_text_put(text, "\nflags:\t0");
	for (uint32_t shift = 24; shift != 0; shift -= 3) {
		uint32_t digit = (file->flags >> (shift - 3)) & 7;

		begun = begun || digit != 0;
		if (begun) {
			cbx_text_put_number(text, digit);
		}
	}
	cbx_text_put(text, "\nmnt_id:\t1\nino:\t");
	cbx_text_put_number(text, file->node->ino);
	cbx_text_put(text, "\n");
}

static void put_oom(struct cbx_text *text, const struct cbx_process *process)
{
	int16_t adjust = process->oom_score_adj;

	cbx_text_put(text, adjust < 0 ? "-" : "");
	cbx_text_put_number(text, (uint64_t)(adjust < 0 ? -adjust : adjust));
	cbx_text_put(text, "\n");
}

static void put_statm(struct cbx_text *text, const struct cbx_process *process)
{
	uint64_t number[6] = { 0 };
	uint64_t all;

	cbx_proc_pages(process, &all, &number[0]);
	cbx_text_put_number(text, all);
	put_numbers(text, number, 6);
	cbx_text_put(text, "\n");
}

/* What lies behind the environment on the program's stack, of the process that
 * asks: another one's memory cannot be seen from here. */
static void put_auxv(struct cbx_text *text, const struct cbx_process *process)
{
	const struct cbx_arguments *a = &process->arguments;
	uint64_t at = process->vector + 8 * (1 + a->argc + 1 + a->envc + 1);
	uint64_t pair[2] = { 1, 0 };

	if (process != cbx_process_self()) {
		return;
	}
	for (; pair[0] != 0 && cbx_user_get(pair, at, sizeof(pair)) == 0;
		at += sizeof(pair)) {
		cbx_text_put_bytes(text, (const char *)pair, sizeof(pair));
	}
}

/* The files that say the same of every process. */
static const char *fixed_text(uint8_t proc)
{
	switch (proc) {
	case CBX_PROC_CGROUP:
		return "0::/\n";
	case CBX_PROC_IO:
		return "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\n"
		       "read_bytes: 0\nwrite_bytes: 0\n"
		       "cancelled_write_bytes: 0\n";
	case CBX_PROC_LOGINUID:
		return "4294967295";
	case CBX_PROC_MOUNTINFO:
		return "1 1 0:1 / / rw - tmpfs box rw\n"
		       "2 1 0:2 / /proc rw - proc proc rw\n";
	case CBX_PROC_MOUNTS:
		return "box / tmpfs rw 0 0\nproc /proc proc rw 0 0\n";
	case CBX_PROC_OOM_SCORE:
		return "0\n";
	default:
		return "";
	}
}

/* The files that say what the process was started with. */
static void put_start(const struct cbx_node *node, struct cbx_text *text,
	const struct cbx_process *process)
{
	const struct cbx_arguments *a = &process->arguments;

	if (node->proc == CBX_PROC_AUXV) {
		put_auxv(text, process);
	} else if (node->proc == CBX_PROC_CMDLINE) {
		cbx_text_put_bytes(text, a->argv, a->argv_bytes);
	} else if (node->proc == CBX_PROC_ENVIRON) {
		cbx_text_put_bytes(text, a->envp, a->envp_bytes);
	} else {
		cbx_text_put(text, fixed_text(node->proc));
	}
}

void cbx_proc_write_process(const struct cbx_node *node, struct cbx_text *text)
{
	const struct cbx_process *process = cbx_proc_process(node);
	const struct cbx_task *task = cbx_proc_task(node);

	if (process == NULL && cbx_process_find(node->pid) != NULL) {
		put_ended(node, text, cbx_process_find(node->pid));
	}
	if (process == NULL || task == NULL) {
		return;
	}
	switch (node->proc) {
	case CBX_PROC_COMM:
		cbx_text_put(text, task->name);
		cbx_text_put(text, "\n");
		break;
	case CBX_PROC_FDINFO:
		put_fdinfo(text, process, node->index);
		break;
	case CBX_PROC_LIMITS:
		put_limits(text, process);
		break;
	case CBX_PROC_MAPS:
	case CBX_PROC_SMAPS:
		cbx_proc_write_maps(
			process, text, node->proc == CBX_PROC_SMAPS);
		break;
	case CBX_PROC_OOM_SCORE_ADJ:
		put_oom(text, process);
		break;
	case CBX_PROC_SELF_STAT:
		put_stat(text, process, task);
		break;
	case CBX_PROC_STATM:
		put_statm(text, process);
		break;
	case CBX_PROC_STATUS:
		put_status(text, process, task);
		break;
	default:
		put_start(node, text, process);
		break;
	}
}
