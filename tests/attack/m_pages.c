/* SPDX-License-Identifier: Apache-2.0 */
/* The host and a peer against the pages of a box. */
#include "attack/attack.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

static void assert_secret_read(struct machine_box *victim)
{
	for (uint32_t i = 0; i < ATTACK_SECRET_WORDS; i++) {
		uint64_t word;

		assert_true(
			machine_read(victim, ATTACK_SECRET_VA + 8 * i, &word));
		assert_int_equal(word, attack_secret[i]);
	}
}

void attack_m01_victims_address_keeps_its_page(void **state)
{
	struct machine_box victim;
	struct machine_box young;
	uint64_t other = machine_pool(1);
	struct cbx_mapping mapping;

	(void)state;
	machine_building(&young, NULL);
	refuse(E_STATE, BOX_ADD, young.handle, MACHINE_DATA, other, 1, RW,
		CBX_NO_PAGE);
	attack_victim(&victim);
	refuse(E_STATE, BOX_ADD, victim.handle, MACHINE_DATA, other, 1, RW,
		CBX_NO_PAGE);
	refuse(E_STATE, PAGE_DONATE, victim.data, 1);
	assert_true(cbx_arch_space_lookup(machine_space(victim.space),
		(struct cbx_va){ MACHINE_DATA }, &mapping));
	assert_int_equal(mapping.pfn.n, victim.data);
	assert_secret_read(&victim);
	attack_unharmed(&victim);
}

void attack_m02_victims_page_is_unreadable_by_its_number(void **state)
{
	struct machine_box victim;
	uint64_t pfn = UINT64_MAX;
	uint32_t pages = 0;

	(void)state;
	attack_victim(&victim);
	while ((pfn = attack_next_page(victim.handle, CBX_PAGE_PRIVATE, pfn)) !=
		UINT64_MAX) {
		attack_untouchable(pfn);
		pages++;
	}
	assert_true(pages >= 4);
	assert_secret_read(&victim);
	attack_unharmed(&victim);
}

void attack_m03_page_of_a_box_goes_into_no_other(void **state)
{
	struct machine_box victim;
	struct machine_box peer;
	uint64_t other;

	(void)state;
	attack_victim(&victim);
	machine_building(&peer, NULL);
	other = machine_pool(1);
	refuse(E_STATE, BOX_ADD, peer.handle, MACHINE_FREE, victim.data, 1, RW,
		CBX_NO_PAGE);
	refuse(E_STATE, BOX_GRANT, peer.handle, victim.data, 1);
	refuse(E_INVALID, BOX_BORROW, peer.handle, victim.data);
	refuse(E_STATE, BOX_BORROW, peer.handle, victim.handle);
	refuse(E_DENIED, BOX_TEMPLATE, victim.handle);
	refuse(E_STATE, BOX_CREATE, victim.data, other, attack_policy());
	refuse(E_STATE, BOX_CREATE, other, victim.data, attack_policy());
	must(BOX_FINALIZE, peer.handle);
	box_refuse(E_INVALID, &peer, MAP_ALIAS, 0, MACHINE_FREE, 1, RW,
		victim.space, MACHINE_DATA);
	attack_translates_own(peer.handle, peer.space);
	attack_unharmed(&victim);
}

void attack_m04_read_only_page_gets_no_writable_alias(void **state)
{
	struct machine_box lender;
	struct machine_box borrower;

	(void)state;
	attack_borrow(&lender, &borrower);
	must(BOX_FINALIZE, borrower.handle);
	box_refuse(E_DENIED, &borrower, MAP_ALIAS, 0, MACHINE_FREE, 1, RW, 0,
		MACHINE_LENT);
	box_must(&borrower, MAP_ALIAS, 0, MACHINE_FREE, 1, CBX_RIGHT_R, 0,
		MACHINE_LENT);
	/* What it may write is a copy, wherever it asks. */
	box_must(&borrower, PROTECT, 0, MACHINE_FREE, 1, RW);
	assert_true(machine_write(&borrower, MACHINE_FREE, attack_secret[0]));
	box_must(&borrower, PROTECT, 0, MACHINE_LENT, 2, RW);
	assert_true(machine_write(&borrower, MACHINE_LENT, attack_secret[0]));
	attack_lent_unchanged(&lender);
	attack_sound();
}

