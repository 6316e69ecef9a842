/* SPDX-License-Identifier: Apache-2.0 */
/* CPUID, for the monitor and for boxes: the instruction would ask the hypervisor. */
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/entry.h>
#include <arch/x86_64/machine.h>
#include <arch/x86_64/sev/vc.h>
#include <arch/x86_64/vcpu.h>
#include <hal/hal.h>

#define LEAF_SEV    0x8000001fu
#define C_BIT	    0x3fu
#define CR4_OSXSAVE 0x40000ull

uint64_t cbx_x86_private;

/* The byte its CPU fetches at va, by its tables, which other CPUs may change
 * meanwhile (load.c). */
static bool fetch(uint64_t root, uint64_t va, uint8_t *byte)
{
	struct cbx_pfn at = { root };
	const uint8_t *page;

	if (!cbx_va_bytes_valid((struct cbx_va){ va }, 1)) {
		return false;
	}
	for (uint32_t shift = 39; shift >= CBX_PAGE_SHIFT; shift -= 9) {
		uint64_t entry = cbx_x86_entry_read(at, va >> shift & 511);
		bool leaf = cbx_entry_rights(entry).bits != 0;

		if ((entry & CBX_ENTRY_PRESENT) == 0 ||
			leaf != (shift == CBX_PAGE_SHIFT) ||
			(leaf && (entry & CBX_ENTRY_NO_EXECUTE) != 0)) {
			return false;
		}
		at = cbx_entry_pfn(entry);
	}
	page = cbx_hal_page_map(at);
	*byte = page[va % CBX_PAGE_SIZE];
	cbx_hal_page_unmap(page);
	return true;
}

static uint64_t components(uint64_t cr4)
{
	uint32_t low = 1;
	uint32_t high = 0;

	if ((cr4 & CR4_OSXSAVE) != 0) {
		__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	}
	return (uint64_t)high << 32 | low;
}

/* How this CPU is set: when a box left, as it ran. */
static struct cbx_cpuid_question question(void)
{
	uint64_t cr4 = cbx_x86_cr4();

	return (struct cbx_cpuid_question){ .xcr0 = components(cr4),
		.cr4 = cr4,
		.apic = cbx_x86_cpu()->number };
}

struct cbx_x86_cpuid cbx_x86_cpuid(uint32_t leaf, uint32_t sub)
{
	struct cbx_cpuid_question asked = question();
	struct cbx_cpuid_entry is;

	asked.leaf = leaf;
	asked.sub = sub;
	CBX_ASSERT(cbx_cpuid_answer(&cbx_x86_told, asked, &is));
	return (struct cbx_x86_cpuid){ is.eax, is.ebx, is.ecx, is.edx };
}

static bool execute(const uint8_t code[2], struct cbx_regs *regs)
{
	struct cbx_cpuid_registers r = { regs->rax, regs->rbx, regs->rcx,
		regs->rdx, regs->rip };

	if (!cbx_cpuid_execute(&cbx_x86_told, code, question(), &r)) {
		return false;
	}
	regs->rax = r.rax;
	regs->rbx = r.rbx;
	regs->rcx = r.rcx;
	regs->rdx = r.rdx;
	regs->rip = r.rip;
	return true;
}

bool cbx_x86_vc(struct cbx_x86_vcpu *v)
{
	struct cbx_regs *regs = &v->trap.regs;
	uint8_t code[2];

	return (v->flags & CBX_SPACE_CPUID) == 0 &&
	       v->trap.error == CBX_CPUID_VC &&
	       fetch(v->root, regs->rip, &code[0]) &&
	       fetch(v->root, regs->rip + 1, &code[1]) && execute(code, regs);
}

uint8_t cbx_x86_c_bit(void)
{
	const struct cbx_cpuid_question sev = { .leaf = LEAF_SEV };
	struct cbx_cpuid_entry is;

	return cbx_cpuid_sound(&cbx_x86_told) &&
			       cbx_cpuid_answer(&cbx_x86_told, sev, &is)
		       ? is.ebx & C_BIT
		       : 0;
}
