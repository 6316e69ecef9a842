/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the box runtime without a monitor: in this process, with gates emulated
 * by ordinary system calls and the program's system calls sent back to it by
 * the kernel's system call dispatch.  For tests of the runtime; it protects
 * nothing.
 *
 *   rt_launch [-m PAGES] [-f FLAGS] [-c DIR] [-e NAME=VALUE]... [-t]
 *             RUNTIME ARCHIVE PATH ARGUMENT...
 */
#define _GNU_SOURCE
#include <base/gatecall_linux.h>
#include <base/start.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <time.h>
#include <unistd.h>

#define DISPATCH    59 /* PR_SET_SYSCALL_USER_DISPATCH */
#define STACK_BYTES (1u << 20)
#define FAULT_KINDS 6
#define END_SIGNAL  0x100u

extern const char __executable_start[], etext[];

static struct {
	uint64_t fs;	  /* this program's */
	uint64_t entry;	  /* of up-calls */
	uint64_t reserve; /* pages left */
	struct timespec begin;
	bool trace;
	struct cbx_reply reply;
} launch;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "rt_launch: %s: %s\n", what, why);
	_exit(125);
}

static unsigned char selector = 1; /* block outside this program */

static void end(uint64_t status)
{
	if ((status & END_SIGNAL) != 0) {
		int number = (int)(status & 0x7f);

		signal(number, SIG_DFL);
		raise(number);
	}
	_exit((int)(status & 0xff));
}

static int prot_of(uint64_t rights)
{
	return ((rights & CBX_RIGHT_R) != 0 ? PROT_READ : 0) |
	       ((rights & CBX_RIGHT_W) != 0 ? PROT_WRITE : 0) |
	       ((rights & CBX_RIGHT_X) != 0 ? PROT_EXEC : 0);
}

/* Whether a range argument is one a monitor would take. */
static bool range_valid(const uint64_t *arg)
{
	return arg[0] == 0 && arg[1] % CBX_PAGE_SIZE == 0 &&
	       arg[1] >= CBX_VA_MIN && arg[1] < CBX_VA_MAX && arg[2] != 0 &&
	       arg[2] <= CBX_RANGE_PAGES_MAX;
}

static enum cbx_status map(const uint64_t *arg)
{
	size_t bytes = arg[2] * CBX_PAGE_SIZE;

	if (!range_valid(arg) || (arg[3] & ~(uint64_t)CBX_RIGHTS) != 0 ||
		arg[3] == 0) {
		return CBX_E_INVALID;
	}
	if (arg[2] > launch.reserve) {
		return CBX_E_NOMEM;
	}
	if (mmap((void *)arg[1], bytes, prot_of(arg[3]),
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			    MAP_FIXED_NOREPLACE,
		    -1, 0) == MAP_FAILED) {
		return CBX_E_INVALID;
	}
	launch.reserve -= arg[2];
	launch.reply.ret[0] = arg[2];
	return CBX_OK;
}

/* Whether every page of a range is mapped. */
static bool is_mapped(const uint64_t *arg)
{
	return msync((void *)arg[1], arg[2] * CBX_PAGE_SIZE, MS_ASYNC) == 0;
}

static enum cbx_status unmap(const uint64_t *arg)
{
	if (!range_valid(arg) || !is_mapped(arg)) {
		return CBX_E_INVALID;
	}
	munmap((void *)arg[1], arg[2] * CBX_PAGE_SIZE);
	launch.reserve += arg[2];
	launch.reply.ret[0] = arg[2];
	return CBX_OK;
}

static enum cbx_status protect(const uint64_t *arg)
{
	if (!range_valid(arg) || !is_mapped(arg) || arg[3] == 0 ||
		(arg[3] & ~(uint64_t)CBX_RIGHTS) != 0) {
		return CBX_E_INVALID;
	}
	mprotect((void *)arg[1], arg[2] * CBX_PAGE_SIZE, prot_of(arg[3]));
	launch.reply.ret[0] = arg[2];
	return CBX_OK;
}

