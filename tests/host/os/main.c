/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning, the lock, and the traps of the user's. */
#include <host/os/os.h>

#include <asm/mman.h>
#include <asm/signal.h>
#include <asm/siginfo.h>

#define ERROR_WRITE   2u
#define ERROR_EXECUTE 16u

enum vector {
	VECTOR_DIVIDE = 0,
	VECTOR_DEBUG = 1,
	VECTOR_NMI = 2,
	VECTOR_BREAKPOINT = 3,
	VECTOR_PROTECT = 13,
	VECTOR_PAGE = 14,
	VECTOR_X87 = 16,
	VECTOR_SIMD = 19,
	VECTOR_EXTERNAL = 32,
};

_Noreturn void os_main(void);
_Noreturn void os_other_main(struct os_cpu *cpu);
void os_kernel_trap(struct os_cpu *cpu);

struct os_cpu os_cpus[OS_CPUS];
uint32_t os_cpu_count = 1;

static bool locked;

void os_lock(void)
{
	while (__atomic_exchange_n(&locked, true, __ATOMIC_ACQUIRE)) {
		__builtin_ia32_pause();
	}
}

void os_unlock(void)
{
	__atomic_store_n(&locked, false, __ATOMIC_RELEASE);
}

struct cbx_reply os_call_done(const struct cbx_call *call)
{
	struct cbx_reply reply;

	do {
		reply = os_call(call);
	} while (reply.status == CBX_E_BUSY);
	return reply;
}

/* A trap of the kernel's own. */
void os_kernel_trap(struct os_cpu *cpu)
{
	cpu->probed = os_machine_trap();
	if (cpu->probe_rsp == 0) {
		os_say("error ", cpu->probed.error, 0);
		os_say("rip ", cpu->probed.regs.rip, cpu->probed.regs.rsp);
		os_panic("the kernel was trapped ", cpu->probed.vector,
			cpu->probed.cr2);
	}
}

static void page_fault(struct os_thread *t, const struct os_trap *trap)
{
	uint32_t prot = PROT_READ;

	if ((trap->error & ERROR_EXECUTE) != 0) {
		prot = PROT_EXEC;
	} else if ((trap->error & ERROR_WRITE) != 0) {
		prot = PROT_WRITE;
	}
	switch (os_map_fault(trap->cr2, prot)) {
	case OS_FAULT_NONE:
		return;
	case OS_FAULT_NO_MAP:
		os_signal_fault(t, SIGSEGV, SEGV_MAPERR, trap->cr2);
		return;
	case OS_FAULT_DENIED:
		os_signal_fault(t, SIGSEGV, SEGV_ACCERR, trap->cr2);
		return;
	case OS_FAULT_BUS:
	default:
		os_signal_fault(t, SIGBUS, BUS_ADRERR, trap->cr2);
		return;
	}
}

static void exception(struct os_thread *t, const struct os_trap *trap)
{
	uint64_t rip = trap->regs.rip;

	switch (trap->vector) {
	case VECTOR_PAGE:
		page_fault(t, trap);
		break;
	case VECTOR_DIVIDE:
	case VECTOR_X87:
	case VECTOR_SIMD:
		os_signal_fault(t, SIGFPE, FPE_INTDIV, rip);
		break;
	case VECTOR_DEBUG:
	case VECTOR_BREAKPOINT:
		os_signal_fault(t, SIGTRAP, TRAP_BRKPT, rip);
		break;
	case VECTOR_PROTECT:
		os_signal_fault(t, SIGSEGV, SI_KERNEL, 0);
		break;
	default:
		os_signal_fault(t, SIGILL, ILL_ILLOPN, rip);
		break;
	}
}

_Noreturn void os_user_trap(struct os_cpu *cpu)
{
	struct os_trap trap = os_machine_trap();
	struct os_thread *t = cpu->last;

	os_lock();
	t->regs = trap.regs;
	if (trap.vector == CBX_VECTOR_SYSCALL) {
		os_syscall_do(t);
	} else if (trap.vector < VECTOR_EXTERNAL && trap.vector != VECTOR_NMI) {
		exception(t, &trap);
	}
	os_schedule(cpu);
}

static void find_cpus(void)
{
	uint32_t count = os_machine_start();

	os_cpu_count = count < OS_CPUS ? count : OS_CPUS;
	for (uint32_t i = 0; i < os_cpu_count; i++) {
		struct os_cpu *cpu = &os_cpus[i];

		cpu->self = cpu;
		cpu->number = i;
		cpu->stack = (uint64_t)(cpu->stack_bytes + OS_STACK_BYTES);
	}
	os_cpus[0].started = true;
}

/* The others stay with the monitor until they have a thread. */
void os_cpu_use(struct os_cpu *cpu)
{
	if (cpu->started) {
		return;
	}
	cpu->started = true;
	os_machine_start_cpu(cpu);
}

_Noreturn void os_other_main(struct os_cpu *cpu)
{
	os_machine_take_traps(cpu);
	os_space_load();
	os_lock();
	os_schedule(cpu);
}

_Noreturn void os_main(void)
{
	find_cpus();
	os_machine_take_traps(&os_cpus[0]);
	os_archive_start();
	os_clock_start();
	os_state_start();
	os_page_start();
	os_space_start();
	os_space_load();
	os_lock();
	os_load_program();
	os_schedule(&os_cpus[0]);
}
