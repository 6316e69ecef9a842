/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core on the mock machine, ready to be tested: a booted machine with a
 * keeper, gate calls as one line, boxes in one call, and the invariants.
 *
 * A box made here runs scripts: in_box() makes one gate call as a thread of
 * the box, by way of BOX_ENTER, and returns its reply.
 */
#ifndef CBX_TESTS_SUPPORT_MACHINE_H
#define CBX_TESTS_SUPPORT_MACHINE_H

#include "support/check.h"

#include <core/gate.h>
#include <core/keeper.h>
#include <core/space.h>

/** Every entry of the page table obeys page.def; every box's counts agree with
 * it.  What does not hold stops the machine, as an assertion of the core's. */
void cbx_page_assert_all(void);
void cbx_domain_assert_all(void);

/** A test, named by a sentence; it runs on a machine of its own, with a
 * keeper. */
#define MACHINE(test) \
	cmocka_unit_test_setup_teardown(test, machine_up, machine_down)

#define MACHINE_PAGES 512u

/** Where a box made here has its code (one page, read and execute), its data
 * (two pages, read and write) and its up-call entry (in the code page's
 * neighbour, read and execute). */
#define MACHINE_CODE(box)  (0x400000ull + (box)->index * 0x10000ull)
#define MACHINE_DATA	   0x800000ull
#define MACHINE_DATA_PAGES 2u
#define MACHINE_FREE	   0x10000000ull /* nothing from here on */

#define MACHINE_THREADS 8u
#define MACHINE_RESERVE 24u

/** setup and teardown */
int machine_up(void **state);
int machine_down(void **state);

/** The mock and the core, without a keeper: the next box created is it. */
void machine_boot(const struct mock_options *options);

/** Build a keeper from the last RAM pages, and adopt it.  Its work is done by
 * src/keeper, linked into the test. */
void machine_keeper(void);

/** Pages machine_keeper() takes for good, off the end of RAM; it needs
 * CBX_IO_PAGES_MAX more, below them, until it returns. */
#define MACHINE_KEEPER_PAGES 84u

/** Down, then up again with options; a keeper only if @p keeper. */
void machine_again(const struct mock_options *options, bool keeper);

/** A host's gate call: gate(PAGE_DONATE, pfn, count). */
struct cbx_reply machine_gate(uint64_t id, const uint64_t arg[CBX_CALL_ARGS]);
#define gate(NAME, ...)               \
	machine_gate(CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/** The same, and it must succeed. @return its first result */
uint64_t machine_must(uint64_t id, const uint64_t arg[CBX_CALL_ARGS]);
#define must(NAME, ...)               \
	machine_must(CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })

