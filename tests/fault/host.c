/* SPDX-License-Identifier: Apache-2.0 */
#include "mail.h"

#define VECTOR_NMI   2u
#define VECTOR_PAGE  14u
#define VECTOR_CHECK 18u
#define VECTOR_IRQ   32u

const uint64_t fault_record_bytes = sizeof(struct fault_record);
struct fault_mail fault_mail __attribute__((aligned(4096)));

extern uint8_t fault_entry_stack[];
extern uint8_t fault_orders[];
extern uint8_t fault_orders_end[];
extern uint8_t order_spin[];
extern uint8_t order_wait[];
extern uint8_t fault_probes_end[];
void fault_trap(void);
void fault_done(void);
void fault_begin(void);
void fault_trapped(struct cbx_pks_trap *copy);
uint64_t fault_read(uint64_t va);
uint64_t fault_write(uint64_t va);
void *memset(void *dst, int byte, size_t size);
void *memcpy(void *dst, const void *src, size_t size);

void *memset(void *dst, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		((volatile uint8_t *)dst)[i] = (uint8_t)byte;
	}
	return dst;
}

void *memcpy(void *dst, const void *src, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		((volatile uint8_t *)dst)[i] = ((const uint8_t *)src)[i];
	}
	return dst;
}

/* The rest is told from outside. */
void fault_begin(void)
{
	register uint64_t place __asm__("r11");
	uint64_t rax = CBX_PKS_TRAP_ENTRY;
	uint64_t zero = 0;

	__asm__ volatile(
		"leaq 1f(%%rip), %[place]\n\t"
		"xorl %%r8d, %%r8d\n\t"
		"xorl %%r9d, %%r9d\n\t"
		"xorl %%r10d, %%r10d\n\t"
		"jmp *%%rcx\n"
		"1:"
		: [place] "=&r"(place), "+a"(rax), "+d"(zero)
		: "c"(CBX_IMAGE_VA), "D"(fault_trap), "S"(fault_entry_stack)
		: "r8", "r9", "r10", "memory");
}

static uint64_t read_pkrs(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(CBX_MSR_PKRS));
	return (uint64_t)high << 32 | low;
}

/* How much of the monitor is open to the host, here and now. */
static uint64_t look(void)
{
	static const uint64_t at[] = { CBX_CPU_STATE_VA, CBX_PKS_HOST_VA,
		CBX_PAGES_VA, CBX_CPU_STACK_TOP - 8 };
	uint64_t open = 0;

	for (uint32_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		open += fault_read(at[i]) + fault_write(at[i]);
	}
	return open + fault_write(CBX_CPU_AT(CBX_CPU_IDT_PAGE));
}

static bool in_orders(uint64_t rip)
{
	return rip >= (uint64_t)fault_orders &&
	       rip < (uint64_t)fault_orders_end;
}

/* An exception ends the order; an interrupt does not. */
static void go_on(struct cbx_pks_trap *trap)
{
	uint64_t rip = trap->regs.rip;
	bool spins = rip >= (uint64_t)order_spin && rip < (uint64_t)order_wait;

	if (!spins &&
		(trap->vector == VECTOR_NMI ||
			(trap->vector >= VECTOR_IRQ && trap->vector < 256))) {
		return;
	}
	if (!in_orders(rip) && trap->vector != VECTOR_CHECK) {
		fault_mail.wrong++;
	}
	trap->regs.rip = (uint64_t)fault_done;
}

void fault_trapped(struct cbx_pks_trap *copy)
{
	struct cbx_pks_trap *trap =
		(struct cbx_pks_trap *)(CBX_CPU_SCRATCH_VA + CBX_PKS_TRAP);
	struct fault_record *record;

	*copy = *trap;
	trap->busy = 0;
	if (copy->vector == VECTOR_PAGE &&
		copy->regs.rip >= (uint64_t)fault_read &&
		copy->regs.rip < (uint64_t)fault_probes_end) {
		copy->regs.rip = (uint64_t)fault_probes_end;
		return;
	}
	record = &fault_mail.record[fault_mail.count++ % FAULT_RECORDS];
	record->trap = *copy;
	record->pkrs = read_pkrs();
	record->open = fault_mail.quiet != 0 ? 0 : look();
	go_on(copy);
}
