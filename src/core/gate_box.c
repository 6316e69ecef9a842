/* SPDX-License-Identifier: Apache-2.0 */
/* The boxes' gates: arguments in, one function of the core, results out. */
#include <core/channel.h>
#include <core/gate.h>
#include <core/space.h>

/* Hold the space a box names, one of its own, for the handler; 0 is the calling
 * thread's. @return NULL when there is none */
static struct cbx_space *hold_space(struct cbx_gate *g, uint64_t handle)
{
	g->space = cbx_space_hold(
		g->d, handle == 0 ? g->run->thread->space : handle);
	return g->space;
}

/* The pages a box names by three arguments from @p arg on, in such a space. */
static struct cbx_stretch span_of(
	struct cbx_gate *g, uint64_t space, const uint64_t *arg)
{
	return (struct cbx_stretch){
		.space = hold_space(g, space),
		.va = { arg[0] },
		.count = arg[1],
		.rights = arg[2],
	};
}

static struct cbx_va va_of(uint64_t a)
{
	return (struct cbx_va){ a };
}

enum cbx_status cbx_gate_end(struct cbx_gate *g)
{
	cbx_domain_end(g->d, CBX_END_EXIT, g->arg[0]);
	return CBX_OK;
}

enum cbx_status cbx_gate_map(struct cbx_gate *g)
{
	const struct cbx_stretch to = span_of(g, g->arg[0], &g->arg[1]);

	return cbx_space_map(g->d, &to, &g->ret[0]);
}

enum cbx_status cbx_gate_map_alias(struct cbx_gate *g)
{
	struct cbx_space *from = hold_space(g, g->arg[4]);
	enum cbx_status status;
	struct cbx_stretch to;

	if (from == NULL) {
		return CBX_E_INVALID;
	}
	to = span_of(g, g->arg[0], &g->arg[1]);
	status = cbx_space_alias(g->d, &to, from, va_of(g->arg[5]), &g->ret[0]);
	cbx_space_drop(from);
	return status;
}

enum cbx_status cbx_gate_unmap(struct cbx_gate *g)
{
	const struct cbx_stretch from = span_of(g, g->arg[0], &g->arg[1]);

	return cbx_space_unmap(g->d, &from, false, &g->ret[0]);
}

enum cbx_status cbx_gate_protect(struct cbx_gate *g)
{
	const struct cbx_stretch at = span_of(g, g->arg[0], &g->arg[1]);

	return cbx_space_protect(g->d, &at, &g->ret[0]);
}

enum cbx_status cbx_gate_space_destroy(struct cbx_gate *g)
{
	enum cbx_status status;

	if (g->arg[0] == 0 || hold_space(g, g->arg[0]) == NULL) {
		return CBX_E_INVALID;
	}
	if (g->space->thread_count != 0) {
		return CBX_E_STATE;
	}
	status = cbx_space_destroy(g->d, g->space);
	if (status == CBX_OK) {
		g->space = NULL;
	}
	return status;
}

enum cbx_status cbx_gate_space_switch(struct cbx_gate *g)
{
	enum cbx_status status = cbx_gate_thread_create(g);

	g->run->gone = status == CBX_OK;
	return status;
}

enum cbx_status cbx_gate_thread_create(struct cbx_gate *g)
{
	const struct cbx_vcpu_start start = {
		.entry = g->arg[1],
		.stack = g->arg[2],
		.arg = g->arg[3],
	};
	enum cbx_status status;

	if (hold_space(g, g->arg[0]) == NULL) {
		return CBX_E_INVALID;
	}
	status = cbx_thread_create(g->d, g->space, &start, &g->ret[0]);
	if (status == CBX_OK) {
		cbx_run_spread(g->run);
	}
	return status;
}

enum cbx_status cbx_gate_thread_exit(struct cbx_gate *g)
{
	g->run->gone = true;
	return CBX_OK;
}

enum cbx_status cbx_gate_thread_park(struct cbx_gate *g)
{
	struct cbx_thread *thread = g->run->thread;

	if (thread->permit) {
		thread->permit = false;
		return CBX_OK;
	}
	g->run->yield = true;
	if (g->arg[0] != CBX_PARK_YIELD) {
		thread->state = CBX_THREAD_PARKED;
		thread->wake =
			g->arg[0] == 0 ? 0 : cbx_thread_wake(g->d, g->arg[0]);
	}
	return CBX_OK;
}

