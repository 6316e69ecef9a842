/* SPDX-License-Identifier: Apache-2.0 */
/* What the host may do, and what it may not. */
#include <arch/x86_64/keys/backend.h>

#include "box.h"

#define P  1ull
#define W  2ull
#define U  4ull
#define NX 0x8000000000000000ull

/* Page fault errors: present, write, fetch, protection key. */
#define E_P 1u
#define E_W 2u
#define E_I 16u
#define E_K 32u

#define LINK(pfn) ((uint64_t)(pfn) << 12 | P | W | U)
#define RW(pfn)	  ((uint64_t)(pfn) << 12 | P | W | NX)

static const char *a_gate_answers(void)
{
	struct cbx_reply reply = CALL(CBX_CALL_VERSION, 0);

	WANT(reply.status == CBX_OK);
	WANT(reply.ret[0] == ((uint64_t)CBX_ABI_MAJOR << 16 | CBX_ABI_MINOR) ||
		reply.ret[0] == CBX_ABI_MAJOR);
	WANT(STATUS(0xfff, 0) == CBX_E_UNKNOWN_CALL);
	WANT(STATUS(0x1fff, 0) == CBX_E_UNKNOWN_CALL);
	WANT(STATUS(UINT64_MAX, 0) == CBX_E_UNKNOWN_CALL);
	return NULL;
}

static const char *memory_is_the_hosts(void)
{
	uint64_t page = host_page();
	uint64_t value = 0;

	WANT(probe_write(DIRECT(page), 0x1234567890) == 0);
	WANT(probe_read(DIRECT(page), &value) == 0);
	WANT(value == 0x1234567890);
	return NULL;
}

/* Every page of the monitor's data: the key says no, or there is none. */
static const char *monitor_memory_is_not(void)
{
	static const uint64_t at[] = { CBX_PAGES_VA, CBX_FRAMES_VA,
		CBX_CPU_STATE_VA, CBX_CPU_AT(CBX_CPU_ROOT_PAGE),
		CBX_CPU_AT(CBX_CPU_TABLE_PAGE), CBX_CPU_STACK_TOP - 8,
		CBX_CPU_PANIC_TOP - 8, CBX_PKS_HOST_VA };
	uint64_t value;

	for (uint32_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		WANT(probe_read(at[i], &value) == 1);
		WANT(host_faulted(at[i], E_P | E_K));
		WANT(probe_write(at[i], 0) == 1);
		WANT(host_faulted(at[i], E_P | E_W | E_K));
	}
	return NULL;
}

static const char *tables_of_the_cpu_are_read_only(void)
{
	static const uint64_t at[] = { CBX_CPU_AT(CBX_CPU_GDT_PAGE),
		CBX_CPU_AT(CBX_CPU_IDT_PAGE), CBX_IMAGE_VA };
	uint64_t value;

	for (uint32_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		WANT(probe_read(at[i], &value) == 0);
		WANT(probe_write(at[i], value) == 1);
		WANT(host_faulted(at[i], E_P | E_W));
	}
	return NULL;
}

/* The page with the privileged instructions is there for nobody. */
static const char *locked_text_is_not_there(void)
{
	uint64_t window = CBX_CPU_AT(60);
	uint64_t value;
	uint64_t va = CBX_IMAGE_VA;

	while (probe_read(va, &value) == 0) {
		va += CBX_PAGE_SIZE;
	}
	WANT(host_faulted(va, 0));
	WANT(probe_call(va) == 1);
	WANT(host_faulted(va, E_I));
	WANT(probe_call(window) == 1);
	WANT(host_faulted(window, E_I));
	return NULL;
}

static const char *data_is_not_executed(void)
{
	uint64_t page = host_page();

	WANT(probe_write(DIRECT(page), 0xc3c3c3c3c3c3c3c3) == 0);
	WANT(probe_call(DIRECT(page)) == 1);
	WANT(host_faulted(DIRECT(page), E_P | E_I));
	WANT(probe_call(CBX_CPU_SCRATCH_VA) == 1);
	WANT(host_faulted(CBX_CPU_SCRATCH_VA, E_P | E_I));
	return NULL;
}

static const char *its_own_text_is_read_only(void)
{
	uint64_t va = (uint64_t)host_gate;

	WANT(probe_write(va, 0) == 1);
	WANT(host_faulted(va, E_P | E_W));
	return NULL;
}

