/* SPDX-License-Identifier: Apache-2.0 */
/* The places in the monitor's text where PKRS is written (machine.h). */
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/host.h>

static const struct cbx_x86_window *find(uint64_t rip)
{
	for (const struct cbx_x86_window *window = cbx_x86_windows;
		window < cbx_x86_windows_end; window++) {
		if (rip >= window->restart && rip < window->end) {
			return window;
		}
	}
	return NULL;
}

bool cbx_pks_site_holds(uint64_t rip)
{
	const struct cbx_x86_window *window = find(rip);

	return window != NULL && rip >= window->written &&
	       rip < window->compared;
}

uint64_t cbx_pks_site_restart(uint64_t rip, uint64_t rcx)
{
	const struct cbx_x86_window *window = find(rip);

	if (window == NULL) {
		return rip;
	}
	if (rip >= window->written && rip < window->compared &&
		(uint32_t)rcx != CBX_MSR_PKRS) {
		return 0;
	}
	return window->restart;
}