/* No gate takes a page that is the monitor's. */
static void refuse_everywhere(const struct machine_box *peer, uint64_t pfn)
{
	uint64_t other = machine_pool(1);

	refuse(E_STATE, PAGE_DONATE, pfn, 1);
	refuse(E_STATE, PAGE_RETURN, pfn, 1);
	refuse(E_STATE, BOX_GRANT, peer->handle, pfn, 1);
	refuse(E_STATE, BOX_ADD, peer->handle, MACHINE_FREE, pfn, 1, RW,
		CBX_NO_PAGE);
	refuse(E_DENIED, BOX_ADD, peer->handle, MACHINE_FREE, other, 1, RW,
		pfn);
	assert_int_not_equal(
		gate(BOX_BORROW, peer->handle, pfn).status, CBX_OK);
	refuse(E_DENIED, BOX_CREATE, other, machine_pool(1), pfn);
	assert_int_equal(attack_page_state(pfn, 1, true).status, CBX_E_STATE);
	assert_int_equal(attack_page_state(pfn, 1, false).status, CBX_E_STATE);
}

/* The first and the last page of each range of the monitor's. */
static void refuse_monitors(const struct machine_box *peer)
{
	struct cbx_hal_region region;
	uint32_t ranges = 0;

	for (uint32_t i = 0; cbx_hal_memory(i, &region); i++) {
		if (region.kind == CBX_HAL_MONITOR) {
			refuse_everywhere(peer, region.first.n);
			refuse_everywhere(
				peer, region.first.n + region.count - 1);
			ranges++;
		}
	}
	assert_true(ranges != 0);
}

void attack_m05_monitors_pages_are_out_of_reach(void **state)
{
	struct machine_box victim;
	struct machine_box peer;
	uint64_t pfn = UINT64_MAX;

	(void)state;
	attack_victim(&victim);
	machine_building(&peer, NULL);
	refuse_monitors(&peer);
	refuse_everywhere(&peer, 0);
	if (cbx_hal_caps().backend != CBX_BACKEND_SNP) { /* there it is RAM */
		attack_untouchable(0);
	}
	while ((pfn = attack_next_page(victim.handle, CBX_PAGE_META, pfn)) !=
		UINT64_MAX) {
		refuse_everywhere(&peer, pfn);
		attack_untouchable(pfn);
		refuse(E_DENIED, BOX_ENTER, victim.handle, pfn, 1);
	}
	attack_unharmed(&victim);
}

void attack_m06_tables_are_not_written(void **state)
{
	struct machine_box victim;
	uint64_t pfn = UINT64_MAX;
	uint32_t tables = 0;

	(void)state;
	attack_victim(&victim);
	while ((pfn = attack_next_page(victim.handle, CBX_PAGE_META, pfn)) !=
		UINT64_MAX) {
		if (cbx_page_at(pfn)->detail == CBX_META_TABLE) {
			attack_untouchable(pfn);
			tables++;
		}
	}
	assert_true(tables >= 4);
	assert_secret_read(&victim);
	attack_translates_own(victim.handle, victim.space);
	attack_unharmed(&victim);
}

/* Fill a page with what could pass for table entries of a foreign page. */
static void write_entries(uint64_t page, uint64_t target)
{
	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		uint64_t entry = i % 2 == 0 ? target << CBX_PAGE_SHIFT | 0x7
					    : target << 3 | 0x7;

		ask_put(page, i * 8, &entry, 8);
	}
}

