/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confidential VM, as the core sees it: who may touch which page, and how
 * the host calls.
 *
 * Rules every backend keeps:
 *  - A function that returns enum cbx_status either succeeds or changes
 *    nothing.  A range function works page by page and reports in *done how
 *    many pages it completed; pages from *done on are as they were.  A
 *    function that returns void cannot fail; if the hardware says otherwise it
 *    calls cbx_hal_panic().
 *  - A backend keeps no opinion about ownership.  The core's page table is the
 *    only authority; the backend mirrors what it is told.
 *  - A backend never calls the core.
 *  - No function but cbx_hal_host_run waits for another CPU, for the host, or
 *    for an answer that may not come: what the hypervisor must do is asked for
 *    a fixed number of times, then it is CBX_E_BUSY.
 *
 * What implements each function on each backend, what can fail and what is
 * left over is the table in doc/porting.md.
 */
#ifndef CBX_HAL_HAL_H
#define CBX_HAL_HAL_H

#include <base/types.h>

#define CBX_HAL_REPORT_DATA 64u

/** Facts about a backend and the machine it found; fixed after start. */
struct cbx_hal_caps {
	uint64_t bits;		  /* CBX_CAP_* */
	enum cbx_backend backend; /* who */
};
struct cbx_hal_caps cbx_hal_caps(void);

/** CPUs the host may use; at least 1, fixed after start. */
uint32_t cbx_hal_cpu_count(void);

/** The CPU this code runs on; less than cbx_hal_cpu_count(). */
uint32_t cbx_hal_cpu(void);

/** Somebody else holds a lock: let time pass. */
void cbx_hal_cpu_relax(void);

/** Where this CPU records the innermost lock rank it holds. */
uint32_t *cbx_hal_cpu_rank(void);

/** Pages the monitor manages: numbers 0 to this minus one; at most 2^32 - 1,
 * fixed after start. */
uint64_t cbx_hal_page_count(void);

/** What lies at a range of pages when the machine starts. */
enum cbx_hal_kind {
	CBX_HAL_RAM,	 /* becomes HOST */
	CBX_HAL_OPEN,	 /* not accepted yet, or shared with the hypervisor:
			  * becomes OPEN */
	CBX_HAL_DEVICE,	 /* becomes DEVICE */
	CBX_HAL_MONITOR, /* becomes META */
};
struct cbx_hal_region {
	struct cbx_pfn first;
	uint64_t count;
	enum cbx_hal_kind kind;
};

/**
 * The memory map, one region a call.  Page 0 is neither RAM nor OPEN: a handle
 * of 0 is none.
 *
 * @param      index   0, 1, ...
 * @param[out] region  within cbx_hal_page_count(); regions do not overlap
 *
 * @return false when there is no region @p index
 */
bool cbx_hal_memory(uint32_t index, struct cbx_hal_region *region);

/**
 * Take pages into the confidential VM.  Their view is CBX_VIEW_NONE and their
 * bytes are undefined afterwards.
 *
 * @param[out] done  pages completed
 *
 * @retval CBX_OK          all of them
 * @retval CBX_E_HARDWARE  page *done was refused
 * @retval CBX_E_BUSY      page *done is half accepted; repeat
 *
 * @source AMD 24594 PVALIDATE; Intel TDX TDG.MEM.PAGE.ACCEPT; Arm DEN0137
 *         RSI_IPA_STATE_SET
 */
CBX_MUST_CHECK enum cbx_status cbx_hal_page_accept(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done);

/**
 * Give pages to the hypervisor: host and hypervisor may read and write them
 * from then on, nobody executes; no view is set on them until they are
 * accepted again.
 *
 * @pre their view is CBX_VIEW_NONE
 *
 * @retval CBX_OK          all of them
 * @retval CBX_E_HARDWARE  page *done was refused
 * @retval CBX_E_BUSY      page *done is half released; repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_hal_page_release(
	struct cbx_pfn pfn, uint64_t count, uint64_t *done);

/**
 * Make @p view what the host may do with the pages from now on.
 *
 * The view is the whole truth, not a change to it; setting it twice is setting
 * it once.  A view the hardware cannot express is rounded down.  Page contents
 * do not change.  CPUs may still hold a translation that allows more until a
 * flush started afterwards has completed.
 *
 * @param      pfn    pfn.n + count is at most cbx_hal_page_count()
 * @param[out] done   pages whose view is set
 *
 * @retval CBX_OK          all of them
 * @retval CBX_E_HARDWARE  page *done was refused; its previous view holds
 * @retval CBX_E_BUSY      page *done is half changed: between its previous view
 *                         and @p view; repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_hal_view_set(struct cbx_pfn pfn,
	uint64_t count, struct cbx_view view, uint64_t *done);

/** Start dropping stale host translations on every CPU.  Tokens grow from 1;
 * token 0 is always flushed. */
uint64_t cbx_hal_view_flush(void);

/** Whether the flush that gave @p token, and all before it, completed.  It may say
 * no after yes, for a moment: of a CPU that begins to run the host, and holds
 * nothing from before. */
bool cbx_hal_view_flushed(uint64_t token);

/**
 * A pointer to a page, for this CPU only, until cbx_hal_page_unmap.
 *
 * At most CBX_HAL_MAPS at a time on one CPU; unmapped in any order.
 *
 * @pre pfn.n < cbx_hal_page_count()
 */
void *cbx_hal_page_map(struct cbx_pfn pfn);
void cbx_hal_page_unmap(const void *page);

