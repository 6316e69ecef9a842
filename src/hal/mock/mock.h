/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mock machine's control panel: what tests can set up, do as somebody
 * else, and ask.
 *
 * The machine is made of arrays and implements hal.h and arch.h.  It enforces
 * what hardware would: the host's view of each page, each box's translations,
 * and stale translations of both, which every CPU keeps using until it has
 * acknowledged a flush started later.  The model is the worst one allowed: a
 * CPU is taken to have cached everything it could ever have touched.  A broken
 * contract (a page scrubbed that somebody can touch, a map never unmapped)
 * stops the machine through cbx_hal_panic.
 *
 * Any thread may call anything here; mock_boot and mock_down excepted.
 */
#ifndef CBX_HAL_MOCK_MOCK_H
#define CBX_HAL_MOCK_MOCK_H

#include <arch/arch.h>
#include <hal/hal.h>
#include <hal/mock/box.h>

#define MOCK_CPUS_MAX 32u
#define MOCK_ALL_CPUS UINT32_MAX

/** Everything but backend facts: a machine that can express any view. */
#define MOCK_CAPS                                                         \
	(CBX_CAP_HOST_KERNEL_OUT | CBX_CAP_HYPERVISOR_OUT | CBX_CAP_DMA | \
		CBX_CAP_VIEW_FAULTS | CBX_CAP_EXECUTE_ONLY |              \
		CBX_CAP_EXECUTE_MODES | CBX_CAP_BOX_EXECUTE_ONLY |        \
		CBX_CAP_CPUID)

/** How to build the machine; a zero means the default. */
struct mock_options {
	uint64_t pages;		/* 256 */
	uint64_t monitor_pages; /* 1: the first ones */
	uint64_t device_pages;	/* 0: the last ones */
	uint64_t open_pages;	/* 0: before those, the hypervisor's */
	uint32_t cpus;		/* 4 */
	bool caps_given;	/* caps counts; else MOCK_CAPS */
	uint64_t caps;		/* CBX_CAP_* */
	uint64_t seed;		/* 1: of cbx_hal_random */
	bool root;		/* plays a machine with a hardware root, whose
				 * report anybody can make (CBX_PLATFORM_TEST);
				 * adds CBX_CAP_HARDWARE_ROOT */
	uint32_t report_delay;	/* 0: calls for which a report is not made */
};

/**
 * Build the machine: memory filled with a pattern, RAM open to the host, this
 * thread on CPU 0.
 *
 * @param options  NULL for the defaults
 *
 * @pre the machine is down
 */
void mock_boot(const struct mock_options *options);

/** Take the machine down and free it; nothing happens when it is down. */
void mock_down(void);

/** Put this thread on @p cpu.  Two threads on one CPU is a broken test. */
void mock_cpu_set(uint32_t cpu);

/** Whom cbx_hal_panic tells; it does not return.  Without one, the process
 * prints the reason and aborts. */
typedef void mock_panic_fn(const char *what, const char *file, int line);
void mock_panic_hook(mock_panic_fn *hook);

/* ---- refusing ---- */

/** Refuse the @p n-th fallible step from now (1 is the next), once; 0 never.
 * Each page of a range is a step. */
void mock_refuse_nth(uint64_t n);

/** As mock_refuse_nth, but a step that can be left half done (a view_set, an
 * accept, a release) is, and answers CBX_E_BUSY. */
void mock_halve_nth(uint64_t n);

/** Whether the refusal asked for last has happened. */
bool mock_refused(void);

/** Fallible steps taken since mock_boot, refused ones included. */
uint64_t mock_steps(void);

/** Make cbx_hal_random fail until told otherwise. */
void mock_random_fail(bool fail);

/* ---- flushes ---- */

/** From now on @p cpu, or MOCK_ALL_CPUS, acknowledges no flush another CPU
 * starts. */
void mock_flush_hold(uint32_t cpu);

/** @p cpu, or MOCK_ALL_CPUS, acknowledges every flush so far, and each later
 * one at once. */
void mock_flush_release(uint32_t cpu);

