/* SPDX-License-Identifier: Apache-2.0 */
/* The host's page tables, which the host has written by gates. */
#include <hal/pks-vm/pure/table.h>

#include "attack/pks_only.h"

#define LINK(pfn) \
	((uint64_t)(pfn) << CBX_PAGE_SHIFT | CBX_PTE_P | CBX_PTE_W | CBX_PTE_U)
#define LEAF(pfn) \
	((uint64_t)(pfn) << CBX_PAGE_SHIFT | CBX_PTE_P | CBX_PTE_W | CBX_PTE_NX)
#define LARGE(pfn) (LEAF(pfn) | CBX_PTE_LARGE)

#define MINE ((1ull << 39) + (1ull << 30) + (1ull << 21))

/* Tables of the host's, one of each level, linked; a CPU that runs on them. */
static uint64_t table[5];

static uint64_t declare(uint64_t pfn, uint64_t level)
{
	uint64_t status;

	do {
		status = pks_gate(CBX_PKS_TABLE_DECLARE, pfn, level).status;
	} while (status == CBX_E_BUSY);
	return status;
}

static uint64_t undeclare(uint64_t pfn)
{
	uint64_t status;

	do {
		status = pks_gate(CBX_PKS_TABLE_REMOVE, pfn).status;
	} while (status == CBX_E_BUSY);
	return status;
}

static uint64_t update(uint64_t pfn, uint64_t index, uint64_t entry)
{
	return pks_gate(CBX_PKS_TABLE_UPDATE, pfn, index, entry).status;
}

static void begin(void)
{
	for (uint64_t level = 1; level <= 4; level++) {
		table[level] = machine_pages(1);
		assert_int_equal(declare(table[level], level), CBX_OK);
	}
	for (uint64_t level = 2; level <= 4; level++) {
		assert_int_equal(
			update(table[level], 1, LINK(table[level - 1])),
			CBX_OK);
	}
	assert_int_equal(pks_gate(CBX_PKS_ROOT_LOAD, table[4]).status, CBX_OK);
}

/* The CPU goes to an empty root, so that the tables can be taken apart. */
static void end(void)
{
	static uint64_t empty;

	if (empty == 0) {
		empty = pks_keep_page();
		assert_int_equal(declare(empty, 4), CBX_OK);
	}
	assert_int_equal(pks_gate(CBX_PKS_ROOT_LOAD, empty).status, CBX_OK);
	for (uint64_t level = 4; level >= 1; level--) {
		assert_int_equal(undeclare(table[level]), CBX_OK);
	}
	attack_sound();
}

/* The page becomes no leaf, of no size, in whole or in part; nor a table. */
static void refuse_frame(uint64_t pfn)
{
	const uint64_t large = pfn & ~511ull;
	uint64_t word;

	assert_int_equal(update(table[1], 0, LEAF(pfn)), CBX_E_DENIED);
	assert_int_equal(
		update(table[1], 0, LEAF(pfn) & ~CBX_PTE_W), CBX_E_DENIED);
	assert_int_equal(
		update(table[1], 0, LEAF(pfn) | CBX_PTE_U), CBX_E_DENIED);
	assert_int_equal(update(table[2], 0, LARGE(large)), CBX_E_DENIED);
	assert_int_not_equal(declare(pfn, 1), CBX_OK);
	assert_int_not_equal(update(table[2], 0, LINK(pfn)), CBX_OK);
	assert_false(puppet_read(MINE, &word, sizeof(word)));
}

void attack_m04_kernel_text_gets_no_writable_alias(void **state)
{
	const uint64_t text = CBX_KERNEL_VA;
	uint64_t pfn = pks_frame_of(text);
	uint64_t page = machine_pages(1);
	uint64_t word;

	(void)state;
	begin();
	assert_int_equal(update(table[1], 0, LEAF(pfn)), CBX_E_DENIED);
	assert_int_equal(
		update(table[1], 0, LEAF(pfn) | CBX_PTE_U), CBX_E_DENIED);
	assert_int_not_equal(declare(pfn, 1), CBX_OK);
	assert_true(puppet_read(text, &word, sizeof(word)));
	assert_false(puppet_write(text, &word, sizeof(word)));
	assert_false(puppet_write(
		CBX_DIRECT_VA + (pfn << CBX_PAGE_SHIFT), &word, sizeof(word)));
	/* Nor is data executed in ring 0. */
	assert_int_equal(
		update(table[1], 0, LEAF(page) & ~CBX_PTE_NX), CBX_E_DENIED);
	assert_int_equal(update(table[1], 0, LEAF(page)), CBX_OK);
	assert_false(pks_call(MINE));
	assert_int_equal(update(table[1], 0, 0), CBX_OK);
	end();
}

