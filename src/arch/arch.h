/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU that runs boxes: address spaces and box CPU contexts.
 *
 * The same rules as hal.h: a status means all or nothing, a range reports
 * *done, nothing here calls the core.  Calls on one space are made under the
 * core's gate lock, except cbx_arch_vcpu_run, which is made without it (and,
 * for the keeper's context only, with it).
 *
 * Translations live in table pages (META) that the core hands to the space;
 * only the monitor can write them, so they are where a box address is looked
 * up, too.
 */
#ifndef CBX_ARCH_ARCH_H
#define CBX_ARCH_ARCH_H

#include <base/types.h>
#include <base/upcall.h>

/** Storage of a space inside its META page; the arch's own. */
struct cbx_arch_space {
	uint64_t word[64];
};

/** Storage of a box CPU context inside its thread's META page. */
struct cbx_arch_vcpu {
	uint64_t word[440];
};

/** A translation. */
struct cbx_mapping {
	struct cbx_pfn pfn;
	struct cbx_rights rights;
};

/** Space flags, the policy's. */
#define CBX_SPACE_TRACE CBX_POLICY_TRACE /* every system call exits */
#define CBX_SPACE_CPUID CBX_POLICY_CPUID /* CPUID faults */
/** From this bit on: CBX_FEATURE_* its contexts may use, or 0. */
#define CBX_SPACE_FEATURES_SHIFT 8u

/**
 * Make an empty address space.
 *
 * @param space  zeroed
 * @param table  a zeroed META page: the root table
 *
 * @retval CBX_OK          no address is mapped
 * @retval CBX_E_HARDWARE  refused (linux: no process to be had)
 */
CBX_MUST_CHECK enum cbx_status cbx_arch_space_create(
	struct cbx_arch_space *space, struct cbx_pfn table, uint32_t flags);

/**
 * End the space for the CPU: from a completed flush on, nothing runs in it and
 * nothing translates through it.  Its tables still answer lookup, next, unmap
 * and table_take, so that the core can drain them.
 *
 * @pre no vcpu of it is running
 */
void cbx_arch_space_destroy(struct cbx_arch_space *space);

/** Table pages that must be given before @p count pages can be mapped at
 * @p va; exact. */
uint64_t cbx_arch_space_tables(
	const struct cbx_arch_space *space, struct cbx_va va, uint64_t count);

/** Give the space a zeroed META page for its tables. */
void cbx_arch_space_table_give(
	struct cbx_arch_space *space, struct cbx_pfn table);

/**
 * Take back one table page that a living space was given and has no use for;
 * the one given last first.
 *
 * @return false when there is none that no CPU can still walk
 */
bool cbx_arch_space_spare_take(
	struct cbx_arch_space *space, struct cbx_pfn *table);

/**
 * Take back one table page of a destroyed and drained space, root last.
 *
 * @return false when there is none left
 */
bool cbx_arch_space_table_take(
	struct cbx_arch_space *space, struct cbx_pfn *table);

/**
 * Map pages pfn, pfn + 1, ... at va, va + 1 page, ...; in place of what is
 * mapped there, which other CPUs may use until a flush started afterwards
 * completes.
 *
 * @param rights  at least one bit.  W means R, too, where the CPU cannot tell
 *                them apart; so does X without CBX_CAP_BOX_EXECUTE_ONLY
 *
 * @pre all of it is mapped, or nothing, and the tables needed were given
 *
 * @retval CBX_OK          all mapped
 * @retval CBX_E_HARDWARE  page *done was refused: there is what was there
 */
CBX_MUST_CHECK enum cbx_status cbx_arch_space_map(struct cbx_arch_space *space,
	struct cbx_va va, struct cbx_pfn pfn, uint64_t count,
	struct cbx_rights rights, uint64_t *done);

