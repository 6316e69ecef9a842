/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes: their life, what they own, their reserve.
 *
 * A box is a META page, the root; its handle is that page's number.  Spaces
 * and threads are META pages, too.  A held object is a mapped page plus a type
 * that says so; whoever holds one drops it.
 *
 * Everything here is called under the gate lock.
 */
#ifndef CBX_CORE_DOMAIN_H
#define CBX_CORE_DOMAIN_H

#include <arch/arch.h>
#include <base/desk.h>
#include <base/types.h>
#include <core/page.h>
#include <hal/hal.h>

enum cbx_domain_state {
#define STATE(NAME, text) CBX_DOMAIN_##NAME,
#include <core/domain.def>
#undef STATE
	CBX_DOMAIN_STATES
};

/** Why a box moves. */
enum cbx_domain_event {
	CBX_DOMAIN_DO_CREATE,
	CBX_DOMAIN_DO_FINALIZE,
	CBX_DOMAIN_DO_CONFINE,
	CBX_DOMAIN_DO_LEND,
	CBX_DOMAIN_DO_END,
	CBX_DOMAIN_DO_DESTROY,
	CBX_DOMAIN_EVENTS
};

/** Where a box goes by @p event; CBX_DOMAIN_EMPTY from any state but DYING
 * means: nowhere. */
enum cbx_domain_state cbx_domain_next(
	enum cbx_domain_state state, enum cbx_domain_event event);

/** Pages linked through their entries, first in, first out. */
struct cbx_page_list {
	uint32_t head, tail; /* CBX_NO_LINK when empty */
	uint64_t count;
};

/** Most threads, and most spaces, one policy may allow. */
#define CBX_THREADS_MAX 1024u

/** A thread whose exit a host still serves: it goes on when the CPU comes back
 * that it left on, so that what other threads then do comes after. */
struct cbx_left {
	uint32_t thread; /* handle */
	uint64_t buffer; /* of the CPU */
};

/** Most CPUs of one box for which that holds. */
#define CBX_LEFT_MAX   16u
#define CBX_LEFT_FIRST 1024u /* times that who comes back goes first */

struct cbx_digest {
	uint8_t byte[CBX_DIGEST_BYTES];
};

/** What the core knows of a box: its root page. */
struct cbx_domain {
	uint32_t self; /* handle */
	uint32_t state;
	uint64_t number; /* no other box has, or had, it */
	struct cbx_policy policy;
	struct cbx_digest policy_digest; /* the measurement's first value */
	struct cbx_digest measurement;
	struct cbx_digest runtime; /* of what is at CBX_RUNTIME_VA alone */
	struct cbx_digest input_digest;
	uint64_t input_bytes;
	struct cbx_signer signer; /* has_signer: holds */
	struct cbx_session session;

	uint64_t page_count;   /* pages it owns, this one included */
	uint32_t shared_count; /* windows, also while they are leaving */
	uint32_t running;      /* CPUs inside it */
	uint32_t idle;	       /* CPUs told IDLE that did not come back yet */
	uint32_t asks; /* threads that wait for the host: INPUT, FORWARD */
	uint32_t last_space; /* of the thread that left last: what PEEK reads */
	bool keeper;	     /* is not measured; out of the host's reach */
	bool tainted;
	bool was_confined;
	bool client_complete; /* the client's data is all here */
	bool has_signer;
	bool ended;	/* never runs again: DYING, or will be at end_wake */
	bool spoiled;	/* a page is in, its measurement is not */
	bool borrowing; /* the last lender's pages are not all in */
	uint32_t borrowers; /* TEMPLATE: boxes that may map its pages */
	uint32_t lender_count, lender[CBX_LENDERS_MAX];
	struct cbx_va
		cursor; /* TEMPLATE: lends; borrowing: has what is below */

	struct cbx_page_list reserve;
	struct cbx_page_list spaces; /* the one it was created with first */
	struct cbx_page_list threads;
	uint32_t next_thread; /* where the search for a runnable one starts */
	uint32_t left_count, came_back;
	struct cbx_left left[CBX_LEFT_MAX];

	uint64_t frame_wake; /* when the latest output may go, ticks */
	uint64_t end_wake;   /* CONFINED: when its end is told; 0: it lives */
	uint64_t end_status;
	uint32_t end_reason; /* enum cbx_end_reason */
};
_Static_assert(sizeof(struct cbx_domain) <= CBX_PAGE_SIZE, "fits its page");

/** One address space of a box. */
struct cbx_space {
	uint32_t self;
	uint32_t owner;
	uint32_t thread_count;
	bool ended;	/* destroyed for the CPU, not yet drained */
	uint64_t given; /* tables the call in progress gave */
	uint64_t end_token;
	uint64_t protect_token; /* of the last time rights were taken away */
	uint64_t last_token;	/* newest token seen, to widen stored halves */
	struct cbx_page_list leaving;
	struct cbx_arch_space arch;
};
_Static_assert(sizeof(struct cbx_space) <= CBX_PAGE_SIZE, "fits its page");

enum cbx_thread_state {
	CBX_THREAD_RUNNABLE,
	CBX_THREAD_RUNNING,
	CBX_THREAD_PARKED,
	CBX_THREAD_WAITING, /* for BOX_REPLY or BOX_CONFINE */
	CBX_THREAD_HELD,    /* confined output that waits for its time step */
};

