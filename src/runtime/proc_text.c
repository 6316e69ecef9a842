/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of /proc say of the machine. */
#include "budget.h"
#include "cpu.h"
#include "gate.h"
#include "linux.h"
#include "proc.h"
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

void cbx_proc_make_uuid(char *text)
{
	struct cbx_text out = { .at = text, .size = CBX_PROC_UUID_BYTES };
	uint64_t word[4];

	cbx_gate_random(word);
	cbx_text_put_hex(&out, word[0] & 0xffffffff, 8);
	cbx_text_put(&out, "-");
	cbx_text_put_hex(&out, word[0] >> 48, 4);
	cbx_text_put(&out, "-");
	cbx_text_put_hex(&out, 0x4000 | (word[1] & 0xfff), 4);
	cbx_text_put(&out, "-");
	cbx_text_put_hex(&out, 0x8000 | (word[1] >> 50), 4);
	cbx_text_put(&out, "-");
	cbx_text_put_hex(&out, word[2] & 0xffffffffffff, 12);
	cbx_text_put(&out, "\n");
}

static void put_uuid(struct cbx_text *text)
{
	char uuid[CBX_PROC_UUID_BYTES];

	cbx_proc_make_uuid(uuid);
	cbx_text_put_bytes(text, uuid, sizeof(uuid));
}

void cbx_proc_write(const struct cbx_node *node, struct cbx_text *text)
{
	switch (node->proc) {
	case CBX_PROC_CPUINFO:
		cbx_cpu_describe(text);
		break;
	case CBX_PROC_FILESYSTEMS:
		cbx_text_put(text, "nodev\tproc\nnodev\ttmpfs\n");
		break;
	case CBX_PROC_LOADAVG:
		cbx_text_put(text, "0.00 0.00 0.00 1/1 1\n");
		break;
	case CBX_PROC_MEMINFO:
		put_meminfo(text);
		break;
	case CBX_PROC_STAT:
		put_stat(text);
		break;
	case CBX_PROC_UPTIME:
		put_uptime(text);
		break;
	case CBX_PROC_UUID:
		put_uuid(text);
		break;
	case CBX_PROC_VERSION:
		cbx_text_put(text, "Linux version 6.1.0-confbox\n");
		break;
	default:
		cbx_proc_write_process(node, text);
		break;
	}
}
