/* SPDX-License-Identifier: Apache-2.0 */
#include <core/gate.h>
#include <monitor/loop.h>

bool cbx_monitor_run(uint32_t cpu)
{
	struct cbx_reply reply;
	bool answered = false;

	for (;;) {
		struct cbx_event event;

		cbx_hal_host_run(cpu, answered ? &reply : NULL, &event);
		answered = false;
		switch (event.kind) {
		case CBX_EVENT_CALL:
			cbx_gate_host(&event.call, &reply);
			answered = true;
			break;
		case CBX_EVENT_PAGE_STATE:
		case CBX_EVENT_FAULT:
		case CBX_EVENT_LETTER:
			answered = cbx_core_event(cpu, &event, &reply);
			break;
		case CBX_EVENT_CPU_START:
		case CBX_EVENT_TICK:
			break;
		case CBX_EVENT_CPU_STOP:
			return false;
		case CBX_EVENT_CRASH:
		default:
			return true;
		}
	}
}
