/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host kernel that runs one static Linux program in user mode, beside the
 * monitor (pks-vm) or below it (snp).  It takes its program and files from an
 * archive in memory, keeps everything static, and trusts its user: it is for
 * tests.
 *
 * One lock holds wherever the kernel runs; it is dropped for gates of the
 * device, and while a CPU has nothing to do.  Nothing blocks inside the kernel:
 * a thread that waits is marked so, and its CPU takes another.
 */
#ifndef TESTS_HOST_OS_OS_H
#define TESTS_HOST_OS_OS_H

#ifdef __ASSEMBLER__
#include <hal/pks-vm/host.h>
#endif

/** Offsets in struct os_cpu, and in what the monitor says of a trap on pks-vm. */
#define OS_CPU_STACK	 0x1008
#define OS_CPU_PROBE_RSP 0x1010
#define OS_CPU_PROBE_SSP 0x1018
#define OS_TRAP_CS	 0xb0

#ifndef __ASSEMBLER__

#include <stdarg.h>

#include <asm/errno.h>

#include <hal/pks-vm/host.h>
#include <hal/pks-vm/pure/table.h>
#include <host/os/machine.h>

#define OS_CPUS	       16u
#define OS_THREADS     64u
#define OS_SIGNALS     64u
#define OS_STACK_BYTES 16384u
#define OS_STATE_BYTES 4096u /* of extended state */

#define OS_DIRECT(pfn) (CBX_DIRECT_VA + ((uint64_t)(pfn) << CBX_PAGE_SHIFT))

/** Of a CPU's timer: it ends a box's turn, or a rest. */
#define OS_VECTOR_TIMER 0x50u

/** User addresses end here. */
#define OS_USER_END 0x7ffffffff000ull

/** A system call's failure. */
#define OS_ERROR(code) ((uint64_t)(-(int64_t)(code)))

enum os_state {
	OS_FREE,
	OS_READY,
	OS_WAITING,
};

struct os_thread {
	enum os_state state;
	uint32_t tid;
	struct os_cpu *cpu; /* the one it runs on, always */
	struct cbx_regs regs;
	uint64_t fs;
	uint64_t gs;
	uint64_t clear_tid; /* address to zero and wake at its end, or 0 */
	uint64_t futex;	    /* address it waits for, or 0 */
	uint32_t futex_bits;
	uint64_t wake_ns;    /* when it stops waiting, or 0 */
	uint64_t wake_value; /* what its call answers then */
	uint64_t poll_ns;    /* when it stops asking, or 0 */
	bool again;	     /* it waits to make its system call again */
	uint64_t blocked;    /* signals: bit number minus one */
	uint64_t pending;
	uint64_t alt_stack;
	uint64_t alt_size;
	struct {
		int signal; /* 0: nothing is due */
		int code;
		uint64_t va;
	} fault;
	uint8_t xstate[OS_STATE_BYTES] __attribute__((aligned(64)));
};

/** A CPU.  On pks-vm the monitor enters the kernel with rsp at self. */
struct os_cpu {
	uint8_t trap_stack[CBX_PAGE_SIZE];
	struct os_cpu *self;
	uint64_t stack;	    /* top of the one for traps of the user's */
	uint64_t probe_rsp; /* not 0: a trap of the kernel's ends a probe */
	uint64_t probe_ssp; /* its shadow stack, or 0 */
	uint32_t number;
	bool started;
	bool halted;		 /* it waits for os_machine_wake */
	struct os_thread *owner; /* whose extended state it has */
	struct os_thread *last;
	bool yield; /* another thread's turn, if there is one */
	struct os_trap probed;
	uint8_t stack_bytes[OS_STACK_BYTES];
} __attribute__((aligned(64)));
CBX_AT(OS_CPU_STACK, 8, os_cpu, stack);
CBX_AT(OS_CPU_PROBE_RSP, 8, os_cpu, probe_rsp);
CBX_AT(OS_CPU_PROBE_SSP, 8, os_cpu, probe_ssp);

extern struct os_cpu os_cpus[OS_CPUS];
extern uint32_t os_cpu_count;
extern struct os_thread os_threads[OS_THREADS];

/*
 * entry.S
 */

void os_start(void);
void os_other_start(void);
_Noreturn void os_resume(const struct cbx_regs *regs);

/** Read, write or execute (op 0, 1, 2) at @p va. @return whether it trapped,
 * told by cpu->probed */
int os_probe(struct os_cpu *cpu, uint64_t va, uint64_t *value, uint64_t op);
void os_probe_trapped(void);

/*
 * main.c: the lock, gates, traps
 */

void os_lock(void);
void os_unlock(void);

_Noreturn void os_user_trap(struct os_cpu *cpu);

/** The machine's: a gate. */
struct cbx_reply os_call(const struct cbx_call *call);
#define OS_CALL(id_, ...) \
	os_call(&(struct cbx_call){ (id_), { __VA_ARGS__ }, 0 })
#define OS_STATUS(...) ((enum cbx_status)OS_CALL(__VA_ARGS__).status)

