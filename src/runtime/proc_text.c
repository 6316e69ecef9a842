/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of /proc say. */
#include "budget.h"
#include "cpu.h"
#include "linux.h"
#include "memory.h"
#include "path.h"
#include "proc.h"
#include "task.h"
#include "time.h"

static void put_row(struct cbx_text *text, const char *name, uint64_t pages)
{
	cbx_text_put(text, name);
	cbx_text_put_number(text, pages * (CBX_PAGE_SIZE / 1024));
	cbx_text_put(text, " kB\n");
}

static void put_meminfo(struct cbx_text *text)
{
	put_row(text, "MemTotal:       ", cbx_budget_total());
	put_row(text, "MemFree:        ", cbx_budget_free());
	put_row(text, "MemAvailable:   ", cbx_budget_free());
	put_row(text, "Buffers:        ", 0);
	put_row(text, "Cached:         ", 0);
	put_row(text, "SwapTotal:      ", 0);
	put_row(text, "SwapFree:       ", 0);
}

static uint64_t memory_pages(void)
{
	const struct cbx_extents *map = cbx_memory_extents();
	uint64_t pages = 0;

	for (uint64_t i = 0; i < map->count; i++) {
		if (map->at[i].state == CBX_EXTENT_PRESENT) {
			pages += (map->at[i].end - map->at[i].start) >>
				 CBX_PAGE_SHIFT;
		}
	}
	return pages;
}

static void put_name(struct cbx_text *text, const struct cbx_extent *e)
{
	static char path[LX_PATH_MAX];

	switch ((enum cbx_extent_kind)e->kind) {
	case CBX_EXTENT_PROGRAM:
		cbx_path_of(cbx_process_self()->program, path, sizeof(path));
		cbx_text_put(text, path);
		break;
	case CBX_EXTENT_BREAK:
		cbx_text_put(text, "[heap]");
		break;
	case CBX_EXTENT_STACK:
		cbx_text_put(text, "[stack]");
		break;
	case CBX_EXTENT_ANONYMOUS:
	case CBX_EXTENT_FILE:
		break;
	}
}

static void put_maps(struct cbx_text *text)
{
	const struct cbx_extents *map = cbx_memory_extents();

	for (uint64_t i = 0; i < map->count; i++) {
		const struct cbx_extent *e = &map->at[i];
		size_t line = text->used;

		if (e->state == CBX_EXTENT_CACHED) {
			continue;
		}
		cbx_text_put_hex(text, e->start, 8);
		cbx_text_put(text, "-");
		cbx_text_put_hex(text, e->end, 8);
		cbx_text_put(text, (e->prot & LX_PROT_READ) ? " r" : " -");
		cbx_text_put(text, (e->prot & LX_PROT_WRITE) ? "w" : "-");
		cbx_text_put(text, (e->prot & LX_PROT_EXEC) ? "x" : "-");
		cbx_text_put(text, "p 00000000 00:00 0");
		cbx_text_pad(text, line + 73);
		put_name(text, e);
		cbx_text_put(text, "\n");
	}
}

static void put_self_stat(struct cbx_text *text)
{
	cbx_text_put(text, "1 (");
	cbx_text_put(text, cbx_process_self()->tasks->name);
	cbx_text_put(
		text, ") R 0 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 0 ");
	cbx_text_put_number(text, memory_pages() * CBX_PAGE_SIZE);
	cbx_text_put(text, " ");
	cbx_text_put_number(text, memory_pages());
	cbx_text_put(text, " 18446744073709551615");
	for (int i = 0; i < 27; i++) {
		cbx_text_put(text, " 0");
	}
	cbx_text_put(text, "\n");
}

static void put_status(struct cbx_text *text)
{
	cbx_text_put(text, "Name:\t");
	cbx_text_put(text, cbx_process_self()->tasks->name);
	cbx_text_put(text, "\nUmask:\t0");
	for (uint32_t shift = 9; shift != 0; shift -= 3) {
		cbx_text_put_number(
			text, (cbx_process_self()->umask >> (shift - 3)) & 7);
	}
	cbx_text_put(text,
		"\nState:\tR (running)\nTgid:\t1\nPid:\t1\nPPid:\t0\n"
		"Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t1024\n");
	put_row(text, "VmSize:\t", memory_pages());
	put_row(text, "VmRSS:\t", memory_pages());
	cbx_text_put(text, "Threads:\t1\n");
}

static void put_seconds(struct cbx_text *text, int64_t ns)
{
	uint64_t hundredths = (uint64_t)ns / 10000000;

	cbx_text_put_number(text, hundredths / 100);
	cbx_text_put(text, hundredths % 100 < 10 ? ".0" : ".");
	cbx_text_put_number(text, hundredths % 100);
}

static void put_uptime(struct cbx_text *text)
{
	put_seconds(text, cbx_time_monotonic());
	cbx_text_put(text, " 0.00\n");
}

static void put_stat(struct cbx_text *text)
{
	cbx_text_put(text,
		"cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\n"
		"intr 0\nctxt 0\nbtime ");
	cbx_text_put_number(text,
		(uint64_t)((cbx_time_real() - cbx_time_monotonic()) / LX_NS));
	cbx_text_put(text, "\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n");
}

static void put_statm(struct cbx_text *text)
{
	cbx_text_put_number(text, memory_pages());
	cbx_text_put(text, " ");
	cbx_text_put_number(text, memory_pages());
	cbx_text_put(text, " 0 0 0 0 0\n");
}

void cbx_proc_write(const struct cbx_node *node, struct cbx_text *text)
{
	const struct cbx_arguments *a = &cbx_process_self()->arguments;

	switch ((enum cbx_proc)node->proc) {
	case CBX_PROC_CMDLINE:
		cbx_text_put_bytes(text, a->argv, a->argv_bytes);
		break;
	case CBX_PROC_CPUINFO:
		cbx_cpu_describe(text);
		break;
	case CBX_PROC_ENVIRON:
		cbx_text_put_bytes(text, a->envp, a->envp_bytes);
		break;
	case CBX_PROC_FILESYSTEMS:
		cbx_text_put(text, "nodev\tproc\nnodev\ttmpfs\n");
		break;
	case CBX_PROC_LOADAVG:
		cbx_text_put(text, "0.00 0.00 0.00 1/1 1\n");
		break;
	case CBX_PROC_MAPS:
		put_maps(text);
		break;
	case CBX_PROC_MEMINFO:
		put_meminfo(text);
		break;
	case CBX_PROC_MOUNTS:
		cbx_text_put(
			text, "box / tmpfs rw 0 0\nproc /proc proc rw 0 0\n");
		break;
	case CBX_PROC_STAT:
		put_stat(text);
		break;
	case CBX_PROC_SELF_STAT:
		put_self_stat(text);
		break;
	case CBX_PROC_STATM:
		put_statm(text);
		break;
	case CBX_PROC_STATUS:
		put_status(text);
		break;
	case CBX_PROC_UPTIME:
		put_uptime(text);
		break;
	case CBX_PROC_VERSION:
		cbx_text_put(text, "Linux version 6.1.0-confbox\n");
		break;
	case CBX_PROC_NONE:
	case CBX_PROC_EXE:
	case CBX_PROC_CWD:
	case CBX_PROC_FDS:
	case CBX_PROC_FD:
		break;
	}
}
