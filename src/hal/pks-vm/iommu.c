/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IOMMU's registers, tables and queue.  One flush is under way at a time;
 * what is wanted meanwhile follows it, so the queue never fills and nobody
 * waits but start-up, and that for a bounded time.
 */
#include <base/string.h>
#include <hal/pks-vm/device.h>
#include <hal/pks-vm/host.h>
#include <hal/pks-vm/iommu.h>
#include <hal/pks-vm/pure/vtd.h>

#define CAP	 0x08
#define ECAP	 0x10
#define COMMAND	 0x18
#define STATUS	 0x1c
#define ROOT	 0x20
#define FAULTS	 0x34
#define FAULT_BY 0x38 /* how one is told: not at all */
#define QUEUE_AT 0x88 /* the next request's offset */
#define QUEUE	 0x90
#define LINES	 0xb8

/** Commands, and the status bits they set. */
#define TRANSLATE  0x80000000u
#define SET_ROOT   0x40000000u
#define USE_QUEUE  0x04000000u
#define REMAP	   0x02000000u
#define SET_LINES  0x01000000u
#define STAYS	   0x96ffffffu /* of the status, in a command */
#define MASKED	   0x80000000u
#define LINES_SIZE 7u /* 256 of them */

#define THERE (1ull << 63)

#define TRIES 1000000u

static struct {
	uint64_t registers;
	struct cbx_vtd_facts facts;
	uint16_t source;		   /* of the I/O interrupt controller */
	struct cbx_pfn root, lines, queue; /* root 0: no tables */
	struct cbx_pfn answer; /* its first word: the last request done */
	bool on;
} iommu;

/* Guarded by lock. */
static struct {
	uint64_t wanted, sent, done; /* tokens */
	uint32_t request;	     /* number of the last one sent */
	uint32_t place;		     /* in the queue, of the next */
	bool stale;		     /* something to forget since then */
	bool busy;		     /* one is under way */
	uint64_t refused[3];	     /* count, address, record */
} flush;

static bool lock;

/* A register, in this CPU's window. */
static volatile uint64_t *wide(uint32_t offset)
{
	return (volatile uint64_t *)(cbx_pks_device_map(CBX_CPU_IOMMU_PAGE,
					     iommu.registers) +
				     offset);
}

static volatile uint32_t *narrow(uint32_t offset)
{
	return (volatile uint32_t *)wide(offset);
}

static void put_wide(
	struct cbx_pfn table, uint64_t index, struct cbx_vtd_wide value)
{
	(void)cbx_pks_put(table, 2 * index + 1, value.high);
	(void)cbx_pks_put(table, 2 * index, value.low);
}

static bool is_answered(void)
{
	const uint32_t *word = cbx_hal_page_map(iommu.answer);
	uint32_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);

	cbx_hal_page_unmap(word);
	return value == flush.request;
}

static void ask(uint64_t low, uint64_t high)
{
	put_wide(iommu.queue, flush.place, (struct cbx_vtd_wide){ low, high });
	flush.place = (flush.place + 1) % CBX_VTD_WIDE;
}

/* Forget, and answer when that is done. */
static void send(void)
{
	flush.request++;
	ask(CBX_VTD_FORGET_PAGES, 0);
	ask(CBX_VTD_FORGET_LINES, 0);
	ask(CBX_VTD_WAIT(flush.request), iommu.answer.n << CBX_PAGE_SHIFT);
	*narrow(QUEUE_AT) = flush.place * sizeof(struct cbx_vtd_wide);
}

static bool command(uint32_t bit)
{
	*narrow(COMMAND) = (*narrow(STATUS) & STAYS) | bit;
	for (uint32_t i = 0; i < TRIES; i++) {
		if ((*narrow(STATUS) & bit) != 0) {
			return true;
		}
	}
	return false;
}

