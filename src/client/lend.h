/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lending a box several CPUs.
 *
 * A lender is a thread with a CPU and a buffer of its own that enters the box
 * again and again.  The first one is who called cbx_box_run; more of them come
 * when the box has several threads and there is something for them to do.  No
 * more than run->cpus are inside at once; one more than that exists, so that
 * one may wait for the world outside.
 */
#ifndef CBX_CLIENT_LEND_H
#define CBX_CLIENT_LEND_H

#include <client/run.h>

/** Start with the calling thread's lender.
 * @retval CBX_E_NOMEM, CBX_E_HARDWARE  no CPU */
CBX_CHECKED enum cbx_status cbx_lend_start(struct cbx_running *run);

/** Wait for every other lender's end, and give back what they had. */
void cbx_lend_finish(struct cbx_running *run);

/** Get and give a place inside the box; a place given goes to who has waited
 * longest. */
void cbx_lend_enter(struct cbx_lender *lender);
void cbx_lend_leave(struct cbx_lender *lender);

/** There may be work in the box for one more: call it. */
void cbx_lend_call(struct cbx_lender *lender);

/** Bring one more CPU, if the box has threads for it. */
void cbx_lend_more(struct cbx_running *run);

/** The lender is about to wait for the world: when the box has other threads,
 * let another one have its place. */
void cbx_lend_block(struct cbx_lender *lender);

/**
 * A while has passed inside without an exit: bring one more CPU if the box has
 * threads for it, and do what a timer's interrupt does on a machine of its own:
 * if a deadline has passed or a thread waits for a turn the box leaves its CPUs,
 * and when it is entered again they have it.
 */
CBX_CHECKED enum cbx_status cbx_lend_tick(struct cbx_lender *lender);

/** Sleep until called, or until @p until_ns. */
void cbx_lend_idle(struct cbx_lender *lender, uint64_t until_ns);

/** No other one enters any more; a confined box has one CPU. */
CBX_CHECKED enum cbx_status cbx_lend_alone(struct cbx_lender *lender);

/** Let everybody see that the run is over.
 * @return false when they do already */
bool cbx_lend_end(struct cbx_running *run);

/** What each lender does until the run is over; run.c. */
void cbx_lend_main(struct cbx_lender *lender);

/** The bytes of the lender's buffer: CBX_IO_BYTES_MAX of them. */
void *cbx_lend_buffer(const struct cbx_lender *lender);

#endif