/** The same, and it must answer @p status (without the CBX_). */
#define refuse(status_, NAME, ...) \
	assert_int_equal(gate(NAME, __VA_ARGS__).status, CBX_##status_)

/** The first of @p count HOST pages in a row that nobody uses yet. */
uint64_t machine_pages(uint64_t count);

/** From where on nobody uses HOST pages. */
void machine_pages_from(uint64_t first);

/** The same, donated: POOL. */
uint64_t machine_pool(uint64_t count);

/** Write bytes at the beginning of a HOST page, as the host. */
void machine_put(uint64_t pfn, const void *bytes, size_t size);

/** State of a page, as the core has it. */
enum cbx_page_state machine_state(uint64_t pfn);

/** A policy with which everything here works. */
struct cbx_policy machine_policy(void);

/** Numbers machine_policy() lets a box forward. */
#define MACHINE_FORWARD 41u

/** Beside a gate call or a touch: spin, with call.arg in registers, until it
 * is interrupted; make the system call call.id of the program. */
#define MACHINE_SPIN	0x100u
#define MACHINE_SYSCALL 0x200u

/** What one thread is to do, and what came of it. */
struct machine_script {
	enum {
		MACHINE_REST,
		MACHINE_CALL,
		MACHINE_WAIT,
		MACHINE_DONE
	} step;
	struct cbx_call call;
	struct cbx_reply reply;	  /* DONE: its answer */
	uint64_t upcalls;	  /* that began */
	struct cbx_upcall upcall; /* the last one */
	uint64_t address;	  /* READ, WRITE: what it is to touch first */
	unsigned int access;	  /* MOCK_ bit, MACHINE_SPIN, _SYSCALL, or 0 */
	uint64_t word;		  /* what it read, or is to write */
};

/** A box, and what was used for it. */
struct machine_box {
	uint64_t index;
	uint64_t handle;
	uint64_t thread;  /* the first one's handle */
	uint64_t reserve; /* first of the pages granted */
	uint64_t reserve_count;
	uint64_t code; /* page numbers */
	uint64_t data;
	uint64_t space;
	uint64_t mail; /* linux: its page of orders (boxcode.h) */
	uint64_t io;   /* HOST pages the host lends at BOX_ENTER */
	uint64_t io_count;
	struct cbx_reply exit;	  /* of the last BOX_ENTER */
	struct cbx_reply refused; /* the last exit REFUSED */
	struct machine_script script[MACHINE_THREADS]; /* by the argument the
							* thread began with */
};

/** Boxes made since machine_boot(): the next one's index. */
extern uint64_t machine_boxes;

/** A READY box. It must not move: its threads know where it is. */
void machine_box(struct machine_box *box);

/** A BUILDING box with reserve, code, data, one thread.
 * @param policy  NULL for machine_policy() */
void machine_building(struct machine_box *box, const struct cbx_policy *policy);

/** The same without data: it cannot be told what to do where boxes run
 * instructions. */
void machine_bare(struct machine_box *box, const struct cbx_policy *policy);

/** Where a lender has its two pages, read and write, and what their first words
 * are. */
#define MACHINE_LENT  0x18000000ull
#define MACHINE_WORD0 0x1eafu
#define MACHINE_WORD1 0x2eafu

/** A READY box as by machine_bare that may become a template; data is its first
 * page at MACHINE_LENT. */
void machine_lender(struct machine_box *box);

/** Make a host's call on a box until it is not busy; it must succeed. */
void machine_repeat(uint64_t id, uint64_t box, uint64_t other);
#define repeat(NAME, ...) machine_repeat(CBX_CALL_##NAME, __VA_ARGS__)

/** BOX_ENTER, its exit in box->exit. @return the exit's reason */
uint32_t machine_enter(struct machine_box *box);

/** Make a gate call as thread @p thread (the argument it began with) of the
 * box: enter until it has its answer, or the box leaves for a reason other
 * than INTERRUPTED, or every thread had its turn.  @return the answer; status
 * MACHINE_NO_ANSWER when there is none (box->exit says why) */
struct cbx_reply machine_in_box(struct machine_box *box, uint32_t thread,
	uint64_t id, const uint64_t arg[CBX_CALL_ARGS]);
#define in_thread(box, thread, NAME, ...)                \
	machine_in_box((box), (thread), CBX_CALL_##NAME, \
		(const uint64_t[CBX_CALL_ARGS]){ __VA_ARGS__ })
#define in_box(box, NAME, ...) in_thread(box, 0, NAME, __VA_ARGS__)
#define MACHINE_NO_ANSWER      UINT64_MAX

/** Touch memory as thread 0: one word. @return whether that was let */
bool machine_write(struct machine_box *box, uint64_t va, uint64_t word);
bool machine_read(struct machine_box *box, uint64_t va, uint64_t *word);

/** Go there: what is there must come back at once. */
bool machine_execute(struct machine_box *box, uint64_t va);

/** Make a system call of the program, as thread 0. @return whether it went on
 * after that */
bool machine_syscall(struct machine_box *box, uint64_t number);

/** Do what script[0] says, with this access, as thread 0. @return whether that
 * was let */
bool machine_act(struct machine_box *box, unsigned int access);

/** Order a thread to do what its script says, and let whoever enters the box
 * make it; whether it has. */
void machine_begin(struct machine_box *box, uint32_t thread);
bool machine_finished(struct machine_box *box, uint32_t thread);

/** Its space as the arch has it, for mock_space_may(). @param space  handle */
const struct cbx_arch_space *machine_space(uint64_t space);

/** Kill, reclaim every page, destroy, return: as if it had never been. */
void machine_erase(struct machine_box *box);

/** Take the client's data: the box is CONFINED, its thread 0 has what
 * CHANNEL_READ read. */
void machine_confine(struct machine_box *box);

/** Let time pass until @p ticks. */
void machine_wait(uint64_t ticks);

/** Whether the box ended: of a confined one that sleeps, when its next time
 * step has come.  The last exit, ENDED, is in box->exit. */
bool machine_ended(struct machine_box *box);

/** The invariants (doc/invariants.md) hold. O(pages * boxes). */
void machine_assert_sound(void);

/** What anybody can observe of pages and boxes: states, owners, mappings,
 * views, counts; not the order of a reserve, nor what a thread remembers. */
struct machine_observed;
struct machine_observed *machine_observe(void);

/** Nothing observable changed since; frees it. */
void machine_assert_unchanged(struct machine_observed *before);

/**
 * Refuse every fallible step of an action, one after the other, each time on a
 * fresh machine: the call says so, what it says was not done is not observable,
 * the invariants hold, and the same call succeeds afterwards.
 *
 * @param prepare  makes the box, and whatever the action wants
 * @param act      the action: one gate call; from done on, where it is a range
 *
 * @return how many steps there were to refuse
 */
typedef void machine_prepare_fn(struct machine_box *box);
typedef struct cbx_reply machine_act_fn(struct machine_box *box, uint64_t done);
uint64_t machine_sweep(machine_prepare_fn *prepare, machine_act_fn *act);

/** Snapshot with the core's page table in it. */
struct mock_snapshot *machine_snapshot(void);

/** Nothing changed since; frees it. */
void machine_assert_same(struct mock_snapshot *before);

#endif
