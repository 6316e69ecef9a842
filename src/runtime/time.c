/* SPDX-License-Identifier: Apache-2.0 */
#include "time.h"

#include "gate.h"
#include "linux.h"
#include "signal.h"

#define COARSE_CYCLES 8000000u

static int64_t epoch;
static int64_t last_real;
static uint64_t last_cycles;

void cbx_time_init(uint64_t epoch_ns)
{
	epoch = (int64_t)(epoch_ns & INT64_MAX);
}

int64_t cbx_time_monotonic(void)
{
	return (int64_t)(cbx_gate_ticks() & INT64_MAX);
}

int64_t cbx_time_real(void)
{
	int64_t now;

	if (__builtin_add_overflow(epoch, cbx_time_monotonic(), &now)) {
		now = INT64_MAX;
	}
	last_real = now;
	last_cycles = __builtin_ia32_rdtsc();
	return now;
}

int64_t cbx_time_coarse(void)
{
	if (last_real == 0 ||
		__builtin_ia32_rdtsc() - last_cycles > COARSE_CYCLES) {
		return cbx_time_real();
	}
	return last_real;
}

int64_t cbx_time_sleep(int64_t deadline)
{
	while (cbx_time_monotonic() < deadline) {
		if (cbx_signal_waiting()) {
			return -LX_EINTR;
		}
		cbx_gate_park((uint64_t)deadline);
	}
	return 0;
}
