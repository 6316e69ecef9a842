/* SPDX-License-Identifier: Apache-2.0 */
/* The host's gates: arguments in, one function of the core, results out. */
#include <base/string.h>
#include <core/channel.h>
#include <core/gate.h>
#include <core/space.h>
#include <core/template.h>

enum cbx_status cbx_gate_version(struct cbx_gate *g)
{
	g->ret[0] = CBX_ABI_MAJOR;
	g->ret[1] = CBX_ABI_MINOR;
	return CBX_OK;
}

enum cbx_status cbx_gate_caps(struct cbx_gate *g)
{
	const struct cbx_hal_caps caps = cbx_hal_caps();

	g->ret[0] = caps.bits;
	g->ret[1] = (uint64_t)caps.backend;
	g->ret[2] = cbx_hal_page_count();
	g->ret[3] = cbx_hal_cpu_count();
	return CBX_OK;
}

enum cbx_status cbx_gate_page_donate(struct cbx_gate *g)
{
	return cbx_page_donate(g->arg[0], g->arg[1], &g->ret[0]);
}

enum cbx_status cbx_gate_page_return(struct cbx_gate *g)
{
	return cbx_page_return(g->arg[0], g->arg[1], &g->ret[0]);
}

/* What a box does with its own pages is not the host's to watch: tables, pages
 * in use and pages on their way all look PRIVATE. */
static enum cbx_page_state state_shown(const struct cbx_page *page)
{
	enum cbx_page_state state = (enum cbx_page_state)page->state;

	return page->owner == CBX_HOST.id || state == CBX_PAGE_SHARED ||
			       state == CBX_PAGE_COMMON
		       ? state
		       : CBX_PAGE_PRIVATE;
}

enum cbx_status cbx_gate_page_query(struct cbx_gate *g)
{
	const struct cbx_page *page = cbx_page_at(g->arg[0]);

	if (page == NULL) {
		return CBX_E_INVALID;
	}
	g->ret[0] = (uint64_t)state_shown(page);
	g->ret[1] = cbx_page_view(page).bits;
	g->ret[2] = page->owner;
	return CBX_OK;
}

enum cbx_status cbx_gate_box_grant(struct cbx_gate *g)
{
	return cbx_domain_grant(g->d, g->arg[1], g->arg[2], &g->ret[0]);
}

enum cbx_status cbx_gate_box_enter(struct cbx_gate *g)
{
	const struct cbx_io io = { .pfn = g->arg[1], .pages = g->arg[2] };
	bool frames =
		g->d->state == CBX_DOMAIN_CONFINED || g->d->session.open != 0;

	if (io.pages > CBX_IO_PAGES_MAX ||
		(frames && io.pages < g->d->policy.output_pages)) {
		return CBX_E_INVALID;
	}
	if (!cbx_copy_host_range(io.pfn, io.pages, CBX_VIEW_W)) {
		return CBX_E_DENIED;
	}
	return cbx_run_enter(g->d, io, g->reply);
}

enum cbx_status cbx_gate_box_reply(struct cbx_gate *g)
{
	const struct cbx_answer answer = {
		.result = g->arg[2],
		.source = g->arg[3],
		.bytes = g->arg[4],
	};

	g->thread = cbx_thread_hold(g->d, g->arg[1]);
	return g->thread != NULL ? cbx_channel_reply(g->d, g->thread, &answer)
				 : CBX_E_INVALID;
}

enum cbx_status cbx_gate_box_confine(struct cbx_gate *g)
{
	const struct cbx_answer answer = {
		.source = g->arg[2],
		.bytes = g->arg[3],
		.result = g->arg[4],
	};

	g->thread = cbx_thread_hold(g->d, g->arg[1]);
	return g->thread != NULL ? cbx_channel_confine(g->d, g->thread, &answer)
				 : CBX_E_INVALID;
}

enum cbx_status cbx_gate_box_kick(struct cbx_gate *g)
{
	if (g->arg[1] > 1) {
		return CBX_E_INVALID;
	}
	/* Of a confined box the host does not learn whether it is due. */
	if (g->arg[1] == 0 || g->d->was_confined || cbx_thread_due(g->d)) {
		cbx_domain_kick(g->d);
	}
	return CBX_OK;
}

enum cbx_status cbx_gate_box_kill(struct cbx_gate *g)
{
	cbx_domain_end(g->d, CBX_END_KILLED, 0);
	return cbx_domain_tear_down(g->d);
}

enum cbx_status cbx_gate_box_query(struct cbx_gate *g)
{
	const struct cbx_domain *d = g->d;

	g->ret[0] = d->state;
	g->ret[1] = cbx_domain_flags(d);
	if (!d->was_confined) {
		g->ret[2] = d->page_count;
		g->ret[3] = d->reserve.count;
		g->ret[4] = d->threads.count;
		g->ret[5] = d->spaces.count;
		g->ret[6] = d->input_bytes;
	}
	return CBX_OK;
}

enum cbx_status cbx_gate_box_digest(struct cbx_gate *g)
{
	uint64_t i = g->arg[1] / CBX_DIGEST_LENDER;
	struct cbx_domain *d = g->d;

	if (i > d->lender_count) {
		return CBX_E_INVALID;
	}
	if (i != 0) {
		d = cbx_domain_hold(d->lender[i - 1]);
	}
	memcpy(g->ret,
		g->arg[1] % CBX_DIGEST_LENDER == CBX_DIGEST_MEASUREMENT
			? &d->measurement
			: &d->input_digest,
		CBX_DIGEST_BYTES);
	if (i != 0) {
		cbx_domain_drop(d);
	}
	return CBX_OK;
}

enum cbx_status cbx_gate_box_peek(struct cbx_gate *g)
{
	const struct cbx_io io = { .pfn = g->arg[3], .pages = 1 };

	if ((g->d->policy.flags & CBX_POLICY_DEBUG) == 0) {
		return CBX_E_DENIED;
	}
	g->space = cbx_space_hold(g->d, g->d->last_space);
	if (g->space == NULL) {
		return CBX_E_STATE;
	}
	if (g->arg[2] > CBX_PAGE_SIZE) {
		return CBX_E_INVALID;
	}
	if (!cbx_copy_box_range(g->space, (struct cbx_va){ g->arg[1] },
		    g->arg[2], CBX_RIGHT_R)) {
		return CBX_E_FAULT;
	}
	return cbx_copy_box_to_host(
		g->space, (struct cbx_va){ g->arg[1] }, io, 0, g->arg[2]);
}
