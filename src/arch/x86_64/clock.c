/* SPDX-License-Identifier: Apache-2.0 */
/* The time stamp counter against channel 2 of the interval timer. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <hal/hal.h>

#define TIMER_HZ   1193182ull
#define TIMER_WAIT 11932ull /* 10 ms */
#define SECOND_NS  1000000000ull

#define PORT_COUNT   0x42
#define PORT_COMMAND 0x43
#define PORT_GATE    0x61
#define GATE_ON	     0x01
#define SPEAKER	     0x02
#define OUTPUT	     0x20

static uint64_t start;
static uint64_t scale; /* ns in one count, times 2^32 */

static uint64_t measure(void)
{
	uint8_t gate = cbx_x86_in8(PORT_GATE) & (uint8_t) ~(SPEAKER | GATE_ON);
	uint64_t from;

	cbx_x86_out8(PORT_GATE, gate);
	cbx_x86_out8(PORT_COMMAND, 0xb0); /* channel 2, one shot */
	cbx_x86_out8(PORT_COUNT, TIMER_WAIT & 0xff);
	cbx_x86_out8(PORT_COUNT, TIMER_WAIT >> 8);
	cbx_x86_out8(PORT_GATE, gate | GATE_ON);
	from = cbx_x86_tsc();
	while ((cbx_x86_in8(PORT_GATE) & OUTPUT) == 0) {
	}
	return cbx_x86_tsc() - from;
}

void cbx_x86_clock_init(void)
{
	uint64_t counts = measure();
	uint64_t ns = TIMER_WAIT * SECOND_NS / TIMER_HZ;

	if (counts < TIMER_WAIT) {
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
