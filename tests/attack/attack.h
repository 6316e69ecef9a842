/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks: victims, what an attacker can try beside gates, and the oracle that
 * every attack shares.
 *
 * A test is named by its id in the list of attacks, attack_m01_...; the table
 * is attack.def.
 */
#ifndef CBX_TESTS_ATTACK_ATTACK_H
#define CBX_TESTS_ATTACK_ATTACK_H

#include <base/desk.h>

#include "support/ask.h"
#include "support/cpus.h"
#include "support/machine.h"

/** Declares every test of the table; a backend has those it runs. */
#define ALL(group, number, test) __attribute__((weak)) void test(void **state);
#define PKS(group, number, test) ALL(group, number, test)
#define SNP(group, number, test) ALL(group, number, test)
#define ATTACK(group, number, test, mock, linux, pks, snp) \
	ALL(group, number, test)
#define NONE(group, number, reason)
#define ALSO(backend, group, number, where)
#include "attack/attack.def"
#undef ALL
#undef PKS
#undef SNP
#undef ATTACK
#undef NONE
#undef ALSO

/** Where a victim keeps its secret, in its first data page. */
#define ATTACK_SECRET_OFFSET 0x800u
#define ATTACK_SECRET_VA     (MACHINE_DATA + ATTACK_SECRET_OFFSET)
#define ATTACK_SECRET_WORDS  4u
extern const uint64_t attack_secret[ATTACK_SECRET_WORDS];

/** A READY box that holds the secret. */
void attack_victim(struct machine_box *box);

/** Write the secret into box memory, as the box. */
void attack_hide(struct machine_box *box, uint64_t va);

/**
 * The common oracle: the victim's bytes are unchanged, the host finds them
 * nowhere, no reply carries them, its pages are in nobody else's reach, and
 * the monitor lives.
 */
void attack_unharmed(const struct machine_box *victim);

/** The host finds no word of the secret anywhere. */
void attack_unseen(void);

/** Whether a reply carries a word of the secret. */
bool attack_tells(const struct cbx_reply *reply);

/** The host asks its hypervisor for pages shared or private (PAGE_STATE). */
struct cbx_reply attack_page_state(uint64_t pfn, uint64_t count, bool shared);

/** The host tries to read and to write the page; neither gets anywhere. */
void attack_untouchable(uint64_t pfn);

/** Every invariant of the machine and the core. */
void attack_sound(void);

/** A page of the host's that holds a policy. */
uint64_t attack_policy(void);

/** Pages a box owns in @p state, one after the other: start with UINT64_MAX.
 * @return the next one, or UINT64_MAX */
uint64_t attack_next_page(
	uint64_t handle, enum cbx_page_state state, uint64_t pfn);

/** Whatever the space translates to is the box's, or COMMON. */
void attack_translates_own(uint64_t handle, uint64_t space);

/** A template (machine_lender) and a BUILDING box that borrows of it. */
void attack_borrow(struct machine_box *lender, struct machine_box *borrower);

/** The lender's pages hold what they held. */
void attack_lent_unchanged(const struct machine_box *lender);

/** A call as thread 0 of the box that has to be answered with the status. */
#define box_refuse(status_, box, NAME, ...) \
	assert_int_equal(in_box(box, NAME, __VA_ARGS__).status, CBX_##status_)

/** A call as thread 0 of the box that has to succeed. @return its ret[0] */
uint64_t attack_box_must(struct machine_box *box, uint64_t id,
	const uint64_t arg[CBX_CALL_ARGS]);
#define box_must(box, NAME, ...)                \
	attack_box_must((box), CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/** Have thread 0 of the box spin on another CPU; returns when it does.  The
 * exit is in box->exit once cpus_join() returned. */
void attack_spin_on(uint32_t cpu, struct machine_box *box);

/** From another CPU kick the box again and again, until told to end. */
void attack_kicks(uint32_t cpu, uint64_t handle);
void attack_kicks_end(uint32_t cpu);

/** This backend can try the attack, this system cannot show it: skip it. */
_Noreturn void attack_skip(const char *reason);

/** M27's other half, where a step can be left half done. */
void attack_halves(void);

/** H11: what the host can send this CPU, which is inside a gate, is here. */
void attack_strike(void);

/** No flush of a box's translations completes, until told otherwise. */
void attack_flushes_hold(bool hold);

/** The attack gets through, and the backend says so: it does not count as
 * refused, nor as skipped. */
void attack_admits(const char *reason);

/** Start over with room for hundreds of boxes. */
void attack_room(void);

/** Whether the box was ended by what it did last; checks that the host learns
 * no more than it may. */
bool attack_ended(struct machine_box *box);

#endif
