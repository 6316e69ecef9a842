/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core on the linux backend, in this process: it is the monitor, its boxes
 * are its children.  One machine serves all tests of a program; a test's boxes
 * end with it, its pages are not used again.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <core/lock.h>
#include <hal/linux/memory.h>
#include <hal/linux/start.h>
#include <monitor/keeper.h>

#include "support/ask.h"
#include "support/cpus_linux.h"
#include "support/machine.h"

#define LINUX_PAGES "65536"
#define LINUX_CPUS  "8"

static struct cbx_page *table;

/* As the library starts a monitor: by a socket that nobody uses here. */
static void start(void)
{
	char name[] = "test";
	char pages[] = LINUX_PAGES;
	char cpus[] = LINUX_CPUS;
	char *argv[] = { name, pages, cpus, NULL };
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	if (fd[1] != 3) {
		assert_int_equal(dup2(fd[1], 3), 3);
	}
	cbx_linux_start(3, argv);
	table = calloc(1, cbx_core_table_bytes(cbx_hal_page_count()));
	assert_non_null(table);
	cbx_core_init(table);
	assert_int_equal(cbx_monitor_keeper_start(&cbx_keeper_image), CBX_OK);
	machine_pages_from(1);
	cpus_linux_start();
}

int machine_up(void **state)
{
	(void)state;
	if (table == NULL) {
		start();
	}
	return 0;
}

/* End every box but the keeper, which answers nothing; what two boxes share
 * comes back when both have ended. */
int machine_down(void **state)
{
	(void)state;
	for (uint64_t i = 1; i < cbx_hal_page_count(); i++) {
		while (gate(BOX_KILL, i).status == CBX_E_BUSY) {
		}
	}
	for (uint64_t i = 1; i < cbx_hal_page_count(); i++) {
		struct machine_box box = { .handle = i };

		if (gate(BOX_QUERY, i).status == CBX_OK) {
			machine_erase(&box);
		}
	}
	return 0;
}

struct cbx_reply machine_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_call call = { .id = id };
	struct cbx_reply reply;

	memcpy(call.arg, arg, sizeof(call.arg));
	memset(&reply, 0x77, sizeof(reply));
	cpus_linux_gate(&call, &reply);
	return reply;
}

const struct cbx_arch_space *machine_space(uint64_t space)
{
	const struct cbx_space *at;

	assert_int_equal(machine_state(space), CBX_PAGE_META);
	at = ask_place(space);
	assert_int_equal(at->self, space);
	return &at->arch;
}

/* ---- invariants ---- */

static void assert_page(uint64_t pfn)
{
	const struct cbx_page *page = cbx_page_at(pfn);
	bool hidden = cbx_page_view(page).bits == CBX_VIEW_NONE;
	bool between = page->state == CBX_PAGE_LEAVING;

	if (!between) {
		assert_int_equal(cbx_linux_memory_file((struct cbx_pfn){ pfn }),
			hidden ? CBX_FILE_PRIVATE : CBX_FILE_HOST);
	}
	if (page->state == CBX_PAGE_POOL) {
		assert_true(ask_zero(pfn));
	}
}

void machine_assert_sound(void)
{
	cbx_page_assert_all();
	cbx_domain_assert_all();
	for (uint64_t i = 0; i < cbx_hal_page_count(); i++) {
		assert_page(i);
	}
	assert_int_equal(cbx_linux_cpu_maps, 0);
	assert_int_equal(*cbx_hal_cpu_rank(), CBX_RANK_NONE);
}

/* ---- comparing ---- */

struct mock_snapshot {
	uint64_t memory;
	struct cbx_page pages[];
};

/* FNV-1a over every page that holds something. */
static uint64_t hash_memory(void)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	uint64_t page[CBX_PAGE_SIZE / 8];

	for (uint64_t pfn = 0; pfn < cbx_hal_page_count(); pfn++) {
		if (ask_zero(pfn)) {
			continue;
		}
		ask_page(pfn, 0, page, sizeof(page));
		for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
			hash = (hash ^ page[i] ^ pfn) * 0x100000001b3ull;
		}
	}
	return hash;
}

struct mock_snapshot *machine_snapshot(void)
{
	size_t bytes = cbx_core_table_bytes(cbx_hal_page_count());
	struct mock_snapshot *snapshot = malloc(sizeof(*snapshot) + bytes);

	assert_non_null(snapshot);
	snapshot->memory = hash_memory();
	memcpy(snapshot->pages, table, bytes);
	return snapshot;
}

void machine_assert_same(struct mock_snapshot *before)
{
	size_t bytes = cbx_core_table_bytes(cbx_hal_page_count());

	assert_int_equal(before->memory, hash_memory());
	assert_memory_equal(before->pages, table, bytes);
	free(before);
}
