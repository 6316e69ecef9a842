/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from outside while a box runs. */
#include "attack/pks_only.h"

/* ---- X07 ---- */

/* The host of this CPU takes what has been kept for it: up to INT3's own. */
static void take_interrupts(void *arg)
{
	uint64_t *taken = arg;

	do {
		puppet_mail()->va = 3;
		(void)puppet_do(PUPPET_INT);
		*taken += puppet_mail()->vector != 3;
	} while (puppet_mail()->vector != 3);
}

/* Interrupts between the host's CPUs stop a box that computes, and are the
 * host's; the box hears of none. */
void attack_x07_signals_of_the_host_are_no_traps(void **state)
{
	static const uint64_t vectors[] = { 32, 0x80, 0xef };
	const struct cbx_reply interrupted = { .ret = {
						       CBX_EXIT_INTERRUPTED } };
	static struct machine_box box;
	static uint64_t taken;

	(void)state;
	machine_box(&box);
	attack_hide(&box, ATTACK_SECRET_VA);
	machine_confine(&box);
	taken = 0;
	for (uint32_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		attack_spin_on(1, &box);
		assert_int_equal(
			pks_gate(CBX_PKS_IPI, 1, vectors[i]).status, CBX_OK);
		cpus_join(1);
		assert_memory_equal(
			&box.exit, &interrupted, sizeof(interrupted));
		cpus_run(1, take_interrupts, &taken);
		cpus_join(1);
		assert_int_equal(taken, i + 1);
	}
	assert_int_equal(box.script[0].upcalls, 0);
	/* No number of an exception's. */
	for (uint64_t vector = 0; vector < 32; vector++) {
		assert_int_not_equal(
			pks_gate(CBX_PKS_IPI, 1, vector).status, CBX_OK);
	}
	assert_int_not_equal(pks_gate(CBX_PKS_IPI, 1, 256).status, CBX_OK);
	assert_int_not_equal(pks_gate(CBX_PKS_IPI, 99, 64).status, CBX_OK);
	box_must(&box, TIME);
	assert_false(attack_ended(&box));
	attack_unharmed(&box);
}
