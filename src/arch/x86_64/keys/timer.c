/* SPDX-License-Identifier: Apache-2.0 */
/* How fast the time stamp counter runs: against channel 2 of the interval timer. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>

#define TIMER_HZ   1193182ull
#define TIMER_WAIT 1193ull /* 1 ms */
#define TRIES	   3
#define SECOND_NS  1000000000ull

#define PORT_COUNT   0x42
#define PORT_COMMAND 0x43
#define PORT_GATE    0x61
#define GATE_ON	     0x01
#define SPEAKER	     0x02
#define OUTPUT	     0x20

/* At least as many counts as there are in the wait: the CPU may be elsewhere
 * (an emulator's, a hypervisor's) for a part of it. */
static uint64_t measure(void)
{
	uint8_t gate = cbx_x86_in8(PORT_GATE) & (uint8_t) ~(SPEAKER | GATE_ON);
	uint64_t from;

	cbx_x86_out8(PORT_GATE, gate);
	cbx_x86_out8(PORT_COMMAND, 0xb0); /* channel 2, one shot */
	cbx_x86_out8(PORT_COUNT, TIMER_WAIT & 0xff);
	cbx_x86_out8(PORT_COUNT, TIMER_WAIT >> 8);
	from = cbx_x86_tsc();
	cbx_x86_out8(PORT_GATE, gate | GATE_ON);
	while ((cbx_x86_in8(PORT_GATE) & OUTPUT) == 0) {
	}
	return cbx_x86_tsc() - from;
}

void cbx_x86_clock_init(void)
{
	uint64_t counts = UINT64_MAX;

	for (uint32_t i = 0; i < TRIES; i++) {
		uint64_t n = measure();

		counts = n < counts ? n : counts;
	}
	cbx_x86_clock_start(counts, TIMER_WAIT * SECOND_NS / TIMER_HZ);
}
