/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/maps and smaps. */
#include "linux.h"
#include "path.h"
#include "proc.h"
#include "process.h"

void cbx_proc_pages(
	const struct cbx_process *process, uint64_t *all, uint64_t *present)
{
	const struct cbx_extents *map = &process->map->extents;

	*all = 0;
	*present = 0;
	for (uint64_t i = 0; i < map->count; i++) {
		const struct cbx_extent *e = &map->at[i];

		if (e->state != CBX_EXTENT_CACHED) {
			*all += cbx_extent_pages(e);
		}
		if (e->state == CBX_EXTENT_PRESENT ||
			e->state == CBX_EXTENT_BORROWED) {
			*present += cbx_extent_pages(e);
		}
	}
}

static void put_name(struct cbx_text *text, const struct cbx_process *process,
	const struct cbx_extent *e)
{
	static char path[LX_PATH_MAX];

	const struct cbx_node *file = e->file;

	if (file == NULL && e->kind == CBX_EXTENT_PROGRAM) {
		file = process->program;
	}
	if (file != NULL) {
		cbx_path_of(file, path, sizeof(path));
		cbx_text_put(text, path);
	} else if (e->kind == CBX_EXTENT_BREAK) {
		cbx_text_put(text, "[heap]");
	} else if (e->kind == CBX_EXTENT_STACK) {
		cbx_text_put(text, "[stack]");
	}
}

static void put_line(struct cbx_text *text, const struct cbx_process *process,
	const struct cbx_extent *e)
{
	size_t line = text->used;

	cbx_text_put_hex(text, e->start, 8);
	cbx_text_put(text, "-");
	cbx_text_put_hex(text, e->end, 8);
	cbx_text_put(text, (e->prot & LX_PROT_READ) ? " r" : " -");
	cbx_text_put(text, (e->prot & LX_PROT_WRITE) ? "w" : "-");
	cbx_text_put(text, (e->prot & LX_PROT_EXEC) ? "x" : "-");
	cbx_text_put(text, e->shared ? "s " : "p ");
	cbx_text_put_hex(text, e->file == NULL ? 0 : e->start - e->origin, 8);
	cbx_text_put(text, e->file == NULL ? " 00:00 " : " 00:01 ");
	cbx_text_put_number(text, e->file == NULL ? 0 : e->file->ino);
	cbx_text_pad(text, line + 73);
	put_name(text, process, e);
	cbx_text_put(text, "\n");
}

static void put_size(struct cbx_text *text, const char *name, uint64_t pages)
{
	cbx_text_put(text, name);
	cbx_text_put_number(text, pages * (CBX_PAGE_SIZE / 1024));
	cbx_text_put(text, " kB\n");
}

static void put_details(struct cbx_text *text, const struct cbx_extent *e)
{
	uint64_t pages = cbx_extent_pages(e);
	uint64_t present = e->state == CBX_EXTENT_PRESENT ||
					   e->state == CBX_EXTENT_BORROWED
				   ? pages
				   : 0;

	put_size(text, "Size:           ", pages);
	put_size(text, "KernelPageSize: ", 1);
	put_size(text, "MMUPageSize:    ", 1);
	put_size(text, "Rss:            ", present);
	put_size(text, "Pss:            ", present);
	put_size(text, "Shared_Clean:   ", 0);
	put_size(text, "Shared_Dirty:   ", 0);
	put_size(text, "Private_Clean:  ", 0);
	put_size(text, "Private_Dirty:  ", present);
	put_size(text, "Referenced:     ", present);
	put_size(text, "Anonymous:      ", present);
	put_size(text, "Swap:           ", 0);
	put_size(text, "Locked:         ", 0);
	cbx_text_put(text, "VmFlags:");
	cbx_text_put(text, (e->prot & LX_PROT_READ) ? " rd" : "");
	cbx_text_put(text, (e->prot & LX_PROT_WRITE) ? " wr" : "");
	cbx_text_put(text, (e->prot & LX_PROT_EXEC) ? " ex" : "");
	cbx_text_put(text, " mr mw me\n");
}

void cbx_proc_write_maps(
	const struct cbx_process *process, struct cbx_text *text, bool smaps)
{
	const struct cbx_extents *map = &process->map->extents;

	for (uint64_t i = 0; i < map->count; i++) {
		if (map->at[i].state == CBX_EXTENT_CACHED) {
			continue;
		}
		put_line(text, process, &map->at[i]);
		if (smaps) {
			put_details(text, &map->at[i]);
		}
	}
}