static const char *traps_come_to_the_host(void)
{
	WANT(probe_ud() == 1 && host_last.vector == 6);
	WANT(probe_int3() == 1 && host_last.vector == 3);
	WANT(probe_syscall() == 1 && host_last.vector == 256);
	return NULL;
}

static const char *a_donated_page_is_gone(void)
{
	uint64_t page = host_page();
	uint64_t value = 1;

	WANT(probe_write(DIRECT(page), 0x5ec7e7) == 0);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_OK);
	WANT(probe_read(DIRECT(page), &value) == 1);
	WANT(host_faulted(DIRECT(page), 0));
	WANT(probe_write(DIRECT(page), 0) == 1);
	WANT(host_faulted(DIRECT(page), E_W));
	WANT(STATUS(CBX_CALL_PAGE_RETURN, page, 1) == CBX_OK);
	WANT(probe_read(DIRECT(page), &value) == 0 && value == 0);
	return NULL;
}

/* Tables of the host's own, and the monitor's say in them. */
static uint64_t table[5];

static const char *tables_can_be_declared(void)
{
	for (uint64_t level = 1; level <= 4; level++) {
		table[level] = host_page();
		WANT(probe_write(DIRECT(table[level]), UINT64_MAX) == 0);
		WANT(STATUS(CBX_PKS_TABLE_DECLARE, table[level], level) ==
			CBX_OK);
		WANT(probe_write(DIRECT(table[level]), 0) == 1);
		WANT(host_faulted(DIRECT(table[level]), E_P | E_W));
	}
	for (uint64_t level = 2; level <= 4; level++) {
		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[level], 1,
			     LINK(table[level - 1])) == CBX_OK);
	}
	WANT(STATUS(CBX_PKS_ROOT_LOAD, table[4]) == CBX_OK);
	return NULL;
}

#define MINE ((1ull << 39) + (1ull << 30) + (1ull << 21))

static const char *tables_map_what_they_may(void)
{
	uint64_t page = host_page();
	uint64_t value;

	WANT(probe_read(MINE, &value) == 1);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(page)) == CBX_OK);
	WANT(probe_write(MINE, 0xabcdef) == 0);
	WANT(probe_read(DIRECT(page), &value) == 0 && value == 0xabcdef);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_E_BUSY);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, 0) == CBX_OK);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_OK);
	WANT(probe_read(MINE, &value) == 1);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(page)) ==
		CBX_E_DENIED);
	WANT(STATUS(CBX_CALL_PAGE_RETURN, page, 1) == CBX_OK);
	return NULL;
}

static const char *tables_map_nothing_else(void)
{
	uint64_t page = host_page();

	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(page) & ~NX) ==
		CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, page << 12 | P) ==
		CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(table[1])) ==
		CBX_E_DENIED);
	/* the image, where it was loaded */
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0,
		     RW(CBX_IMAGE_PA >> 12)) == CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(0xfee00)) ==
		CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[4], 510, LINK(table[3])) ==
		CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[4], 2, LINK(table[2])) ==
		CBX_E_STATE);
	WANT(STATUS(CBX_PKS_ROOT_LOAD, page) == CBX_E_STATE);
	WANT(STATUS(CBX_PKS_ROOT_LOAD, table[3]) == CBX_E_STATE);
	WANT(STATUS(CBX_PKS_TABLE_REMOVE, table[4]) == CBX_E_STATE);
	return NULL;
}

static const char *a_batch_maps_many(void)
{
	uint64_t source = host_page();
	uint64_t page = host_page();
	struct cbx_reply reply;
	uint64_t value;

	for (uint64_t i = 0; i < 512; i++) {
		WANT(probe_write(DIRECT(source) + 8 * i, RW(page)) == 0);
	}
	reply = CALL(CBX_PKS_TABLE_BATCH, table[1], 1, 511, source, 8);
	WANT(reply.status == CBX_OK && reply.ret[0] == 511);
	WANT(probe_write(MINE + (511ull << 12), 77) == 0);
	WANT(probe_read(MINE + (1ull << 12), &value) == 0 && value == 77);
	WANT(probe_write(DIRECT(source), 0) == 0);
	for (uint64_t i = 1; i < 512; i++) {
		WANT(probe_write(DIRECT(source) + 8 * i, 0) == 0);
	}
	WANT(probe_write(DIRECT(source) + 8 * 9, P) == 0);
	reply = CALL(CBX_PKS_TABLE_BATCH, table[1], 1, 511, source, 8);
	WANT(reply.status == CBX_E_DENIED && reply.ret[0] == 8);
	WANT(probe_write(DIRECT(source) + 8 * 9, 0) == 0);
	WANT(CALL(CBX_PKS_TABLE_BATCH, table[1], 1, 511, source, 8).ret[0] ==
		511);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_OK);
	WANT(STATUS(CBX_PKS_TABLE_BATCH, table[1], 0, 513, source, 0) ==
		CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_TABLE_BATCH, table[1], 0, 512, source, 8) ==
		CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_TABLE_BATCH, table[1], 0, 1, page, 0) ==
		CBX_E_FAULT);
	return NULL;
}

