/* SPDX-License-Identifier: Apache-2.0 */
/* Time, by the time stamp counter. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#define STEP_NS 1000u /* of one count, at most */

static uint64_t start;
static uint64_t scale; /* ns in one count, times 2^32 */

void cbx_x86_clock_start(uint64_t counts, uint64_t ns)
{
	if (counts < ns / STEP_NS) {
		cbx_hal_panic("the time stamp counter stands still", __FILE__,
			__LINE__);
	}
	scale = (ns << 32) / counts;
	start = cbx_x86_tsc();
}

uint64_t cbx_x86_clock_ns(void)
{
	unsigned __int128 counts = cbx_x86_tsc() - start;

	return (uint64_t)(counts * scale >> 32);
}
