/* SPDX-License-Identifier: Apache-2.0 */
/* The host on several CPUs: each on its own window, none with a translation
 * that another has taken back. */
#include "box.h"
#include "other.h"

#define CPUS 4u /* run.py's machine */

#define P  1ull
#define W  2ull
#define U  4ull
#define NX 0x8000000000000000ull

#define LINK(pfn) ((uint64_t)(pfn) << 12 | P | W | U)
#define RW(pfn)	  ((uint64_t)(pfn) << 12 | P | W | NX)
#define NOWHERE	  0x123456000ull
#define MINE	  ((1ull << 39) + (1ull << 30) + (1ull << 21))

/* What the other CPUs do, and what came of it. */
static struct {
	volatile uint64_t at;	/* address they use */
	volatile uint64_t ok;	/* accesses that were allowed, */
	volatile uint64_t no;	/* that were not */
	volatile uint64_t seen; /* what was read last */
	volatile uint64_t stop;
	volatile uint64_t reply;
	volatile uint64_t root;
	volatile uint64_t lost; /* faults at another address than that */
} shared;

static volatile uint64_t traps[OTHER_CPUS];

void other_trapped(struct cbx_pks_trap *trap)
{
	if (trap->vector == 14 && shared.at != 0 && trap->cr2 != shared.at) {
		shared.lost++;
	}
	if (!other_fix(trap)) {
		host_say("another CPU's trap");
		host_exit(4);
	}
}

static const char *others_begin(void)
{
	WANT(STATUS(CBX_PKS_CPU_START, 1, CBX_CPU_STATE_VA, 0) ==
		CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_CPU_START, 1, 1ull << 60, 0) == CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_CPU_START, UINT64_MAX, (uint64_t)other_start, 0) ==
		CBX_E_INVALID);
	WANT(STATUS(CBX_PKS_CPU_START, 0, (uint64_t)other_start, 0) == CBX_OK);
	return other_start_all(CPUS);
}

/* The same address is other memory on each CPU; the monitor's is nobody's. */
static void look_around(void)
{
	volatile uint64_t *word =
		(volatile uint64_t *)(CBX_CPU_SCRATCH_VA + 0xe00);
	uint64_t value = 0;

	shared.seen |= *word;
	*word = 0x07e5;
	shared.no += (uint64_t)other_read(
		(const uint64_t *)CBX_CPU_STATE_VA, &value);
	shared.no += (uint64_t)other_write((uint64_t *)CBX_PAGES_VA, 0);
	shared.no += (uint64_t)other_write((uint64_t *)CBX_PKS_HOST_VA, 0);
	shared.ok += value;
}

static const char *each_has_its_window(void)
{
	volatile uint64_t *word =
		(volatile uint64_t *)(CBX_CPU_SCRATCH_VA + 0xe00);

	*word = 0x1111;
	for (uint32_t cpu = 1; cpu < CPUS; cpu++) {
		other_run(cpu, look_around);
		other_wait(cpu);
	}
	WANT(*word == 0x1111 && shared.seen == 0 && shared.ok == 0);
	WANT(shared.no == 3 * (CPUS - 1));
	return NULL;
}

/* Until told to stop, with interrupts off: no help from the host's side. */
static void read_on(void)
{
	uint64_t value;

	while (shared.stop == 0) {
		if (other_read((const uint64_t *)shared.at, &value) == 0) {
			shared.seen = value;
			shared.ok++;
		} else {
			shared.no++;
		}
	}
}

static void write_on(void)
{
	while (shared.stop == 0) {
		if (other_write((uint64_t *)shared.at, 0xbad) == 0) {
			shared.ok++;
		} else {
			shared.no++;
		}
	}
}

static void begin(uint32_t cpu, void (*job)(void), uint64_t at)
{
	shared.at = at;
	shared.ok = 0;
	shared.no = 0;
	shared.stop = 0;
	other_run(cpu, job);
}

static void end(uint32_t cpu)
{
	shared.stop = 1;
	other_wait(cpu);
	shared.at = 0;
}

/* Repeat while E_BUSY; how often it was. */
static enum cbx_status patient(
	uint64_t id, uint64_t a, uint64_t b, uint64_t *busy)
{
	for (*busy = 0;; ++*busy) {
		enum cbx_status status = STATUS(id, a, b);

		if (status != CBX_E_BUSY) {
			return status;
		}
	}
}

/* M26: the page is nobody's until the other CPU has let go of it, and from then
 * on it cannot use it any more. */
static const char *a_donated_page_is_gone_everywhere(void)
{
	uint64_t waits = 0;

	for (uint32_t i = 0; i < 20; i++) {
		uint64_t page = host_page();
		uint64_t busy;
		uint64_t ok;

		begin(1, read_on, DIRECT(page));
		WANT(other_changes(&shared.ok, 0) && shared.no == 0);
		WANT(patient(CBX_CALL_PAGE_DONATE, page, 1, &busy) == CBX_OK);
		ok = shared.ok;
		WANT(other_changes(&shared.no, 0));
		WANT(shared.ok <= ok + 1); /* the one that was counted late */
		waits += busy;
		end(1);
		WANT(patient(CBX_CALL_PAGE_RETURN, page, 1, &busy) == CBX_OK);
	}
	WANT(waits > 0);
	return NULL;
}

