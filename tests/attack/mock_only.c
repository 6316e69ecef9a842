/* SPDX-License-Identifier: Apache-2.0 */
/* Attacks that only a machine made of arrays can stage. */
#include "attack/attack.h"
#include "attack/tamper.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

/* CPU 1 does not acknowledge: it still uses the page as the host's. */
static void host_translation_outlives(void)
{
	struct machine_box box;
	uint64_t pfn = machine_pages(1);
	uint64_t other = machine_pool(1);
	const struct cbx_view read = { CBX_VIEW_R };

	machine_building(&box, NULL);
	mock_flush_hold(1);
	for (uint32_t i = 0; i < 3; i++) {
		refuse(E_BUSY, PAGE_DONATE, pfn, 1);
		assert_true(mock_host_may((struct cbx_pfn){ pfn }, read));
		assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	}
	refuse(E_STATE, BOX_GRANT, box.handle, pfn, 1);
	refuse(E_STATE, BOX_ADD, box.handle, MACHINE_FREE, pfn, 1, RW,
		CBX_NO_PAGE);
	refuse(E_STATE, BOX_CREATE, pfn, other, attack_policy());
	refuse(E_STATE, PAGE_RETURN, pfn, 1);
	must(BOX_FINALIZE, box.handle);
	refuse(E_DENIED, BOX_ENTER, box.handle, pfn, 1);
	mock_flush_release(1);
	must(PAGE_DONATE, pfn, 1);
	attack_untouchable(pfn);
}

/* CPU 1 still translates for a thread of the box that lost the page. */
static void box_translation_outlives(void)
{
	struct machine_box box;
	struct cbx_mapping mapping;
	uint64_t pfn = UINT64_MAX;

	attack_victim(&box);
	mock_flush_hold(1);
	box_must(&box, UNMAP, 0, MACHINE_DATA, 1);
	assert_true(mock_space_may_page(machine_space(box.space),
		(struct cbx_pfn){ box.data }, MOCK_READ));
	assert_int_equal(machine_state(box.data), CBX_PAGE_LEAVING);
	while (in_box(&box, MAP, 0, MACHINE_DATA, 1, RW).status == CBX_OK) {
		assert_true(cbx_arch_space_lookup(machine_space(box.space),
			(struct cbx_va){ MACHINE_DATA }, &mapping));
		assert_int_not_equal(mapping.pfn.n, box.data);
		pfn = mapping.pfn.n;
		box_must(&box, UNMAP, 0, MACHINE_DATA, 1);
	}
	assert_int_not_equal(pfn, UINT64_MAX);
	refuse(E_STATE, PAGE_RETURN, box.data, 1);
	assert_false(ask_zero(box.data)); /* not scrubbed under its feet */
	attack_untouchable(box.data);
	mock_flush_release(1);
	box_must(&box, MAP, 0, MACHINE_DATA, 1, RW);
	assert_true(ask_zero(box.data));
	attack_unseen();
	attack_sound();
}

void attack_m26_stale_translation_gets_nothing(void **state)
{
	(void)state;
	host_translation_outlives();
	box_translation_outlives();
}

/* The view of a page is left half changed: the page is nobody's. */
void attack_halves(void)
{
	uint64_t pfn = machine_pages(1);
	uint64_t other = machine_pool(1);

	mock_halve_nth(1);
	refuse(E_BUSY, PAGE_DONATE, pfn, 1);
	assert_true(mock_refused());
	assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
	refuse(E_STATE, PAGE_RETURN, pfn, 1);
	refuse(E_DENIED, BOX_CREATE, other, other, pfn);
	must(PAGE_DONATE, pfn, 1);
	attack_untouchable(pfn);
}

void attack_strike(void)
{
	cbx_hal_cpu_kick(cbx_hal_cpu());
}

void attack_flushes_hold(bool hold)
{
	if (hold) {
		mock_flush_hold(2);
	} else {
		mock_flush_release(2);
	}
}

void attack_room(void)
{
	const struct mock_options options = { .pages = 8192 };

	machine_again(&options, true);
}
