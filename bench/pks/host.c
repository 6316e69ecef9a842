/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark's host kernel: the test host's beginning, with measurements in
 * the place of cases.  Under QEMU's -icount shift=0 the time stamp counter
 * counts instructions; bench/pks.py runs it and knows what the rows are.
 */
#include <tests/host/host.h>

#define TRIES 100u

#define CODE_VA	    0x400000ull
#define STACK_VA    0x500000ull
#define STACK_PAGES 4u
#define BOX_PAGES   96u
#define RESERVE	    64u

#define LINK_BITS (CBX_PTE_P | CBX_PTE_W | CBX_PTE_U)
#define LEAF_BITS (CBX_PTE_P | CBX_PTE_W | CBX_PTE_NX)

extern const uint8_t bench_box[];
extern const uint8_t bench_box_end[];
extern const uint8_t bench_box_output[];
extern const uint8_t bench_box_exit[];
extern const uint8_t bench_box_nothing[];
extern const uint8_t bench_box_gate[];
extern const uint8_t bench_box_upcall[];
extern const uint8_t bench_box_answer[];

static uint64_t now(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* "row NAME NUMBER", at most 40 bytes. */
static void say_row(const char *name, uint64_t value)
{
	char digits[21] = { 0 };
	char text[41] = "row ";
	uint32_t at = 4;
	uint32_t digit = 20;

	for (; *name != '\0'; name++) {
		text[at++] = *name;
	}
	text[at++] = ' ';
	do {
		digits[--digit] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	for (; digits[digit] != '\0' && at < sizeof(text) - 1; digit++) {
		text[at++] = digits[digit];
	}
	host_say(text);
}

static void keep_least(uint64_t *least, uint64_t value)
{
	*least = value < *least ? value : *least;
}

/* What reading the counter twice costs. */
static uint64_t overhead(void)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < TRIES; i++) {
		uint64_t begin = now();

		keep_least(&least, now() - begin);
	}
	return least;
}

/* Instructions of host_gate but for the jump: loading the registers, RET. */
#define WRAPPER 11u

/* One call, from the jump to the instruction it said. */
static uint64_t timed(const struct cbx_call *call, enum cbx_status *status)
{
	const struct cbx_reply *reply;
	uint64_t begin = now();
	uint64_t end;

	reply = host_gate(call);
	end = now();
	*status = (enum cbx_status)reply->status;
	return end - begin - overhead() - WRAPPER;
}

/* A call and the one that undoes it, the least of each; false when one is not
 * OK. */
static bool both(const struct cbx_call *one, const struct cbx_call *other,
	uint64_t *first, uint64_t *second)
{
	*first = UINT64_MAX;
	*second = UINT64_MAX;
	for (uint32_t i = 0; i < TRIES; i++) {
		enum cbx_status status;

		keep_least(first, timed(one, &status));
		if (status != CBX_OK) {
			return false;
		}
		keep_least(second, timed(other, &status));
		if (status != CBX_OK) {
			return false;
		}
	}
	return true;
}

static const char *counter(void)
{
	static uint8_t bytes[1000];
	uint64_t least = UINT64_MAX;

	say_row("start", now());
	for (uint32_t i = 0; i < TRIES; i++) {
		uint64_t size = sizeof(bytes);
		void *to = bytes;
		uint64_t begin = now();

		__asm__ volatile("rep stosb"
				 : "+D"(to), "+c"(size)
				 : "a"(0)
				 : "memory");
		keep_least(&least, now() - begin);
	}
	say_row("rep-1000", least - overhead());
	return NULL;
}

static const char *empty_gate(void)
{
	const struct cbx_call call = { .id = CBX_CALL_VERSION };
	const struct cbx_call nothing = { CBX_PKS_FLUSH,
		{ CBX_PKS_FLUSH_ADDRESS }, 0 };
	uint64_t one;
	uint64_t other;

	WANT(both(&call, &call, &one, &other));
	say_row("version", one < other ? one : other);
	WANT(both(&nothing, &nothing, &one, &other));
	say_row("empty", one < other ? one : other);
	return NULL;
}

static uint64_t table[5];

