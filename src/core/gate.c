/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/gate.h>
#include <core/keeper.h>
#include <core/lock.h>

/* One lock for everything the core knows (doc/adr/0005). */
static struct cbx_lock gate_lock;

void cbx_gate_lock_take(void)
{
	cbx_lock_take(&gate_lock, CBX_RANK_GATE);
}

void cbx_gate_lock_drop(void)
{
	cbx_lock_drop(&gate_lock, CBX_RANK_GATE);
}

size_t cbx_core_table_bytes(uint64_t pages)
{
	return (size_t)pages * sizeof(struct cbx_page);
}

void cbx_core_init(struct cbx_page *table)
{
	cbx_page_init(table);
	cbx_keeper_init();
}

/* Who may make a call, how many arguments it takes, in which states. */
struct policy {
	enum {
		NOBODY = 0,
		HOST = 1,
		BOX = 2,
		KEEPER = 4,
		ANY = HOST | BOX,
	} callers;
	uint32_t nargs;
	uint32_t states;
};

/* The states column, as bits of enum cbx_domain_state. */
#define NONE 0u
#define B    (1u << CBX_DOMAIN_BUILDING)
#define R    (1u << CBX_DOMAIN_READY)
#define C    (1u << CBX_DOMAIN_CONFINED)
#define D    (1u << CBX_DOMAIN_DYING)

/* The table's columns for @p id; NOBODY when there is no such call. */
static struct policy policy_of(uint64_t id)
{
	switch (id) {
#define X(number, NAME, name, callers, nargs, states, repeat) \
	case (number):                                        \
		return (struct policy){ callers, nargs, states };
#include <confbox/gate.def>
#undef X
	default:
		return (struct policy){ NOBODY, 0, 0 };
	}
}

#undef B
#undef R
#undef C
#undef D

/* A switch, not an array: two calls with one number do not compile, gaps cost
 * nothing, and there is no function pointer to corrupt. */
static enum cbx_status dispatch(uint64_t id, struct cbx_gate *g)
{
	switch (id) {
#define X(number, NAME, name, callers, nargs, states, repeat) \
	case (number):                                        \
		return cbx_gate_##name(g);
#include <confbox/gate.def>
#undef X
	default:
		return CBX_E_UNKNOWN_CALL;
	}
}

/* What the table says without looking at any box. */
static enum cbx_status check_call(
	const struct cbx_call *call, struct policy policy, uint32_t caller)
{
	uint64_t rest = call->reserved;

	if (policy.callers == NOBODY) {
		return CBX_E_UNKNOWN_CALL;
	}
	if (((uint32_t)policy.callers & caller) == 0) {
		return CBX_E_DENIED;
	}
	for (uint32_t i = policy.nargs; i < CBX_CALL_ARGS; i++) {
		rest |= call->arg[i];
	}
	return rest == 0 ? CBX_OK : CBX_E_INVALID;
}

static enum cbx_status check_state(const struct cbx_domain *d, uint32_t states)
{
	if ((states & (1u << d->state)) != 0) {
		return CBX_OK;
	}
	return d->state == CBX_DOMAIN_DYING ? CBX_E_STALE : CBX_E_STATE;
}

/* A failed call says how far it came, and nothing else. */
static void finish(struct cbx_reply *reply, enum cbx_status status)
{
	reply->status = (uint64_t)status;
	if (status != CBX_OK) {
		for (int i = 1; i < CBX_REPLY_RETS; i++) {
			reply->ret[i] = 0;
		}
	}
}

/* Drop what was held for, or by, the handler. */
static void drop(const struct cbx_gate *g)
{
	if (g->space != NULL) {
		cbx_space_drop(g->space);
	}
	if (g->run == NULL && g->d != NULL) {
		cbx_domain_drop(g->d);
	}
}

/* A host call that names a box: hold it for the handler. */
static enum cbx_status call_on_box(
	const struct cbx_call *call, struct cbx_gate *g, uint32_t states)
{
	struct cbx_domain *d = cbx_domain_hold(call->arg[0]);
	enum cbx_status status;

	if (d == NULL) {
		return CBX_E_INVALID;
	}
	g->d = d;
	status = d->keeper && cbx_keeper_ready() ? CBX_E_DENIED
						 : check_state(d, states);
	if (status == CBX_OK) {
		status = dispatch(call->id, g);
	}
	drop(g);
	return status;
}

void cbx_gate_host(const struct cbx_call *call, struct cbx_reply *reply)
{
	struct policy policy = policy_of(call->id);
	struct cbx_gate g = {
		.arg = call->arg, .ret = reply->ret, .reply = reply
	};
	enum cbx_status status;

	*reply = (struct cbx_reply){ 0 };
	cbx_gate_lock_take();
	status = check_call(call, policy, HOST);
	if (status == CBX_OK) {
		status = policy.states == NONE
				 ? dispatch(call->id, &g)
				 : call_on_box(call, &g, policy.states);
	}
	finish(reply, status);
	cbx_gate_lock_drop();
}

void cbx_gate_box(struct cbx_run *run, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	struct policy policy = policy_of(call->id);
	uint32_t caller = BOX | (run->d->keeper ? KEEPER : 0u);
	struct cbx_gate g = {
		.arg = call->arg, .ret = reply->ret, .d = run->d, .run = run
	};
	enum cbx_status status = check_call(call, policy, caller);

	*reply = (struct cbx_reply){ 0 };
	if (status == CBX_OK && policy.states != NONE) {
		status = check_state(run->d, policy.states);
	}
	if (run->d->state == CBX_DOMAIN_CONFINED &&
		(status == CBX_E_STATE || status == CBX_E_UNKNOWN_CALL ||
			status == CBX_E_DENIED)) {
		/* It holds a client's data and tried to talk. */
		cbx_domain_end(run->d, CBX_END_VIOLATION, call->id);
	} else if (status == CBX_OK) {
		status = dispatch(call->id, &g);
		drop(&g);
	}
	finish(reply, status);
}
