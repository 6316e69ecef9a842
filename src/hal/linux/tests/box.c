/* SPDX-License-Identifier: Apache-2.0 */
#include "box.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hal/linux/start.h>

#define MACHINE_PAGES "262144"

static uint64_t next_page = 1;
static int service_socket;

static void park(uint32_t cpu)
{
	(void)cpu;
	for (;;) {
		(void)pause();
	}
}

/* The test is CPU 0, so nobody else may be. */
void machine_start(void)
{
	char name[] = "test";
	char pages[] = MACHINE_PAGES;
	char cpus[] = "8";
	char *argv[] = { name, pages, cpus, NULL };
	uint32_t cpu;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0 ||
		dup2(fd[1], 3) != 3) {
		abort();
	}
	service_socket = fd[0];
	cbx_linux_start(3, argv);
	if (cbx_linux_cpu_open(dup(2), park, &cpu) != CBX_OK || cpu != 0) {
		abort();
	}
}

struct cbx_pfn take_pages(uint64_t count)
{
	struct cbx_pfn pfn = { next_page };
	uint64_t done;

	next_page += count;
	if (next_page > cbx_hal_page_count()) {
		abort();
	}
	assert_int_equal(cbx_hal_view_set(pfn, count,
				 (struct cbx_view){ CBX_VIEW_NONE }, &done),
		CBX_OK);
	assert_int_equal(done, count);
	cbx_hal_page_scrub(pfn, count);
	return pfn;
}

/* The tests keep META pages mapped: on this machine the pointer stays. */
static void *take_meta(void)
{
	void *page = cbx_hal_page_map(take_pages(1));

	cbx_hal_page_unmap(page);
	return page;
}

void box_map(struct box *box, uint64_t va, struct cbx_pfn pfn, uint64_t count,
	uint8_t rights)
{
	uint64_t tables =
		cbx_arch_space_tables(box->space, (struct cbx_va){ va }, count);
	uint64_t done;

	while (tables-- > 0) {
		cbx_arch_space_table_give(box->space, take_pages(1));
	}
	assert_int_equal(
		cbx_arch_space_map(box->space, (struct cbx_va){ va }, pfn,
			count, (struct cbx_rights){ rights }, &done),
		CBX_OK);
	assert_int_equal(done, count);
}

struct box box_create(uint32_t flags)
{
	size_t bytes = (size_t)(box_end - box_begin);
	struct box box = { .code_pages = cbx_pages_of(bytes) };
	void *page;

	box.space = take_meta();
	assert_int_equal(
		cbx_arch_space_create(box.space, take_pages(1), flags), CBX_OK);
	box.code = take_pages(box.code_pages);
	page = cbx_hal_page_map(box.code);
	memcpy(page, box_begin, bytes);
	cbx_hal_page_unmap(page);
	box.data = take_pages(1);
	box_map(&box, CODE_VA, box.code, box.code_pages,
		CBX_RIGHT_R | CBX_RIGHT_X);
	box_map(&box, DATA_VA, box.data, 1, CBX_RIGHT_R | CBX_RIGHT_W);
	box_map(&box, STACK_VA, take_pages(STACK_PAGES), STACK_PAGES,
		CBX_RIGHT_R | CBX_RIGHT_W);
	return box;
}

/* As the core does: end, drain, take the tables back. */
void box_destroy(struct box *box)
{
	struct cbx_va va = { 0 };
	struct cbx_mapping mapping;
	struct cbx_pfn table;
	uint64_t done;

	cbx_arch_space_destroy(box->space);
	while (cbx_arch_space_next(box->space, &va, &mapping)) {
		assert_int_equal(
			cbx_arch_space_unmap(box->space, va, 1, &done), CBX_OK);
	}
	while (cbx_arch_space_table_take(box->space, &table)) {
	}
}

struct box_thread thread_create(
	struct box *box, const uint8_t *label, uint64_t arg)
{
	const struct cbx_vcpu_start start = {
		.entry = label_va(label),
		.stack = STACK_VA + STACK_PAGES * CBX_PAGE_SIZE,
		.arg = arg,
	};
	struct box_thread thread = { .vcpu = take_meta() };

	assert_int_equal(
		cbx_arch_vcpu_init(thread.vcpu, box->space, &start), CBX_OK);
	return thread;
}

void thread_destroy(struct box_thread *thread)
{
	cbx_arch_vcpu_fini(thread->vcpu);
}

enum cbx_stop_kind thread_run(
	struct box_thread *thread, const struct cbx_reply *reply)
{
	cbx_arch_vcpu_run(thread->vcpu, reply, &thread->stop);
	return thread->stop.kind;
}

uint64_t label_va(const uint8_t *label)
{
	return CODE_VA + (uint64_t)(label - box_begin);
}

void assert_gate(const struct box_thread *thread, uint64_t id)
{
	assert_int_equal(thread->stop.kind, CBX_STOP_GATE);
	assert_int_equal(thread->stop.call.id, id);
}

/* Children of one thread; a thread that is gone has none. */
static int thread_children(
	const char *pid, const char *tid, int *children, int most)
{
	char path[96];
	char text[4096] = { 0 };
	char *next = text;
	int count = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/children",
		pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return 0;
	}
	(void)!read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	while (count < most) {
		char *end;
		long child = strtol(next, &end, 10);

		if (end == next) {
			break;
		}
		children[count++] = (int)child;
		next = end;
	}
	return count;
}

int list_children(int parent, int *children, int most)
{
	char path[64];
	char pid[24];
	int count = 0;
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(pid, sizeof(pid), "%d", parent);
	(void)snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		count += thread_children(
			pid, entry->d_name, children + count, most - count);
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return count;
}

int child_count(void)
{
	int children[16];

	return list_children(getpid(), children, 16);
}

int only_child(void)
{
	int children[2] = { 0 };

	assert_int_equal(list_children(getpid(), children, 2), 1);
	return children[0];
}

bool process_alive(int pid)
{
	char path[64];
	char text[256] = { 0 };
	const char *end;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	(void)!read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	end = strrchr(text, ')');
	return end != NULL && end[2] != 'Z' && end[2] != 'X';
}
