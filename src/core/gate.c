/* SPDX-License-Identifier: Apache-2.0 */
#include <core/assert.h>
#include <core/gate.h>
#include <core/keeper.h>

struct cbx_lock cbx_gate_lock;

size_t cbx_core_table_bytes(uint64_t pages)
{
	return (size_t)pages * sizeof(struct cbx_page);
}

void cbx_core_init(struct cbx_page *table)
{
	cbx_page_init(table);
	cbx_keeper_init();
}

/* Who makes a call, or may make it. */
enum callers {
	HOST = 1,
	BOX = 2,
	KEEPER = 4,
	ANY = HOST | BOX,
};

/* The states column, as bits of enum cbx_domain_state. */
#define NONE 0u
#define B    (1u << CBX_DOMAIN_BUILDING)
#define R    (1u << CBX_DOMAIN_READY)
#define C    (1u << CBX_DOMAIN_CONFINED)
#define D    (1u << CBX_DOMAIN_DYING)
#define T    (1u << CBX_DOMAIN_TEMPLATE)

/* Whether everything past a call's arguments is zero. */
static inline bool ends_after(const struct cbx_call *call, uint32_t nargs)
{
	uint64_t rest = call->reserved;

#pragma GCC unroll 6
	for (uint32_t i = 0; i < CBX_CALL_ARGS; i++) {
		rest |= i < nargs ? 0 : call->arg[i];
	}
	return rest == 0;
}

static enum cbx_status check_state(const struct cbx_domain *d, uint32_t states)
{
	if ((states & (1u << d->state)) != 0) {
		return CBX_OK;
	}
	return d->state == CBX_DOMAIN_DYING ? CBX_E_STALE : CBX_E_STATE;
}

/* A host call that names a box: hold it for the handler. */
static enum cbx_status hold_box(struct cbx_gate *g, uint32_t states)
{
	g->d = cbx_domain_hold(g->arg[0]);
	if (g->d == NULL) {
		return CBX_E_INVALID;
	}
	return g->d->keeper && cbx_keeper_ready() ? CBX_E_DENIED
						  : check_state(g->d, states);
}

/* Drop what was held for, or by, the handler. */
static inline enum cbx_status drop(
	const struct cbx_gate *g, uint32_t caller, enum cbx_status status)
{
	if (g->space != NULL) {
		cbx_space_drop(g->space);
	}
	if (g->thread != NULL) {
		cbx_thread_drop(g->thread);
	}
	if (caller == HOST && g->d != NULL) {
		cbx_domain_drop(g->d);
	}
	return status;
}

/* A call that its caller may not make, or not now. */
static enum cbx_status refuse(
	const struct cbx_gate *g, uint64_t id, enum cbx_status status)
{
	if (g->run != NULL && g->d->state == CBX_DOMAIN_CONFINED) {
		/* It holds a client's data and tried to talk. */
		cbx_domain_end(g->d, CBX_END_VIOLATION, id);
	}
	return status;
}

/* Whether the box a call names, or that makes it, is in one of the states. */
static inline enum cbx_status check_box(
	struct cbx_gate *g, uint32_t caller, uint64_t id, uint32_t states)
{
	enum cbx_status status;

	if (caller == HOST) {
		return hold_box(g, states);
	}
	status = check_state(g->d, states);
	return status == CBX_OK ? status : refuse(g, id, status);
}

/* A call with arguments it has not.  What a box may not call now it may not
 * call malformed either. */
static enum cbx_status malformed(
	struct cbx_gate *g, uint64_t id, uint32_t states)
{
	if (g->run != NULL && states != NONE &&
		check_state(g->d, states) != CBX_OK) {
		(void)refuse(g, id, CBX_E_STATE);
	}
	return CBX_E_INVALID;
}

/* A switch, not an array: two calls with one number do not compile, gaps cost
 * nothing, and there is no function pointer to corrupt.  There is one for the
 * host and one for boxes; what a row asks is constant in its case. */
static inline __attribute__((always_inline)) enum cbx_status dispatch(
	struct cbx_gate *g, const struct cbx_call *call, uint32_t caller)
{
	enum cbx_status status;

	switch (call->id) {
#define X(number, NAME, name, callers, nargs, states, repeat)     \
	case (number):                                            \
		if (((callers)&caller) == 0 ||                    \
			((callers) == KEEPER && !g->d->keeper)) { \
			return refuse(g, call->id, CBX_E_DENIED); \
		}                                                 \
		if (!ends_after(call, nargs)) {                   \
			return malformed(g, call->id, states);    \
		}                                                 \
		if ((states) == NONE) {                           \
			return cbx_gate_##name(g);                \
		}                                                 \
		status = check_box(g, caller, call->id, states);  \
		return drop(g, caller,                            \
			status == CBX_OK ? cbx_gate_##name(g) : status);
#include <confbox/gate.def>
#undef X
	default:
		return refuse(g, call->id, CBX_E_UNKNOWN_CALL);
	}
}

/* Nothing of the last reply stays; word by word, it is short. */
static inline void clear(struct cbx_reply *reply)
{
	reply->status = 0;
#pragma GCC unroll 7
	for (int i = 0; i < CBX_REPLY_RETS; i++) {
		reply->ret[i] = 0;
	}
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

void cbx_gate_host(const struct cbx_call *call, struct cbx_reply *reply)
{
	struct cbx_gate g = {
		.arg = call->arg, .ret = reply->ret, .reply = reply
	};

	clear(reply);
	cbx_gate_lock_take();
	finish(reply, dispatch(&g, call, HOST));
	cbx_gate_lock_drop();
}

void cbx_gate_box(struct cbx_run *run, const struct cbx_call *call,
	struct cbx_reply *reply)
{
	struct cbx_gate g = {
		.arg = call->arg, .ret = reply->ret, .d = run->d, .run = run
	};

	clear(reply);
	finish(reply, dispatch(&g, call, BOX | KEEPER));
}
