/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that are too large, and things that run out. */
#include "attack/attack.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

void attack_m10_page_beyond_memory_is_refused(void **state)
{
	const uint64_t end = cbx_hal_page_count();
	const uint64_t bad[] = { end, end + 1, 1ull << 32, (1ull << 32) + 2,
		UINT64_MAX >> CBX_PAGE_SHIFT, UINT64_MAX - 1 };
	struct machine_box victim;
	struct machine_box young;
	uint64_t other = machine_pool(1);
	uint64_t policy = attack_policy();

	(void)state;
	attack_victim(&victim);
	machine_building(&young, NULL);
	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		refuse(E_INVALID, PAGE_DONATE, bad[i], 1);
		refuse(E_INVALID, PAGE_RETURN, bad[i], 1);
		refuse(E_INVALID, PAGE_QUERY, bad[i]);
		refuse(E_INVALID, BOX_CREATE, bad[i], other, policy);
		refuse(E_INVALID, BOX_CREATE, other, bad[i], policy);
		refuse(E_DENIED, BOX_CREATE, other, other, bad[i]);
		refuse(E_INVALID, BOX_GRANT, young.handle, bad[i], 1);
		refuse(E_INVALID, BOX_ADD, young.handle, MACHINE_FREE, bad[i],
			1, RW, CBX_NO_PAGE);
		refuse(E_DENIED, BOX_ADD, young.handle, MACHINE_FREE, other, 1,
			RW, bad[i]);
		refuse(E_INVALID, BOX_BORROW, young.handle, bad[i]);
		refuse(E_DENIED, BOX_ENTER, victim.handle, bad[i], 1);
		refuse(E_INVALID, BOX_QUERY, bad[i]);
		assert_int_equal(attack_page_state(bad[i], 1, true).status,
			CBX_E_INVALID);
	}
	attack_unharmed(&victim);
}

/* Starts and counts that wrap, run over the end, or are empty. */
static const uint64_t wraps[][2] = {
	{ UINT64_MAX, 1 },
	{ UINT64_MAX, 2 },
	{ UINT64_MAX - 510, 512 },
	{ 1, UINT64_MAX },
	{ 2, UINT64_MAX - 1 },
	{ 1ull << 63, 1ull << 63 },
	{ 1, (1ull << 52) + 1 },
	{ 1, (1ull << 32) + 1 },
	{ 1, CBX_RANGE_PAGES_MAX + 1 },
	{ 1, 0 },
};

static void refuse_host_ranges(
	const struct machine_box *box, uint64_t start, uint64_t count)
{
	const uint64_t va = start << CBX_PAGE_SHIFT;
	const uint64_t h = box->handle;
	const struct cbx_reply reply[] = {
		gate(PAGE_DONATE, start, count),
		gate(PAGE_RETURN, start, count),
		gate(BOX_GRANT, h, start, count),
		gate(BOX_ADD, h, MACHINE_FREE, start, count, RW, CBX_NO_PAGE),
		gate(BOX_ADD, h, MACHINE_FREE, start, count, RW, start),
		gate(BOX_ADD, h, va, box->io, count, RW, CBX_NO_PAGE),
		attack_page_state(start, count, true),
		attack_page_state(start, count, false),
	};

	for (uint32_t i = 0; i < sizeof(reply) / sizeof(reply[0]); i++) {
		assert_int_not_equal(reply[i].status, CBX_OK);
		assert_int_equal(reply[i].ret[0], 0);
	}
}

static const uint64_t box_wraps[][2] = {
	{ CBX_VA_MAX - CBX_PAGE_SIZE, 2 },
	{ CBX_VA_MAX, 1 },
	{ UINT64_MAX - CBX_PAGE_SIZE + 1, 1 },
	{ UINT64_MAX - CBX_PAGE_SIZE + 1, 2 },
	{ 1ull << 63, 1 },
	{ 0, 1 },
	{ CBX_VA_MIN - CBX_PAGE_SIZE, 1 },
	{ MACHINE_FREE + 1, 1 },
	{ MACHINE_FREE, 0 },
	{ MACHINE_FREE, CBX_RANGE_PAGES_MAX + 1 },
	{ MACHINE_FREE, UINT64_MAX },
	{ MACHINE_FREE, 1ull << 52 },
	{ MACHINE_FREE, (1ull << 52) + 1 },
	{ MACHINE_FREE, (1ull << 32) + 1 },
};

static void refuse_box_ranges(
	struct machine_box *box, uint64_t va, uint64_t count)
{
	box_refuse(E_INVALID, box, MAP, 0, va, count, RW);
	box_refuse(E_INVALID, box, UNMAP, 0, va, count);
	box_refuse(E_INVALID, box, PROTECT, 0, va, count, CBX_RIGHT_R);
	box_refuse(
		E_INVALID, box, MAP_ALIAS, 0, va, count, RW, 0, MACHINE_DATA);
	box_refuse(
		E_INVALID, box, MAP_ALIAS, 0, MACHINE_FREE, count, RW, 0, va);
	box_refuse(E_INVALID, box, WINDOW_SHARE, va, count);
	box_refuse(E_INVALID, box, WINDOW_UNSHARE, va, count);
}