static enum cbx_status transfer(bool write_it, const uint64_t *arg)
{
	bool client = arg[0] == CBX_PORT_CLIENT;
	ssize_t done = 0;

	if (write_it) {
		done = write((int)arg[0], (void *)arg[1], arg[2]);
	} else if (!client) {
		done = read(0, (void *)arg[1], arg[2]);
	}
	while (client && (uint64_t)done < arg[2]) {
		ssize_t part =
			read(0, (char *)arg[1] + done, arg[2] - (uint64_t)done);

		if (part <= 0) {
			break;
		}
		done += part;
	}
	if (done < 0 && errno == EFAULT) {
		return CBX_E_FAULT;
	}
	launch.reply.ret[0] = (uint64_t)(done < 0 ? -errno : done);
	return CBX_OK;
}

static uint64_t ticks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)(now.tv_sec - launch.begin.tv_sec) * 1000000000u +
	       (uint64_t)(now.tv_nsec - launch.begin.tv_nsec);
}

static void park(uint64_t deadline)
{
	uint64_t now = ticks();
	struct timespec left;

	if (deadline == 0) {
		pause();
	}
	if (deadline > now) {
		left.tv_sec = (time_t)((deadline - now) / 1000000000u);
		left.tv_nsec = (long)((deadline - now) % 1000000000u);
		nanosleep(&left, NULL);
	}
}

static enum cbx_status gate(uint64_t id, const uint64_t *arg)
{
	switch ((enum cbx_call_id)id) {
	case CBX_CALL_END:
		end(arg[0]);
		return CBX_OK;
	case CBX_CALL_MAP:
		return map(arg);
	case CBX_CALL_UNMAP:
		return unmap(arg);
	case CBX_CALL_PROTECT:
		return protect(arg);
	case CBX_CALL_CHANNEL_READ:
		return transfer(false, arg);
	case CBX_CALL_CHANNEL_WRITE:
		return transfer(true, arg);
	case CBX_CALL_UPCALL_ENTRY:
		launch.entry = arg[0];
		return CBX_OK;
	case CBX_CALL_UPCALL_RESUME:
		if (launch.trace) {
			fprintf(stderr, "  = %ld\n", (long)arg[0]);
		}
		return CBX_OK;
	case CBX_CALL_THREAD_PARK:
		park(arg[0]);
		return CBX_OK;
	case CBX_CALL_RANDOM:
		return getrandom(launch.reply.ret, sizeof(launch.reply.ret),
			       0) < 0
			       ? CBX_E_HARDWARE
			       : CBX_OK;
	case CBX_CALL_TIME:
		launch.reply.ret[0] = ticks();
		return CBX_OK;
	default:
		return CBX_E_UNKNOWN_CALL;
	}
}

static _Noreturn void upcall(
	const struct cbx_upcall *what, ucontext_t *context, uint64_t fs)
{
	typedef void entry_fn(const struct cbx_upcall *, void *, void *);

	_writefsbase_u64(fs);
	((entry_fn *)launch.entry)(what, context->uc_mcontext.gregs, context);
	__builtin_unreachable();
}

static void on_call(int number, siginfo_t *info, void *frame)
{
	uint64_t fs = _readfsbase_u64();
	ucontext_t *context = frame;
	greg_t *r = context->uc_mcontext.gregs;
	const uint64_t arg[6] = { (uint64_t)r[REG_RDI], (uint64_t)r[REG_RSI],
		(uint64_t)r[REG_RDX], (uint64_t)r[REG_R10], (uint64_t)r[REG_R8],
		(uint64_t)r[REG_R9] };
	const struct cbx_upcall what = { .kind = CBX_UPCALL_SYSCALL,
		.code = (uint32_t)info->si_syscall };
	uint64_t id = (uint32_t)info->si_syscall;

	(void)number;
	_writefsbase_u64(launch.fs);
	if (id - CBX_LINUX_GATE_BASE < CBX_LINUX_GATE_COUNT) {
		memset(&launch.reply, 0, sizeof(launch.reply));
		launch.reply.status =
			(uint64_t)gate(id - CBX_LINUX_GATE_BASE, arg);
		r[REG_RAX] = (greg_t)&launch.reply;
		_writefsbase_u64(fs);
		return;
	}
	if (launch.trace) {
		fprintf(stderr, "%lu(%lx, %lx, %lx, %lx)\n", id, arg[0], arg[1],
			arg[2], arg[3]);
	}
	upcall(&what, context, fs);
}

