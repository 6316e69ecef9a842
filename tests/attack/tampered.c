/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks that take a hand between the core and its machine (tamper.h): where
 * that machine is made of arrays, or is a machine. */
#include "attack/attack.h"
#include "attack/tamper.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

/* ---- M27 ---- */

#define PAGES 6u

/* The @p n-th page of a donation is refused, for as long as the hardware does
 * not change its mind. */
static void donate_refused(uint64_t n)
{
	uint64_t first = machine_pages(PAGES);
	struct cbx_reply reply;

	tamper.refuse_pfn = first + n;
	reply = gate(PAGE_DONATE, first, PAGES);
	assert_int_equal(reply.status, CBX_E_HARDWARE);
	assert_int_equal(reply.ret[0], n);
	reply = gate(PAGE_DONATE, first + n, PAGES - n);
	assert_int_equal(reply.status, CBX_E_HARDWARE);
	assert_int_equal(reply.ret[0], 0);
	for (uint64_t i = 0; i < PAGES; i++) {
		assert_int_equal(machine_state(first + i),
			i < n ? CBX_PAGE_POOL : CBX_PAGE_HOST);
	}
	attack_sound();
	tamper.refuse_pfn = 0;
	must(PAGE_DONATE, first + n, PAGES - n);
	for (uint64_t i = 0; i < PAGES; i++) {
		attack_untouchable(first + i);
		assert_true(ask_zero(first + i));
	}
}

void attack_m27_refusal_half_way_is_told_and_repeated(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < PAGES; n++) {
		donate_refused(n);
	}
	attack_halves();
	attack_sound();
}

/* ---- H11: a kick at every step inside a gate ---- */

/* The box maps, uses and unmaps a page with one kick somewhere in it.
 * @return how many maps that took */
static uint32_t work_with_kick(struct machine_box *box, uint32_t at)
{
	uint64_t word;

	tamper.maps = 0;
	tamper.strike = attack_strike;
	tamper.strike_at_map = at;
	box_must(box, MAP, 0, MACHINE_FREE, 1, RW);
	assert_true(machine_write(box, MACHINE_FREE, at));
	assert_true(machine_read(box, MACHINE_FREE, &word));
	assert_int_equal(word, at);
	box_must(box, UNMAP, 0, MACHINE_FREE, 1);
	tamper.strike_at_map = 0;
	return tamper.maps;
}

void attack_h11_kick_inside_a_gate_changes_nothing(void **state)
{
	struct machine_box victim;
	uint32_t count;

	(void)state;
	attack_victim(&victim);
	count = work_with_kick(&victim, UINT32_MAX);
	assert_true(count > 20);
	for (uint32_t at = 1; at <= count; at++) {
		work_with_kick(&victim, at);
	}
	attack_unharmed(&victim);
}

/* ---- H12 ---- */

/* A box that spins on CPU 1 and is not kicked cannot be taken apart. */
static void lost_kick(void)
{
	static struct machine_box box;

	attack_victim(&box);
	tamper.kicks_lost = 0;
	tamper.lose_kicks = true;
	attack_spin_on(1, &box);
	for (uint32_t i = 0; i < 3; i++) {
		refuse(E_BUSY, BOX_KILL, box.handle);
		refuse(E_STATE, BOX_RECLAIM, box.handle, box.data, 1);
		refuse(E_STATE, BOX_DESTROY, box.handle);
		attack_untouchable(box.data);
		assert_false(ask_zero(box.data));
	}
	assert_true(tamper.kicks_lost >= 3);
	tamper.lose_kicks = false;
	refuse(E_BUSY, BOX_KILL, box.handle);
	cpus_join(1);
	assert_true(attack_ended(&box));
	must(BOX_KILL, box.handle);
	must(BOX_RECLAIM, box.handle, box.data, 1);
	assert_true(ask_zero(box.data));
}

/* A dying box whose space is still translated gives nothing back. */
static void lost_flush(void)
{
	struct machine_box box;

	attack_victim(&box);
	attack_flushes_hold(true);
	for (uint32_t i = 0; i < 3; i++) {
		refuse(E_BUSY, BOX_KILL, box.handle);
		refuse(E_STATE, BOX_RECLAIM, box.handle, box.data, 1);
		assert_false(ask_zero(box.data));
		attack_untouchable(box.data);
	}
	attack_flushes_hold(false);
	must(BOX_KILL, box.handle);
	must(BOX_RECLAIM, box.handle, box.data, 1);
	assert_true(ask_zero(box.data));
	attack_unseen();
}

void attack_h12_lost_kick_or_flush_grants_nothing(void **state)
{
	(void)state;
	lost_kick();
	lost_flush();
	attack_sound();
}
