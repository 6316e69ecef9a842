/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine at VMPL1 is the kernel's own: its tables, its traps, the first
 * interrupt controller and the interval timer, which the lab passes through to a
 * level that knows of no SEV (lab/README.md).  There is one CPU: such a level
 * starts no other.
 */
#include <host/os/os.h>
#include <host/os/snp.h>

#include <base/area.h>
#include <support/bare/snp.h>

#define LAB	  0x8000ull /* a page: lab/README.md */
#define MSR_GHCB  0xc0010130u
#define RUN_VMPL0 0x16u

#define MSR_STAR   0xc0000081u
#define MSR_LSTAR  0xc0000082u
#define MSR_SFMASK 0xc0000084u
#define OFF	   0x47700u /* what a system call clears: AC NT IOPL DF IF TF */

#define SERIAL	   0x3f8u
#define PIC	   0x20u
#define PIC_OTHER  0xa0u
#define TIMER	   0x40u
#define TIMER_HOW  0x43u
#define TIMER_ONCE 0x30u
#define TIMER_HZ   1193182ull
#define TIMER_MOST 0xffffu
#define SECOND_NS  1000000000ull
#define CMOS	   0x70u
#define CMOS_HIGH  0x34u /* memory above 16 MiB, in 64 KiB; and 0x35 */
#define PAGES_1M   0x100ull
#define PAGES_16M  0x1000ull
#define PAGES_64K  16u

#define VECTOR_NMI	  2u
#define VECTOR_BREAKPOINT 3u
#define STACK_NMI	  1u
#define GATE		  0x8eull
#define GATE_USERS	  0xeeull
#define STUB		  16u

/* What PAGE_QUERY says of pages the host may touch: core/page.def. */
#define PAGE_HOST   2u
#define PAGE_SHARED 8u

void os_snp_syscall(void);
void os_snp_nmi(void);
extern const uint8_t os_snp_stubs[];
extern const uint64_t os_snp_archive[2]; /* the head of archive.c */
extern uint64_t os_snp_root[CBX_TABLE_ENTRIES];
extern struct os_trap os_snp_trapped;

struct tss {
	uint32_t zero;
	uint64_t stack[3];
	uint64_t none;
	uint64_t other_stack[7];
	uint64_t rest;
	uint16_t end, ports;
} __attribute__((packed));
_Static_assert(sizeof(struct tss) == 104, "the processor's");

struct table {
	uint16_t limit;
	uint64_t at;
} __attribute__((packed));

/* In the order of the selectors (arch/x86_64/layout.h); the last two are the
 * TSS's. */
static uint64_t gdt[10] = { 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0,
	0x00cff3000000ffff, 0x00affb000000ffff, 0, 0, 0 };
static uint64_t idt[2 * OS_SNP_VECTORS];
static struct tss tss = { .ports = sizeof(tss) };
static uint8_t nmi_stack[512] __attribute__((aligned(16)));
struct os_trap os_snp_trapped;

static void out(uint16_t port, uint64_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"((uint8_t)value), "d"(port));
}

static uint8_t in(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port));
	return value;
}

