/* SPDX-License-Identifier: Apache-2.0 */
#include "time.h"

#include <base/start.h>

#include "clock.h"
#include "cpu.h"
#include "gate.h"
#include "lib.h"
#include "linux.h"
#include "task.h"
#include "user.h"
#include "wait.h"

#define COARSE_CYCLES 8000000u
#define TIGHT_CYCLES  200000u /* a reading takes, if nothing comes between */
#define TRUST_NS      100000000ull /* how long a reading is carried on */
#define WINDOW_MIN_NS 20000000ull  /* between the readings that give the rate */
#define WINDOW_NS     1000000000ull /* is long enough */
#define WINDOW_MAX_NS 30000000000ull

struct cbx_clock cbx_time_clock __attribute__((aligned(64)));

static bool has_counter;
static bool steady;  /* the counter can carry the clock on */
static int64_t last; /* what anybody may have been answered: never go back */

/* Where the counter's rate is measured from, and how long the window was that
 * gave it. */
static struct {
	int64_t ns;
	uint64_t cycles;
	uint64_t window;
	uint64_t rate; /* nanoseconds in 2^32 cycles; 0: not known yet */
} anchor;

void cbx_time_init(uint64_t epoch_ns, uint32_t flags)
{
	cbx_time_clock.epoch = (int64_t)(epoch_ns & INT64_MAX);
	if ((flags & CBX_START_CLOCK_FIXED) != 0) {
		cbx_time_clock.mode = CBX_CLOCK_FIXED;
		return;
	}
	has_counter = (flags & CBX_START_NO_COUNTER) == 0;
	steady = has_counter && cbx_cpu_steady_counter();
}

static int64_t ticks(void)
{
	return (int64_t)(cbx_gate_ticks() & INT64_MAX);
}

static void begin_window(int64_t ns, uint64_t cycles)
{
	anchor.ns = ns;
	anchor.cycles = cycles;
}

/* Learn the counter's rate from a reading of both. */
static void learn(int64_t ns, uint64_t cycles)
{
	uint64_t window = (uint64_t)(ns - anchor.ns);
	uint64_t passed = cycles - anchor.cycles;
	uint64_t enough = cbx_max(anchor.window, WINDOW_MIN_NS);

	if (anchor.ns == 0 || ns < anchor.ns || window > WINDOW_MAX_NS ||
		passed <= window) {
		begin_window(ns, cycles);
		return;
	}
	if (window < cbx_min(enough, WINDOW_NS)) {
		return;
	}
	anchor.window = window;
	while (window > UINT32_MAX) {
		window >>= 1;
		passed >>= 1;
	}
	anchor.rate = (window << 32) / passed;
}

/* A rate that meets the monitor's clock after TRUST_NS, if we are ahead. */
static uint64_t rate_when(uint64_t ahead)
{
	return anchor.rate -
	       anchor.rate * cbx_min(ahead, TRUST_NS / 2) / TRUST_NS;
}

