/* SPDX-License-Identifier: Apache-2.0 */
/* More code for the kernel: looked at when nobody can write it any more, and
 * together with what lies next to it. */
#include <arch/x86_64/keys/backend.h>

#include "other.h"

#define P  1ull
#define W  2ull
#define U  4ull
#define NX 0x8000000000000000ull

#define LINK(pfn) ((uint64_t)(pfn) << 12 | P | W | U)
#define RW(pfn)	  ((uint64_t)(pfn) << 12 | P | W | NX)
#define RO(pfn)	  ((uint64_t)(pfn) << 12 | P | NX)
#define RX(pfn)	  ((uint64_t)(pfn) << 12 | P)
#define UX(pfn)	  ((uint64_t)(pfn) << 12 | P | U)

#define E_P 1u
#define E_W 2u
#define E_I 16u

#define AT(n) (CBX_MODULE_VA + ((uint64_t)(n) << CBX_PAGE_SHIFT))

void other_trapped(struct cbx_pks_trap *trap)
{
	if (!other_fix(trap)) {
		host_say("another CPU's trap");
		host_exit(4);
	}
}

/* A page of NOPs; it begins with RET, and has these bytes somewhere. */
static void fill(uint64_t page, uint64_t at, uint8_t one, uint8_t other)
{
	volatile uint8_t *to = (volatile uint8_t *)DIRECT(page);

	for (uint64_t i = 0; i < CBX_PAGE_SIZE; i++) {
		to[i] = 0x90;
	}
	to[0] = 0xc3;
	to[at] = one;
	if (at + 1 < CBX_PAGE_SIZE) {
		to[at + 1] = other;
	}
}

static uint64_t harmless(void)
{
	uint64_t page = host_page();

	fill(page, 100, 0x90, 0x90);
	return page;
}

static enum cbx_status load(uint64_t va, uint64_t page, uint64_t count)
{
	enum cbx_status status;

	do {
		status = STATUS(CBX_PKS_CODE_LOAD, va, page, count);
	} while (status == CBX_E_BUSY);
	return status;
}

static enum cbx_status unload(uint64_t va, uint64_t page, uint64_t count)
{
	enum cbx_status status;

	do {
		status = STATUS(CBX_PKS_CODE_UNLOAD, va, page, count);
	} while (status == CBX_E_BUSY);
	return status;
}

/* The page is the host's to write, and nothing can be executed there. */
static bool is_data(uint64_t va, uint64_t page)
{
	return probe_write(DIRECT(page), 0x90c3) == 0 && probe_call(va) == 1 &&
	       host_last.vector == 14;
}

static uint64_t first;

static const char *code_runs_and_is_not_written(void)
{
	uint64_t value;

	first = harmless();
	WANT(probe_call(AT(0)) == 1 && host_faulted(AT(0), E_I));
	WANT(load(AT(0), first, 1) == CBX_OK);
	WANT(probe_call(AT(0)) == 0);
	WANT(probe_read(AT(0), &value) == 0 && (value & 0xff) == 0xc3);
	WANT(probe_write(AT(0), 0) == 1 && host_faulted(AT(0), E_P | E_W));
	WANT(probe_write(DIRECT(first), 0) == 1);
	WANT(host_faulted(DIRECT(first), E_P | E_W));
	WANT(load(AT(0), harmless(), 1) == CBX_E_STATE);
	WANT(load(AT(9), first, 1) == CBX_E_STATE);
	WANT(STATUS(CBX_PKS_TABLE_DECLARE, first, 1) == CBX_E_STATE);
	return NULL;
}

static const char *places_and_counts_are_checked(void)
{
	uint64_t page = harmless();
	uint64_t end = AT(CBX_MODULE_PAGES);

	WANT(load(AT(8), page, 0) == CBX_E_INVALID);
	WANT(load(AT(8), page, 5) == CBX_E_INVALID);
	WANT(load(AT(8), page, UINT64_MAX) == CBX_E_INVALID);
	WANT(load(AT(8) + 1, page, 1) == CBX_E_INVALID);
	WANT(load(end, page, 1) == CBX_E_INVALID);
	WANT(load(end - CBX_PAGE_SIZE, page, 2) == CBX_E_INVALID);
	WANT(load(AT(0) - CBX_PAGE_SIZE, page, 1) == CBX_E_INVALID);
	WANT(load(CBX_IMAGE_VA, page, 1) == CBX_E_INVALID);
	WANT(load(0x1000, page, 1) == CBX_E_INVALID);
	WANT(load(AT(8), UINT64_MAX, 1) == CBX_E_INVALID);
	WANT(load(AT(8), 0xfee00, 1) == CBX_E_INVALID);
	WANT(load(AT(8), CBX_IMAGE_PA >> 12, 1) == CBX_E_DENIED);
	WANT(unload(AT(8), page, 1) == CBX_E_STATE);
	WANT(is_data(AT(8), page));
	return NULL;
}