/* It knows what a box will hold there, and looks for it all the time. */
static void look_for(void)
{
	uint64_t secret = *(const uint64_t *)(const void *)box_end;
	uint64_t value;

	while (shared.stop == 0) {
		if (other_read((const uint64_t *)shared.at, &value) != 0) {
			shared.no++;
		} else {
			shared.ok++;
			shared.seen += value == secret;
		}
	}
}

/* M26, M04: from the host's page to the box's and back. */
static const char *no_cpu_sees_what_a_box_holds(void)
{
	uint64_t box = box_pages();
	uint64_t page = host_page();

	shared.seen = 0;
	for (uint32_t i = 0; i < 10; i++) {
		const char *wrong;

		begin(1, look_for, DIRECT(box + BOX_CODE));
		WANT(other_changes(&shared.ok, 0));
		wrong = box_make(box, page, box_end, box_end_size);
		WANT(wrong == NULL);
		WANT(other_changes(&shared.no, 0));
		wrong = box_unmake(box);
		WANT(wrong == NULL);
		WANT(other_changes(&shared.ok, shared.ok));
		end(1);
		WANT(shared.seen == 0);
	}
	return NULL;
}

static uint64_t table[5];

static void load_root(void)
{
	shared.reply = STATUS(CBX_PKS_ROOT_LOAD, shared.root);
}

static const char *a_root_is_on_every_cpu(void)
{
	uint64_t value;
	uint64_t busy;

	for (uint64_t level = 1; level <= 4; level++) {
		table[level] = host_page();
		WANT(patient(CBX_PKS_TABLE_DECLARE, table[level], level,
			     &busy) == CBX_OK);
	}
	shared.root = table[4];
	for (uint32_t cpu = 1; cpu < CPUS; cpu++) {
		other_run(cpu, load_root);
		other_wait(cpu);
		WANT(shared.reply == CBX_OK);
	}
	WANT(STATUS(CBX_PKS_ROOT_LOAD, table[4]) == CBX_OK);
	begin(1, read_on, MINE);
	WANT(other_changes(&shared.no, 0) && shared.ok == 0);
	for (uint64_t level = 2; level <= 4; level++) {
		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[level], 1,
			     LINK(table[level - 1])) == CBX_OK);
	}
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(host_page())) ==
		CBX_OK);
	WANT(other_changes(&shared.ok, 0));
	end(1);
	WANT(probe_read(MINE, &value) == 0);
	WANT(STATUS(CBX_PKS_TABLE_REMOVE, table[4]) == CBX_E_STATE);
	return NULL;
}

/* A leaf taken out is used on by the other CPU until all have flushed. */
static const char *a_flush_reaches_every_cpu(void)
{
	uint64_t one = host_page();
	uint64_t other = host_page();
	uint64_t token;
	uint64_t busy;

	WANT(probe_write(DIRECT(one), 1) == 0);
	WANT(probe_write(DIRECT(other), 2) == 0);
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(one)) == CBX_OK);
	WANT(STATUS(CBX_PKS_FLUSH, CBX_PKS_FLUSH_OWN) == CBX_OK);
	begin(1, read_on, MINE);
	WANT(other_changes(&shared.ok, 0));
	WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(other)) == CBX_OK);
	token = CALL(CBX_PKS_FLUSH, CBX_PKS_FLUSH_ALL).ret[0];
	WANT(token != 0);
	WANT(patient(CBX_PKS_FLUSH, CBX_PKS_FLUSH_DONE, token, &busy) ==
		CBX_OK);
	WANT(other_changes(&shared.ok, shared.ok));
	WANT(other_changes(&shared.ok, shared.ok));
	WANT(shared.seen == 2);
	end(1);
	WANT(STATUS(CBX_PKS_FLUSH, CBX_PKS_FLUSH_DONE, UINT64_MAX) ==
		CBX_E_BUSY);
	WANT(STATUS(CBX_PKS_FLUSH, CBX_PKS_FLUSH_ADDRESS, MINE) == CBX_OK);
	WANT(STATUS(CBX_PKS_FLUSH, 4) == CBX_E_INVALID);
	return NULL;
}

/* A kick between a fault and the stub that reads CR2 does not change it. */
static const char *a_kick_keeps_the_fault(void)
{
	begin(1, read_on, NOWHERE);
	WANT(other_changes(&shared.no, 0));
	for (uint32_t i = 0; i < 20000; i++) {
		WANT(STATUS(CBX_PKS_FLUSH, CBX_PKS_FLUSH_ALL) == CBX_OK);
	}
	WANT(other_changes(&shared.no, shared.no));
	end(1);
	WANT(shared.ok == 0 && shared.lost == 0);
	return NULL;
}

