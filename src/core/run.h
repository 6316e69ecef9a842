/* SPDX-License-Identifier: Apache-2.0 */
/* Running boxes: from BOX_ENTER to the exit, and the keeper's turn. */
#ifndef CBX_CORE_RUN_H
#define CBX_CORE_RUN_H

#include <core/copy.h>
#include <core/thread.h>

/** A CPU inside a box: what its gates work on. */
struct cbx_run {
	struct cbx_domain *d;
	struct cbx_thread *thread; /* held, RUNNING */
	struct cbx_space
		*space;	  /* cbx_run_space's, held; NULL: not wanted yet */
	struct cbx_io io; /* the host's buffer */
	struct cbx_reply *host; /* what the host will be told */
	bool leave;		/* go back to the host */
	bool yield;		/* this thread cannot go on now */
	bool gone;		/* this thread is to be destroyed */
	bool keeper_asks;	/* KEEPER_NEXT was called */
	uint64_t keeper_status;
};

/**
 * Lend this CPU to a box until it has a reason to give it back.
 *
 * The gate lock is dropped while box code runs.
 *
 * @param[out] reply  the exit, as enum cbx_exit_reason says
 *
 * @retval CBX_OK         always
 * @lock gate, on entry and return
 */
CBX_MUST_CHECK enum cbx_status cbx_run_enter(
	struct cbx_domain *d, struct cbx_io io, struct cbx_reply *reply);

/** Run the keeper until it asks for work.
 * @retval the status it reports, CBX_E_HARDWARE when it died
 * @lock gate, throughout */
CBX_MUST_CHECK enum cbx_status cbx_run_keeper(struct cbx_domain *d);

/** The space of the thread that runs, held until the thread stops running. */
struct cbx_space *cbx_run_space(struct cbx_run *run);

/** Leave for the host with @p reason; further words are the caller's. */
void cbx_run_leave(struct cbx_run *run, enum cbx_exit_reason reason);

/** The same with a reason the host serves before the thread goes on. */
void cbx_run_leave_to_serve(struct cbx_run *run, enum cbx_exit_reason reason);

/** A thread can run that could not: leave if a CPU told IDLE could take it.
 * Of a confined box the host is not told. */
void cbx_run_spread(struct cbx_run *run);

#endif