void attack_m07_page_with_entries_becomes_an_empty_table(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	struct cbx_mapping mapping;
	uint64_t va = MACHINE_FREE;
	uint64_t left;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	box_must(&box, MAP, 0, va, 1, RW);
	assert_true(cbx_arch_space_lookup(
		machine_space(box.space), (struct cbx_va){ va }, &mapping));
	write_entries(mapping.pfn.n, victim.data);
	box_must(&box, UNMAP, 0, va, 1);
	/* The last of the reserve.  A far address takes three: two tables
	 * first.  So leave one too many, or two, and add what is missing. */
	left = gate(BOX_QUERY, box.handle).ret[3];
	box_must(&box, MAP, 0, va, left % 3 + 2, RW);
	must(BOX_GRANT, box.handle, machine_pool(8), 8);
	while (machine_state(mapping.pfn.n) != CBX_PAGE_META) {
		va += 1ull << 30;
		box_must(&box, MAP, 0, va, 1, RW);
	}
	attack_translates_own(box.handle, box.space);
	attack_unharmed(&victim);
}

void attack_m09_range_over_a_protected_page_stops_there(void **state)
{
	struct machine_box victim;
	uint64_t first = machine_pages(3);
	struct cbx_reply reply;

	(void)state;
	attack_victim(&victim);
	must(PAGE_DONATE, first + 1, 1);
	must(BOX_GRANT, victim.handle, first + 1, 1);
	reply = gate(PAGE_DONATE, first, 3);
	assert_int_equal(reply.status, CBX_E_STATE);
	assert_int_equal(reply.ret[0], 1);
	attack_untouchable(first + 1);
	reply = gate(PAGE_RETURN, first, 3);
	assert_int_equal(reply.status, CBX_E_STATE);
	assert_int_equal(reply.ret[0], 1);
	reply = attack_page_state(first, 3, true);
	assert_int_equal(reply.status, CBX_E_STATE);
	assert_int_equal(reply.ret[0], 1);
	attack_untouchable(first + 1);
	assert_int_equal(machine_state(first + 1), CBX_PAGE_PRIVATE);
	assert_int_equal(machine_state(first + 2), CBX_PAGE_HOST);
	assert_int_equal(attack_page_state(first, 1, false).status, CBX_OK);
	attack_unharmed(&victim);
}

void attack_m11_protected_page_is_not_released(void **state)
{
	struct machine_box victim;
	uint64_t page[4];

	(void)state;
	attack_victim(&victim);
	page[0] = victim.data;
	page[1] = victim.code;
	page[2] = victim.space;
	page[3] = attack_next_page(
		victim.handle, CBX_PAGE_PRIVATE, victim.reserve);
	for (uint32_t i = 0; i < 4; i++) {
		refuse(E_STATE, PAGE_RETURN, page[i], 1);
		refuse(E_STATE, PAGE_DONATE, page[i], 1);
		refuse(E_STATE, BOX_RECLAIM, victim.handle, page[i], 1);
		attack_untouchable(page[i]);
	}
	refuse(E_STATE, BOX_DESTROY, victim.handle);
	assert_secret_read(&victim);
	attack_unharmed(&victim);
}

void attack_m12_foreign_root_is_refused(void **state)
{
	struct machine_box victim;
	struct machine_box box;
	uint64_t root[6];

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	root[0] = victim.space;
	root[1] = victim.handle;
	root[2] = box.handle;
	root[3] = box.data;
	root[4] = box.reserve; /* its root table */
	root[5] = box.space | 1ull << 32;
	for (uint32_t i = 0; i < 6; i++) {
		box_refuse(E_INVALID, &box, SPACE_SWITCH, root[i],
			MACHINE_CODE(&box), 0, 1);
		box_refuse(E_INVALID, &box, THREAD_CREATE, root[i],
			MACHINE_CODE(&box), 0, 1);
		box_refuse(E_INVALID, &box, MAP, root[i], MACHINE_FREE, 1, RW);
		box_refuse(E_INVALID, &box, UNMAP, root[i], MACHINE_DATA, 1);
		box_refuse(E_INVALID, &box, PROTECT, root[i], MACHINE_DATA, 1,
			CBX_RIGHT_R);
		box_refuse(E_INVALID, &box, SPACE_DESTROY, root[i]);
	}
	refuse(E_STATE, BOX_CREATE, victim.reserve, victim.space,
		attack_policy());
	assert_secret_read(&victim);
	attack_unharmed(&victim);
}

