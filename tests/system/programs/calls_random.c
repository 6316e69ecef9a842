/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random system calls with arguments that are nearly right: none may break the
 * runtime under the program.
 *
 *   calls_random SEED COUNT
 *
 * Left out are calls that end or stop a program by what they mean, or make
 * files that do, and memory calls reach only a range of their own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARENA	    0x310000000000ull
#define ARENA_PAGES 64u
#define PAGE	    4096u

static uint64_t state;
static char *room; /* what pointers point into */
static uint64_t calls;
static uint64_t good; /* calls that did not fail */

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t below(uint64_t limit)
{
	return next() % limit;
}

static const char *const paths[] = { "/", ".", "..", "a", "b", "d", "d/a",
	"d/b", "d/../a", "/tmp/x", "/proc/self/fd/3", "/proc/self/exe",
	"/proc/self/maps", "/proc/self", "/proc/1/fd", "/dev/null", "/dev/zero",
	"/dev/fd/4", "/dev/fd/x", "", "a/", "none/none", "/proc/meminfo", "l1",
	"l2", "d/e/f/g", "/etc/passwd", "/dev/full", "/dev/urandom", "/dev/tty",
	"/proc/self/fd" };

static const int refused[] = { SYS_exit, SYS_exit_group, SYS_pause,
	SYS_rt_sigsuspend, SYS_rt_sigreturn, SYS_execve, SYS_execveat,
	SYS_arch_prctl, SYS_brk, SYS_fork, SYS_vfork, SYS_clone,
	SYS_rt_sigaction, SYS_sigaltstack, SYS_kill, SYS_tkill, SYS_tgkill,
	SYS_nanosleep, SYS_clock_nanosleep, SYS_poll, SYS_ppoll, SYS_select,
	SYS_pselect6, SYS_close_range, SYS_fcntl, SYS_pipe, SYS_pipe2,
	SYS_futex, SYS_set_robust_list, SYS_set_tid_address, SYS_rseq,
	SYS_mremap, SYS_dup2, SYS_dup3, SYS_ioctl, SYS_creat, SYS_openat2,
	SYS_alarm, SYS_setitimer, SYS_timer_create, SYS_rt_sigtimedwait,
	SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_epoll_wait,
	SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd, SYS_eventfd2,
	SYS_timerfd_create, SYS_splice, SYS_tee, SYS_vmsplice, SYS_signalfd,
	SYS_signalfd4 };

/* Calls of the kernel's own trampolines: it lets no filter see them, and
 * answers anybody else with SIGILL. */
#define TRAMPOLINE_FIRST 335
#define TRAMPOLINE_LAST	 336

static bool is_refused(long number)
{
	if (number >= TRAMPOLINE_FIRST && number <= TRAMPOLINE_LAST) {
		return true;
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (refused[i] == number) {
			return true;
		}
	}
	return false;
}

static bool is_memory(long number)
{
	return number == SYS_mmap || number == SYS_munmap ||
	       number == SYS_mprotect || number == SYS_madvise ||
	       number == SYS_msync;
}

static uint64_t pointer(void)
{
	switch (below(8)) {
	case 0:
		return below(2) == 0 ? 0 : below(100000);
	case 1:
		return next();
	case 2:
		return 0x600000000000 + below(1 << 24); /* the runtime's */
	case 3:
		return (uint64_t)room + 4 * PAGE - below(64); /* the end */
	case 4:
		return ARENA + below(ARENA_PAGES * (uint64_t)PAGE);
	default:
		return (uint64_t)room + below(4 * (uint64_t)PAGE);
	}
}

static uint64_t path(void)
{
	char *at = room + below(4 * (uint64_t)PAGE - 64);

	strcpy(at, paths[below(sizeof(paths) / sizeof(paths[0]))]);
	return (uint64_t)at;
}

static uint64_t number(void)
{
	static const uint64_t odd[] = { 0, 1, 2, 4, 7, 8, 63, 64, 100, 511, 512,
		4095, 4096, 4097, 65535, 65536, 100000, 0xffffffff, 0x7fffffff,
		0x80000000, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN,
		(uint64_t)-100 };

	return below(3) == 0 ? below(16)
			     : odd[below(sizeof(odd) / sizeof(odd[0]))];
}