/** The same, without an answer that says busy. */
struct cbx_reply os_call_done(const struct cbx_call *call);
#define OS_CALL_DONE(id_, ...) \
	os_call_done(&(struct cbx_call){ (id_), { __VA_ARGS__ }, 0 })

/** The CPU looks for work, from now on. */
void os_cpu_use(struct os_cpu *cpu);

/*
 * say.c: what the kernel says, the clock, the end
 */

/** End the machine: the program ended with a status, or by a signal. */
_Noreturn void os_exit(uint32_t status, uint32_t signal);

/** A line on the console. */
void os_say(const char *text, uint64_t a, uint64_t b);
_Noreturn void os_panic(const char *text, uint64_t a, uint64_t b);

/** Nanoseconds since some time, and that time since 1970. */
uint64_t os_now(void);
extern uint64_t os_epoch;
void os_clock_start(void);

enum os_channel {
	OS_CHANNEL_OUT,
	OS_CHANNEL_ERR,
	OS_CHANNEL_STATUS,
};
/** What leaves the machine: each channel by a port of its own or, with a file
 * /init.port, all by the first one, in records: a line feed, a letter, eight
 * hexadecimal digits, that many bytes. */
void os_out(enum os_channel channel, const void *bytes, uint64_t count);

/*
 * page.c: memory
 */

void os_page_start(void);

/** @p count pages in a row, zero. @return the first, 0 when there are none */
uint64_t os_page_take(uint64_t count);
void os_page_give(uint64_t pfn, uint64_t count);

/** Most pages os_page_take can give. */
uint64_t os_page_most(void);

/*
 * space.c: the user's page tables
 */

void os_space_start(void);
void os_space_load(void);

/** The entry that maps @p va, 0 when nothing does. */
uint64_t os_leaf(uint64_t va);

/** Write it. @return false when the monitor refuses */
bool os_leaf_set(uint64_t va, uint64_t entry);

/** Write those of at most @p count pages in a row. @return how many, the rest
 * being another table's, or refused */
uint64_t os_leaves_set(uint64_t va, const uint64_t *entries, uint64_t count);

/*
 * map.c: what the user's addresses mean
 */

struct os_map {
	uint64_t start;
	uint64_t end; /* start: free */
	uint32_t prot;
	bool device;
	uint64_t pfn;	      /* device: the page at start */
	const uint8_t *bytes; /* file: what is at start; NULL: zeros */
	uint64_t byte_count;  /* and how much of it there is */
};

/** Map, in place of whatever there was; what->start 0: anywhere. @return the
 * address, or an OS_ERROR */
uint64_t os_map_add(const struct os_map *what);

/** Where @p size bytes are free; 0 when nowhere. */
uint64_t os_map_find(uint64_t size);
void os_map_remove(uint64_t start, uint64_t end);
uint64_t os_map_protect(uint64_t start, uint64_t end, uint32_t prot);

/** Drop contents: anonymous pages read as zeros again. */
void os_map_forget(uint64_t start, uint64_t end);

/** No leaf maps device pages [pfn, pfn + count) until the next touch. */
void os_map_close(uint64_t pfn, uint64_t count);

/** Their mappings go for good. */
void os_map_drop(uint64_t pfn, uint64_t count);

enum os_fault {
	OS_FAULT_NONE,
	OS_FAULT_NO_MAP,
	OS_FAULT_DENIED,
	OS_FAULT_BUS,
};

/** Make an access possible. @param prot  PROT_READ, PROT_WRITE, PROT_EXEC */
enum os_fault os_map_fault(uint64_t va, uint32_t prot);

/*
 * user.c: the user's memory.  All of it or nothing.
 */

bool os_get(void *to, uint64_t va, uint64_t size);
bool os_put(uint64_t va, const void *from, uint64_t size);

/** A string of less than @p room bytes, zero-terminated. */
bool os_get_text(char *to, uint64_t va, uint64_t room);

/*
 * thread.c
 */

struct os_thread *os_thread_new(void);
void os_thread_end(struct os_thread *t);

/** The lock is held; returns to user mode, on the lock dropped. */
_Noreturn void os_schedule(struct os_cpu *cpu);

/** It waits from now on; @p value is its answer when time is up. */
void os_wait(struct os_thread *t, uint64_t wake_ns, uint64_t value);
void os_wake(struct os_thread *t, uint64_t value);
uint32_t os_futex_wake(uint64_t address, uint32_t most, uint32_t bits);

/** Bytes of extended state the CPU saves, and the components. */
extern uint32_t os_state_bytes;
extern uint64_t os_state_parts;
void os_state_start(void);

/** Away from the CPU, before a gate; and back. */
void os_state_save(struct os_cpu *cpu);
void os_state_load(struct os_cpu *cpu, struct os_thread *t);

/*
 * signal.c
 */

/** A fault of the thread's own. */
void os_signal_fault(struct os_thread *t, int signal, int code, uint64_t va);

/** One that somebody sent. */
void os_signal_send(struct os_thread *t, int signal);

/** Deliver what is pending. */
void os_signal_deliver(struct os_thread *t);

