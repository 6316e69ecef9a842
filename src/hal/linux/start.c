/* SPDX-License-Identifier: Apache-2.0 */
#include <hal/linux/start.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <base/wire.h>
#include <hal/linux/layout.h>
#include <hal/linux/machine.h>
#include <hal/linux/memory.h>
#include <hal/linux/notify.h>
#include <hal/linux/spawn.h>

#define HWCAP2_HAS_FSGSBASE 2ul
#define SIGNAL_STACK_TYPE   51 /* AT_MINSIGSTKSZ */
#define NESTED_FRAMES	    4  /* call, fault in it, deadline in that, spare */

/* An up-call must find its frame and room to work, however deep it comes. */
#define UPCALL_STACK 0x8000u

/* Standard descriptors may be missing; the control socket may not. */
static void set_descriptors(void)
{
	struct stat st;

	for (int fd = 0; fd < CBX_WIRE_CONTROL_FD; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
			cbx_linux_fail("cannot open /dev/null");
		}
	}
	if (fstat(CBX_WIRE_CONTROL_FD, &st) != 0 || !S_ISSOCK(st.st_mode)) {
		cbx_linux_fail("started by hand: descriptor 3 is not the "
			       "library's socket");
	}
	if (syscall(SYS_close_range, CBX_WIRE_CONTROL_FD + 1, ~0u, 0) != 0 ||
		fcntl(CBX_WIRE_CONTROL_FD, F_SETFD, FD_CLOEXEC) != 0) {
		cbx_linux_fail("cannot close inherited descriptors");
	}
}

static void set_limits(void)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit files;

	if (prctl(PR_SET_DUMPABLE, 0) != 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		setrlimit(RLIMIT_CORE, &none) != 0) {
		cbx_linux_fail("cannot forbid core dumps");
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)setsid(); /* fails when we are a leader already */
	(void)umask(077);
}

static void check_machine(void)
{
	const char *missing = cbx_linux_notify_start();
	uint64_t room = CBX_SLOT_BYTES - CBX_SLOT_STACK;

	if (missing != NULL) {
		cbx_linux_fail(missing);
	}
	if ((getauxval(AT_HWCAP2) & HWCAP2_HAS_FSGSBASE) == 0) {
		cbx_linux_fail("the CPU or the kernel has no FSGSBASE");
	}
	if (getauxval(SIGNAL_STACK_TYPE) * NESTED_FRAMES + UPCALL_STACK >
		room) {
		cbx_linux_fail("this CPU's signal frames are too large");
	}
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *text < '0' ||
		*text > '9' || value < least || value > most) {
		cbx_linux_fail("usage: confbox-monitor [pages [cpus]]");
	}
	return value;
}

void cbx_linux_start(int argc, char **argv)
{
	uint64_t pages = CBX_WIRE_PAGES_DEFAULT;
	uint64_t cpus = CBX_WIRE_CPUS_DEFAULT;

	cbx_linux_machine_start();
	set_descriptors();
	set_limits();
	check_machine();
	if (argc > 1) {
		pages = number(argv[1], CBX_WIRE_PAGES_MIN, UINT32_MAX);
	}
	if (argc > 2) {
		cpus = number(argv[2], 1, CBX_WIRE_CPUS_MAX);
	}
	if (!cbx_linux_cpu_start((uint32_t)cpus)) {
		cbx_linux_fail_few("the CPUs");
	}
	if (!cbx_linux_memory_start(pages)) {
		cbx_linux_fail_few("the memory files");
	}
	if (!cbx_linux_spawn_start()) {
		cbx_linux_fail_few("the stub's file");
	}
}