static uint64_t any_argument(void)
{
	switch (below(5)) {
	case 0:
		return 3 + below(12); /* a descriptor, often */
	case 1:
		return number();
	case 2:
		return path();
	default:
		return pointer();
	}
}

/* What the runtime's own table says of a call's arguments. */
static const char *kinds_of(long call)
{
	switch (call) {
#define X(nr, name, function, kinds) \
	case (nr):                   \
		return (kinds);
#include <runtime/syscall.def>
#undef X
	default:
		return "";
	}
}

static uint64_t argument(char kind)
{
	if (below(10) == 0) {
		return any_argument();
	}
	switch (kind) {
	case 'd':
		return 3 + below(12);
	case 'D':
		return below(2) == 0 ? (uint64_t)AT_FDCWD : 3 + below(12);
	case 's':
		return path();
	case 'i':
	case 'o':
	case 'p':
		return (uint64_t)room + below(3 * (uint64_t)PAGE);
	case 'n':
		return number();
	case 'm':
		return below(01000);
	case 'x':
	case 'f':
		return below(3) == 0 ? 0 : below(8);
	default:
		return any_argument();
	}
}

static void memory_call(long call)
{
	uint64_t start = ARENA + below(ARENA_PAGES) * PAGE;
	uint64_t most = ARENA + ARENA_PAGES * (uint64_t)PAGE - start;
	uint64_t bytes = 1 + below(most);
	uint64_t prot = below(4);

	switch (call) {
	case SYS_mmap:
		syscall(call, start, bytes, prot,
			below(2) == 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED
				      : MAP_PRIVATE | MAP_FIXED,
			3 + below(8), below(3) * PAGE);
		break;
	case SYS_madvise:
		syscall(call, start, bytes, below(26));
		break;
	default:
		syscall(call, start, bytes, prot);
	}
}

/* Descriptors to play with; standard ones are left alone. */
static void open_some(void)
{
	int fd[2];

	close(3 + (int)below(20));
	open((char *)path(), O_NONBLOCK | (int)(below(4) | (below(2) << 6)),
		0755);
	if (below(8) == 0 && pipe2(fd, O_NONBLOCK) == 0 && fd[1] > 30) {
		close(fd[0]);
		close(fd[1]);
	}
	for (int i = 30; i < 200; i++) {
		if (below(50) == 0) {
			close(i);
		}
	}
}

static void one_call(void)
{
	long call = (long)below(450);
	uint64_t a[6];

	if (is_refused(call)) {
		return;
	}
	if (is_memory(call)) {
		memory_call(call);
		return;
	}
	const char *kinds = kinds_of(call);

	for (int i = 0; i < 6; i++) {
		a[i] = argument(*kinds);
		kinds += *kinds == '\0' ? 0 : 1;
	}
	/* not the standard descriptors: one is the report's */
	if ((uint32_t)a[0] < 3) {
		a[0] += 3;
	}
	if (call == SYS_sendfile || call == SYS_copy_file_range) {
		a[3] = a[4] = below(100000);
	}
	/* a pipe opened by its link would block, here and outside */
	if (call == SYS_open) {
		a[1] |= O_NONBLOCK;
	}
	if (call == SYS_openat) {
		a[2] |= O_NONBLOCK;
	}
	if (call == SYS_truncate || call == SYS_ftruncate) {
		a[1] = below(1 << 20);
	}
	calls++;
	good += syscall(call, a[0], a[1], a[2], a[3], a[4], a[5]) >= 0;
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000;
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	sigset_t all;

	state = seed * 0x9e3779b97f4a7c15u + 1;
	room = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(room + 4 * PAGE, PAGE);
	sigfillset(&all);
	mkdirat(AT_FDCWD, "d", 0755);
	if (symlink("l2", "l1") != 0 || symlink("d/a", "l2") != 0) {
		perror("symlink");
	}
	for (uint64_t i = 0; i < count; i++) {
		if (below(4) == 0) {
			open_some();
		}
		one_call();
		sigprocmask(SIG_BLOCK, &all, NULL);
	}
	printf("seed %lu: %lu calls, %lu%% good\n", seed, calls,
		calls == 0 ? 0 : good * 100 / calls);
	return 0;
}
