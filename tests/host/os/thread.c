/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: each stays on one CPU, and gives it to another only by waiting. */
#include <host/os/os.h>

#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/time_types.h>

#define COMMAND	   ((uint64_t)(uint32_t)FUTEX_CMD_MASK)
#define FLAG_IF	   0x200ull
#define REST_NS	   200000u
#define MOST_NS	   1000000000u
#define FLAGS_USER 0x240dd5ull

struct os_thread os_threads[OS_THREADS];
uint32_t os_state_bytes;
uint64_t os_state_parts;

/* The beginning of all: no component in it, MXCSR as after reset. */
static void reset_state(struct os_thread *t)
{
	uint32_t mxcsr = 0x1f80;

	memset(t->xstate, 0, sizeof(t->xstate));
	memcpy(&t->xstate[24], &mxcsr, sizeof(mxcsr));
}

/* The CPU with the fewest. */
static struct os_cpu *choose_cpu(void)
{
	uint32_t count[OS_CPUS] = { 0 };
	uint32_t best = 0;

	for (uint32_t i = 0; i < OS_THREADS; i++) {
		if (os_threads[i].state != OS_FREE) {
			count[os_threads[i].cpu->number]++;
		}
	}
	for (uint32_t i = 1; i < os_cpu_count; i++) {
		best = count[i] < count[best] ? i : best;
	}
	return &os_cpus[best];
}

struct os_thread *os_thread_new(void)
{
	for (uint32_t i = 0; i < OS_THREADS; i++) {
		struct os_thread *t = &os_threads[i];

		if (t->state == OS_FREE) {
			struct os_cpu *cpu = choose_cpu();

			memset(t, 0, sizeof(*t));
			reset_state(t);
			os_cpu_use(cpu);
			t->cpu = cpu;
			t->tid = i + 1;
			t->state = OS_READY;
			return t;
		}
	}
	return NULL;
}

void os_state_start(void)
{
	uint32_t eax = 13;
	uint32_t ebx;
	uint32_t ecx = 0;
	uint32_t edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	os_state_bytes = ebx;
	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	os_state_parts = (uint64_t)edx << 32 | eax;
	if (os_state_bytes > OS_STATE_BYTES) {
		os_panic("too much extended state ", os_state_bytes, 0);
	}
}

void os_state_save(struct os_cpu *cpu)
{
	struct os_thread *t = cpu->owner;

	if (t == NULL) {
		return;
	}
	__asm__ volatile("rdfsbase %0; rdgsbase %1" : "=r"(t->fs), "=r"(t->gs));
	__asm__ volatile("xsave64 (%0)"
			 :
			 : "r"(t->xstate), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
	cpu->owner = NULL;
}

void os_state_load(struct os_cpu *cpu, struct os_thread *t)
{
	__asm__ volatile("wrfsbase %0; wrgsbase %1" : : "r"(t->fs), "r"(t->gs));
	__asm__ volatile("xrstor64 (%0)"
			 :
			 : "r"(t->xstate), "a"(0xffffffff), "d"(0xffffffff)
			 : "memory");
	cpu->owner = t;
}

void os_wait(struct os_thread *t, uint64_t wake_ns, uint64_t value)
{
	t->state = OS_WAITING;
	t->wake_ns = wake_ns;
	t->wake_value = value;
}

void os_wake(struct os_thread *t, uint64_t value)
{
	t->state = OS_READY;
	t->again = false;
	t->futex = 0;
	t->wake_ns = 0;
	t->regs.rax = value;
	os_machine_wake(t->cpu);
}

uint32_t os_futex_wake(uint64_t address, uint32_t most, uint32_t bits)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < OS_THREADS && count < most; i++) {
		struct os_thread *t = &os_threads[i];

		if (t->state == OS_WAITING && t->futex == address &&
			(t->futex_bits & bits) != 0) {
			os_wake(t, 0);
			count++;
		}
	}
	return count;
}

static void wake_late(void)
{
	for (uint32_t i = 0; i < OS_THREADS; i++) {
		struct os_thread *t = &os_threads[i];

		if (t->state == OS_WAITING && t->wake_ns != 0 &&
			t->wake_ns <= os_now()) {
			os_wake(t, t->wake_value);
		}
	}
}

/* The last one again, or the next after it. */
static struct os_thread *choose(struct os_cpu *cpu)
{
	uint32_t last =
		cpu->last == NULL ? 0 : (uint32_t)(cpu->last - os_threads);
	uint32_t first = cpu->yield ? 1 : 0;

	cpu->yield = false;
	for (uint32_t i = first; i <= OS_THREADS; i++) {
		struct os_thread *t = &os_threads[(last + i) % OS_THREADS];

		if (t->state == OS_READY && t->cpu == cpu) {
			return t;
		}
	}
	return NULL;
}

/* When the first of its threads stops waiting; 0: none waits for a time. */
static uint64_t first_wake(const struct os_cpu *cpu)
{
	uint64_t first = 0;

	for (uint32_t i = 0; i < OS_THREADS; i++) {
		const struct os_thread *t = &os_threads[i];

		if (t->state == OS_WAITING && t->cpu == cpu &&
			t->wake_ns != 0 && (first == 0 || t->wake_ns < first)) {
			first = t->wake_ns;
		}
	}
	return first;
}

static bool has_work(const struct os_cpu *cpu)
{
	for (uint32_t i = 0; i < OS_THREADS; i++) {
		const struct os_thread *t = &os_threads[i];

		if (t->cpu == cpu && __atomic_load_n(&t->state,
					     __ATOMIC_RELAXED) == OS_READY) {
			return true;
		}
	}
	return false;
}

/* Until an interrupt: the timer's, or an NMI.  A wake-up that comes before HLT
 * is repeated until this CPU says that it heard. */