static const char *sensitive_code_is_refused(void)
{
	uint64_t page = host_page();

	for (uint64_t at = 1; at < CBX_PAGE_SIZE - 1; at += 37) {
		fill(page, at, 0x0f, 0x30); /* wrmsr */
		WANT(load(AT(8), page, 1) == CBX_E_DENIED);
		WANT(is_data(AT(8), page));
	}
	fill(page, CBX_PAGE_SIZE - 2, 0x0f, 0x30);
	WANT(load(AT(8), page, 1) == CBX_E_DENIED);
	WANT(is_data(AT(8), page));
	return NULL;
}

/* Two pages, each of which is harmless. */
static const char *a_border_is_looked_at(void)
{
	uint64_t low = host_page();
	uint64_t high = host_page();

	WANT(high == low + 1);
	fill(low, CBX_PAGE_SIZE - 1, 0x0f, 0);
	fill(high, 0, 0x30, 0xc3);
	WANT(load(AT(8), low, 2) == CBX_E_DENIED);
	WANT(probe_write(DIRECT(low), 0x9090c3) == 0);
	WANT(load(AT(8), low, 1) == CBX_OK);
	WANT(load(AT(9), high, 1) == CBX_E_DENIED);
	WANT(probe_write(DIRECT(high), 0xc330) == 0);
	WANT(load(AT(10), high, 1) == CBX_OK);
	WANT(unload(AT(8), low, 1) == CBX_OK);
	WANT(load(AT(9), low, 1) == CBX_E_DENIED);
	WANT(load(AT(11), low, 1) == CBX_OK);
	WANT(unload(AT(11), low, 1) == CBX_OK);
	WANT(unload(AT(10), high, 1) == CBX_OK);
	/* the kernel's image and the first page are not neighbours */
	WANT(probe_call(AT(0) - CBX_PAGE_SIZE) == 1);
	return NULL;
}

static uint64_t table[5];

#define MINE ((1ull << 39) + (1ull << 30) + (1ull << 21))

static const char *an_alias_is_refused(void)
{
	uint64_t page = harmless();
	uint64_t value;

	for (uint64_t level = 1; level <= 4; level++) {
		table[level] = host_page();
		WANT(STATUS(CBX_PKS_TABLE_DECLARE, table[level], level) ==
			CBX_OK);
	}
	for (uint64_t level = 2; level <= 4; level++) {
		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[level], 1,
			     LINK(table[level - 1])) == CBX_OK);
	}
	WANT(STATUS(CBX_PKS_ROOT_LOAD, table[4]) == CBX_OK);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(page)) == CBX_OK);
	WANT(load(AT(8), page, 1) == CBX_E_STATE);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, UX(page)) == CBX_OK);
	WANT(load(AT(8), page, 1) == CBX_E_STATE);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RO(page)) == CBX_OK);
	WANT(load(AT(8), page, 1) == CBX_OK);
	WANT(probe_read(MINE, &value) == 0 && probe_write(MINE, 0) == 1);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 1, RW(page)) ==
		CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 1, UX(page)) ==
		CBX_E_DENIED);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 1, RX(page)) ==
		CBX_E_DENIED);
	WANT(unload(AT(8), page, 1) == CBX_OK);
	WANT(load(AT(8), table[1], 1) == CBX_E_STATE);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_E_BUSY);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, 0) == CBX_OK);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, page, 1) == CBX_OK);
	WANT(load(AT(8), page, 1) == CBX_E_DENIED);
	return NULL;
}

