/* SPDX-License-Identifier: Apache-2.0 */
/* Memory: which pages are free.  A bit is set when the kernel has no use of the
 * page, or must not: not RAM, the monitor's, the archive, taken. */
#include <host/os/os.h>

#define PAGES_MAX  (1ull << 20) /* 4 GiB */
#define PAGE_FIRST 0x100ull	/* what lies below is the firmware's */
#define PAGE_HOST  2u		/* what PAGE_QUERY says of the host's */

static uint64_t taken[PAGES_MAX / 64];
static uint64_t known[PAGES_MAX / 64]; /* to be the host's, when not taken */
static uint64_t from;		       /* no free page below */

static bool is_taken(uint64_t pfn)
{
	return (taken[pfn / 64] >> pfn % 64 & 1) != 0;
}

static void set_taken(uint64_t pfn, bool value)
{
	uint64_t bit = 1ull << pfn % 64;

	taken[pfn / 64] =
		value ? taken[pfn / 64] | bit : taken[pfn / 64] & ~bit;
}

static void set_range(uint64_t pfn, uint64_t end, bool value)
{
	for (; pfn < end && pfn < PAGES_MAX; pfn++) {
		set_taken(pfn, value);
	}
}

void os_page_start(void)
{
	struct os_range range;
	uint64_t first;
	uint64_t last;

	set_range(0, PAGES_MAX, true);
	for (uint64_t i = 0; os_machine_memory(i, &range); i++) {
		last = range.first + range.count;
		set_range(range.first, last, false);
		for (uint64_t pfn = range.first; range.whole && pfn < last;
			pfn++) {
			known[pfn / 64] |= 1ull << pfn % 64;
		}
	}
	set_range(0, PAGE_FIRST, true);
	os_machine_loaded(&first, &last);
	set_range(first, last, true);
	from = PAGE_FIRST;
}

static bool is_hosts(uint64_t pfn)
{
	struct cbx_reply reply;

	if ((known[pfn / 64] >> pfn % 64 & 1) != 0) {
		return true;
	}
	reply = OS_CALL(CBX_CALL_PAGE_QUERY, pfn);
	known[pfn / 64] |= 1ull << pfn % 64;
	return reply.status == CBX_OK && reply.ret[0] == PAGE_HOST;
}

/* Free pages in a row from @p pfn on, at most @p most. */
static uint64_t run_at(uint64_t pfn, uint64_t most)
{
	uint64_t count = 0;

	while (count < most && pfn + count < PAGES_MAX &&
		!is_taken(pfn + count)) {
		if (!is_hosts(pfn + count)) {
			set_taken(pfn + count, true);
			break;
		}
		count++;
	}
	return count;
}

uint64_t os_page_take(uint64_t count)
{
	uint64_t pfn = from;

	while (pfn < PAGES_MAX) {
		uint64_t run = is_taken(pfn) ? 0 : run_at(pfn, count);

		if (run == count) {
			set_range(pfn, pfn + count, true);
			from = pfn == from ? pfn + count : from;
			memset((void *)OS_DIRECT(pfn), 0,
				count * CBX_PAGE_SIZE);
			return pfn;
		}
		pfn += run + 1;
	}
	return 0;
}

void os_page_give(uint64_t pfn, uint64_t count)
{
	set_range(pfn, pfn + count, false);
	from = pfn < from ? pfn : from;
}

/* As if all of it were the host's: near enough, and no gate for each. */
uint64_t os_page_most(void)
{
	uint64_t best = 0;
	uint64_t run = 0;

	for (uint64_t pfn = from; pfn < PAGES_MAX; pfn++) {
		run = is_taken(pfn) ? 0 : run + 1;
		best = run > best ? run : best;
	}
	return best;
}