enum cbx_status cbx_gate_thread_unpark(struct cbx_gate *g)
{
	g->thread = cbx_thread_hold(g->d, g->arg[0]);
	if (g->thread == NULL) {
		return CBX_E_INVALID;
	}
	if (g->thread->state == CBX_THREAD_PARKED) {
		g->thread->state = CBX_THREAD_RUNNABLE;
		cbx_run_spread(g->run);
	} else {
		g->thread->permit = true;
	}
	return CBX_OK;
}

enum cbx_status cbx_gate_upcall_entry(struct cbx_gate *g)
{
	cbx_arch_vcpu_upcall_entry(&g->run->thread->vcpu, g->arg[0], g->arg[1]);
	g->ret[0] = g->run->thread->self;
	g->ret[1] = g->run->thread->space;
	return CBX_OK;
}

enum cbx_status cbx_gate_upcall_resume(struct cbx_gate *g)
{
	if ((g->d->policy.flags & CBX_POLICY_TRACE) != 0 &&
		g->d->state == CBX_DOMAIN_READY) {
		cbx_run_leave_to_serve(g->run, CBX_EXIT_RESULT);
		g->run->host->ret[1] = g->arg[0];
		g->run->host->ret[2] = g->run->thread->self;
		g->run->host->ret[3] = g->arg[1];
	}
	return CBX_OK;
}

enum cbx_status cbx_gate_upcall_deadline(struct cbx_gate *g)
{
	g->thread = cbx_thread_hold(
		g->d, g->arg[1] == 0 ? g->run->thread->self : g->arg[1]);
	if (g->thread == NULL) {
		return CBX_E_INVALID;
	}
	g->thread->deadline = g->arg[0];
	if (g->d->state == CBX_DOMAIN_READY) {
		cbx_thread_kick(g->thread);
	}
	return CBX_OK;
}

enum cbx_status cbx_gate_window_share(struct cbx_gate *g)
{
	struct cbx_stretch to = span_of(g, 0, g->arg);
	struct cbx_mapping first;
	enum cbx_status status;

	to.rights = CBX_RIGHT_R | CBX_RIGHT_W;
	status = cbx_window_share(g->d, &to, &g->ret[0]);
	if (status == CBX_OK &&
		cbx_arch_space_lookup(&to.space->arch, to.va, &first)) {
		g->ret[1] = first.pfn.n;
	}
	return status;
}

enum cbx_status cbx_gate_window_unshare(struct cbx_gate *g)
{
	const struct cbx_stretch from = span_of(g, 0, g->arg);

	return cbx_space_unmap(g->d, &from, true, &g->ret[0]);
}

enum cbx_status cbx_gate_forward(struct cbx_gate *g)
{
	const struct cbx_forwarding f = {
		.number = g->arg[0],
		.block = { g->arg[1] },
		.in_bytes = g->arg[2],
		.answer = { g->arg[3] },
		.capacity = g->arg[4],
	};

	return cbx_channel_forward(g->run, &f);
}

enum cbx_status cbx_gate_channel_read(struct cbx_gate *g)
{
	return cbx_channel_read(g->run, g->arg[0], va_of(g->arg[1]), g->arg[2]);
}

enum cbx_status cbx_gate_channel_write(struct cbx_gate *g)
{
	enum cbx_status status = cbx_channel_write(
		g->run, g->arg[0], va_of(g->arg[1]), g->arg[2], &g->ret[0]);

	g->ret[0] = status == CBX_OK ? g->ret[0] : 0;
	return status;
}

enum cbx_status cbx_gate_random(struct cbx_gate *g)
{
	return cbx_hal_random(g->ret, CBX_REPLY_RETS * sizeof(g->ret[0]));
}

enum cbx_status cbx_gate_time(struct cbx_gate *g)
{
	g->ret[0] = cbx_hal_ticks();
	return CBX_OK;
}

enum cbx_status cbx_gate_keeper_next(struct cbx_gate *g)
{
	g->run->keeper_asks = true;
	g->run->keeper_status = g->arg[0];
	g->run->yield = true;
	return CBX_OK;
}
