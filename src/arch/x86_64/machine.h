/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What src/arch/x86_64 and a HAL that uses it want of each other, beyond
 * arch.h and hal.h.
 *
 * Entry stubs.  Every vector and `syscall` enter a stub of entry.S.  It saves
 * rax, rcx and rdx (on the vector's entry stack, or in the scratch words), opens
 * the monitor's rights by WRMSR PKRS with constants that are checked again
 * afterwards, clears IF, DF and AC, and only then looks at cbx_x86_cpu()->mode
 * (doc/pks-vm.md has the argument):
 *
 *   BOX      the frame is genuine: no other CPU can reach this window, and the
 *            host does not run here.  Registers go to cbx_x86_cpu()->box, the
 *            entry stack is wiped, cbx_x86_enter returns.
 *   MONITOR  genuine, too.  An NMI or #HV is counted (cbx_x86_cpu()->nmis) and
 *            returns; anything else is fatal.  So that none is overlooked, the
 *            ways into a box, into the host and into HLT look whether the HAL
 *            has heard of all (nmis_seen) and do not go on otherwise; an NMI
 *            after that look returns to where it has failed.
 *   HOST     nothing but the mode is to be believed: the host may have jumped
 *            to any byte of the stub, with any registers, on any stack, having
 *            written the entry stack itself.  The stub jumps to
 *            cbx_x86_host_trap or cbx_x86_host_syscall.
 *
 * PKRS is CBX_PKRS_MONITOR while a box runs: it does not concern user pages.
 * Where ring 0 is the monitor's alone (sev/backend.h), there are no rights to
 * open, and never mode HOST.
 */
#ifndef CBX_ARCH_X86_64_MACHINE_H
#define CBX_ARCH_X86_64_MACHINE_H

#include <arch/x86_64/state.h>

/*
 * The HAL's.
 */

/**
 * Where the stubs go in mode HOST: labels, not functions.
 *
 * The mode is MONITOR now, rights are open, interrupts off, DF and AC clear.
 * rcx is CBX_CPU_STATE_VA; rdx, for a trap, the top of the vector's entry stack, below which lie
 * CBX_FRAME_*; for a system call the scratch words' address.  rax is lost.
 * The other registers are the interrupted code's, rsp included (system call)
 * or somewhere on the entry stack (trap): to be switched before use.
 */
void cbx_x86_host_trap(void);
void cbx_x86_host_syscall(void);

/** The two ways into the host: an NMI in [from, to), which the monitor takes,
 * returns to out. */
extern const uint8_t cbx_x86_host_enter_from[];
extern const uint8_t cbx_x86_host_enter_to[];
extern const uint8_t cbx_x86_host_enter_out[];
extern const uint8_t cbx_x86_host_leave_from[];
extern const uint8_t cbx_x86_host_leave_to[];
extern const uint8_t cbx_x86_host_leave_out[];

/**
 * The stretch of a prologue that opens rights, for the HAL's stubs in mode HOST:
 * an NMI whose interrupted RIP lies in [written, end) finds rights open that it
 * must not give back.  If RIP is before compared and the interrupted ecx is not
 * CBX_MSR_PKRS, the machine has been misused (cbx_x86_misused); else the NMI
 * returns to restart, with the host's rights.
 */
struct cbx_x86_window {
	uint64_t restart;  /* loads the constants */
	uint64_t written;  /* after WRMSR */
	uint64_t compared; /* its number was the constant */
	uint64_t end;	   /* the mode is MONITOR */
};
/** All of section .rodata.windows, the HAL's among them. */
extern const struct cbx_x86_window cbx_x86_windows[];
extern const struct cbx_x86_window cbx_x86_windows_end[];

/** An interrupt was taken while a box ran: acknowledge it, keep it for the
 * host.  @param vector  2 or 28 (counted already), 18 or at least 32 */
void cbx_x86_interrupt(uint32_t vector);

/*
 * The arch's.
 */

/**
 * Set this CPU up: descriptor tables, entry points, control registers,
 * extended state.
 *
 * @pre it runs on its home root, whose window is mapped;
 *      cbx_x86_cpu()->number, root and home are set
 */
void cbx_x86_cpu_init(void);

/** Where entry.S ends a fault of the monitor's own, and a WRMSR that wrote
 * something else; cbx_x86_misused is jumped to with any registers. */
_Noreturn void cbx_x86_own_fault(void);
_Noreturn void cbx_x86_own_misuse(void);
void cbx_x86_misused(void);

/** Nanoseconds since cbx_x86_clock_start, by the time stamp counter, which takes
 * @p counts steps in @p ns; cbx_x86_clock_init measures that first. */
void cbx_x86_clock_start(uint64_t counts, uint64_t ns);
void cbx_x86_clock_init(void);
uint64_t cbx_x86_clock_ns(void);

/** Stop until an NMI, or go on at once when the HAL has not heard of one. */
void cbx_x86_halt(void);

/** What this CPU can do for boxes: CBX_CAP_*. @pre cbx_x86_cpu_init */
uint64_t cbx_x86_caps(void);

/** An entry of a page table. */
uint64_t cbx_x86_entry_read(struct cbx_pfn table, uint64_t index);

/** This CPU is about to run on a root that is not the box root any more. */
void cbx_x86_space_leave(void);

/*
 * Instructions only the monitor may execute (privileged.S, section .locked).
 * The HAL decides how they are reached; until it locks that section they are
 * ordinary functions.
 */

/** Run on the page tables at @p root; drops every translation. */
void cbx_x86_root_load(uint64_t root);
void cbx_x86_msr_write(uint32_t msr, uint64_t value);
void cbx_x86_cr0_write(uint64_t value);
void cbx_x86_cr4_write(uint64_t value);
void cbx_x86_xcr0_write(uint64_t value);
void cbx_x86_tables_load(const void *gdtr, const void *idtr);
void cbx_x86_task_load(void);
/** Debug registers 0 and 7; nothing is recorded in 6.  Without a breakpoint: */
#define CBX_X86_WATCH_NOTHING 0x400
void cbx_x86_watch_write(uint64_t address, uint64_t control);

#endif