/** Flushes started since mock_boot: the host's and every space's. */
uint64_t mock_flushes(void);

/* ---- time, kicks, log ---- */

/** What cbx_hal_ticks says from now on; by how much more it says. */
void mock_ticks_set(uint64_t ticks);
void mock_ticks_advance(uint64_t ticks);

/** Kicks @p cpu got since mock_boot. */
uint64_t mock_kicks(uint32_t cpu);

/** What cbx_hal_log was told, one line each; the oldest are dropped.  Valid
 * until the next line. */
const char *mock_log_text(void);

/* ---- the host ---- */

/**
 * The host's program on @p cpu: called by each cbx_hal_host_run, it says what
 * happens next.
 *
 * @param reply  as cbx_hal_host_run's
 * @param event  zeroed; CPU_STOP when @p host is NULL
 */
typedef void mock_host_fn(uint32_t cpu, void *arg,
	const struct cbx_reply *reply, struct cbx_event *event);
void mock_host(uint32_t cpu, mock_host_fn *host, void *arg);

/** Access bytes of a page as the host on @p cpu, stale translations included.
 * @return false when the machine does not let it: nothing happened */
bool mock_host_read(uint32_t cpu, struct cbx_pfn pfn, size_t offset, void *buf,
	size_t bytes);
bool mock_host_write(uint32_t cpu, struct cbx_pfn pfn, size_t offset,
	const void *buf, size_t bytes);

/** As the host's program: touch a page.  @return false when the machine does
 * not let it; *event is then the FAULT to report */
bool mock_host_touch(uint32_t cpu, struct cbx_pfn pfn, struct cbx_view access,
	struct cbx_event *event);

/** Faults given to the host on @p cpu by cbx_hal_host_fault. */
uint64_t mock_host_faults(uint32_t cpu);

/* ---- asking ---- */

/** The host's view of a page, as last set and rounded by the caps. */
struct cbx_view mock_view(struct cbx_pfn pfn);

/** @p view, as this machine can express it. */
struct cbx_view mock_view_round(struct cbx_view view);

/** Whether the host, on any CPU, could make one of these accesses now. */
bool mock_host_may(struct cbx_pfn pfn, struct cbx_view access);

/** Whether the hypervisor could touch the page now. */
bool mock_hypervisor_may(struct cbx_pfn pfn);

/** Whether any box, on any CPU, could touch the page now. */
bool mock_boxes_may(struct cbx_pfn pfn);

/** Whether some thread of the space, on any CPU, could make this access (one
 * MOCK_ bit) to the page at @p va now; to the page @p pfn at any address. */
bool mock_space_may(
	const struct cbx_arch_space *space, uint64_t va, unsigned int access);
bool mock_space_may_page(const struct cbx_arch_space *space, struct cbx_pfn pfn,
	unsigned int access);

/** A page's bytes, seen by nobody in particular. */
uint8_t *mock_page(struct cbx_pfn pfn);
bool mock_is_zero(struct cbx_pfn pfn);

/** Whether the bytes lie in a page the host can read now. */
bool mock_host_can_find(const void *bytes, size_t size);

/** Address spaces and box CPU contexts that exist. */
uint64_t mock_spaces(void);
uint64_t mock_vcpus(void);

/** Pages this CPU has mapped and not unmapped. */
uint32_t mock_maps(void);

/* ---- comparing ---- */

/** Bytes outside the machine's memory that belong to its state: compared by
 * mock_snapshot_equal, too.  Until mock_down. */
void mock_snapshot_watch(const void *bytes, size_t size);

/** Every byte of memory, what the host and the hypervisor may do with each
 * page now, every translation, stale ones included, and the watched bytes.
 * Flush tokens, steps, kicks, time and the log are not compared. */
struct mock_snapshot;
struct mock_snapshot *mock_snapshot_take(void);
void mock_snapshot_free(struct mock_snapshot *snapshot);

/** @param[out] pfn  where it differs first; UINT64_MAX: not in a page */
bool mock_snapshot_equal(
	const struct mock_snapshot *snapshot, struct cbx_pfn *pfn);

#endif