void attack_m13_sealed_common_page_is_read_only(void **state)
{
	struct machine_box lender;
	struct machine_box borrower;
	uint64_t word;

	(void)state;
	attack_borrow(&lender, &borrower);
	must(BOX_FINALIZE, borrower.handle);
	assert_true(machine_read(&borrower, MACHINE_LENT, &word));
	assert_int_equal(word, MACHINE_WORD0);
	assert_false(machine_write(&borrower, MACHINE_LENT, 1));
	assert_true(attack_ended(&borrower));
	refuse(E_STATE, BOX_ENTER, lender.handle, lender.io, lender.io_count);
	attack_lent_unchanged(&lender);
	attack_untouchable(lender.data);
	attack_sound();
}

void attack_m14_private_page_is_not_opened(void **state)
{
	struct machine_box victim;
	uint64_t page[4];

	(void)state;
	attack_victim(&victim);
	page[0] = victim.data;
	page[1] = victim.handle;
	page[2] = machine_pool(1);
	page[3] = in_box(&victim, WINDOW_SHARE, MACHINE_FREE, 1).ret[1];
	assert_int_equal(machine_state(page[3]), CBX_PAGE_SHARED);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(attack_page_state(page[i], 1, true).status,
			CBX_E_STATE);
		assert_int_equal(attack_page_state(page[i], 1, false).status,
			CBX_E_STATE);
		assert_false(ask_hypervisor_may(page[i]));
	}
	attack_untouchable(page[0]);
	attack_untouchable(page[1]);
	attack_untouchable(page[2]);
	attack_unharmed(&victim);
}

/* No page at all holds a word of the secret. */
static void assert_forgotten(void)
{
	uint64_t page[CBX_PAGE_SIZE / 8];

	for (uint64_t pfn = 0; pfn < cbx_hal_page_count(); pfn++) {
		if (ask_program(pfn) || !ask_is_memory(pfn) || ask_zero(pfn)) {
			continue;
		}
		ask_page(pfn, 0, page, sizeof(page));
		for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
			assert_int_not_equal(page[i], attack_secret[0]);
			assert_int_not_equal(page[i], attack_secret[1]);
		}
	}
}

void attack_m16_secrets_do_not_outlive_their_page(void **state)
{
	struct machine_box victim;
	struct machine_box peer;
	uint64_t word = 1;

	(void)state;
	attack_victim(&victim);
	box_must(&victim, UNMAP, 0, MACHINE_DATA, 1);
	assert_true(ask_zero(victim.data));
	box_must(&victim, MAP, 0, MACHINE_FREE, 4, RW);
	attack_hide(&victim, MACHINE_FREE);
	while (gate(BOX_KILL, victim.handle).status == CBX_E_BUSY) {
	}
	for (uint64_t i = 0; i < victim.reserve_count; i++) {
		must(BOX_RECLAIM, victim.handle, victim.reserve + i, 1);
		assert_true(ask_zero(victim.reserve + i));
	}
	attack_unseen();
	machine_building(&peer, NULL);
	must(BOX_ADD, peer.handle, MACHINE_FREE, victim.reserve, 4, RW,
		CBX_NO_PAGE);
	must(BOX_FINALIZE, peer.handle);
	for (uint64_t at = 0; at < 4; at++) {
		uint64_t va = MACHINE_FREE + at * CBX_PAGE_SIZE;

		assert_true(machine_read(&peer, va, &word));
		assert_int_equal(word, 0);
	}
	machine_erase(&victim);
	assert_forgotten();
	attack_sound();
}