static uint32_t fault_of(int number, uint64_t error)
{
	switch (number) {
	case SIGILL:
		return 3;
	case SIGFPE:
		return 4;
	case SIGTRAP:
		return 5;
	default:
		return (error & 16) != 0 ? 2 : (error & 2) != 0 ? 1 : 0;
	}
}

static void on_fault(int number, siginfo_t *info, void *frame)
{
	uint64_t fs = _readfsbase_u64();
	ucontext_t *context = frame;
	greg_t *r = context->uc_mcontext.gregs;
	const struct cbx_upcall what = {
		.kind = CBX_UPCALL_FAULT,
		.code = fault_of(number, (uint64_t)r[REG_ERR]),
		.value = number == SIGSEGV && info->si_code > 0 &&
					 info->si_code < SI_KERNEL
				 ? (uint64_t)info->si_addr
				 : 0,
	};

	_writefsbase_u64(launch.fs);
	if (launch.entry == 0 ||
		((uint64_t)r[REG_RIP] >= (uint64_t)__executable_start &&
			(uint64_t)r[REG_RIP] < (uint64_t)etext)) {
		fprintf(stderr, "rt_launch: signal %d at %lx, address %lx\n",
			number, (long)r[REG_RIP], (long)what.value);
		_exit(125);
	}
	upcall(&what, context, fs);
}

static void catch_signals(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
		SIGTRAP };
	struct sigaction action = { .sa_sigaction = on_call,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	const stack_t stack = {
		.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		.ss_size = STACK_BYTES,
	};

	if (sigaltstack(&stack, NULL) != 0) {
		die("sigaltstack", strerror(errno));
	}
	sigaction(SIGSYS, &action, NULL);
	action.sa_sigaction = on_fault;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		sigaction(faults[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
}

static void map_file(const char *path, uint64_t va, int prot, uint64_t *bytes)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		die(path, strerror(errno));
	}
	*bytes = (uint64_t)st.st_size;
	if (mmap((void *)va, (size_t)st.st_size, prot,
		    MAP_PRIVATE | (va != 0 ? MAP_FIXED : 0), fd,
		    0) != (void *)va) {
		die(path, "cannot be mapped");
	}
	close(fd);
}

