/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vDSO: what a C library or a language runtime calls instead of making a
 * system call, from Linux's names and versions.
 *
 * It runs in the program, on its stack.  The clock is the runtime's
 * (clock.h); GS base leads to it.
 */
#include <runtime/fast.h>

#include <runtime/clock.h>
#include <runtime/linux.h>

enum {
	GETTIMEOFDAY = 96,
	CLOCK_GETTIME = 228,
	CLOCK_GETRES = 229,
	GETCPU = 309,
};

int cbx_vdso_clock_gettime(int32_t id, struct lx_timespec *time);
int cbx_vdso_clock_getres(int32_t id, struct lx_timespec *time);
int cbx_vdso_gettimeofday(struct lx_timeval *time, uint64_t *zone);
int64_t cbx_vdso_time(int64_t *time);
int cbx_vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused);

/* Linux's names, of both kinds. */
#define EXPORT(name)                                          \
	__asm__(".globl __vdso_" #name ", " #name "\n"        \
		".set __vdso_" #name ", cbx_vdso_" #name "\n" \
		".set " #name ", cbx_vdso_" #name "\n")

EXPORT(clock_gettime);
EXPORT(clock_getres);
EXPORT(gettimeofday);
EXPORT(time);
EXPORT(getcpu);

static const struct cbx_clock *clock(void)
{
	const struct cbx_clock *at;

	__asm__("movq %%gs:%c1, %0" : "=r"(at) : "i"(CBX_FAST_CLOCK));
	return at;
}

static int call(int64_t number, uint64_t a, uint64_t b, uint64_t c)
{
	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return (int)number;
}

#define INLINE __attribute__((always_inline)) static inline

/* Whether a clock is carried on; *from is what is added to it. */
INLINE bool known(int32_t id, const struct cbx_clock *at, int64_t *from)
{
	switch (id) {
	case LX_CLOCK_REALTIME:
	case LX_CLOCK_REALTIME_COARSE:
		*from = at->epoch;
		return true;
	case LX_CLOCK_MONOTONIC:
	case LX_CLOCK_MONOTONIC_RAW:
	case LX_CLOCK_MONOTONIC_COARSE:
	case LX_CLOCK_BOOTTIME:
		*from = 0;
		return true;
	default:
		return false;
	}
}

INLINE bool read_clock(int32_t id, int64_t *ns)
{
	const struct cbx_clock *at = clock();
	int64_t from;

	return known(id, at, &from) && cbx_clock_read(at, ns) &&
	       !__builtin_add_overflow(*ns, from, ns);
}

int cbx_vdso_clock_gettime(int32_t id, struct lx_timespec *time)
{
	int64_t ns;

	if (!read_clock(id, &ns)) {
		return call(CLOCK_GETTIME, (uint64_t)(int64_t)id,
			(uint64_t)time, 0);
	}
	time->sec = (int64_t)((uint64_t)ns / LX_NS);
	time->nsec = (int64_t)((uint64_t)ns % LX_NS);
	return 0;
}

int cbx_vdso_clock_getres(int32_t id, struct lx_timespec *time)
{
	return call(CLOCK_GETRES, (uint64_t)(int64_t)id, (uint64_t)time, 0);
}

int cbx_vdso_gettimeofday(struct lx_timeval *time, uint64_t *zone)
{
	int64_t ns;

	if (time == NULL || zone != NULL ||
		!read_clock(LX_CLOCK_REALTIME, &ns)) {
		return call(GETTIMEOFDAY, (uint64_t)time, (uint64_t)zone, 0);
	}
	time->sec = ns / LX_NS;
	time->usec = ns % LX_NS / 1000;
	return 0;
}

int64_t cbx_vdso_time(int64_t *time)
{
	struct lx_timespec now = { 0 };

	(void)cbx_vdso_clock_gettime(LX_CLOCK_REALTIME, &now);
	if (time != NULL) {
		*time = now.sec;
	}
	return now.sec;
}

int cbx_vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
	return call(GETCPU, (uint64_t)cpu, (uint64_t)node, (uint64_t)unused);
}