static const char *make_tables(void)
{
	for (uint64_t level = 1; level <= 4; level++) {
		table[level] = host_page();
		WANT(STATUS(CBX_PKS_TABLE_DECLARE, table[level], level) ==
			CBX_OK);
	}
	for (uint64_t level = 2; level <= 4; level++) {
		WANT(STATUS(CBX_PKS_TABLE_UPDATE, table[level], 1,
			     table[level - 1] << 12 | LINK_BITS) == CBX_OK);
	}
	WANT(STATUS(CBX_PKS_ROOT_LOAD, table[4]) == CBX_OK);
	return NULL;
}

static const char *updates(void)
{
	uint64_t leaf = host_page() << 12 | LEAF_BITS;
	struct cbx_call set = { CBX_PKS_TABLE_UPDATE, { table[1], 1, leaf },
		0 };
	struct cbx_call clear = { CBX_PKS_TABLE_UPDATE, { table[1], 1, 0 }, 0 };
	uint64_t one;
	uint64_t other;

	WANT(both(&set, &clear, &one, &other));
	say_row("update-set", one);
	say_row("update-clear", other);
	return NULL;
}

/* 512 leaves of 512 pages, and their end; a flush of the CPU's translations
 * is the host's to ask for, and is not in it. */
static const char *batches(void)
{
	uint64_t source = host_page();
	uint64_t zeros = host_page();
	uint64_t *entry = (uint64_t *)DIRECT(source);
	struct cbx_call set = { CBX_PKS_TABLE_BATCH,
		{ table[1], 0, 512, source, 0 }, 0 };
	struct cbx_call clear = { CBX_PKS_TABLE_BATCH,
		{ table[1], 0, 512, zeros, 0 }, 0 };
	uint64_t first = host_page();
	uint64_t one;
	uint64_t other;

	for (uint64_t i = 0; i < 512; i++) {
		entry[i] = (first + i % 64) << 12 | LEAF_BITS;
		((volatile uint64_t *)DIRECT(zeros))[i] = 0;
	}
	for (uint32_t i = 1; i < 64; i++) {
		WANT(host_page() == first + i);
	}
	WANT(both(&set, &clear, &one, &other));
	say_row("batch-set-512", one);
	say_row("batch-clear-512", other);
	return NULL;
}

static const char *donations(void)
{
	uint64_t page = host_page();
	struct cbx_call give = { CBX_CALL_PAGE_DONATE, { page, 1 }, 0 };
	struct cbx_call take = { CBX_CALL_PAGE_RETURN, { page, 1 }, 0 };
	uint64_t one;
	uint64_t other;

	WANT(both(&give, &take, &one, &other));
	say_row("donate", one);
	say_row("return", other);
	for (uint32_t i = 1; i < 256; i++) {
		WANT(host_page() == page + i);
	}
	give.arg[1] = 256;
	take.arg[1] = 256;
	WANT(both(&give, &take, &one, &other));
	say_row("donate-256", one);
	say_row("return-256", other);
	return NULL;
}

static uint64_t host; /* two pages of the host's */

static void copy_in(uint64_t pfn, const void *from, uint64_t bytes)
{
	volatile uint8_t *to = (volatile uint8_t *)DIRECT(pfn);

	for (uint64_t i = 0; i < bytes; i++) {
		to[i] = ((const uint8_t *)from)[i];
	}
}

