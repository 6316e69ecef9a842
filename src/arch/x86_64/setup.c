/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor tables, entry points and control registers of one CPU. */
#include <arch/x86_64/cet.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>
#include <arch/x86_64/vcpu.h>
#include <base/string.h>
#include <hal/hal.h>

#define MSR_EFER     0xc0000080u
#define MSR_SYSENTER 0x174u
#define MSR_STAR     0xc0000081u
#define MSR_LSTAR    0xc0000082u
#define MSR_CSTAR    0xc0000083u
#define MSR_SFMASK   0xc0000084u

/* PE MP ET NE WP AM PG */
#define CR0	0x80050033ull
#define CR4_PKE 0x00400000ull

/* Everything a box could leave set: only the constant bit stays. */
#define SFMASK 0x257fd5ull

#define GDT_ENTRIES    10u
#define TSS_AT	       0x800u
#define SHADOW_AT      0xc00u
#define GATE_INTERRUPT 0x8eu
#define GATE_USER      0x60u
#define STUB_BYTES     16u
#define ENTRY_WRITE    2ull

extern const uint8_t cbx_x86_stubs[];
extern const uint8_t cbx_x86_stubs_end[];
void cbx_x86_syscall(void);

struct __attribute__((packed)) tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t ports; /* past the end: none */
};
CBX_SIZE(0x68, tss);

struct gate {
	uint16_t offset0;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset1;
	uint32_t offset2;
	uint32_t reserved;
};
CBX_SIZE(0x10, gate);

struct __attribute__((packed)) pointer {
	uint16_t limit;
	uint64_t base;
};

static void fill_tss(struct tss *tss)
{
	tss->rsp[0] = CBX_IST_TOP(CBX_IST_TRAP);
	for (uint64_t i = CBX_IST_TRAP; i <= CBX_IST_DOUBLE; i++) {
		tss->ist[i - 1] = CBX_IST_TOP(i);
	}
	tss->ports = sizeof(*tss);
}

/* Accessed bits are set, and the TSS is marked busy by LTR before the page
 * becomes read-only: the CPU writes none of it. */
static void fill_gdt(uint64_t *gdt)
{
	uint64_t base = CBX_CPU_AT(CBX_CPU_GDT_PAGE) + TSS_AT;

	gdt[CBX_SELECTOR_CODE / 8] = 0x00af9b000000ffffull;
	gdt[CBX_SELECTOR_DATA / 8] = 0x00cf93000000ffffull;
	gdt[CBX_SELECTOR_USER_DATA / 8] = 0x00cff3000000ffffull;
	gdt[CBX_SELECTOR_USER_CODE / 8] = 0x00affb000000ffffull;
	gdt[CBX_SELECTOR_TSS / 8] = (sizeof(struct tss) - 1) |
				    (base & 0xffffff) << 16 | 0x89ull << 40 |
				    (base >> 24 & 0xff) << 56;
	gdt[CBX_SELECTOR_TSS / 8 + 1] = base >> 32;
}

static uint8_t ist_of(uint32_t vector)
{
	static const uint8_t own[256] = {
		[1] = CBX_IST_DEBUG,
		[2] = CBX_IST_NMI,
		[8] = CBX_IST_DOUBLE,
		[18] = CBX_IST_CHECK,
		[28] = CBX_IST_NMI, /* #HV, the hypervisor's */
	};

	return own[vector] != 0 ? own[vector] : CBX_IST_TRAP;
}

/* A breakpoint is the one trap user mode may ask for. */
static void fill_idt(struct gate *idt)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint64_t at = (uint64_t)cbx_x86_stubs + i * STUB_BYTES;

		idt[i] = (struct gate){
			.offset0 = (uint16_t)at,
			.selector = CBX_SELECTOR_CODE,
			.ist = ist_of(i),
			.type = i == 3 ? GATE_INTERRUPT | GATE_USER
				       : GATE_INTERRUPT,
			.offset1 = (uint16_t)(at >> 16),
			.offset2 = (uint32_t)(at >> 32),
		};
	}
}

static void load_tables(void)
{
	const struct pointer gdtr = {
		.limit = GDT_ENTRIES * 8 - 1,
		.base = CBX_CPU_AT(CBX_CPU_GDT_PAGE),
	};
	const struct pointer idtr = {
		.limit = CBX_PAGE_SIZE - 1,
		.base = CBX_CPU_AT(CBX_CPU_IDT_PAGE),
	};

	cbx_x86_tables_load(&gdtr, &idtr);
	cbx_x86_task_load();
}

static void load_calls(void)
{
	cbx_x86_msr_write(MSR_EFER, CBX_X86_EFER);
	cbx_x86_msr_write(MSR_STAR, (uint64_t)CBX_SELECTOR_CODE << 32);
	cbx_x86_msr_write(MSR_LSTAR, (uint64_t)cbx_x86_syscall);
	cbx_x86_msr_write(MSR_CSTAR, 0);
	cbx_x86_msr_write(MSR_SFMASK, SFMASK);
	cbx_x86_msr_write(MSR_SYSENTER, 0); /* no selector: it faults */
}

/* What the monitor cannot do without; a CPU without it is refused by name. */
static void check_cpu(void)
{
	struct cbx_x86_cpuid seven = cbx_x86_cpuid(7, 0);
	struct cbx_x86_cpuid one = cbx_x86_cpuid(1, 0);

	if ((seven.ebx & 1u << 7) == 0 || (seven.ebx & 1u << 20) == 0 ||
		(seven.ecx & 1u << 2) == 0) {
		cbx_hal_panic("no SMEP, SMAP, UMIP", __FILE__, __LINE__);
	}
	if ((seven.ebx & 1u) == 0 || (one.ecx & 1u << 26) == 0) {
		cbx_hal_panic("no FSGSBASE, XSAVE", __FILE__, __LINE__);
	}
}

/* The CPU only reads its tables from now on. */
static void seal(uint64_t page)
{
	uint64_t *table = (uint64_t *)CBX_CPU_AT(CBX_CPU_TABLE_PAGE);

	table[page] &= ~ENTRY_WRITE;
	cbx_x86_invlpg(CBX_CPU_AT(page));
}

void cbx_x86_cpu_init(void)
{
	uint8_t *gdt = (uint8_t *)CBX_CPU_AT(CBX_CPU_GDT_PAGE);

	if (cbx_x86_stubs_end - cbx_x86_stubs != 256 * STUB_BYTES) {
		cbx_hal_panic("entry stubs", __FILE__, __LINE__);
	}
	check_cpu();
	cbx_x86_rights_init();
	fill_gdt((uint64_t *)(void *)gdt);
	fill_tss((struct tss *)(void *)(gdt + TSS_AT));
	cbx_x86_cet_table((uint64_t *)(void *)(gdt + SHADOW_AT));
	fill_idt((struct gate *)CBX_CPU_AT(CBX_CPU_IDT_PAGE));
	load_tables();
	seal(CBX_CPU_GDT_PAGE);
	seal(CBX_CPU_IDT_PAGE);
	load_calls();
	cbx_x86_cr0_write(CR0);
	cbx_x86_cr4_write(
		CBX_X86_CR4 | (cbx_x86_has_user_keys() ? CR4_PKE : 0));
	cbx_x86_cet_init((uint64_t)gdt + SHADOW_AT);
	cbx_x86_root_load(cbx_x86_cpu()->home);
	cbx_x86_xstate_init();
}
