/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock that programs read without entering the runtime: a reading of the
 * monitor's clock and of the CPU's counter, carried on by the counter.
 *
 * Written under the runtime's lock, read by anybody, the vDSO as well.
 */
#ifndef CBX_RUNTIME_CLOCK_H
#define CBX_RUNTIME_CLOCK_H

#include <base/types.h>

enum cbx_clock_mode {
	CBX_CLOCK_ASK,	 /* only the runtime knows */
	CBX_CLOCK_COUNT, /* ns at cycles, for the next most cycles */
	CBX_CLOCK_FIXED, /* ns */
};

struct cbx_clock {
	uint32_t version; /* odd while it is being written */
	uint32_t mode;
	uint64_t cycles;
	uint64_t most;
	uint64_t rate; /* nanoseconds in 2^32 cycles */
	int64_t ns;    /* monotonic */
	int64_t epoch; /* of CLOCK_REALTIME at 0 */
};

/** The counter; not before what was read before. */
static inline uint64_t cbx_clock_counter(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("lfence\n\trdtsc"
			 : "=a"(low), "=d"(high)
			 :
			 : "memory");
	return (uint64_t)high << 32 | low;
}

/** The same of a block that nobody writes. */
__attribute__((always_inline)) static inline bool cbx_clock_value(
	const struct cbx_clock *clock, int64_t *ns)
{
	uint64_t passed;

	*ns = clock->ns;
	if (clock->mode != CBX_CLOCK_COUNT) {
		return clock->mode == CBX_CLOCK_FIXED;
	}
	passed = cbx_clock_counter() - clock->cycles;
	if ((int64_t)passed < 0) { /* another CPU's is a little behind */
		passed = 0;
	}
	*ns += (int64_t)((passed * clock->rate) >> 32);
	return passed <= clock->most;
}

/** The monotonic time; false when the runtime is to be asked.  It never waits
 * for a writer: that may be on the same CPU. */
__attribute__((always_inline)) static inline bool cbx_clock_read(
	const struct cbx_clock *clock, int64_t *ns)
{
	uint32_t version = __atomic_load_n(&clock->version, __ATOMIC_ACQUIRE);
	bool good = (version & 1) == 0 && cbx_clock_value(clock, ns);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return good &&
	       __atomic_load_n(&clock->version, __ATOMIC_RELAXED) == version;
}

#endif