/* A page another CPU may still write is not a table yet. */
static const char *no_cpu_writes_a_table(void)
{
	uint64_t waits = 0;

	for (uint32_t i = 0; i < 20; i++) {
		uint64_t page = host_page();
		uint64_t busy;
		uint64_t ok;
		uint64_t value;

		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, RW(page)) ==
			CBX_OK);
		begin(1, write_on, MINE);
		WANT(other_changes(&shared.ok, 0));
		WANT(STATUS(CBX_PKS_TABLE_DECLARE, page, 1) == CBX_E_STATE);
		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[1], 0, 0) == CBX_OK);
		WANT(patient(CBX_PKS_TABLE_DECLARE, page, 1, &busy) == CBX_OK);
		ok = shared.ok;
		waits += busy;
		WANT(other_changes(&shared.no, 0) && shared.ok <= ok + 1);
		WANT(probe_read(DIRECT(page), &value) == 0 && value == 0);
		end(1);
		WANT(patient(CBX_PKS_TABLE_REMOVE, page, 0, &busy) == CBX_OK);
	}
	WANT(waits > 0);
	return NULL;
}

static uint64_t own_pages[OTHER_CPUS];
static volatile uint64_t next_own;
static volatile uint64_t failures;

/* Tables come and go on all CPUs at once. */
static void churn(void)
{
	uint64_t page =
		own_pages[__atomic_fetch_add(&next_own, 1, __ATOMIC_SEQ_CST)];
	uint64_t bad = 0;
	uint64_t busy;

	for (uint32_t i = 0; i < 10; i++) {
		bad += patient(CBX_PKS_TABLE_DECLARE, page, 1, &busy) != CBX_OK;
		bad += STATUS(CBX_PKS_TABLE_UPDATE, page, i % 512,
			       RW(own_pages[0])) != CBX_OK;
		bad += patient(CBX_PKS_TABLE_REMOVE, page, 0, &busy) != CBX_OK;
		bad += patient(CBX_CALL_PAGE_DONATE, page, 1, &busy) != CBX_OK;
		bad += patient(CBX_CALL_PAGE_RETURN, page, 1, &busy) != CBX_OK;
	}
	__atomic_fetch_add(&failures, bad, __ATOMIC_SEQ_CST);
}

static const char *all_cpus_call_at_once(void)
{
	for (uint32_t i = 0; i <= CPUS; i++) {
		own_pages[i] = host_page();
	}
	next_own = 1;
	for (uint32_t cpu = 1; cpu < CPUS; cpu++) {
		other_run(cpu, churn);
	}
	churn();
	for (uint32_t cpu = 1; cpu < CPUS; cpu++) {
		other_wait(cpu);
	}
	WANT(failures == 0 && next_own == CPUS + 1);
	/* and nothing is counted any more */
	WANT(STATUS(CBX_CALL_PAGE_DONATE, own_pages[0], 1) != CBX_E_DENIED);
	return NULL;
}

static void leave(void)
{
	(void)CALL(CBX_PKS_STOP);
}

/* Nobody waits for a CPU that has left, and it holds no root. */
static const char *a_cpu_that_left_is_not_waited_for(void)
{
	uint64_t page = host_page();
	uint64_t busy;

	for (uint32_t cpu = 1; cpu < CPUS; cpu++) {
		other_run(cpu, leave);
	}
	WANT(patient(CBX_CALL_PAGE_DONATE, page, 1, &busy) == CBX_OK);
	for (uint64_t level = 4; level >= 2; level--) {
		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[level], 1, 0) ==
			CBX_OK);
	}
	WANT(STATUS(CBX_PKS_TABLE_REMOVE, table[4]) == CBX_E_STATE);
	table[0] = host_page();
	WANT(patient(CBX_PKS_TABLE_DECLARE, table[0], 4, &busy) == CBX_OK);
	WANT(STATUS(CBX_PKS_ROOT_LOAD, table[0]) == CBX_OK);
	do {
		busy = STATUS(CBX_PKS_TABLE_REMOVE, table[4]);
	} while (busy == CBX_E_BUSY ||
		 (busy == CBX_E_STATE && ++traps[0] < 1000000));
	WANT(busy == CBX_OK);
	return NULL;
}

const struct host_case host_cases[] = {
	{ "other CPUs begin", others_begin },
	{ "each has its window", each_has_its_window },
	{ "a donated page is gone everywhere",
		a_donated_page_is_gone_everywhere },
	{ "no CPU sees what a box holds", no_cpu_sees_what_a_box_holds },
	{ "a root is on every CPU", a_root_is_on_every_cpu },
	{ "a flush reaches every CPU", a_flush_reaches_every_cpu },
	{ "a kick keeps the fault", a_kick_keeps_the_fault },
	{ "no CPU writes a table", no_cpu_writes_a_table },
	{ "all CPUs call at once", all_cpus_call_at_once },
	{ "who left is not waited for", a_cpu_that_left_is_not_waited_for },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