static void refuse_box_bytes(struct machine_box *box)
{
	const uint64_t edge = CBX_VA_MAX - 8;

	box_refuse(
		E_FAULT, box, CHANNEL_WRITE, CBX_PORT_OUTPUT, edge, UINT64_MAX);
	box_refuse(E_FAULT, box, CHANNEL_WRITE, CBX_PORT_OUTPUT, UINT64_MAX, 2);
	box_refuse(
		E_FAULT, box, CHANNEL_READ, CBX_PORT_INPUT, edge, UINT64_MAX);
	box_refuse(
		E_FAULT, box, CHANNEL_READ, CBX_PORT_INPUT, UINT64_MAX - 1, 2);
	box_refuse(E_INVALID, box, FORWARD, MACHINE_FORWARD, MACHINE_DATA,
		UINT64_MAX - sizeof(struct cbx_forward) + 1, MACHINE_DATA, 8);
	box_refuse(E_INVALID, box, FORWARD, MACHINE_FORWARD, MACHINE_DATA, 8,
		MACHINE_DATA, UINT64_MAX);
}

void attack_m17_overflowing_ranges_are_refused(void **state)
{
	struct machine_box victim;
	struct machine_box young;

	(void)state;
	attack_victim(&victim);
	machine_building(&young, NULL);

	struct mock_snapshot *before = machine_snapshot();

	for (uint32_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
		refuse_host_ranges(&young, wraps[i][0], wraps[i][1]);
	}
	refuse(E_INVALID, BOX_ENTER, victim.handle, victim.io, UINT64_MAX);
	refuse(E_DENIED, BOX_ENTER, victim.handle, UINT64_MAX, 2);
	machine_assert_same(before);
	for (uint32_t i = 0; i < sizeof(box_wraps) / sizeof(box_wraps[0]);
		i++) {
		refuse_box_ranges(&victim, box_wraps[i][0], box_wraps[i][1]);
	}
	refuse_box_bytes(&victim);
	attack_unharmed(&victim);
}

/* Map one page again and again, as many at a time as there are already. */
static struct cbx_reply map_until_refused(
	struct machine_box *box, uint64_t *mappings)
{
	struct cbx_reply reply = { 0 };

	for (*mappings = 1; reply.status == CBX_OK;) {
		uint64_t n = *mappings < CBX_RANGE_PAGES_MAX
				     ? *mappings
				     : CBX_RANGE_PAGES_MAX;

		reply = in_box(box, MAP_ALIAS, 0,
			MACHINE_FREE + *mappings * CBX_PAGE_SIZE, n,
			CBX_RIGHT_R, 0, MACHINE_FREE);
		*mappings += reply.ret[0];
	}
	return reply;
}

void attack_m18_mappings_are_counted_to_a_limit(void **state)
{
	const uint64_t limit = 0xffff;
	struct machine_box victim;
	struct cbx_mapping mapping;
	struct cbx_reply reply;
	uint64_t mappings;

	(void)state;
	attack_victim(&victim);
	must(BOX_GRANT, victim.handle, machine_pool(140), 140);
	box_must(&victim, MAP, 0, MACHINE_FREE, 1, CBX_RIGHT_R);
	assert_true(cbx_arch_space_lookup(machine_space(victim.space),
		(struct cbx_va){ MACHINE_FREE }, &mapping));
	reply = map_until_refused(&victim, &mappings);
	/* The kernel's own limit of mappings (65530) comes first on linux. */
	if (reply.status == CBX_E_HARDWARE) {
		assert_in_range(mappings, 65000, limit - 1);
	} else {
		assert_int_equal(reply.status, CBX_E_STATE);
		assert_int_equal(mappings, limit);
	}
	box_must(&victim, UNMAP, 0, MACHINE_FREE, 1);
	assert_int_equal(machine_state(mapping.pfn.n), CBX_PAGE_PRIVATE);
	assert_int_equal(cbx_page_at(mapping.pfn.n)->mappings, mappings - 1);
	attack_untouchable(mapping.pfn.n);
	attack_unharmed(&victim);
}

static uint32_t repeat_until_nomem(
	struct machine_box *box, uint64_t id, const uint64_t arg[CBX_CALL_ARGS])
{
	struct cbx_reply reply;
	uint32_t times = 0;

	while ((reply = machine_in_box(box, 0, id, arg)).status == CBX_OK) {
		assert_true(times++ < MACHINE_PAGES);
	}
	assert_int_equal(reply.status, CBX_E_NOMEM);
	return times;
}

void attack_m25_exhaustion_is_a_status(void **state)
{
	const uint64_t nothing[CBX_CALL_ARGS] = { 0 };
	struct machine_box victim;
	struct machine_box box;
	uint64_t va = MACHINE_FREE;

	(void)state;
	attack_victim(&victim);
	machine_box(&box);
	assert_true(
		repeat_until_nomem(&box, CBX_CALL_SPACE_CREATE, nothing) != 0);
	while (in_box(&box, MAP, 0, va, 1, RW).status == CBX_OK) {
		va += 1ull << 30;
	}
	while (in_box(&box, MAP, 0, va, 1, RW).status == CBX_OK) {
		va += CBX_PAGE_SIZE;
	}
	box_refuse(E_NOMEM, &box, MAP, 0, va + (1ull << 40), 1, RW);
	box_refuse(E_NOMEM, &box, WINDOW_SHARE, va + (1ull << 40), 1);
	attack_translates_own(box.handle, box.space);
	box_must(&victim, TIME);
	box_must(&victim, MAP, 0, MACHINE_FREE, 1, RW);
	attack_unharmed(&victim);
	machine_erase(&box);
	attack_unharmed(&victim);
}