/** What a WAITING or HELD thread asked for. */
enum cbx_ask {
	CBX_ASK_NOTHING,
	CBX_ASK_INPUT,
	CBX_ASK_CLIENT,
	CBX_ASK_FORWARD,
	CBX_ASK_OUTPUT, /* done unless a reply says otherwise */
};

/** One thread of a box. */
struct cbx_thread {
	uint32_t self;
	uint32_t owner;
	uint32_t space;
	uint32_t state;
	uint32_t cpu;  /* RUNNING: where */
	bool permit;   /* an unpark that nobody waited for */
	bool answered; /* reply answers its last gate call */
	uint32_t ask;
	struct cbx_va buffer; /* of the ask */
	uint64_t capacity;    /* of the buffer, bytes */
	uint64_t filled;      /* CLIENT: bytes delivered so far */
	uint64_t wake;	      /* PARKED, HELD: ticks; 0: never by itself, or
			       * in another state */
	uint32_t port;	      /* HELD: of the output */
	uint64_t deadline;    /* ticks of its up-call; 0 = none */
	struct cbx_reply reply;
	struct cbx_arch_vcpu vcpu;
};
_Static_assert(sizeof(struct cbx_thread) <= CBX_PAGE_SIZE, "fits its page");

/** Hold a box, for this CPU, until cbx_domain_drop.
 * @return NULL when @p handle is not one */
struct cbx_domain *cbx_domain_hold(uint64_t handle);
static inline void cbx_domain_drop(const struct cbx_domain *d)
{
	cbx_hal_page_unmap(d);
}

/** What the box's policy means for its spaces: CBX_SPACE_*. */
uint32_t cbx_space_flags(const struct cbx_domain *d);

/** Make a POOL page, or a page of the reserve, META of @p owner. */
void cbx_meta_make(uint64_t pfn, uint32_t owner, enum cbx_page_detail kind);

/** Begin a space in its META page, without hardware. */
void cbx_space_start(uint32_t pfn, uint32_t owner);

/** Map a META page of @p owner that holds an object of @p kind.
 * @return NULL when @p handle is not one */
void *cbx_meta_hold(uint64_t handle, uint32_t owner, enum cbx_page_detail kind);

/** Hold a space (thread) of @p d. @return NULL when @p handle is not one */
struct cbx_space *cbx_space_hold(const struct cbx_domain *d, uint64_t handle);
static inline void cbx_space_drop(const struct cbx_space *space)
{
	cbx_hal_page_unmap(space);
}
static inline struct cbx_thread *cbx_thread_hold(
	const struct cbx_domain *d, uint64_t handle)
{
	return cbx_meta_hold(handle, d->self, CBX_META_THREAD);
}
static inline void cbx_thread_drop(const struct cbx_thread *thread)
{
	cbx_hal_page_unmap(thread);
}

/**
 * Make two POOL pages a box and its first address space, BUILDING.
 *
 * The space has no table yet: the first grant gives it one.
 *
 * @param policy  already read from the caller
 *
 * @retval CBX_OK         pfn is its handle
 * @retval CBX_E_INVALID  the policy is malformed, or the pages are one
 * @retval CBX_E_UNSUPPORTED  it asks what this machine has not
 * @retval CBX_E_STATE    a page is not POOL
 */
CBX_MUST_CHECK enum cbx_status cbx_domain_create(
	uint64_t pfn, uint64_t space, const struct cbx_policy *policy);

/** Perform a move of its life. @pre cbx_domain_next allows it */
void cbx_domain_move(struct cbx_domain *d, enum cbx_domain_event event);

/** End a box: it never runs again, CPUs are kicked.  It is DYING from now on;
 * a confined one that was not killed when its end may be told.  The first end
 * is the one that counts. */
void cbx_domain_end(
	struct cbx_domain *d, enum cbx_end_reason reason, uint64_t status);

/** What may be said of it: CBX_BOX_*. */
uint32_t cbx_domain_flags(const struct cbx_domain *d);

/** Kick the CPU that runs a thread, or each that runs one of the box; not this
 * one: it is out already, and the kick would hit whatever it runs next. */
void cbx_thread_kick(const struct cbx_thread *thread);
void cbx_domain_kick(const struct cbx_domain *d);

/** Whether the box was ever granted a page: only then its first space has a
 * table, and the arch knows it. */
bool cbx_domain_granted(const struct cbx_domain *d);

/** Give the box POOL pages as reserve.
 * @retval CBX_OK         all of them
 * @retval CBX_E_INVALID  the range is empty, too long or out of bounds
 * @retval CBX_E_STATE    page *done is not POOL
 * @retval CBX_E_HARDWARE the first space could not be made (nothing granted) */
CBX_MUST_CHECK enum cbx_status cbx_domain_grant(
	struct cbx_domain *d, uint64_t pfn, uint64_t count, uint64_t *done);

/** End the threads and spaces of a DYING box, a bounded number a call.
 * @retval CBX_OK          none is left
 * @retval CBX_E_BUSY      not finished; repeat
 * @retval CBX_E_HARDWARE  an unmapping was refused; repeat */
CBX_MUST_CHECK enum cbx_status cbx_domain_tear_down(struct cbx_domain *d);

#endif