static const char *code_leaves_again(void)
{
	WANT(unload(AT(1), first, 1) == CBX_E_STATE);
	WANT(unload(AT(0), first + 1, 1) == CBX_E_STATE);
	WANT(unload(AT(0), first, 2) == CBX_E_STATE);
	WANT(probe_call(AT(0)) == 0);
	WANT(unload(AT(0), first, 1) == CBX_OK);
	WANT(is_data(AT(0), first));
	WANT(unload(AT(0), first, 1) == CBX_E_STATE);
	WANT(load(AT(CBX_MODULE_PAGES - 1), first, 1) == CBX_OK);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, first, 1) == CBX_E_BUSY);
	WANT(probe_call(AT(CBX_MODULE_PAGES - 1)) == 0);
	WANT(unload(AT(CBX_MODULE_PAGES - 1), first, 1) == CBX_OK);
	WANT(STATUS(CBX_CALL_PAGE_DONATE, first, 1) == CBX_OK);
	return NULL;
}

/* What another CPU does meanwhile. */
static volatile uint64_t target;
static volatile uint64_t good;
static volatile uint64_t bad;
static volatile uint64_t stop;

/* Not an operand: the monitor would refuse this image. */
static volatile uint64_t wrmsr = 0x300fc3;
#define NOPS 0x9090c3

/* WRMSR and NOPs by turns. */
static void write_on(void)
{
	for (uint64_t i = 0; stop == 0; i++) {
		if (other_write((uint64_t *)target,
			    (i / 16 & 1) != 0 ? wrmsr : NOPS) == 0) {
			good++;
		} else {
			bad++;
		}
	}
}

static void call_on(void)
{
	while (stop == 0) {
		if (other_call(target) == 0) {
			good++;
		} else {
			bad++;
		}
	}
}

static void begin(void (*job)(void), uint64_t at)
{
	target = at;
	good = 0;
	bad = 0;
	stop = 0;
	other_run(1, job);
}

static void end(void)
{
	stop = 1;
	other_wait(1);
}

static uint64_t loads[2]; /* refused, and not */
static uint64_t waits;

static const char *load_while_it_writes(uint64_t page)
{
	enum cbx_status status = CBX_E_BUSY;
	uint64_t value;

	for (; status == CBX_E_BUSY; waits++) {
		status = STATUS(CBX_PKS_CODE_LOAD, AT(8), page, 1);
	}
	WANT(status == CBX_OK || status == CBX_E_DENIED);
	loads[status == CBX_OK]++;
	if (status == CBX_OK) {
		WANT(other_changes(&bad, 0));
		WANT(probe_read(AT(8), &value) == 0);
		WANT((value & 0xffffff) == NOPS);
		WANT(unload(AT(8), page, 1) == CBX_OK);
	}
	return NULL;
}

/* What is mapped is what was looked at. */
static const char *nobody_writes_between_look_and_use(void)
{
	WANT(other_start_all(2) == NULL);
	for (uint32_t i = 0; i < 60; i++) {
		uint64_t page = harmless();
		const char *wrong;

		begin(write_on, DIRECT(page));
		WANT(other_changes(&good, 0));
		wrong = load_while_it_writes(page);
		end();
		WANT(wrong == NULL);
	}
	WANT(loads[0] > 0 && loads[1] > 0 && waits > 60);
	return NULL;
}

static const char *nobody_executes_what_left(void)
{
	for (uint32_t i = 0; i < 20; i++) {
		uint64_t page = harmless();
		uint64_t done;

		WANT(load(AT(8), page, 1) == CBX_OK);
		begin(call_on, AT(8));
		WANT(other_changes(&good, 0) && bad == 0);
		WANT(unload(AT(8), page, 1) == CBX_OK);
		done = good;
		WANT(other_changes(&bad, 0) && good <= done + 1);
		end();
	}
	return NULL;
}

const struct host_case host_cases[] = {
	{ "code runs and is not written", code_runs_and_is_not_written },
	{ "places and counts are checked", places_and_counts_are_checked },
	{ "sensitive code is refused", sensitive_code_is_refused },
	{ "a border is looked at", a_border_is_looked_at },
	{ "an alias is refused", an_alias_is_refused },
	{ "code leaves again", code_leaves_again },
	{ "nobody writes meanwhile", nobody_writes_between_look_and_use },
	{ "nobody executes what left", nobody_executes_what_left },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
