/* SPDX-License-Identifier: Apache-2.0 */
/* The table of system calls. */
#include <host/os/os.h>

#include <asm/unistd_64.h>

static os_syscall *const table[] = {
	[__NR_read] = sys_read,
	[__NR_write] = sys_write,
	[__NR_open] = sys_open,
	[__NR_close] = sys_close,
	[__NR_stat] = sys_stat,
	[__NR_fstat] = sys_fstat,
	[__NR_lstat] = sys_stat,
	[__NR_poll] = sys_poll,
	[__NR_lseek] = sys_lseek,
	[__NR_mmap] = sys_mmap,
	[__NR_mprotect] = sys_mprotect,
	[__NR_munmap] = sys_munmap,
	[__NR_brk] = sys_brk,
	[__NR_rt_sigaction] = sys_rt_sigaction,
	[__NR_rt_sigprocmask] = sys_rt_sigprocmask,
	[__NR_rt_sigreturn] = sys_rt_sigreturn,
	[__NR_rt_sigpending] = sys_rt_sigpending,
	[__NR_ioctl] = sys_ioctl,
	[__NR_pread64] = sys_pread,
	[__NR_readv] = sys_readv,
	[__NR_writev] = sys_writev,
	[__NR_access] = sys_access,
	[__NR_sched_yield] = sys_sched_yield,
	[__NR_madvise] = sys_madvise,
	[__NR_nanosleep] = sys_nanosleep,
	[__NR_getpid] = sys_getpid,
	[__NR_clone] = sys_clone,
	[__NR_exit] = sys_exit,
	[__NR_kill] = sys_kill,
	[__NR_uname] = sys_uname,
	[__NR_fcntl] = sys_fcntl,
	[__NR_getcwd] = sys_getcwd,
	[__NR_readlink] = sys_readlink,
	[__NR_gettimeofday] = sys_gettimeofday,
	[__NR_sysinfo] = sys_sysinfo,
	[__NR_socket] = sys_socket,
	[__NR_connect] = sys_connect,
	[__NR_setsockopt] = sys_zero,
	[__NR_sendto] = sys_sendto,
	[__NR_recvfrom] = sys_recvfrom,
	[__NR_getuid] = sys_zero,
	[__NR_getgid] = sys_zero,
	[__NR_geteuid] = sys_zero,
	[__NR_getegid] = sys_zero,
	[__NR_getppid] = sys_zero,
	[__NR_sigaltstack] = sys_sigaltstack,
	[__NR_prctl] = sys_prctl,
	[__NR_arch_prctl] = sys_arch_prctl,
	[__NR_gettid] = sys_gettid,
	[__NR_tkill] = sys_tkill,
	[__NR_time] = sys_time,
	[__NR_futex] = sys_futex,
	[__NR_sched_setaffinity] = sys_zero,
	[__NR_sched_getaffinity] = sys_sched_getaffinity,
	[__NR_set_tid_address] = sys_set_tid_address,
	[__NR_clock_gettime] = sys_clock_gettime,
	[__NR_clock_getres] = sys_clock_getres,
	[__NR_clock_nanosleep] = sys_clock_nanosleep,
	[__NR_exit_group] = sys_exit_group,
	[__NR_tgkill] = sys_tgkill,
	[__NR_openat] = sys_openat,
	[__NR_newfstatat] = sys_newfstatat,
	[__NR_readlinkat] = sys_readlinkat,
	[__NR_faccessat] = sys_faccessat,
	[__NR_ppoll] = sys_ppoll,
	[__NR_set_robust_list] = sys_zero,
	[__NR_signalfd4] = sys_signalfd4,
	[__NR_eventfd2] = sys_eventfd2,
	[__NR_prlimit64] = sys_prlimit64,
	[__NR_getcpu] = sys_getcpu,
	[__NR_getrandom] = sys_getrandom,
	[__NR_membarrier] = sys_absent,
	[__NR_mremap] = sys_absent,
	[__NR_statx] = sys_absent,
	[__NR_rseq] = sys_absent,
	[__NR_clone3] = sys_clone3,
	[__NR_faccessat2] = sys_faccessat,
};

OS_SYSCALL(sys_zero)
{
	(void)t;
	(void)arg;
	return 0;
}

/* The C library asks, and can do without. */
OS_SYSCALL(sys_absent)
{
	(void)t;
	(void)arg;
	return OS_ERROR(ENOSYS);
}

void os_syscall_do(struct os_thread *t)
{
	const struct cbx_regs *r = &t->regs;
	const uint64_t arg[] = { r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9 };
	uint64_t number = r->rax;
	uint64_t result = OS_ERROR(ENOSYS);

	if (number < sizeof(table) / sizeof(table[0]) &&
		table[number] != NULL) {
		result = table[number](t, arg);
	} else {
		os_say("no system call ", number, arg[0]);
	}
	if (t->state == OS_READY) {
		t->regs.rax = result;
	}
}