void attack_m05_monitors_frames_get_no_mapping(void **state)
{
	struct machine_box victim;

	(void)state;
	attack_victim(&victim);
	begin();
	refuse_frame(CBX_IMAGE_PA >> CBX_PAGE_SHIFT);
	refuse_frame(pks_frame_of(CBX_CPU_STATE_VA));
	refuse_frame(pks_frame_of(CBX_CPU_AT(CBX_CPU_TABLE_PAGE)));
	refuse_frame(pks_frame_of(CBX_PAGES_VA));
	refuse_frame(pks_frame_of(CBX_FRAMES_VA));
	refuse_frame(cbx_pks_host()->root >> CBX_PAGE_SHIFT);
	refuse_frame(victim.handle);
	refuse_frame(victim.space);
	refuse_frame(victim.thread);
	refuse_frame(victim.data);
	end();
	attack_unharmed(&victim);
}

void attack_m06_host_writes_no_table(void **state)
{
	uint64_t page = machine_pages(1);
	const uint64_t entry = LEAF(page);
	uint64_t late = machine_pages(1);

	(void)state;
	begin();
	for (uint64_t level = 1; level <= 4; level++) {
		assert_false(ask_host_write(table[level], 0, &entry, 8));
		assert_int_equal(
			update(table[1], 0, LEAF(table[level])), CBX_E_DENIED);
		assert_true(
			update(table[2], 0, LARGE(table[level] & ~511ull)) ==
			CBX_E_DENIED);
	}
	/* What has a writable mapping becomes no table. */
	assert_int_equal(update(table[1], 1, LEAF(late)), CBX_OK);
	assert_int_equal(declare(late, 1), CBX_E_STATE);
	assert_int_equal(update(table[1], 1, 0), CBX_OK);
	/* The monitor's own are not even there to be read. */
	pks_out_of_reach(pks_frame_of(CBX_CPU_AT(CBX_CPU_ROOT_PAGE)));
	pks_out_of_reach(cbx_pks_host()->root >> CBX_PAGE_SHIFT);
	end();
}

void attack_m07_declared_page_is_an_empty_table(void **state)
{
	uint64_t page = machine_pages(1);
	uint64_t entries[CBX_PAGE_SIZE / 8];
	uint64_t word;

	(void)state;
	begin();
	for (uint32_t i = 0; i < CBX_PAGE_SIZE / 8; i++) {
		entries[i] = CBX_IMAGE_PA | CBX_PTE_P | CBX_PTE_W;
	}
	machine_put(page, entries, sizeof(entries));
	assert_int_equal(update(table[2], 2, LINK(page)), CBX_E_STATE);
	assert_int_equal(declare(page, 1), CBX_OK);
	assert_true(ask_zero(page));
	assert_int_equal(update(table[2], 2, LINK(page)), CBX_OK);
	assert_false(puppet_read(MINE + (1ull << 21), &word, sizeof(word)));
	assert_int_equal(undeclare(page), CBX_E_STATE); /* it is used */
	assert_int_equal(update(table[2], 2, 0), CBX_OK);
	assert_int_equal(undeclare(page), CBX_OK);
	assert_int_equal(update(table[2], 2, LINK(page)), CBX_E_STATE);
	end();
}

void attack_m08_table_keeps_its_level(void **state)
{
	(void)state;
	begin();
	for (uint64_t level = 2; level <= 4; level++) {
		for (uint64_t other = 1; other <= 4; other++) {
			assert_int_equal(
				update(table[level], 3, LINK(table[other])),
				other == level - 1 ? CBX_OK : CBX_E_STATE);
		}
		assert_int_equal(update(table[level], 3, 0), CBX_OK);
	}
	for (uint64_t level = 1; level <= 4; level++) {
		for (uint64_t other = 0; other <= 6; other++) {
			assert_true((declare(table[level], other) == CBX_OK) ==
				    (other == level));
		}
	}
	end();
}

