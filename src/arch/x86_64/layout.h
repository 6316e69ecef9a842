/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things lie in the bare-metal monitor's half of an address space.
 *
 * PML4 slot 510 is the monitor's in every root, the host's and the boxes'.
 * Each CPU has its own PDPT for that slot: all of it is the same on every CPU
 * but the entry of the CPU window, whose addresses mean this CPU's memory and
 * no other's.  So the monitor knows its CPU by the page tables, and no CPU can
 * reach another's stacks.
 *
 *   CBX_IMAGE_VA   the monitor's image: gate page, text, rodata, data
 *   CBX_CPU_VA     this CPU's window, within reach of the text's operands
 *   CBX_PAGES_VA   the core's table of pages
 *   CBX_FRAMES_VA  the HAL's table of frames
 *
 * Protection keys: the entry stacks, the scratch words and what the CPU reads
 * by itself (GDT, TSS, IDT, all read-only) have key CBX_KEY_OPEN; all other
 * data has CBX_KEY_MONITOR.  There is no direct map of memory.
 *
 * Included by assembly and by the linker script, too.
 */
#ifndef CBX_ARCH_X86_64_LAYOUT_H
#define CBX_ARCH_X86_64_LAYOUT_H

#ifdef __ASSEMBLER__
#define CBX_U64(value) value
#else
#define CBX_U64(value) value##ull
#endif

#define CBX_MONITOR_SLOT 510
#define CBX_MONITOR_VA	 CBX_U64(0xffffff0000000000)
#define CBX_MONITOR_END	 CBX_U64(0xffffff8000000000)

/** The image's entry of the monitor's PDPT; each is 1 GiB.  Then come the CPU
 * window's, those of the core's table, 4 for 1 TiB of memory, and the HAL's, 3. */
#define CBX_IMAGE_ENTRY 0

#define CBX_IMAGE_VA  CBX_U64(0xffffff0000000000)
#define CBX_CPU_VA    CBX_U64(0xffffff0040000000)
#define CBX_PAGES_VA  CBX_U64(0xffffff0080000000)
#define CBX_FRAMES_VA CBX_U64(0xffffff0180000000)

/** The CPU window: 512 pages, one page table.  A page not named is a guard:
 * not present. */
#define CBX_CPU_IST_PAGE(ist) (2 * (ist)-1) /* entry stacks, one page each */
#define CBX_CPU_SCRATCH_PAGE  11
#define CBX_CPU_GDT_PAGE      12 /* GDT, then the TSS */
#define CBX_CPU_IDT_PAGE      13
#define CBX_CPU_STATE_PAGE    16 /* struct cbx_x86_cpu */
#define CBX_CPU_REPLY_PAGE    17 /* read by boxes at CBX_REPLY_VA */
#define CBX_CPU_ROOT_PAGE     18 /* the root boxes run on */
#define CBX_CPU_TABLE_PAGE    19 /* the window's own page table */
#define CBX_CPU_STACK_PAGE    24 /* 8 pages */
#define CBX_CPU_STACK_PAGES   8
#define CBX_CPU_PANIC_PAGE    34 /* 2 pages */
#define CBX_CPU_PANIC_PAGES   2
#define CBX_CPU_HAL_PAGE      40 /* zeroed, for the HAL */
#define CBX_CPU_HAL_PAGES     8
#define CBX_CPU_MAIL_PAGE     48 /* the HAL's: 7 pages, most of them shared so */
#define CBX_CPU_BELL_PAGE     56 /* the HAL's: #HV's, shared with the hypervisor */
#define CBX_CPU_GHCB_PAGE     57 /* the HAL's: shared with the hypervisor */
#define CBX_CPU_IOMMU_PAGE    58 /* the HAL's: its registers */
#define CBX_CPU_PCI_PAGE      59 /* the HAL's: configuration of a device */
#define CBX_CPU_LOCKED_PAGE   60 /* the HAL's: instructions, while they run */
#define CBX_CPU_APIC_PAGE     61 /* the HAL's: this CPU's interrupt controller */
#define CBX_CPU_IOAPIC_PAGE   62 /* the HAL's: that of the lines */
#define CBX_CPU_AREA_PAGE     63 /* the HAL's: where the host puts its calls */
#define CBX_CPU_SLOT_PAGE     64 /* cbx_hal_page_map */
#define CBX_CPU_SLOTS	      32
#define CBX_CPU_SHADOW_PAGE   97  /* shadow stacks (cet.h): the entry stacks' */
#define CBX_CPU_SHADOW_MAIN   107 /* the monitor's own */
#define CBX_CPU_SHADOW_EXIT   109 /* on which it leaves */
#define CBX_CPU_SHADOW_HOST   111 /* the host's */

#define CBX_CPU_AT(page)  (CBX_CPU_VA + (page)*0x1000)
#define CBX_CPU_TOP(page) (CBX_CPU_VA + (page)*0x1000 + 0x1000)

#define CBX_CPU_STATE_VA   CBX_CPU_AT(CBX_CPU_STATE_PAGE)
#define CBX_CPU_SCRATCH_VA CBX_CPU_AT(CBX_CPU_SCRATCH_PAGE)
#define CBX_CPU_STACK_TOP  CBX_CPU_AT(CBX_CPU_STACK_PAGE + CBX_CPU_STACK_PAGES)
#define CBX_CPU_PANIC_TOP  CBX_CPU_AT(CBX_CPU_PANIC_PAGE + CBX_CPU_PANIC_PAGES)

/** Entry stacks' numbers in the TSS. */
#define CBX_IST_TRAP	 1
#define CBX_IST_NMI	 2
#define CBX_IST_CHECK	 3
#define CBX_IST_DEBUG	 4
#define CBX_IST_DOUBLE	 5
#define CBX_IST_TOP(ist) CBX_CPU_TOP(CBX_CPU_IST_PAGE(ist))

/** In every box root: the page with the running thread's last reply, which it
 * can only read.  Above CBX_VA_MAX. */
#define CBX_REPLY_SLOT 253
#define CBX_REPLY_VA   CBX_U64(0x7e8000000000)

/** Protection keys, and the value of PKRS while the monitor or a box runs.
 * The host's value is the HAL's. */
#define CBX_KEY_OPEN	 0
#define CBX_KEY_MONITOR	 1
#define CBX_MSR_PKRS	 0x6e1
#define CBX_PKRS_MONITOR 0

/** Selectors, those of Linux. */
#define CBX_SELECTOR_CODE      0x10
#define CBX_SELECTOR_DATA      0x18
#define CBX_SELECTOR_USER_DATA 0x2b
#define CBX_SELECTOR_USER_CODE 0x33
#define CBX_SELECTOR_TSS       0x40

#define CBX_X86_CPUS_MAX 64

#endif
