/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a clock right: nothing does, and nothing changes it. */
#include "clocks.h"
#include "lib.h"
#include "linux.h"
#include "syscall.h"
#include "user.h"

enum {
	MODE_ADJTIME = 0x8000,
	MODE_READONLY = 0x2000,
	STATUS_UNSYNC = 0x40,
	TIME_ERROR = 5,
	MAX_ERROR_US = 16000000,
	TOLERANCE = 32768000, /* 500 parts in a million, with 16 bits after */
	TICK_US = 10000,
};

/* struct timex of Linux. */
struct timex {
	uint32_t modes, pad0;
	int64_t offset, freq, maxerror, esterror;
	int32_t status, pad1;
	int64_t constant, precision, tolerance;
	struct lx_timeval time;
	int64_t tick, ppsfreq, jitter;
	int32_t shift, pad2;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai, pad3[11];
};
CBX_SIZE(208, timex);

/* Asking is every task's; ADJ_OFFSET_SS_READ is how adjtime(3) asks. */
static bool asks(uint32_t modes)
{
	return modes == 0 || modes == (MODE_ADJTIME | MODE_READONLY | 1);
}

static int64_t tell(int32_t clock, uint64_t va)
{
	struct timex t;
	int64_t now;
	int64_t status = cbx_user_get(&t, va, sizeof(t));
	uint32_t modes = t.modes;

	if (status == 0 && !asks(modes)) {
		status = -LX_EPERM;
	}
	if (status == 0) {
		status = cbx_clock_now(clock, &now);
	}
	if (status != 0) {
		return status;
	}
	t = (struct timex){ .modes = modes,
		.maxerror = MAX_ERROR_US,
		.esterror = MAX_ERROR_US,
		.status = STATUS_UNSYNC,
		.constant = 2,
		.precision = 1,
		.tolerance = TOLERANCE,
		.time = { now / LX_NS, now % LX_NS / 1000 },
		.tick = TICK_US };
	status = cbx_user_put(va, &t, sizeof(t));
	return status != 0 ? status : TIME_ERROR;
}

int64_t cbx_sys_adjtimex(const uint64_t *arg)
{
	return tell(LX_CLOCK_REALTIME, arg[0]);
}

int64_t cbx_sys_clock_adjtime(const uint64_t *arg)
{
	return (int32_t)arg[0] == LX_CLOCK_REALTIME
		       ? tell(LX_CLOCK_REALTIME, arg[1])
		       : -LX_EOPNOTSUPP;
}
