/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exception in a level below, as its processor would deliver it.  Nobody else can:
 * a level's VMSA takes events from the hypervisor alone, unless alternate
 * injection gives all of them to VMPL0.
 *
 * Tables and stack are the host's, and are touched as memory that a gate fills
 * for it is: only where it may do everything itself.
 */
#include <arch/x86_64/sev/vmsa.h>
#include <hal/hal.h>

#define GP	     13u
#define PRESENT	     1ull
#define LARGE	     0x80ull
#define ADDRESS	     0x000ffffffffff000ull
#define LA57	     0x1000ull
#define LONG_CODE    0x200u
#define KERNEL_CODE  0xa9bu
#define GATE_PRESENT (1ull << 47)
#define GATE_TYPE(g) ((g) >> 40 & 0x1e)
#define GATE	     0x0eull /* of an interrupt, or with the next bit a trap */
#define GATE_TRAP    (1ull << 40)
#define GATE_IST(g)  ((g) >> 32 & 7)
#define TSS_RSP0     4u
#define TSS_IST	     0x1cu	/* of IST 0, which is none */
#define FLAGS_CLEAR  0x34100ull /* TF NT RF VM */
#define FLAGS_IF     0x200ull
#define VALID	     (1ull << 31)

enum {
	ERROR,
	RIP,
	CS,
	RFLAGS,
	RSP,
	SS,
	WORDS
};

static uint64_t pfn_of(uint64_t entry)
{
	return (entry & ADDRESS & ~cbx_x86_private) >> CBX_PAGE_SHIFT;
}

static uint8_t *map(uint64_t pfn)
{
	return pfn < cbx_hal_page_count()
		       ? cbx_hal_host_map((struct cbx_pfn){ pfn })
		       : NULL;
}

static void unmap(uint64_t pfn, const uint8_t *page)
{
	cbx_hal_host_unmap((struct cbx_pfn){ pfn }, page);
}

/* The page at an address, by the host's tables. */
static bool find(
	const volatile struct cbx_vmsa *vmsa, uint64_t va, uint64_t *pfn)
{
	uint32_t shift = (vmsa->cr4 & LA57) != 0 ? 48 : 39;
	uint64_t entry = vmsa->cr3;

	for (;; shift -= 9) {
		uint64_t table = pfn_of(entry);
		uint8_t *page = map(table);

		if (page == NULL) {
			return false;
		}
		entry = ((volatile uint64_t *)(void *)page)[va >> shift & 511];
		unmap(table, page);
		if ((entry & PRESENT) == 0) {
			return false;
		}
		if (shift == CBX_PAGE_SHIFT ||
			(shift <= 30 && (entry & LARGE) != 0)) {
			break;
		}
	}
	va &= (1ull << shift) - 1;
	entry &= ~((1ull << shift) - 1);
	*pfn = pfn_of(entry) + (va >> CBX_PAGE_SHIFT);
	return true;
}

/* Byte by byte: a word may lie in two pages. */
static bool touch(const volatile struct cbx_vmsa *vmsa, uint64_t va,
	void *bytes, size_t size, bool write)
{
	uint8_t *own = bytes;

	for (size_t i = 0; i < size; i++) {
		volatile uint8_t *at;
		uint8_t *page;
		uint64_t pfn;

		if (!find(vmsa, va + i, &pfn) || (page = map(pfn)) == NULL) {
			return false;
		}
		at = page + (va + i) % CBX_PAGE_SIZE;
		if (write) {
			*at = own[i];
		} else {
			own[i] = *at;
		}
		unmap(pfn, page);
	}
	return true;
}

/* Where the frame ends. */
static bool find_stack(
	const volatile struct cbx_vmsa *vmsa, uint64_t gate, uint64_t *rsp)
{
	uint64_t ist = GATE_IST(gate);
	uint64_t at = ist != 0 ? TSS_IST + 8 * ist : TSS_RSP0;

	*rsp = vmsa->rsp;
	return (ist == 0 && vmsa->cpl == 0) ||
	       touch(vmsa, vmsa->tr.base + at, rsp, sizeof(*rsp), false);
}

static void enter(volatile struct cbx_vmsa *vmsa, const uint64_t gate[2])
{
	vmsa->rip = (gate[0] & 0xffff) | (gate[0] >> 32 & 0xffff0000) |
		    gate[1] << 32;
	vmsa->cs.selector = (uint16_t)(gate[0] >> 16);
	vmsa->cs.attributes = KERNEL_CODE;
	if (vmsa->cpl != 0) {
		vmsa->ss.selector = 0;
		vmsa->ss.attributes = 0;
		vmsa->cpl = 0;
	}
	vmsa->rflags &=
		~(FLAGS_CLEAR | ((gate[0] & GATE_TRAP) != 0 ? 0 : FLAGS_IF));
}

bool cbx_vmsa_raise(volatile struct cbx_vmsa *vmsa)
{
	uint64_t frame[WORDS] = { [RIP] = vmsa->rip,
		[CS] = vmsa->cs.selector,
		[RFLAGS] = vmsa->rflags,
		[RSP] = vmsa->rsp,
		[SS] = vmsa->ss.selector };
	uint64_t gate[2];
	uint64_t rsp;

	if ((vmsa->exit_event & VALID) != 0 ||
		(vmsa->cs.attributes & LONG_CODE) == 0 ||
		vmsa->idtr.limit < (GP + 1) * sizeof(gate) - 1 ||
		!touch(vmsa, vmsa->idtr.base + GP * sizeof(gate), gate,
			sizeof(gate), false) ||
		(gate[0] & GATE_PRESENT) == 0 || GATE_TYPE(gate[0]) != GATE ||
		!find_stack(vmsa, gate[0], &rsp)) {
		return false;
	}
	rsp = (rsp & ~15ull) - sizeof(frame);
	if (!touch(vmsa, rsp, frame, sizeof(frame), true)) {
		return false;
	}
	vmsa->rsp = rsp;
	enter(vmsa, gate);
	return true;
}
