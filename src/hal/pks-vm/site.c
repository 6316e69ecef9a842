/* SPDX-License-Identifier: Apache-2.0 */
/* The places in the monitor's text where PKRS is written (machine.h). */
#include <arch/x86_64/machine.h>
#include <hal/pks-vm/host.h>

extern const struct cbx_x86_window cbx_pks_windows[];
extern const struct cbx_x86_window cbx_pks_windows_end[];

static const struct cbx_x86_window *find_in(const struct cbx_x86_window *from,
	const struct cbx_x86_window *to, uint64_t rip)
{
	for (; from < to; from++) {
		if (rip >= from->restart && rip < from->end) {
			return from;
		}
	}
	return NULL;
}

static const struct cbx_x86_window *find(uint64_t rip)
{
	const struct cbx_x86_window *window =
		find_in(cbx_x86_windows, cbx_x86_windows_end, rip);

	return window != NULL
		       ? window
		       : find_in(cbx_pks_windows, cbx_pks_windows_end, rip);
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
