/* SPDX-License-Identifier: Apache-2.0 */
/* System calls about the process, the machine and the time. */
#include <host/os/os.h>

#include <asm/prctl.h>
#include <linux/resource.h>
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/time_types.h>
#include <linux/utsname.h>

#define SECOND_NS 1000000000ull
#define NAME_SIZE 65u

OS_SYSCALL(sys_getpid)
{
	(void)t;
	(void)arg;
	return 1;
}

OS_SYSCALL(sys_gettid)
{
	(void)arg;
	return t->tid;
}

OS_SYSCALL(sys_set_tid_address)
{
	t->clear_tid = arg[0];
	return t->tid;
}

OS_SYSCALL(sys_exit)
{
	bool any = false;

	os_thread_end(t);
	for (uint32_t i = 0; i < OS_THREADS; i++) {
		any = any || os_threads[i].state != OS_FREE;
	}
	if (!any) {
		os_exit((uint8_t)arg[0], 0);
	}
	return 0;
}

OS_SYSCALL(sys_exit_group)
{
	(void)t;
	os_exit((uint8_t)arg[0], 0);
}

OS_SYSCALL(sys_arch_prctl)
{
	os_state_save(t->cpu);
	switch (arg[0]) {
	case ARCH_SET_FS:
		if (arg[1] >= OS_USER_END) {
			return OS_ERROR(EPERM);
		}
		t->fs = arg[1];
		return 0;
	case ARCH_GET_FS:
		return os_put(arg[1], &t->fs, sizeof(t->fs)) ? 0
							     : OS_ERROR(EFAULT);
	default:
		return OS_ERROR(EINVAL);
	}
}

/* Names of threads, mostly. */
OS_SYSCALL(sys_prctl)
{
	(void)t;
	(void)arg;
	return OS_ERROR(EINVAL);
}

OS_SYSCALL(sys_uname)
{
	static const char *const text[] = { "Linux", "host", "6.1.0",
		"test host", "x86_64", "" };
	struct new_utsname name = { 0 };

	(void)t;
	for (uint32_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		memcpy((char *)&name + i * NAME_SIZE, text[i],
			os_length(text[i]));
	}
	return os_put(arg[0], &name, sizeof(name)) ? 0 : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_sysinfo)
{
	uint64_t pages = os_page_most();
	const struct sysinfo info = {
		.uptime = (int64_t)(os_now() / SECOND_NS),
		.totalram = pages,
		.freeram = pages,
		.procs = 1,
		.mem_unit = CBX_PAGE_SIZE,
	};

	(void)t;
	return os_put(arg[0], &info, sizeof(info)) ? 0 : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_prlimit64)
{
	struct rlimit64 limit = { RLIM64_INFINITY, RLIM64_INFINITY };

	(void)t;
	if (arg[1] == RLIMIT_STACK) {
		limit.rlim_cur = 8u << 20;
	} else if (arg[1] == RLIMIT_NOFILE) {
		limit.rlim_cur = 64;
		limit.rlim_max = 64;
	}
	return arg[3] == 0 || os_put(arg[3], &limit, sizeof(limit))
		       ? 0
		       : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_sched_getaffinity)
{
	uint64_t mask = (1ull << os_cpu_count) - 1;

	(void)t;
	if (arg[1] < sizeof(mask)) {
		return OS_ERROR(EINVAL);
	}
	return os_put(arg[2], &mask, sizeof(mask)) ? sizeof(mask)
						   : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_getcpu)
{
	const uint32_t zero = 0;

	if (arg[0] != 0 && !os_put(arg[0], &t->cpu->number, sizeof(uint32_t))) {
		return OS_ERROR(EFAULT);
	}
	return arg[1] == 0 || os_put(arg[1], &zero, sizeof(zero))
		       ? 0
		       : OS_ERROR(EFAULT);
}

/* @return false when the CPU has none to give */
static bool random_word(uint64_t *word)
{
	uint8_t good;

	for (uint32_t i = 0; i < 10; i++) {
		__asm__ volatile("rdrand %0; setc %1"
				 : "=r"(*word), "=qm"(good));
		if (good != 0) {
			return true;
		}
	}
	return false;
}

uint64_t os_random(uint64_t va, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		uint64_t n = size - done < 8 ? size - done : 8;
		uint64_t word;

		if (!random_word(&word)) {
			return OS_ERROR(EIO);
		}
		if (!os_put(va + done, &word, n)) {
			return OS_ERROR(EFAULT);
		}
		done += n;
	}
	return size;
}

OS_SYSCALL(sys_getrandom)
{
	(void)t;
	return os_random(arg[0], arg[1] < 65536 ? arg[1] : 65536);
}

static uint64_t clock_ns(uint64_t clock)
{
	bool real = clock == CLOCK_REALTIME || clock == 5; /* coarse */

	return os_now() + (real ? os_epoch : 0);
}

static struct __kernel_timespec time_of(uint64_t ns)
{
	return (struct __kernel_timespec){ (int64_t)(ns / SECOND_NS),
		(int64_t)(ns % SECOND_NS) };
}

OS_SYSCALL(sys_clock_gettime)
{
	const struct __kernel_timespec time = time_of(clock_ns(arg[0]));

	(void)t;
	if (arg[0] > 7) {
		return OS_ERROR(EINVAL);
	}
	return os_put(arg[1], &time, sizeof(time)) ? 0 : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_clock_getres)
{
	const struct __kernel_timespec time = time_of(1);

	(void)t;
	return arg[1] == 0 || os_put(arg[1], &time, sizeof(time))
		       ? 0
		       : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_gettimeofday)
{
	uint64_t ns = clock_ns(CLOCK_REALTIME);
	const uint64_t time[] = { ns / SECOND_NS, ns % SECOND_NS / 1000 };

	(void)t;
	return os_put(arg[0], time, sizeof(time)) ? 0 : OS_ERROR(EFAULT);
}

OS_SYSCALL(sys_time)
{
	uint64_t seconds = clock_ns(CLOCK_REALTIME) / SECOND_NS;

	(void)t;
	if (arg[0] != 0 && !os_put(arg[0], &seconds, sizeof(seconds))) {
		return OS_ERROR(EFAULT);
	}
	return seconds;
}

static uint64_t sleep_until(struct os_thread *t, uint64_t va, uint64_t since)
{
	struct __kernel_timespec time;
	uint64_t wake;

	if (!os_get(&time, va, sizeof(time))) {
		return OS_ERROR(EFAULT);
	}
	if (time.tv_sec < 0 || time.tv_nsec < 0 ||
		(uint64_t)time.tv_nsec >= SECOND_NS) {
		return OS_ERROR(EINVAL);
	}
	wake = (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
	os_wait(t, wake + since + 1, 0);
	return 0;
}

OS_SYSCALL(sys_nanosleep)
{
	return sleep_until(t, arg[0], os_now());
}

OS_SYSCALL(sys_clock_nanosleep)
{
	if ((arg[1] & 1) == 0) { /* TIMER_ABSTIME */
		return sleep_until(t, arg[2], os_now());
	}
	return sleep_until(t, arg[2], arg[0] == CLOCK_REALTIME ? -os_epoch : 0);
}