/*
 * load.c
 */

/** The first program, on the first CPU. */
void os_load_program(void);
extern char os_program_path[256];
extern uint64_t os_break_start;

/*
 * archive.c: files that cannot change
 */

struct os_bytes {
	const uint8_t *at;
	uint64_t size;
	bool folder;
};

/** @p path  absolute */
bool os_archive_find(const char *path, struct os_bytes *bytes);
/** Look for it, before anything else here. */
void os_archive_start(void);

/*
 * Strings, as in the standard library.
 */

void *memset(void *dst, int byte, size_t size);
void *memcpy(void *dst, const void *src, size_t size);
int memcmp(const void *a, const void *b, size_t size);
uint64_t os_length(const char *text);
bool os_same(const char *a, const char *b);

/*
 * System calls: arguments in the order of Linux.
 */

typedef uint64_t os_syscall(struct os_thread *t, const uint64_t *arg);

/** syscall.c: do one, and put its answer into t->regs. */
void os_syscall_do(struct os_thread *t);

#define OS_SYSCALL(name) uint64_t name(struct os_thread *t, const uint64_t *arg)

OS_SYSCALL(sys_zero);
OS_SYSCALL(sys_absent);
OS_SYSCALL(sys_prctl);
OS_SYSCALL(sys_read);
OS_SYSCALL(sys_write);
OS_SYSCALL(sys_readv);
OS_SYSCALL(sys_writev);
OS_SYSCALL(sys_pread);
OS_SYSCALL(sys_open);
OS_SYSCALL(sys_openat);
OS_SYSCALL(sys_close);
OS_SYSCALL(sys_stat);
OS_SYSCALL(sys_fstat);
OS_SYSCALL(sys_newfstatat);
OS_SYSCALL(sys_access);
OS_SYSCALL(sys_faccessat);
OS_SYSCALL(sys_lseek);
OS_SYSCALL(sys_fcntl);
OS_SYSCALL(sys_ioctl);
OS_SYSCALL(sys_poll);
OS_SYSCALL(sys_ppoll);
OS_SYSCALL(sys_readlink);
OS_SYSCALL(sys_readlinkat);
OS_SYSCALL(sys_getcwd);
OS_SYSCALL(sys_eventfd2);
OS_SYSCALL(sys_signalfd4);
OS_SYSCALL(sys_mmap);
OS_SYSCALL(sys_munmap);
OS_SYSCALL(sys_mprotect);
OS_SYSCALL(sys_madvise);
OS_SYSCALL(sys_brk);
OS_SYSCALL(sys_arch_prctl);
OS_SYSCALL(sys_set_tid_address);
OS_SYSCALL(sys_prlimit64);
OS_SYSCALL(sys_getrandom);
OS_SYSCALL(sys_clock_gettime);
OS_SYSCALL(sys_clock_getres);
OS_SYSCALL(sys_gettimeofday);
OS_SYSCALL(sys_time);
OS_SYSCALL(sys_nanosleep);
OS_SYSCALL(sys_clock_nanosleep);
OS_SYSCALL(sys_sched_yield);
OS_SYSCALL(sys_sched_getaffinity);
OS_SYSCALL(sys_getcpu);
OS_SYSCALL(sys_futex);
OS_SYSCALL(sys_clone);
OS_SYSCALL(sys_clone3);
OS_SYSCALL(sys_exit);
OS_SYSCALL(sys_exit_group);
OS_SYSCALL(sys_rt_sigaction);
OS_SYSCALL(sys_rt_sigprocmask);
OS_SYSCALL(sys_rt_sigpending);
OS_SYSCALL(sys_rt_sigreturn);
OS_SYSCALL(sys_sigaltstack);
OS_SYSCALL(sys_tgkill);
OS_SYSCALL(sys_tkill);
OS_SYSCALL(sys_kill);
OS_SYSCALL(sys_getpid);
OS_SYSCALL(sys_gettid);
OS_SYSCALL(sys_uname);
OS_SYSCALL(sys_sysinfo);
OS_SYSCALL(sys_socket);
OS_SYSCALL(sys_connect);
OS_SYSCALL(sys_sendto);
OS_SYSCALL(sys_recvfrom);

/*
 * device.c
 */

struct os_device;

/** @return NULL when too many are open */
struct os_device *os_device_open(void);

/** What it took is given back.  @pre no extended state on this CPU is wanted */
void os_device_close(struct os_device *device);
uint64_t os_device_ioctl(
	struct os_thread *t, struct os_device *device, const uint64_t *arg);
bool os_device_owns(
	const struct os_device *device, uint64_t pfn, uint64_t count);
uint64_t os_test_ioctl(struct os_thread *t, const uint64_t *arg);

/** The device of an open file; NULL: another file, or none. */
struct os_device *os_file_device(uint64_t fd);

/** Random bytes to the user. @return how many, or an error */
uint64_t os_random(uint64_t va, uint64_t size);

/** The bytes of an open file that has some. */
bool os_file_bytes(uint64_t fd, struct os_bytes *bytes);

#endif
#endif
