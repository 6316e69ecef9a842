/* SPDX-License-Identifier: Apache-2.0 */
#include "time.h"

#include "cpu.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "wait.h"

#define COARSE_CYCLES 8000000u
#define RATE_NS	      20000000	/* between the readings that give the rate */
#define TIGHT_CYCLES  200000u	/* a reading takes, if nothing comes between */
#define TRUST_NS      100000000 /* how long a reading is carried on */

static int64_t epoch;
static int64_t last_real;
static uint64_t last_cycles;

/* The monitor's clock carried on by the CPU's counter: a reading of both, and
 * the nanoseconds 2^32 cycles take.  A rate of 0 is not known yet. */
static struct {
	int64_t ns;
	uint64_t cycles;
	uint64_t rate;
	int64_t last; /* what was answered last: time never goes back */
	bool steady;  /* the counter's speed never changes */
	bool none;    /* the box has no counter: it reads 0 */
} carried;

static uint64_t counter(void)
{
	return carried.none ? 0 : __builtin_ia32_rdtsc();
}

void cbx_time_init(uint64_t epoch_ns, bool has_counter)
{
	epoch = (int64_t)(epoch_ns & INT64_MAX);
	carried.none = !has_counter;
	carried.steady = has_counter && cbx_cpu_steady_counter();
}

/* Ask the monitor; learn the counter's rate from the reading before.  When the
 * CPU was taken away meanwhile, nobody knows which count belongs to the time:
 * a rate learnt from that is off by as much as the pause. */
static int64_t read_gate(void)
{
	uint64_t before = counter();
	int64_t now = (int64_t)(cbx_gate_ticks() & INT64_MAX);
	uint64_t took = counter() - before;
	uint64_t cycles = before + took / 2;
	uint64_t passed = cycles - carried.cycles;
	int64_t ns = now - carried.ns;

	if ((carried.ns != 0 && ns < RATE_NS) || took > TIGHT_CYCLES) {
		return now;
	}
	if (carried.ns != 0 && ns < UINT32_MAX && passed > (uint64_t)ns) {
		carried.rate = ((uint64_t)ns << 32) / passed;
	}
	carried.ns = now;
	carried.cycles = cycles;
	return now;
}

int64_t cbx_time_monotonic(void)
{
	uint64_t passed = counter() - carried.cycles;
	int64_t now;

	if (!carried.steady || carried.rate == 0 || passed > UINT32_MAX ||
		(passed * carried.rate) >> 32 > TRUST_NS) {
		now = read_gate();
	} else {
		now = carried.ns + (int64_t)((passed * carried.rate) >> 32);
	}
	carried.last = now > carried.last ? now : carried.last;
	return carried.last;
}

int64_t cbx_time_real(void)
{
	int64_t now;

	if (__builtin_add_overflow(epoch, cbx_time_monotonic(), &now)) {
		now = INT64_MAX;
	}
	last_real = now;
	last_cycles = counter();
	return now;
}

int64_t cbx_time_coarse(void)
{
	if (last_real == 0 || carried.none ||
		counter() - last_cycles > COARSE_CYCLES) {
		return cbx_time_real();
	}
	return last_real;
}

int64_t cbx_time_sleep(int64_t deadline)
{
	int64_t status = 0;

	while (status == 0) {
		status = cbx_wait_sleep(deadline);
	}
	return status == -LX_ETIMEDOUT ? 0 : status;
}
