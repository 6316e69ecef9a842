/* SPDX-License-Identifier: Apache-2.0 */
/* What the host's machine does, other than calling a gate. */
#include <core/assert.h>
#include <core/gate.h>
#include <core/keeper.h>

/* The host asks the hypervisor to share pages with it, or to take them back. */
static void page_state(const struct cbx_event *event, struct cbx_reply *reply)
{
	*reply = (struct cbx_reply){ 0 };
	reply->status = (uint64_t)cbx_page_open(
		event->pfn.n, event->count, event->shared, &reply->ret[0]);
}

/* The host touched a page its view forbids.  If the record allows it, the
 * hardware lost the view, or only now got it: set it again, and the host simply
 * tries again. */
static void fault(uint32_t cpu, const struct cbx_event *event)
{
	const struct cbx_page *page = cbx_page_at(event->pfn.n);
	uint8_t wanted = event->access.bits;
	uint64_t n;

	if (page == NULL || (cbx_page_view(page).bits & wanted) != wanted ||
		(page->state != CBX_PAGE_OPEN &&
			cbx_hal_view_set(event->pfn, 1, cbx_page_view(page),
				&n) != CBX_OK)) {
		cbx_hal_host_fault(cpu);
	}
}

bool cbx_core_event(
	uint32_t cpu, const struct cbx_event *event, struct cbx_reply *reply)
{
	bool answered = event->kind == CBX_EVENT_PAGE_STATE;

	cbx_gate_lock_take();
	if (answered) {
		page_state(event, reply);
	} else if (event->kind == CBX_EVENT_LETTER) {
		cbx_keeper_letter(event->pfn);
	} else {
		fault(cpu, event);
	}
	cbx_gate_lock_drop();
	return answered;
}