void attack_m09_large_leaf_covers_nothing_protected(void **state)
{
	uint64_t first = (machine_pages(1024) + 511) & ~511ull;
	uint64_t child = machine_pages(1);
	uint64_t word = 1;

	(void)state;
	begin();
	must(PAGE_DONATE, first + 77, 1);
	assert_int_equal(update(table[2], 2, LARGE(first)), CBX_E_DENIED);
	assert_int_equal(update(table[3], 2, LARGE(first & ~0x3ffffull)),
		CBX_E_INVALID); /* 1 GiB: none */
	must(PAGE_RETURN, first + 77, 1);
	assert_int_equal(update(table[2], 2, LARGE(first)), CBX_OK);
	assert_true(puppet_write(MINE + (1ull << 21), &word, sizeof(word)));
	refuse(E_BUSY, PAGE_DONATE, first + 77, 1); /* it is mapped */
	assert_false(machine_state(first + 77) == CBX_PAGE_POOL);
	/* Split, and only the one leaf gone, it is not. */
	assert_int_equal(declare(child, 1), CBX_OK);
	assert_int_equal(
		pks_gate(CBX_PKS_TABLE_SPLIT, table[2], 2, child).status,
		CBX_OK);
	refuse(E_BUSY, PAGE_DONATE, first + 77, 1);
	assert_int_equal(update(child, 77, 0), CBX_OK);
	must(PAGE_DONATE, first + 77, 1);
	assert_false(puppet_read(
		MINE + (1ull << 21) + (77ull << 12), &word, sizeof(word)));
	assert_true(puppet_read(
		MINE + (1ull << 21) + (78ull << 12), &word, sizeof(word)));
	assert_int_equal(update(child, 77, LEAF(first + 77)), CBX_E_DENIED);
	attack_untouchable(first + 77);
	assert_int_equal(update(table[2], 2, 0), CBX_OK);
	assert_int_equal(undeclare(child), CBX_OK);
	end();
}

void attack_m10_leaf_beyond_memory_is_refused(void **state)
{
	const uint64_t end_of_memory = cbx_hal_page_count();
	const uint64_t bad[] = { end_of_memory, end_of_memory + 1, 0xfee00,
		0xfec00, 1ull << 32, (CBX_PTE_ADDRESS >> CBX_PAGE_SHIFT) };

	(void)state;
	begin();
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(update(table[1], 0, LEAF(bad[i])), CBX_OK);
		assert_int_not_equal(
			update(table[2], 0, LARGE(bad[i] & ~511ull)), CBX_OK);
		assert_int_not_equal(update(table[2], 0, LINK(bad[i])), CBX_OK);
		assert_int_equal(declare(bad[i], 1), CBX_E_INVALID);
		assert_int_equal(undeclare(bad[i]), CBX_E_INVALID);
		assert_int_equal(update(bad[i], 0, 0), CBX_E_INVALID);
		assert_int_not_equal(
			pks_gate(CBX_PKS_ROOT_LOAD, bad[i]).status, CBX_OK);
	}
	assert_int_equal(update(table[1], 512, 0), CBX_E_INVALID);
	assert_int_equal(update(table[1], UINT64_MAX, 0), CBX_E_INVALID);
	end();
}

void attack_m11_protected_frame_is_not_redeclared(void **state)
{
	struct machine_box victim;
	uint64_t frame[6];

	(void)state;
	attack_victim(&victim);
	begin();
	frame[0] = victim.data;
	frame[1] = victim.handle;
	frame[2] = victim.space;
	frame[3] = pks_frame_of(CBX_CPU_STATE_VA);
	frame[4] = cbx_pks_host()->root >> CBX_PAGE_SHIFT;
	frame[5] = machine_pool(1);
	for (uint32_t i = 0; i < 6; i++) {
		for (uint64_t level = 1; level <= 4; level++) {
			assert_int_not_equal(declare(frame[i], level), CBX_OK);
		}
		assert_int_equal(undeclare(frame[i]), CBX_E_STATE);
		pks_out_of_reach(frame[i]);
	}
	/* A table is not donated, and is one all the same. */
	refuse(E_BUSY, PAGE_DONATE, table[1], 1);
	attack_untouchable(table[1]);
	end();
	must(PAGE_DONATE, table[1], 1);
	attack_unharmed(&victim);
}

void attack_m12_only_a_declared_root_is_loaded(void **state)
{
	struct machine_box victim;
	uint64_t page = machine_pages(1);

	(void)state;
	attack_victim(&victim);
	begin();
	for (uint64_t level = 1; level <= 3; level++) {
		assert_int_equal(
			pks_gate(CBX_PKS_ROOT_LOAD, table[level]).status,
			CBX_E_STATE);
	}
	assert_int_equal(pks_gate(CBX_PKS_ROOT_LOAD, page).status, CBX_E_STATE);
	assert_int_not_equal(
		pks_gate(CBX_PKS_ROOT_LOAD, victim.reserve).status, CBX_OK);
	assert_int_not_equal(pks_gate(CBX_PKS_ROOT_LOAD,
				     cbx_x86_cpu()->home >> CBX_PAGE_SHIFT)
				     .status,
		CBX_OK);
	assert_int_not_equal(pks_gate(CBX_PKS_ROOT_LOAD,
				     cbx_x86_cpu()->root >> CBX_PAGE_SHIFT)
				     .status,
		CBX_OK);
	/* Nor are the monitor's places in a root the host's. */
	for (uint64_t i = 256; i < 512; i += i == 256 ? 254 : 1) {
		assert_int_equal(
			update(table[4], i, LINK(table[3])), CBX_E_DENIED);
	}
	end();
	attack_unharmed(&victim);
}