/* Carry on from a reading; time does not go back for that. */
static void publish(int64_t ns, uint64_t cycles)
{
	struct cbx_clock *clock = &cbx_time_clock;
	uint32_t version = clock->version;

	__atomic_store_n(&clock->version, version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	clock->cycles = cbx_clock_counter();
	ns += (int64_t)((clock->cycles - cycles) * anchor.rate >> 32);
	clock->rate = rate_when(ns < last ? (uint64_t)(last - ns) : 0);
	clock->ns = ns < last ? last : ns;
	clock->most = cbx_min((TRUST_NS << 32) / clock->rate, UINT32_MAX);
	clock->mode = CBX_CLOCK_COUNT;
	__atomic_store_n(&clock->version, version + 2, __ATOMIC_RELEASE);
}

static void remember(int64_t ns)
{
	last = ns > last ? ns : last;
}

/* The most that anybody was answered without asking. */
static void remember_answers(void)
{
	const struct cbx_clock *clock = &cbx_time_clock;

	if (clock->mode == CBX_CLOCK_COUNT) {
		remember(
			clock->ns + (int64_t)(clock->most * clock->rate >> 32));
	}
}

/* Ask the monitor.  When the CPU was taken away meanwhile, nobody knows which
 * count belongs to the time: nothing is carried on from that. */
static int64_t ask(void)
{
	uint64_t before = steady ? cbx_clock_counter() : 0;
	int64_t ns = ticks();
	uint64_t took = steady ? cbx_clock_counter() - before : 0;

	remember_answers();
	if (steady && took <= TIGHT_CYCLES) {
		learn(ns, before + took / 2);
		if (anchor.rate != 0) {
			publish(ns, before + took / 2);
		}
	}
	remember(ns);
	return last;
}

int64_t cbx_time_monotonic(void)
{
	int64_t ns;

	return cbx_clock_read(&cbx_time_clock, &ns) ? ns : ask();
}

static int64_t real_of(int64_t ns)
{
	return __builtin_add_overflow(ns, cbx_time_clock.epoch, &ns) ? INT64_MAX
								     : ns;
}

int64_t cbx_time_real(void)
{
	return real_of(cbx_time_monotonic());
}

/* Where nothing carries the clock on, or has not yet, a gate every so often. */
int64_t cbx_time_coarse(void)
{
	static uint64_t asked;
	uint64_t now = has_counter ? cbx_clock_counter() : 0;
	int64_t ns;

	if (cbx_clock_read(&cbx_time_clock, &ns)) {
		return real_of(ns);
	}
	if (last == 0 || !has_counter || now - asked > COARSE_CYCLES) {
		asked = now;
		return cbx_time_real();
	}
	return real_of(last);
}

int64_t cbx_time_wake(int64_t deadline)
{
	int64_t wake = deadline;

	if (cbx_time_clock.mode == CBX_CLOCK_FIXED &&
		(deadline <= cbx_time_clock.ns ||
			__builtin_add_overflow(deadline - cbx_time_clock.ns,
				ticks(), &wake))) {
		wake = deadline <= cbx_time_clock.ns ? 1 : INT64_MAX;
	}
	return wake > 0 ? wake : 1;
}

bool cbx_time_over(int64_t deadline, int64_t wake)
{
	struct cbx_clock *clock = &cbx_time_clock;

	if (clock->mode == CBX_CLOCK_FIXED && clock->ns < deadline &&
		ticks() >= wake) {
		__atomic_store_n(&clock->ns, deadline, __ATOMIC_RELAXED);
	}
	return cbx_time_monotonic() >= deadline;
}

int64_t cbx_time_sleep(int64_t deadline)
{
	int64_t status = 0;

	while (status == 0) {
		status = cbx_wait_sleep(deadline);
	}
	return status == -LX_ETIMEDOUT ? 0 : status;
}

int64_t cbx_time_end(int64_t ns)
{
	struct cbx_task *self = cbx_task_self();

	if (ns == CBX_WAIT_FOREVER) {
		return ns;
	}
	if (self->deadline_kept == 0 &&
		__builtin_add_overflow(
			cbx_time_monotonic(), ns, &self->deadline_kept)) {
		self->deadline_kept = CBX_WAIT_FOREVER;
	}
	return self->deadline_kept;
}

void cbx_time_put_left(uint64_t va, int64_t ns, int64_t unit)
{
	int64_t left;

	if (va == 0 || ns == 0 || ns == CBX_WAIT_FOREVER) {
		return;
	}
	left = cbx_time_end(ns) - cbx_time_monotonic();
	left = left < 0 ? 0 : left;

	const struct lx_timespec t = { left / LX_NS, left % LX_NS / unit };

	(void)!cbx_user_put(va, &t, sizeof(t));
}

int64_t cbx_time_get_timeout(uint64_t va, int64_t *ns)
{
	struct lx_timespec t;

	*ns = CBX_WAIT_FOREVER;
	if (va == 0) {
		return 0;
	}
	if (cbx_user_get(&t, va, sizeof(t)) != 0) {
		return -LX_EFAULT;
	}
	if (t.sec < 0 || t.nsec < 0 || t.nsec >= LX_NS) {
		return -LX_EINVAL;
	}
	if (__builtin_mul_overflow(t.sec, LX_NS, ns) ||
		__builtin_add_overflow(*ns, t.nsec, ns)) {
		*ns = CBX_WAIT_FOREVER;
	}
	return 0;
}