static enum cbx_status repeat(uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	enum cbx_status status;

	do {
		status = (enum cbx_status)host_call(id, arg).status;
	} while (status == CBX_E_BUSY);
	return status;
}
#define GATE(NAME, ...) \
	repeat(CBX_CALL_##NAME, (const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

static const char *make_box(uint64_t box, const uint8_t *begin)
{
	const struct cbx_policy policy = {
		.version = CBX_POLICY_VERSION,
		.output_pages = 1,
		.threads_max = 1,
		.wake_step = 1,
		/* results are told to the host */
		.flags = begin == bench_box_exit ? CBX_POLICY_TRACE : 0,
	};
	uint64_t size = (uint64_t)(bench_box_end - bench_box);
	uint64_t offset = (uint64_t)(begin - bench_box);

	WANT(size <= CBX_PAGE_SIZE);
	copy_in(host, &policy, sizeof(policy));
	WANT(GATE(PAGE_DONATE, box, BOX_PAGES) == CBX_OK);
	WANT(GATE(BOX_CREATE, box, box + 1, host) == CBX_OK);
	WANT(GATE(BOX_GRANT, box, box + 2, RESERVE) == CBX_OK);
	copy_in(host, bench_box, size);
	WANT(GATE(BOX_ADD, box, CODE_VA, box + 80, 1, CBX_RIGHT_R | CBX_RIGHT_X,
		     host) == CBX_OK);
	WANT(GATE(BOX_ADD, box, STACK_VA, box + 81, STACK_PAGES,
		     CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE) == CBX_OK);
	WANT(GATE(BOX_THREAD, box, CODE_VA + offset,
		     STACK_VA + STACK_PAGES * CBX_PAGE_SIZE) == CBX_OK);
	WANT(GATE(BOX_FINALIZE, box) == CBX_OK);
	return NULL;
}

static const char *unmake_box(uint64_t box)
{
	WANT(GATE(BOX_KILL, box) == CBX_OK);
	WANT(GATE(BOX_RECLAIM, box, box + 1, RESERVE + 1) == CBX_OK);
	WANT(GATE(BOX_RECLAIM, box, box + 80, 1 + STACK_PAGES) == CBX_OK);
	WANT(GATE(BOX_DESTROY, box) == CBX_OK);
	WANT(GATE(PAGE_RETURN, box, BOX_PAGES) == CBX_OK);
	return NULL;
}

static const char *find_box_pages(uint64_t *box)
{
	host = host_page();
	WANT(host_page() == host + 1);
	*box = host + 2;
	for (uint32_t i = 0; i < BOX_PAGES; i++) {
		WANT(host_page() == *box + i);
	}
	return NULL;
}

/* In and out, the same way every time. */
static const char *enter_and_exit(
	const char *name, uint64_t box, const uint8_t *begin, uint64_t reason)
{
	struct cbx_call enter = { CBX_CALL_BOX_ENTER, { box, host + 1, 1 }, 0 };
	uint64_t one;
	uint64_t other;
	const char *wrong = make_box(box, begin);

	if (wrong != NULL) {
		return wrong;
	}
	WANT(CALL(CBX_CALL_BOX_ENTER, box, host + 1, 1).ret[0] == reason);
	WANT(both(&enter, &enter, &one, &other));
	WANT(CALL(CBX_CALL_BOX_ENTER, box, host + 1, 1).ret[0] == reason);
	say_row(name, one < other ? one : other);
	return unmake_box(box);
}

/* A box that counts for itself. */
static const char *inside(const char *name, uint64_t box, const uint8_t *begin)
{
	struct cbx_reply reply;
	const char *wrong = make_box(box, begin);

	if (wrong != NULL) {
		return wrong;
	}
	do {
		reply = CALL(CBX_CALL_BOX_ENTER, box, host + 1, 1);
		WANT(reply.status == CBX_OK);
	} while (reply.ret[0] == CBX_EXIT_INTERRUPTED);
	WANT(reply.ret[0] == CBX_EXIT_ENDED && reply.ret[2] == CBX_END_EXIT);
	say_row(name, reply.ret[1]);
	return unmake_box(box);
}

static const char *boxes(void)
{
	static const struct {
		const char *name;
		const uint8_t *begin;
	} boxes[] = {
		{ "box-nothing", bench_box_nothing },
		{ "box-version", bench_box_gate },
		{ "box-upcall", bench_box_upcall },
		{ "box-answer", bench_box_answer },
	};
	uint64_t box;
	const char *wrong = find_box_pages(&box);

	if (wrong == NULL) {
		wrong = enter_and_exit(
			"enter-exit", box, bench_box_exit, CBX_EXIT_RESULT);
	}
	if (wrong == NULL) {
		wrong = enter_and_exit(
			"enter-output", box, bench_box_output, CBX_EXIT_OUTPUT);
	}
	for (uint32_t i = 0; i < 4 && wrong == NULL; i++) {
		wrong = inside(boxes[i].name, box, boxes[i].begin);
	}
	return wrong;
}

const struct host_case host_cases[] = {
	{ "counter", counter },
	{ "empty gate", empty_gate },
	{ "tables", make_tables },
	{ "updates", updates },
	{ "batches", batches },
	{ "donations", donations },
	{ "boxes", boxes },
};
const uint32_t host_case_count = sizeof(host_cases) / sizeof(host_cases[0]);
