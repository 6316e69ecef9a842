/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host kernel beside the monitor in ring 0: what the files of this HAL and
 * gate.S share.  The argument why this holds is doc/pks-vm.md.
 *
 * The gate is CBX_IMAGE_VA.  The host comes by JMP with
 *
 *   rax                      a number of gate.def, or a backend gate below
 *   rdi rsi rdx r10 r8 r9    arguments 0 to 5
 *   r11                      where to go on
 *
 * and goes on there with rax the address of the struct cbx_reply (in this
 * CPU's scratch page), rcx and rdx lost, interrupts off and every other flag
 * clear, everything else as it was.  No stack of the host's is used.
 *
 * A trap of the host's goes to the entry it gave (CBX_PKS_TRAP_ENTRY) with
 * interrupts off, on the stack it gave, with the interrupted registers in
 * struct cbx_pks_trap in the scratch page; it returns by IRETQ of its own.
 * While its busy word is not zero there, interrupts are kept and an exception
 * is the host's end.  It is cleared before interrupts are enabled.  NMIs heed it
 * and nothing else: when it is cleared, the trap stack is where the next begins.
 *
 * Interrupts are the monitor's to take and to acknowledge.  The host gets those
 * of its timer, its lines, its other CPUs and its devices' messages, numbers 32
 * and above, when it has interrupts on.  One that comes while a box runs ends
 * BOX_ENTER, and is delivered as soon as the host enables interrupts.
 *
 * User mode: the host goes there by IRETQ, too; what happens there (`syscall`
 * leaves rip in rcx, rflags in r11) is a trap like one of the kernel's, with the
 * user's cs.  Where the CPU has shadow stacks (doc/pks-vm.md) the host has a page
 * of its own on each CPU: a trap of its kernel leaves there what its IRETQ compares
 * with; one of its user mode goes on with the pointer that CBX_PKS_TRAP_ENTRY was
 * called with.  Any gate may run a box, be it the keeper: extended state, data
 * segments and the bases of fs and gs are lost then.
 */
#ifndef CBX_HAL_PKS_VM_HOST_H
#define CBX_HAL_PKS_VM_HOST_H

#include <arch/x86_64/state.h>

/** PKRS while the host runs: key 1 not at all, key 2 not written. */
#define CBX_PKRS_HOST 0x24

/** The scratch page, beyond the stubs' words. */
#define CBX_PKS_GATE_RAX 0x40
#define CBX_PKS_GATE_RDX 0x48
#define CBX_PKS_FRAME	 0x80 /* rdx rcx rax, then what IRETQ pops */
#define CBX_PKS_REPLY	 0x100
#define CBX_PKS_TRAP	 0x200

/** This CPU's struct cbx_pks_host. */
#define CBX_PKS_HOST_VA CBX_CPU_AT(CBX_CPU_HAL_PAGE)

/** Offsets in it; what it shares with struct cbx_x86_cpu is where it is there. */
#define CBX_HOST_RESUME 0x00
#define CBX_HOST_CAME	0x08

/** Among vectors: the host came by the gate; it did not run. */
#define CBX_VECTOR_GATE 512
#define CBX_VECTOR_NONE 513

/** The direct map of memory, the host's kernel, and where more code goes. */
#define CBX_DIRECT_VA	 CBX_U64(0xffff800000000000)
#define CBX_KERNEL_VA	 CBX_U64(0xffffffff80000000)
#define CBX_MODULE_VA	 CBX_U64(0xffffffffc0000000)
#define CBX_MODULE_PAGES 2048u

/** Backend gates. */
#define CBX_PKS_MEMORY	      0x1000 /* index: ret first, count, kind, pages */
#define CBX_PKS_TRAP_ENTRY    0x1001 /* address, stack */
#define CBX_PKS_CONSOLE	      0x1002 /* length to 40, text in five words */
#define CBX_PKS_TABLE_DECLARE 0x1003 /* page, level */
#define CBX_PKS_TABLE_REMOVE  0x1004 /* page */
#define CBX_PKS_TABLE_UPDATE  0x1005 /* table, index, entry */
#define CBX_PKS_TABLE_BATCH \
	0x1006			   /* table, index, count, page, offset:
				      * ret how many were written */
#define CBX_PKS_TABLE_SPLIT 0x1007 /* table, index, page */
#define CBX_PKS_ROOT_LOAD   0x1008 /* page */
#define CBX_PKS_FLUSH	    0x1009 /* CBX_PKS_FLUSH_*, address or token */
#define CBX_PKS_STOP	    0x100a /* this CPU is done */
#define CBX_PKS_CPU_START   0x1010 /* cpu, entry, argument for rdi */
#define CBX_PKS_TIMER	    0x1011 /* ns from now, vector; 0: none */
#define CBX_PKS_IPI	    0x1012 /* cpu, vector */
#define CBX_PKS_IRQ	    0x1013 /* line, vector, cpu, CBX_PKS_IRQ_* */
#define CBX_PKS_CR	    0x1014 /* 0 or 4, value */
#define CBX_PKS_MSR	    0x1015 /* number, value */
#define CBX_PKS_CODE_LOAD   0x1016 /* address, first page, count to 4 */
#define CBX_PKS_CODE_UNLOAD 0x1017 /* as it was loaded */
#define CBX_PKS_LAST	    0x1032 /* those of pci.h included */

/** Of a line; a level-triggered one is masked when its interrupt was taken,
 * until it is set again. */
#define CBX_PKS_IRQ_MASKED 1
#define CBX_PKS_IRQ_LEVEL  2
#define CBX_PKS_IRQ_LOW	   4 /* active low */

/** What to flush: this CPU's translations, or those of one address; every
 * CPU's, with a token in ret that says whether it has been done. */
#define CBX_PKS_FLUSH_OWN     0
#define CBX_PKS_FLUSH_ADDRESS 1
#define CBX_PKS_FLUSH_ALL     2
#define CBX_PKS_FLUSH_DONE    3

#ifndef __ASSEMBLER__

#include <base/types.h>
#include <base/upcall.h>
#include <hal/hal.h>

#include <arch/x86_64/boot.h>
#include <hal/pks-vm/pure/frame.h>
#include <hal/pks-vm/pure/scan.h>

/** What the host finds when it is trapped. */
struct cbx_pks_trap {
	uint64_t busy; /* set by the monitor, cleared by the host */
	uint64_t vector;
	uint64_t error;
	uint64_t cr2;
	struct cbx_regs regs;
	uint64_t cs; /* of these registers: the kernel's or the user's */
};

/** What the monitor knows of the host on this CPU; behind its key. */
struct cbx_pks_host {
	uint64_t resume; /* stack pointer of cbx_pks_enter */
	uint64_t came;	 /* SSP it stopped with, of the gate and ring 0 */
	struct cbx_regs regs;
	uint64_t vector; /* why it stopped: CBX_VECTOR_*, or a vector */
	uint64_t error;
	uint64_t cr2;
	uint64_t cs;	   /* of regs; only whether it is a user's matters */
	uint64_t ssp;	   /* it goes on with */
	uint64_t user_ssp; /* and after a trap of its user mode */
	uint64_t trap_entry;
	uint64_t trap_stack;
	uint64_t root;	     /* address of the root this CPU runs the host on */
	bool running;	     /* there is a host */
	bool crashed;	     /* it faulted where it takes no fault */
	uint64_t pending[4]; /* vectors kept for it */
	uint64_t timer_at;   /* ns when its timer is due; 0: never */
	uint64_t timer_vector;
	uint64_t cr4; /* bits it has set beyond the monitor's */
};
CBX_AT(CBX_HOST_RESUME, 8, cbx_pks_host, resume);
CBX_AT(CBX_HOST_CAME, 8, cbx_pks_host, came);
CBX_AT(CBX_CPU_REGS, 0x90, cbx_pks_host, regs);
CBX_AT(CBX_CPU_VECTOR, 8, cbx_pks_host, vector);
CBX_AT(CBX_CPU_ERROR, 8, cbx_pks_host, error);
CBX_AT(CBX_CPU_CR2, 8, cbx_pks_host, cr2);
CBX_AT(CBX_CPU_CS, 8, cbx_pks_host, cs);

static inline struct cbx_pks_host *cbx_pks_host(void)
{
	return CBX_CPU_HERE(CBX_CPU_HAL_PAGE);
}
static inline void *cbx_pks_scratch(uint64_t offset) /* in its page */
{
	return (uint8_t *)CBX_CPU_HERE(CBX_CPU_SCRATCH_PAGE) + offset;
}

/** The shadow stack the host goes on with (shadow.c): by the exit stack; one
 * step down, with what its IRETQ compares, @return false when there is no room;
 * as it stopped. */
void cbx_pks_shadow_go(const struct cbx_pks_host *host);
bool cbx_pks_shadow_push(struct cbx_pks_host *host);
void cbx_pks_shadow_note(struct cbx_pks_host *host);

/** Run the host from the registers kept until it stops; gate.S. */
void cbx_pks_enter(void);

/** The lock of the table rules (pure/table.h); held for as long as one gate
 * takes. */
void cbx_pks_table_take(void);
void cbx_pks_table_drop(void);

/** Pages that are the HAL's own, zeroed, from the number returned on. */
uint64_t cbx_pks_carve(uint64_t count);

/** Build the direct map and the root of the first CPU. @param home  address
 * of the root with the monitor's half only */
void cbx_pks_direct_start(uint64_t home, uint64_t page_count);

/** Build the other CPUs' roots, when the first is complete. */
void cbx_pks_roots_start(const struct cbx_x86_boot *boot);

/** The gates' arguments; E_DENIED: not on the list. */
CBX_MUST_CHECK enum cbx_status cbx_pks_cr_write(uint64_t cr, uint64_t value);
CBX_MUST_CHECK enum cbx_status cbx_pks_msr_write(uint64_t msr, uint64_t value);

/** The host's bits of CR4 go with its root. */
void cbx_pks_cr4_switch(bool host);

/** Address of this CPU's root for the host. */
uint64_t cbx_pks_root(void);

/** Write a word of a table of the monitor's, for CPUs and the IOMMU.
 * @return what it was */
uint64_t cbx_pks_put(struct cbx_pfn table, uint64_t index, uint64_t entry);

/** Let an IOMMU that does not look into the CPU's caches see whole pages. */
void cbx_pks_write_back(struct cbx_pfn first, uint64_t count);

/** The direct map's table of level 3, which has all of it; its first entry is
 * page 0's. */
struct cbx_pfn cbx_pks_direct_top(void);

/** Map a page of the host kernel's image, or of its modules. @param flags  of
 * the entry; 0 with page 0: none */
void cbx_pks_kernel_map(uint64_t va, struct cbx_pfn pfn, uint64_t flags);

/** The entry of one of the modules' pages. */
uint64_t cbx_pks_kernel_entry(uint64_t va);

/** CODE_LOAD and CODE_UNLOAD. */
CBX_MUST_CHECK enum cbx_status cbx_pks_code(const struct cbx_call *call);

/** This CPU's root takes the entries of a declared one, which is held as long,
 * or loses them.  @return as cbx_table_root_hold */
CBX_MUST_CHECK enum cbx_status cbx_pks_root_take(struct cbx_pfn root);
void cbx_pks_root_drop(void);

/** Feed @p size bytes of a page, which lie in it, to a scan.
 * @return whether there is a finding */
bool cbx_pks_scan(struct cbx_scan *scan, struct cbx_pfn pfn, uint64_t offset,
	size_t size, struct cbx_scan_finding *finding);

/** Let the host's image in, if there is one and it may run; after that the
 * host begins at its entry. */
void cbx_pks_load(const struct cbx_x86_boot *boot);

/** Where to go on when an interrupt came at @p rip of the monitor's text while
 * the host's rights held: there, or where the rights are opened again; 0 when
 * the MSR that @p rcx names was written by a jump. */
uint64_t cbx_pks_site_restart(uint64_t rip, uint64_t rcx);

/** Whether an MSR was written there, and its number not yet compared: the host
 * must not be told of an exception. */
bool cbx_pks_site_holds(uint64_t rip);

/** From now on the instructions of privileged.S can be executed only while
 * one of the functions of machine.h runs.  @pre cbx_pks_direct_start */
void cbx_pks_lock(void);

/** Drop every translation of this CPU's. */
void cbx_pks_flush(void);

#endif
#endif
