/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"
#include "flock.h"
#include "heap.h"
#include "lib.h"
#include "linux.h"
#include "task.h"

#define FIRST 64u /* entries of a small table */

static struct cbx_fd_table *own(void)
{
	return cbx_process_self()->fds;
}

struct cbx_file *cbx_fd_file_of(const struct cbx_fd_table *table, uint64_t fd)
{
	return fd < table->capacity ? table->entry[fd].file : NULL;
}

struct cbx_file *cbx_fd_file(uint64_t fd)
{
	return cbx_fd_file_of(own(), fd);
}

uint64_t cbx_fd_limit(void)
{
	return cbx_min(
		cbx_process_self()->limit[LX_RLIMIT_NOFILE].now, CBX_FD_MOST);
}

/* Have an entry for @p fd. */
static bool reserve(struct cbx_fd_table *table, uint64_t fd)
{
	uint64_t had = table->capacity;

	if (fd < had) {
		return true;
	}
	if (!cbx_heap_grow((void **)&table->entry, &table->capacity,
		    cbx_max(fd + 1, FIRST), sizeof(table->entry[0]))) {
		return false;
	}
	memset(&table->entry[had], 0,
		(table->capacity - had) * sizeof(table->entry[0]));
	return true;
}

/* The lowest descriptor from @p lowest on that is not in use. */
static uint64_t lowest_free(const struct cbx_fd_table *table, uint64_t lowest)
{
	uint64_t fd = cbx_max(lowest, table->free);

	while (cbx_fd_file_of(table, fd) != NULL) {
		fd++;
	}
	return fd;
}

bool cbx_fd_spare(void)
{
	struct cbx_fd_table *table = own();
	uint64_t fd = lowest_free(table, 0);

	table->free = fd;
	return fd < cbx_fd_limit() && reserve(table, fd);
}

int64_t cbx_fd_add(struct cbx_file *file, uint64_t lowest, bool close_on_exec)
{
	struct cbx_fd_table *table = own();
	uint64_t fd = lowest_free(table, lowest);

	if (fd >= cbx_fd_limit() || !reserve(table, fd)) {
		return -LX_EMFILE;
	}
	if (lowest <= table->free) {
		table->free = fd + 1;
	}
	table->entry[fd] = (struct cbx_fd){ file, close_on_exec };
	return (int64_t)fd;
}

/* What a descriptor stood for is closed. */
static void let_go(struct cbx_fd_table *table, struct cbx_file *file)
{
	if (file != NULL) {
		cbx_flock_table_close(file->node, table);
		cbx_file_drop(file);
	}
}

static void close_entry(struct cbx_fd_table *table, uint64_t fd)
{
	struct cbx_file *file = table->entry[fd].file;

	table->entry[fd] = (struct cbx_fd){ NULL, false };
	table->free = cbx_min(table->free, fd);
	let_go(table, file);
}

int64_t cbx_fd_set(uint64_t fd, struct cbx_file *file, bool close_on_exec)
{
	struct cbx_fd_table *table = own();
	struct cbx_file *before;

	if (fd >= cbx_fd_limit()) {
		return -LX_EBADF;
	}
	if (!reserve(table, fd)) {
		return -LX_ENOMEM;
	}
	before = table->entry[fd].file;
	table->entry[fd] = (struct cbx_fd){ file, close_on_exec };
	let_go(table, before);
	return 0;
}

int64_t cbx_fd_close(uint64_t fd)
{
	if (cbx_fd_file(fd) == NULL) {
		return -LX_EBADF;
	}
	close_entry(own(), fd);
	return 0;
}

void cbx_fd_close_on_exec(void)
{
	struct cbx_fd_table *table = own();

	for (uint64_t fd = 0; fd < table->capacity; fd++) {
		if (table->entry[fd].file != NULL &&
			table->entry[fd].close_on_exec) {
			close_entry(table, fd);
		}
	}
}

bool cbx_fd_marked(uint64_t fd)
{
	const struct cbx_fd_table *table = own();

	return fd < table->capacity && table->entry[fd].close_on_exec;
}

void cbx_fd_mark(uint64_t fd, bool close_on_exec)
{
	own()->entry[fd].close_on_exec = close_on_exec;
}

int64_t cbx_fd_duplicate(uint64_t fd, uint64_t lowest, bool close_on_exec)
{
	struct cbx_file *file = cbx_fd_file((uint32_t)fd);
	int64_t made;

	if (file == NULL) {
		return -LX_EBADF;
	}
	cbx_file_hold(file);
	made = cbx_fd_add(file, lowest, close_on_exec);
	if (made < 0) {
		cbx_file_drop(file);
	}
	return made;
}

struct cbx_fd_table *cbx_fd_table_copy(const struct cbx_fd_table *table)
{
	struct cbx_fd_table *copy = cbx_heap_take_zero(sizeof(*copy));

	if (copy == NULL) {
		return NULL;
	}
	copy->refs = 1;
	copy->free = table->free;
	if (table->capacity != 0 && !reserve(copy, table->capacity - 1)) {
		cbx_heap_give(copy, sizeof(*copy));
		return NULL;
	}
	for (uint64_t fd = 0; fd < table->capacity; fd++) {
		copy->entry[fd] = table->entry[fd];
		if (copy->entry[fd].file != NULL) {
			cbx_file_hold(copy->entry[fd].file);
		}
	}
	return copy;
}

void cbx_fd_table_drop(struct cbx_fd_table *table)
{
	if (--table->refs != 0) {
		return;
	}
	for (uint64_t fd = 0; fd < table->capacity; fd++) {
		if (table->entry[fd].file != NULL) {
			close_entry(table, fd);
		}
	}
	cbx_heap_give(table->entry, table->capacity * sizeof(table->entry[0]));
	cbx_heap_give(table, sizeof(*table));
}
