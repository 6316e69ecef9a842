/* SPDX-License-Identifier: Apache-2.0 */
/* What this arch keeps in struct cbx_arch_vcpu. */
#ifndef CBX_ARCH_X86_64_VCPU_H
#define CBX_ARCH_X86_64_VCPU_H

#include <arch/arch.h>
#include <arch/x86_64/state.h>

/** Most bytes of extended state: x87, SSE, AVX, AVX-512 in XSAVE's standard
 * format.  Wider state is not enabled. */
#define CBX_XSTATE_BYTES_MAX 2688u
#define CBX_XSTATE_ALIGN     64u

/** Stack pages below the end of an up-call stack that count as that stack:
 * an up-call from there goes below it, from elsewhere to the end. */
#define CBX_UPCALL_STACK_BYTES (16u * CBX_PAGE_SIZE)

struct cbx_x86_vcpu {
	struct cbx_x86_trap trap; /* its registers, and why it stopped */
	uint64_t fs_base;
	uint64_t gs_base;
	uint64_t root; /* page number: the space */
	uint64_t entry;
	uint64_t stack;	      /* end of the up-call stack */
	uint64_t first_stack; /* where it began: the arch's own */
	struct cbx_reply reply;
	uint32_t flags; /* the space's */
	uint32_t pkru;
	bool call_due; /* a traced system call */
	bool deadline_due;
	uint32_t call_code;
	uint64_t deadline;
	uint8_t xstate[CBX_XSTATE_BYTES_MAX + CBX_XSTATE_ALIGN];
};
_Static_assert(sizeof(struct cbx_x86_vcpu) <= sizeof(struct cbx_arch_vcpu),
	"struct cbx_arch_vcpu");

static inline struct cbx_x86_vcpu *cbx_x86_vcpu(struct cbx_arch_vcpu *vcpu)
{
	return (struct cbx_x86_vcpu *)(void *)vcpu;
}

/** The context's extended state, aligned: its page is always mapped at the
 * beginning of a page. */
static inline uint8_t *cbx_x86_xstate(struct cbx_x86_vcpu *v)
{
	uintptr_t at = (uintptr_t)v->xstate + CBX_XSTATE_ALIGN - 1;

	return (uint8_t *)(at & ~(uintptr_t)(CBX_XSTATE_ALIGN - 1));
}

/** What a CPU has after reset. */
extern const struct cbx_x86_initial {
	uint8_t byte[512 + 64];
} cbx_x86_initial;

/** Enable the extended state boxes may have, on this CPU. */
void cbx_x86_xstate_init(void);

/** Bytes of it. */
extern uint64_t cbx_x86_xstate_bytes;

/** Whether the CPU has user keys: then the context's PKRU is its own, and 0
 * while the monitor runs. */
extern bool cbx_x86_user_keys;

/** Whether the context's policy lists what it may use. */
static inline bool cbx_x86_lists_features(const struct cbx_x86_vcpu *v)
{
	return (v->flags & ~0u << CBX_SPACE_FEATURES_SHIFT) != 0;
}

/** What a policy that lists something does not list is off (components of the
 * extended state, the time stamp counter) until the matching end.
 * @return what the end wants */
uint64_t cbx_x86_features_begin(const struct cbx_x86_vcpu *v);
void cbx_x86_features_end(uint64_t before);

/** Give the context the state of a CPU after reset, with Linux's words where
 * XSAVE leaves room for them. */
void cbx_x86_xstate_reset(struct cbx_x86_vcpu *v);

/**
 * Enter the runtime when the context next runs.
 *
 * The frame on the up-call stack is that of a Linux signal, so that one
 * runtime serves both: rdi struct cbx_upcall, rsi struct cbx_regs, rdx the
 * ucontext that holds them and points to the extended state.
 *
 * @pre the context's space is loaded, its entry is not 0, its extended state
 *      is saved
 *
 * @param trap  why the program stopped: error, cr2 for the frame
 * @return false when the frame cannot be written
 */
CBX_MUST_CHECK bool cbx_x86_upcall(struct cbx_x86_vcpu *v,
	const struct cbx_upcall *upcall, const struct cbx_x86_trap *trap);

/** Run box code with the registers at cbx_x86_cpu()->box until it traps; what it
 * did and its registers are there afterwards.  entry.S. */
void cbx_x86_enter(void);

#endif