static void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile(
		"wrmsr"
		:
		: "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void run_monitor(void)
{
	__asm__ volatile("wrmsr; rep; vmmcall"
			 :
			 : "c"(MSR_GHCB), "a"(RUN_VMPL0), "d"(0)
			 : "memory");
}

/* The hypervisor may not have run the monitor. */
struct cbx_reply os_call(const struct cbx_call *call)
{
	struct cbx_area *area =
		(struct cbx_area *)OS_DIRECT(BARE_AREAS_PA >> CBX_PAGE_SHIFT);

	area->call = *call;
	do {
		__atomic_store_n(&area->pending, 1, __ATOMIC_RELEASE);
		run_monitor();
	} while (__atomic_load_n(&area->pending, __ATOMIC_ACQUIRE) != 0);
	return area->reply;
}

static void set_gate(
	uint32_t vector, uint64_t entry, uint64_t kind, uint64_t stack)
{
	idt[2 * vector] = (entry & 0xffff) | CBX_SELECTOR_CODE << 16 |
			  stack << 32 | kind << 40 |
			  (entry >> 16 & 0xffff) << 48;
	idt[2 * vector + 1] = entry >> 32;
}

/* The first one's interrupts from OS_VECTOR_TIMER on, the timer's alone, which
 * nobody acknowledges. */
static void take_interrupts(void)
{
	const uint8_t words[2][4] = { { 0x11, OS_VECTOR_TIMER, 4, 3 },
		{ 0x11, OS_VECTOR_TIMER + 8, 2, 3 } };

	for (uint16_t i = 0; i < 4; i++) {
		out((uint16_t)(PIC + (i != 0)), words[0][i]);
		out((uint16_t)(PIC_OTHER + (i != 0)), words[1][i]);
	}
	out(PIC + 1, 0xfe);
	out(PIC_OTHER + 1, 0xff);
}

uint32_t os_machine_start(void)
{
	take_interrupts();
	return 1;
}

void os_machine_take_traps(struct os_cpu *cpu)
{
	const struct table gdtr = { sizeof(gdt) - 1, (uint64_t)gdt };
	const struct table idtr = { sizeof(idt) - 1, (uint64_t)idt };
	uint64_t at = (uint64_t)&tss;

	for (uint32_t i = 0; i < OS_SNP_VECTORS; i++) {
		set_gate(i, (uint64_t)&os_snp_stubs[i * STUB],
			i == VECTOR_BREAKPOINT ? GATE_USERS : GATE, 0);
	}
	set_gate(VECTOR_NMI, (uint64_t)os_snp_nmi, GATE, STACK_NMI);
	tss.stack[0] = cpu->stack;
	tss.other_stack[STACK_NMI - 1] =
		(uint64_t)(nmi_stack + sizeof(nmi_stack));
	gdt[CBX_SELECTOR_TSS / 8] = (sizeof(tss) - 1) | (at & 0xffffff) << 16 |
				    0x89ull << 40 | (at >> 24 & 0xff) << 56;
	gdt[CBX_SELECTOR_TSS / 8 + 1] = at >> 32;
	__asm__ volatile("lgdt %0; lidt %1; ltr %w2"
			 :
			 : "m"(gdtr), "m"(idtr), "r"(CBX_SELECTOR_TSS));
	write_msr(MSR_STAR, (uint64_t)CBX_SELECTOR_CODE << 32);
	write_msr(MSR_LSTAR, (uint64_t)os_snp_syscall);
	write_msr(MSR_SFMASK, OFF);
}

struct os_trap os_machine_trap(void)
{
	return os_snp_trapped;
}

void os_machine_start_cpu(struct os_cpu *cpu)
{
	os_panic("no such CPU ", cpu->number, 0);
}

/* The only one runs. */
void os_machine_wake(struct os_cpu *cpu)
{
	(void)cpu;
}

static uint64_t cmos(uint8_t index)
{
	out(CMOS, index);
	return in(CMOS + 1);
}

/* Below the lab, and behind the monitor: of both, all is the host's, but for the
 * firmware's tables at the end. */
bool os_machine_memory(uint64_t index, struct os_range *range)
{
	uint64_t end = PAGES_16M +
		       (cmos(CMOS_HIGH) | cmos(CMOS_HIGH + 1) << 8) * PAGES_64K;
	uint64_t first = BARE_ASKED_END >> CBX_PAGE_SHIFT;

	if (index == 0) {
		*range = (struct os_range){ PAGES_1M, LAB - PAGES_1M, true };
		return true;
	}
	while (end > first && !os_machine_lets(end - 1)) {
		end--;
	}
	*range =
		(struct os_range){ first, end > first ? end - first : 0, true };
	return index == 1;
}

/* The archive is the last of it, with a page before it that says how much. */
void os_machine_loaded(uint64_t *first, uint64_t *last)
{
	uint64_t at = (uint64_t)os_snp_archive - CBX_KERNEL_VA + OS_SNP_PA;

	*first = OS_SNP_PA >> CBX_PAGE_SHIFT;
	*last = (at >> CBX_PAGE_SHIFT) + 1 +
		((os_snp_archive[1] + CBX_PAGE_SIZE - 1) >> CBX_PAGE_SHIFT);
}

void os_machine_timer(uint64_t ns)
{
	uint64_t count = ns * TIMER_HZ / SECOND_NS + 1;

	count = count < TIMER_MOST ? count : TIMER_MOST;
	out(TIMER_HOW, TIMER_ONCE);
	out(TIMER, count & 0xff);
	out(TIMER, count >> 8);
}

void os_machine_say(const char *line, uint64_t size)
{
	for (uint64_t i = 0; i < size; i++) {
		out(SERIAL, (uint8_t)line[i]);
	}
	out(SERIAL, '\n');
}

/* A root has the kernel. */
bool os_machine_table(uint64_t pfn, uint64_t level)
{
	if (level == 4) {
		memcpy((void *)OS_DIRECT(pfn), os_snp_root,
			sizeof(os_snp_root));
	}
	return true;
}

bool os_machine_entry(uint64_t table, uint64_t index, uint64_t entry)
{
	volatile uint64_t *entries = (volatile uint64_t *)OS_DIRECT(table);

	entries[index] = entry;
	return true;
}

uint64_t os_machine_entries(
	uint64_t table, uint64_t index, const uint64_t *entries, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		(void)os_machine_entry(table, index + i, entries[i]);
	}
	return count;
}

/* A box's page would be touched in vain, and be a fault of the kernel's if it is
 * the one that touches. */
bool os_machine_lets(uint64_t pfn)
{
	struct cbx_reply reply = OS_CALL(CBX_CALL_PAGE_QUERY, pfn);

	return reply.status == CBX_OK &&
	       (reply.ret[0] == PAGE_HOST || reply.ret[0] == PAGE_SHARED);
}

bool os_machine_load(uint64_t root)
{
	__asm__ volatile("movq %0, %%cr3"
			 :
			 : "r"(root << CBX_PAGE_SHIFT)
			 : "memory");
	return true;
}

void os_machine_flush(void)
{
	uint64_t root;

	__asm__ volatile("movq %%cr3, %0; movq %0, %%cr3"
			 : "=r"(root)
			 :
			 : "memory");
}
