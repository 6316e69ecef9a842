/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates: the one way into the monitor.
 *
 * gate.def is the table; who calls comes from the path that was taken, never
 * from an argument.
 */
#ifndef CBX_CORE_GATE_H
#define CBX_CORE_GATE_H

#include <core/lock.h>
#include <core/run.h>
#include <hal/hal.h>

/** Start the core: all memory the host's, no keeper, no box.
 * @param table  as cbx_page_init */
void cbx_core_init(struct cbx_page *table);

/** Bytes of the page table for @p pages pages. */
size_t cbx_core_table_bytes(uint64_t pages);

/**
 * A host's call, from any CPU.
 *
 * @param      call   already copied from the host
 * @param[out] reply  zero but for the status when it failed; a range call says
 *                    in ret[0] how far it came all the same
 * @lock none
 */
void cbx_gate_host(const struct cbx_call *call, struct cbx_reply *reply);

/** A call of the box that @p run runs.
 * @lock gate */
void cbx_gate_box(struct cbx_run *run, const struct cbx_call *call,
	struct cbx_reply *reply);

/** What a handler works on. */
struct cbx_gate {
	const uint64_t *arg;
	uint64_t *ret;
	struct cbx_domain *d; /* the box named, or calling; NULL when none, or
			       * when the handler destroyed it */
	struct cbx_run *run;  /* box calls */
	struct cbx_space *space;   /* held by the handler; dropped after it */
	struct cbx_thread *thread; /* the same */
	struct cbx_reply *reply;   /* BOX_ENTER */
};

/* The handlers, one a row of gate.def. */
#define X(number, NAME, name, callers, nargs, states, repeat) \
	CBX_MUST_CHECK enum cbx_status cbx_gate_##name(struct cbx_gate *g);
#include <confbox/gate.def>
#undef X

/** PAGE_STATE, FAULT or LETTER: a system event that is no call.
 *
 * @param[out] reply  answer to PAGE_STATE
 * @return whether @p reply is to be given
 * @lock none */
bool cbx_core_event(
	uint32_t cpu, const struct cbx_event *event, struct cbx_reply *reply);

/** One lock for everything the core knows (doc/adr/0005). */
extern struct cbx_lock cbx_gate_lock;

/** Drop, take, the gate lock: around box code only. */
static inline void cbx_gate_lock_drop(void)
{
	cbx_lock_drop(&cbx_gate_lock, CBX_RANK_GATE);
}
static inline void cbx_gate_lock_take(void)
{
	cbx_lock_take(&cbx_gate_lock, CBX_RANK_GATE);
}

#endif