/* Read this CPU's state page. */
static const uint8_t read_code[] = { 0x48, 0xa1, 0x00, 0x00, 0x01, 0x00, 0x02,
	0xff, 0xff, 0xff, 0x0f, 0x0b };

/* No page of the box can be read or written while it lives. */
static const char *look(uint64_t box)
{
	uint64_t value;

	for (uint64_t i = 0; i < BOX_PAGES; i++) {
		WANT(probe_read(DIRECT(box + i), &value) == 1);
		WANT(host_faulted(DIRECT(box + i), 0));
		WANT(probe_write(DIRECT(box + i), 0) == 1);
		WANT(host_faulted(DIRECT(box + i), E_W));
	}
	return NULL;
}

static const char *box(const uint8_t *code, uint64_t size, uint64_t status,
	enum cbx_end_reason reason)
{
	uint64_t first = box_pages();
	uint64_t page = host_page();
	uint64_t buffer = host_page();
	const char *wrong = box_make(first, page, code, size);
	struct cbx_reply reply;

	WANT(wrong == NULL);
	wrong = look(first);
	WANT(wrong == NULL);
	reply = GATE(BOX_ENTER, first, buffer, 1);
	WANT(reply.status == CBX_OK && reply.ret[0] == CBX_EXIT_ENDED);
	WANT(reply.ret[1] == status && reply.ret[2] == reason);
	return box_unmake(first);
}

static const char *a_box_runs_and_is_closed(void)
{
	return box(box_end, box_end_size, BOX_END_STATUS, CBX_END_EXIT);
}

static const char *a_box_cannot_look_either(void)
{
	return box(read_code, sizeof(read_code), CBX_FAULT_READ, CBX_END_FAULT);
}

/* What a gate writes for the host the host could write itself. */
static const char *no_gate_writes_a_table(void)
{
	uint64_t first = box_pages();
	uint64_t page = host_page();
	uint64_t target = host_page();
	const volatile uint64_t *entry =
		(const volatile uint64_t *)DIRECT(target);
	const char *wrong = box_make(first, page, box_end, box_end_size);

	WANT(wrong == NULL);
	WANT(STATUS(CBX_PKS_TABLE_DECLARE, target, 1) == CBX_OK);
	WANT(GATE(BOX_PEEK, first, BOX_CODE_VA, 8, target).status ==
		CBX_E_DENIED);
	WANT(*entry == 0);
	WANT(STATUS(CBX_PKS_TABLE_REMOVE, target) == CBX_OK);
	WANT(GATE(BOX_PEEK, first, BOX_CODE_VA, 8, target).status == CBX_OK);
	WANT(*entry == *(const uint64_t *)(const void *)box_end);
	return box_unmake(first);
}

/* The address of the box's fault is none of the host's business. */
static const char *no_fault_address_is_left(void)
{
	uint64_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	WANT(cr2 != CBX_CPU_STATE_VA);
	return a_gate_answers();
}

const struct host_case host_cases[] = {
	{ "a gate answers", a_gate_answers },
	{ "memory is the host's", memory_is_the_hosts },
	{ "monitor memory is not", monitor_memory_is_not },
	{ "CPU tables are read-only", tables_of_the_cpu_are_read_only },
	{ "locked text is not there", locked_text_is_not_there },
	{ "data is not executed", data_is_not_executed },
	{ "its text is read-only", its_own_text_is_read_only },
	{ "traps come to the host", traps_come_to_the_host },
	{ "a donated page is gone", a_donated_page_is_gone },
	{ "tables can be declared", tables_can_be_declared },
	{ "tables map what they may", tables_map_what_they_may },
	{ "tables map nothing else", tables_map_nothing_else },
	{ "a batch maps many", a_batch_maps_many },
	{ "a box runs and is closed", a_box_runs_and_is_closed },
	{ "a box cannot look either", a_box_cannot_look_either },
	{ "no gate writes a table", no_gate_writes_a_table },
	{ "no fault address is left", no_fault_address_is_left },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