static void *map_zero(uint64_t va, uint64_t bytes, int prot)
{
	void *at = mmap((void *)va, bytes, prot,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (at == MAP_FAILED) {
		die("memory", strerror(errno));
	}
	return at;
}

/* Map the runtime's segments; its entry. */
static uint64_t load_runtime(const char *path)
{
	int fd = open(path, O_RDONLY);
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (fd < 0 || pread(fd, &eh, sizeof(eh), 0) != sizeof(eh)) {
		die(path, "cannot be read");
	}
	for (int i = 0; i < eh.e_phnum; i++) {
		uint64_t start;
		uint64_t end_at;

		if (pread(fd, &ph, sizeof(ph),
			    (off_t)(eh.e_phoff + (uint64_t)i * sizeof(ph))) !=
			sizeof(ph)) {
			die(path, "is truncated");
		}
		if (ph.p_type != PT_LOAD) {
			continue;
		}
		start = ph.p_vaddr & ~4095ull;
		end_at = (ph.p_vaddr + ph.p_memsz + 4095) & ~4095ull;
		map_zero(start, end_at - start, PROT_READ | PROT_WRITE);
		if (pread(fd, (void *)ph.p_vaddr, ph.p_filesz,
			    (off_t)ph.p_offset) != (ssize_t)ph.p_filesz) {
			die(path, "is truncated");
		}
		mprotect((void *)start, end_at - start,
			prot_of(((ph.p_flags & PF_R) != 0 ? CBX_RIGHT_R : 0) |
				((ph.p_flags & PF_W) != 0 ? CBX_RIGHT_W : 0) |
				((ph.p_flags & PF_X) != 0 ? CBX_RIGHT_X : 0)));
	}
	close(fd);
	return eh.e_entry;
}

static uint64_t add_string(struct cbx_start *start, const char *text)
{
	uint64_t at = start->size;

	memcpy((char *)start + at, text, strlen(text) + 1);
	start->size += strlen(text) + 1;
	return at;
}

/* What the command line says. */
struct options {
	uint64_t pages;
	uint32_t flags;
	const char *cwd;
	char *env[64];
	uint64_t envc;
};

static void write_start(const struct options *o, uint64_t files_bytes,
	char *const *argv, int argc)
{
	struct cbx_start *start =
		map_zero(CBX_START_VA, 4u << 20, PROT_READ | PROT_WRITE);

	*start = (struct cbx_start){
		.magic = CBX_START_MAGIC,
		.version = CBX_START_VERSION,
		.flags = o->flags,
		.size = sizeof(*start),
		.memory_pages = o->pages,
		.files_bytes = files_bytes,
		.argc = (uint64_t)argc,
		.envc = o->envc,
		.epoch_ns = 1700000000000000000ull,
	};
	start->path_offset = add_string(start, argv[0]);
	start->cwd_offset = add_string(start, o->cwd);
	start->argv_offset = start->size;
	for (int i = 0; i < argc; i++) {
		add_string(start, argv[i]);
	}
	start->envp_offset = start->size;
	for (uint64_t i = 0; i < o->envc; i++) {
		add_string(start, o->env[i]);
	}
	mprotect(start, 4u << 20, PROT_READ);
}

static void read_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "+m:f:c:e:t")) != -1) {
		switch (c) {
		case 'm':
			o->pages = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			o->flags = (uint32_t)strtoul(optarg, NULL, 0);
			break;
		case 'c':
			o->cwd = optarg;
			break;
		case 'e':
			if (o->envc < 64) {
				o->env[o->envc++] = optarg;
			}
			break;
		case 't':
			launch.trace = true;
			o->flags |= CBX_START_TRACE;
			break;
		default:
			die("usage", "rt_launch [-m PAGES] [-f FLAGS] [-c DIR] "
				     "[-e NAME=VALUE]... [-t] RUNTIME ARCHIVE "
				     "PATH ARGUMENT...");
		}
	}
	if (argc - optind < 3) {
		die("usage", "RUNTIME ARCHIVE PATH ARGUMENT...");
	}
}

int main(int argc, char **argv)
{
	struct options o = { .pages = 65536, .cwd = "/" };
	uint64_t files_bytes;
	uint64_t entry;
	uint64_t stack = CBX_STACK_VA + CBX_STACK_PAGES * CBX_PAGE_SIZE;

	read_options(argc, argv, &o);
	entry = load_runtime(argv[optind]);
	map_file(argv[optind + 1], CBX_FILES_VA, PROT_READ, &files_bytes);
	write_start(&o, files_bytes, argv + optind + 2, argc - optind - 2);
	map_zero(CBX_STACK_VA, CBX_STACK_PAGES * CBX_PAGE_SIZE,
		PROT_READ | PROT_WRITE);
	launch.reserve = o.pages;
	launch.fs = _readfsbase_u64();
	clock_gettime(CLOCK_MONOTONIC, &launch.begin);
	catch_signals();
	fflush(NULL);
	if (prctl(DISPATCH, 1, __executable_start, etext - __executable_start,
		    &selector) != 0) {
		die("system call dispatch", strerror(errno));
	}
	__asm__ volatile("mov %0, %%rsp\n\txor %%ebp, %%ebp\n\tjmp *%1"
			 :
			 : "r"(stack), "r"(entry), "D"(CBX_START_VA)
			 : "memory");
	__builtin_unreachable();
}
