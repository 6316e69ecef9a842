/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/arch.h>
#include <hal/linux/stub/stub.h>

#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/signal.h>

#define SCM_RIGHTS_TYPE 1
#define SOCKET_LEVEL	1
#define KERNEL_SIGSET	8
#define SIGNAL_RESTORER 0x04000000
#define PAGE_BYTES	4096
#define DESCRIPTORS_MAX 8

/* The kernel's struct sigaction. */
struct action {
	void (*handler)(int signal, const struct cbx_stub_siginfo *info,
		struct cbx_linux_ucontext *context);
	uint64_t flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* The kernel's struct cmsghdr, with one descriptor. */
struct control {
	uint64_t bytes;
	int32_t level;
	int32_t type;
	int32_t fd;
	int32_t pad;
};

static const char name[] = "confbox-box";
static const char letter[] = "L";
static const struct iovec iov = { (void *)(uintptr_t)letter, 1 };
static const struct control control = {
	.bytes = offsetof(struct control, pad),
	.level = SOCKET_LEVEL,
	.type = SCM_RIGHTS_TYPE,
	.fd = CBX_STUB_FD_LISTENER,
};
static const struct cbx_stub_msghdr message = {
	.iov = &iov,
	.iov_count = 1,
	.control = &control,
	.control_bytes = sizeof(control),
};

CBX_STUB_SETUP static int64_t call(uint64_t nr, const uint64_t arg[6])
{
	register uint64_t r10 __asm__("r10") = arg[3];
	register uint64_t r8 __asm__("r8") = arg[4];
	register uint64_t r9 __asm__("r9") = arg[5];
	int64_t result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(arg[0]), "S"(arg[1]), "d"(arg[2]),
			 "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* Arguments not given are zero: prctl insists. */
#define CALL(nr, ...) call(nr, (const uint64_t[6]){ __VA_ARGS__ })

CBX_STUB_SETUP static void must(int64_t result)
{
	if (result < 0) {
		for (;;) {
			(void)CALL(__NR_exit_group, 1);
		}
	}
}

CBX_STUB_SETUP static const struct cbx_linux_comm *map_comm(void)
{
	must(CALL(__NR_mmap, CBX_COMM_VA, PAGE_BYTES, PROT_READ,
		MAP_SHARED | MAP_FIXED, CBX_STUB_FD_COMM, 0));
	return (const struct cbx_linux_comm *)CBX_COMM_VA;
}

CBX_STUB_SETUP static void limit(uint64_t resource, uint64_t most)
{
	struct rlimit64 limit = { most, most };

	must(CALL(__NR_prlimit64, 0, resource, (uint64_t)&limit));
}

/* What the process may do, should all else fail: next to nothing. */
CBX_STUB_SETUP static void give_up_rights(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	must(CALL(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1));
	must(CALL(__NR_capset, (uint64_t)&header, (uint64_t)none));
	must(CALL(__NR_prctl, PR_SET_DUMPABLE, 0));
	must(CALL(__NR_prctl, PR_SET_NAME, (uint64_t)name));
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
}

/* Die with the monitor, even if it died before this line. */
CBX_STUB_SETUP static void follow(uint64_t monitor_pid)
{
	must(CALL(__NR_prctl, PR_SET_PDEATHSIG, CBX_SIGNAL_KILL));
	if ((uint64_t)CALL(__NR_getppid, 0) != monitor_pid) {
		must(-1);
	}
}

CBX_STUB_SETUP static void handle(uint64_t signal)
{
	struct action action = {
		.handler = cbx_stub_handle,
		.flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART |
			 SIGNAL_RESTORER,
		.restorer = cbx_stub_restorer,
	};

	must(CALL(__NR_rt_sigaction, signal, (uint64_t)&action, 0,
		KERNEL_SIGSET));
}

/* The pager, in whom all this happens, takes no signal. */
CBX_STUB_SETUP static void set_signals(void)
{
	uint64_t all = ~0ull;

	must(CALL(__NR_rt_sigprocmask, SIG_BLOCK, (uint64_t)&all, 0,
		KERNEL_SIGSET));
	handle(CBX_SIGNAL_ILL);
	handle(CBX_SIGNAL_TRAP);
	handle(CBX_SIGNAL_BUS);
	handle(CBX_SIGNAL_FPE);
	handle(CBX_SIGNAL_SEGV);
	handle(CBX_SIGNAL_SYS);
	handle(CBX_STUB_KICK);
}

/* Tiles are state the kernel keeps for who asks; without it they fault. */
CBX_STUB_SETUP static void ask_for_tiles(void)
{
	enum {
		REQ_XCOMP_PERM = 0x1023,
		TILE_DATA = 18,
	};

	(void)CALL(__NR_arch_prctl, REQ_XCOMP_PERM, TILE_DATA);
}

/* The instruction faults from here on, in every thread the pager makes, too. */
CBX_STUB_SETUP static void withhold_cpuid(void)
{
	must(CALL(__NR_arch_prctl, CBX_STUB_SET_CPUID, 0));
}

CBX_STUB_SETUP void cbx_stub_init(void)
{
	const struct cbx_linux_comm *comm = map_comm();
	bool trace = (comm->flags & CBX_SPACE_TRACE) != 0;

	give_up_rights();
	follow(comm->monitor_pid);
	ask_for_tiles();
	if ((comm->flags & CBX_SPACE_CPUID) != 0) {
		withhold_cpuid();
	}
	set_signals();
	cbx_stub_seal(
		trace ? &cbx_stub_filter_trace : &cbx_stub_filter, &message);
}