/**
 * Remove translations.  Other CPUs may use them until a flush started
 * afterwards completes.
 *
 * @pre every page of the range is mapped
 *
 * @retval CBX_OK          all removed
 * @retval CBX_E_HARDWARE  page *done was refused and is still mapped
 */
CBX_MUST_CHECK enum cbx_status cbx_arch_space_unmap(
	struct cbx_arch_space *space, struct cbx_va va, uint64_t count,
	uint64_t *done);

/** Change rights; as cbx_arch_space_unmap, for what is taken away. */
CBX_MUST_CHECK enum cbx_status cbx_arch_space_protect(
	struct cbx_arch_space *space, struct cbx_va va, uint64_t count,
	struct cbx_rights rights, uint64_t *done);

/** The translation of the page at @p va. @return false when there is none */
bool cbx_arch_space_lookup(const struct cbx_arch_space *space, struct cbx_va va,
	struct cbx_mapping *mapping);

/**
 * The first translation at or after *va.
 *
 * @param[in,out] va  where to start; where it was found
 * @return false when there is none
 */
bool cbx_arch_space_next(const struct cbx_arch_space *space, struct cbx_va *va,
	struct cbx_mapping *mapping);

/** Start dropping stale translations of the space.  Tokens grow from 1; token
 * 0 is always flushed. */
uint64_t cbx_arch_space_flush(struct cbx_arch_space *space);
bool cbx_arch_space_flushed(const struct cbx_arch_space *space, uint64_t token);

/** Where a box CPU context begins. */
struct cbx_vcpu_start {
	uint64_t entry;
	uint64_t stack;
	uint64_t arg; /* first argument register */
};

/**
 * Make a context that will begin at @p start in @p space, every other
 * register at its architectural reset value.
 *
 * @param vcpu  zeroed
 *
 * @retval CBX_OK          it can run
 * @retval CBX_E_HARDWARE  refused
 */
CBX_MUST_CHECK enum cbx_status cbx_arch_vcpu_init(struct cbx_arch_vcpu *vcpu,
	struct cbx_arch_space *space, const struct cbx_vcpu_start *start);

/** End a context that is not running; its registers are scrubbed. */
void cbx_arch_vcpu_fini(struct cbx_arch_vcpu *vcpu);

/** Why a context stopped running. */
enum cbx_stop_kind {
	CBX_STOP_GATE,	      /* made a gate call */
	CBX_STOP_TRACE,	      /* CBX_SPACE_TRACE: call is the program's system
			       * call; run again to deliver it as an up-call */
	CBX_STOP_FAULT,	      /* a fault with no up-call entry to take it */
	CBX_STOP_INTERRUPTED, /* kicked, or an interrupt the HAL took */
	CBX_STOP_LOST,	      /* it can never run again */
};

/** Why, and what for. */
struct cbx_stop {
	enum cbx_stop_kind kind;
	struct cbx_call call;  /* GATE, TRACE: copied once from its registers */
	enum cbx_fault fault;  /* FAULT */
	struct cbx_va address; /* FAULT */
};

/**
 * Run a context on this CPU until it stops.  Extended state is switched and
 * scrubbed; nothing of it stays in a register.
 *
 * @param      reply  answer to its last GATE; NULL when there is none
 * @param[out] stop   why it stopped
 */
void cbx_arch_vcpu_run(struct cbx_arch_vcpu *vcpu,
	const struct cbx_reply *reply, struct cbx_stop *stop);

/** Where system calls and faults of the program enter the runtime; entry 0
 * makes them stop the context instead.
 * @param stack  the end of a stack for it; an arch that has a stack of its own
 *               (linux: the signal stack) ignores it */
void cbx_arch_vcpu_upcall_entry(
	struct cbx_arch_vcpu *vcpu, uint64_t entry, uint64_t stack);

/** Enter the runtime with @p kind and @p value when the context next runs. */
void cbx_arch_vcpu_upcall(
	struct cbx_arch_vcpu *vcpu, enum cbx_upcall_kind kind, uint64_t value);

#endif