/* All buses have the same devices, and all devices the same tables. */
void cbx_pks_iommu_carve(const struct cbx_x86_boot *boot)
{
	struct cbx_pfn top = cbx_pks_direct_top();
	struct cbx_pfn above;
	struct cbx_pfn devices;

	if (boot->iommu == 0) {
		return;
	}
	iommu.registers = boot->iommu;
	iommu.source = boot->iommu_source;
	iommu.facts = (struct cbx_vtd_facts){ *wide(CAP), *wide(ECAP) };
	if (!cbx_vtd_serves(iommu.facts, boot->page_count) ||
		(*narrow(STATUS) & STAYS) != 0) {
		cbx_hal_log("iommu: not one that serves");
		return;
	}
	if (cbx_vtd_levels(iommu.facts) == 4) {
		above.n = cbx_pks_carve(1);
		(void)cbx_pks_put(above, 0, cbx_vtd_link(top));
		top = above;
	}
	devices.n = cbx_pks_carve(1);
	iommu.root.n = cbx_pks_carve(1);
	iommu.lines.n = cbx_pks_carve(1);
	iommu.queue.n = cbx_pks_carve(1);
	iommu.answer.n = cbx_pks_carve(1);
	for (uint32_t i = 0; i < CBX_VTD_WIDE; i++) {
		put_wide(devices, i,
			cbx_vtd_device(top, cbx_vtd_levels(iommu.facts)));
		put_wide(iommu.root, i, cbx_vtd_bus(devices));
	}
}

static bool switch_on(void)
{
	*narrow(FAULT_BY) = MASKED;
	*wide(ROOT) = iommu.root.n << CBX_PAGE_SHIFT;
	*wide(LINES) = iommu.lines.n << CBX_PAGE_SHIFT | LINES_SIZE;
	*wide(QUEUE) = iommu.queue.n << CBX_PAGE_SHIFT;
	*narrow(QUEUE_AT) = 0;
	if (!command(SET_ROOT) || !command(USE_QUEUE) || !command(SET_LINES)) {
		return false;
	}
	ask(CBX_VTD_FORGET_DEVICES, 0);
	send();
	for (uint32_t i = 0; i < TRIES && !is_answered(); i++) {
	}
	return is_answered() && command(TRANSLATE) && command(REMAP);
}

/* Registers in memory would be the host's. */
void cbx_pks_iommu_start(void)
{
	struct cbx_pfn page = { iommu.registers >> CBX_PAGE_SHIFT };
	struct cbx_view view = { CBX_VIEW_NONE };

	if (iommu.root.n == 0) {
		return;
	}
	(void)cbx_table_seen(page, &view);
	iommu.on = view.bits == CBX_VIEW_NONE && switch_on();
	if (!iommu.on) {
		cbx_hal_log("iommu: does not answer");
	}
}

bool cbx_pks_iommu_on(void)
{
	return iommu.on;
}

static void read_records(void)
{
	uint32_t record = cbx_vtd_record(iommu.facts);
	uint32_t end = record + 16 * cbx_vtd_records(iommu.facts);

	for (; *narrow(FAULTS) != 0 && record < end; record += 16) {
		uint64_t high = *wide(record + 8);

		if ((high & THERE) == 0) {
			continue;
		}
		if (flush.refused[0]++ == 0) {
			cbx_hal_log("iommu: a device is refused");
		}
		flush.refused[1] = *wide(record);
		flush.refused[2] = high;
		*wide(record + 8) = THERE;
	}
	*narrow(FAULTS) = 1; /* no overflow any more */
}

/* Send what is wanted, if none is under way. */
static void go_on(void)
{
	if (flush.busy && is_answered()) {
		flush.busy = false;
		flush.done = flush.sent;
	}
	if (!flush.busy && flush.stale) {
		flush.busy = true;
		flush.stale = false;
		flush.sent = flush.wanted;
		send();
		read_records();
	}
}

void cbx_pks_iommu_flush(uint64_t token)
{
	if (!iommu.on) {
		return;
	}
	cbx_pks_lock_take(&lock);
	flush.wanted = token > flush.wanted ? token : flush.wanted;
	flush.stale = true;
	go_on();
	cbx_pks_lock_drop(&lock);
}

bool cbx_pks_iommu_flushed(uint64_t token)
{
	bool done = true;

	if (iommu.on) {
		cbx_pks_lock_take(&lock);
		go_on();
		done = token <= flush.done;
		cbx_pks_lock_drop(&lock);
	}
	return done;
}

uint64_t cbx_pks_iommu_line(uint32_t line, uint64_t entry)
{
	if (!iommu.on) {
		return entry;
	}
	put_wide(iommu.lines, line % CBX_VTD_WIDE,
		cbx_vtd_remap(entry, iommu.source));
	cbx_pks_iommu_flush(0);
	return cbx_vtd_redirect(entry, line % CBX_VTD_WIDE);
}

enum cbx_status cbx_pks_iommu_refused(uint64_t *ret)
{
	if (iommu.on) {
		cbx_pks_lock_take(&lock);
		read_records();
		memcpy(ret, flush.refused, sizeof(flush.refused));
		cbx_pks_lock_drop(&lock);
	}
	return CBX_OK;
}