static void halt(struct os_cpu *cpu, uint64_t until)
{
	uint64_t now = os_now();

	if (until != 0 && until <= now) {
		return;
	}
	if (until != 0) {
		uint64_t left = until - now;

		os_machine_timer(left < MOST_NS ? left : MOST_NS);
	}
	__atomic_store_n(&cpu->halted, true, __ATOMIC_SEQ_CST);
	if (!has_work(cpu)) {
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	}
	__atomic_store_n(&cpu->halted, false, __ATOMIC_SEQ_CST);
}

/* Without the lock.  To be woken from HLT is expensive for everybody, so not at
 * once. */
static void rest(struct os_cpu *cpu)
{
	uint64_t until = first_wake(cpu);
	uint64_t end = os_now() + REST_NS;
	bool work = false;

	end = until != 0 && until < end ? until : end;
	os_unlock();
	while (!work && os_now() < end) {
		__builtin_ia32_pause();
		work = has_work(cpu);
	}
	if (!work) {
		halt(cpu, until);
	}
	os_lock();
}

_Noreturn void os_schedule(struct os_cpu *cpu)
{
	struct os_thread *t = choose(cpu);
	struct cbx_regs regs;

	while (t == NULL) {
		rest(cpu);
		wake_late();
		t = choose(cpu);
	}
	cpu->last = t;
	os_signal_deliver(t);
	if (cpu->owner != t) {
		os_state_save(cpu);
		os_state_load(cpu, t);
	}
	regs = t->regs;
	regs.rflags = (regs.rflags & FLAGS_USER) | FLAG_IF | 2;
	os_unlock();
	os_resume(&regs);
}

void os_thread_end(struct os_thread *t)
{
	const uint32_t zero = 0;

	if (t->clear_tid != 0 && os_put(t->clear_tid, &zero, sizeof(zero))) {
		(void)os_futex_wake(t->clear_tid, UINT32_MAX, UINT32_MAX);
	}
	if (t->cpu->owner == t) {
		t->cpu->owner = NULL;
	}
	t->state = OS_FREE;
}

static uint64_t clone(struct os_thread *t, const struct clone_args *args)
{
	const uint64_t must =
		CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	struct os_thread *child;

	if ((args->flags & must) != must) {
		return OS_ERROR(ENOSYS);
	}
	child = os_thread_new();
	if (child == NULL) {
		return OS_ERROR(EAGAIN);
	}
	os_machine_wake(child->cpu);
	child->regs = t->regs;
	child->regs.rax = 0;
	child->regs.rsp = args->stack + args->stack_size;
	child->fs = (args->flags & CLONE_SETTLS) != 0 ? args->tls : t->fs;
	child->blocked = t->blocked;
	if ((args->flags & CLONE_CHILD_CLEARTID) != 0) {
		child->clear_tid = args->child_tid;
	}
	if ((args->flags & CLONE_CHILD_SETTID) != 0) {
		(void)os_put(args->child_tid, &child->tid, sizeof(child->tid));
	}
	if ((args->flags & CLONE_PARENT_SETTID) != 0) {
		(void)os_put(args->parent_tid, &child->tid, sizeof(child->tid));
	}
	return child->tid;
}

OS_SYSCALL(sys_clone)
{
	const struct clone_args args = {
		.flags = arg[0],
		.stack = arg[1],
		.parent_tid = arg[2],
		.child_tid = arg[3],
		.tls = arg[4],
	};

	return clone(t, &args);
}

OS_SYSCALL(sys_clone3)
{
	struct clone_args args = { 0 };

	if (arg[1] < CLONE_ARGS_SIZE_VER0 || arg[1] > sizeof(args)) {
		return OS_ERROR(EINVAL);
	}
	return os_get(&args, arg[0], arg[1]) ? clone(t, &args)
					     : OS_ERROR(EFAULT);
}

static uint64_t futex_wait(
	struct os_thread *t, const uint64_t *arg, uint64_t operation)
{
	bool absolute = (arg[1] & COMMAND) == FUTEX_WAIT_BITSET;
	struct __kernel_timespec time;
	uint64_t wake = 0;
	uint32_t value;

	if (!os_get(&value, arg[0], sizeof(value)) ||
		(arg[3] != 0 && !os_get(&time, arg[3], sizeof(time)))) {
		return OS_ERROR(EFAULT);
	}
	if (value != (uint32_t)arg[2]) {
		return OS_ERROR(EAGAIN);
	}
	if (arg[3] != 0) {
		wake = (uint64_t)time.tv_sec * 1000000000ull +
		       (uint64_t)time.tv_nsec + (absolute ? 0 : os_now());
		wake -= absolute && (arg[1] & FUTEX_CLOCK_REALTIME) != 0
				? os_epoch
				: 0;
	}
	t->futex = arg[0];
	t->futex_bits = operation == FUTEX_WAIT ? UINT32_MAX : (uint32_t)arg[5];
	os_wait(t, wake, OS_ERROR(ETIMEDOUT));
	return 0;
}

OS_SYSCALL(sys_futex)
{
	uint64_t operation = arg[1] & COMMAND;

	if (arg[0] % 4 != 0) {
		return OS_ERROR(EINVAL);
	}
	switch (operation) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		return futex_wait(t, arg, operation);
	case FUTEX_WAKE:
		return os_futex_wake(arg[0], (uint32_t)arg[2], UINT32_MAX);
	case FUTEX_WAKE_BITSET:
		return os_futex_wake(
			arg[0], (uint32_t)arg[2], (uint32_t)arg[5]);
	default:
		return OS_ERROR(ENOSYS);
	}
}

OS_SYSCALL(sys_sched_yield)
{
	(void)arg;
	t->cpu->yield = true;
	return 0;
}