/**
 * As cbx_hal_page_map, of a page the host may write, to write for it.
 *
 * Host's pages that the host itself may only have written by the backend, its
 * page tables and its code, are refused, and no page becomes one meanwhile.
 *
 * @return NULL when it is refused
 */
void *cbx_hal_host_map(struct cbx_pfn pfn);
void cbx_hal_host_unmap(struct cbx_pfn pfn, const void *page);
#define CBX_HAL_MAPS 12u

/**
 * Overwrite pages with zeros, as every later reader will see them.
 *
 * @pre neither host nor box can touch them; no flush of theirs is outstanding
 */
void cbx_hal_page_scrub(struct cbx_pfn pfn, uint64_t count);

/**
 * Copy whole pages; none of @p to is one of @p from.
 *
 * @pre the host can touch none of them
 */
void cbx_hal_page_copy(struct cbx_pfn to, struct cbx_pfn from, uint64_t count);

/** What the host, or the machine under it, did. */
enum cbx_event_kind {
	CBX_EVENT_CALL,	      /* host gate: call */
	CBX_EVENT_PAGE_STATE, /* wants pages shared with the hypervisor, or
			       * private again: pfn, count, shared */
	CBX_EVENT_FAULT,      /* touched what its view forbids: pfn, access */
	CBX_EVENT_CPU_START,  /* this CPU begins */
	CBX_EVENT_CPU_STOP,   /* this CPU is done: leave the loop */
	CBX_EVENT_TICK,	      /* nothing; time passed */
	CBX_EVENT_CRASH,      /* the host is gone: leave the loop */
	CBX_EVENT_LETTER,     /* the host did nothing: pfn is a page of the
			       * backend's for the keeper (base/letter.h) */
};
struct cbx_event {
	enum cbx_event_kind kind;
	struct cbx_call call;
	struct cbx_pfn pfn;
	uint64_t count;
	bool shared;
	struct cbx_view access; /* the one bit that was wanted */
};

/**
 * Run the host on this CPU until something happens.
 *
 * @param      cpu    this CPU
 * @param      reply  answer to the last CALL or PAGE_STATE event on this CPU;
 *                    NULL when there is none to answer
 * @param[out] event  what happened, copied once from the host
 */
void cbx_hal_host_run(
	uint32_t cpu, const struct cbx_reply *reply, struct cbx_event *event);

/** Give the host the architectural fault for the FAULT just reported. */
void cbx_hal_host_fault(uint32_t cpu);

/** Ask another CPU to leave the box it runs, soon.  Best effort. */
void cbx_hal_cpu_kick(uint32_t cpu);

/**
 * Random bytes fit for keys.
 *
 * @retval CBX_OK          buf[size] is filled
 * @retval CBX_E_HARDWARE  no entropy now; buf holds zeros
 */
CBX_MUST_CHECK enum cbx_status cbx_hal_random(void *buf, size_t size);

/** A platform's report: size bytes, of which the last endorsements are what
 * came with it (certificates, a log). */
struct cbx_hal_report {
	enum cbx_platform platform;
	uint32_t size; /* at most CBX_HAL_REPORT_PAGES pages */
	uint32_t endorsements;
};
#define CBX_HAL_REPORT_PAGES 15u

/**
 * Begin a report that vouches for the monitor and for @p data, whoever waits
 * for another one: that is forgotten.
 *
 * @retval CBX_OK             it is being made
 * @retval CBX_E_UNSUPPORTED  there is no hardware root; so say the caps
 * @retval CBX_E_BUSY         not now; repeat
 * @retval CBX_E_HARDWARE     the platform refused
 *
 * @source AMD 56860 MSG_REPORT_REQ; Intel TDX TDG.MR.REPORT and GHCI GetQuote;
 *         Arm DEN0137 RSI_ATTESTATION_TOKEN_INIT
 */
CBX_MUST_CHECK enum cbx_status cbx_hal_report_start(
	const uint8_t data[CBX_HAL_REPORT_DATA]);

/**
 * Read a page of the report begun last.
 *
 * @param      index   0, 1, ... below the report's pages; 0 until it is known
 * @param[out] page    page[CBX_PAGE_SIZE]: the page, and what it had
 * @param[out] report  the whole
 *
 * @retval CBX_OK          read
 * @retval CBX_E_BUSY      it is not made yet; nothing is written
 * @retval CBX_E_HARDWARE  there will be none
 */
CBX_MUST_CHECK enum cbx_status cbx_hal_report_next(
	uint32_t index, uint8_t *page, struct cbx_hal_report *report);

/**
 * The key that this platform derives for this monitor, the same at each start.
 * One that the keeper has by a letter is not had here.
 *
 * @param[out] key  on success
 *
 * @retval CBX_OK             derived
 * @retval CBX_E_UNSUPPORTED  the platform has none
 * @retval CBX_E_BUSY         not yet; repeat
 */
CBX_MUST_CHECK enum cbx_status cbx_hal_root_key(
	uint8_t key[CBX_SEAL_KEY_BYTES]);

/** Nanoseconds since the machine started; never goes back on one CPU. */
uint64_t cbx_hal_ticks(void);

/** Stop the machine: something only a bug can do has happened. */
_Noreturn void cbx_hal_panic(const char *what, const char *file, int line);

/** Only we could have broken @p condition; if it does not hold, stop: always on
 * (doc/adr/0004). */
#define CBX_ASSERT(condition)                                          \
	do {                                                           \
		if (!(condition)) {                                    \
			cbx_hal_panic(#condition, __FILE__, __LINE__); \
		}                                                      \
	} while (0)

/** One line for the operator.  Holds nothing of a box. */
void cbx_hal_log(const char *text);

#endif
