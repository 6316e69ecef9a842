/* SPDX-License-Identifier: Apache-2.0 */
/* A host that changes its mind, and one that runs things twice. */
#include <string.h>

#include "attack/attack.h"
#include "attack/tamper.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

void attack_h02_one_thread_runs_on_one_cpu(void **state)
{
	static struct machine_box victim;
	struct cbx_reply second;

	(void)state;
	attack_victim(&victim);
	attack_spin_on(1, &victim);
	for (uint32_t i = 0; i < 10; i++) {
		second = gate(BOX_ENTER, victim.handle, victim.io, 1);
		assert_int_equal(second.status, CBX_OK);
		assert_int_equal(second.ret[0], CBX_EXIT_IDLE);
		assert_int_equal(second.ret[1], 0);
	}
	must(BOX_KICK, victim.handle);
	cpus_join(1);
	assert_int_equal(victim.exit.ret[0], CBX_EXIT_INTERRUPTED);
	attack_unharmed(&victim);
}

/* ---- H05 ---- */

static uint8_t honest[CBX_PAGE_SIZE];
static uint8_t changed[CBX_PAGE_SIZE];

static void lie(uint64_t pfn)
{
	machine_put(pfn, honest, sizeof(honest));
	memset(changed, 0xee, sizeof(changed));
	tamper.flip = changed;
	tamper.flip_pfn = pfn;
}

/* The box as it would be with one look at the policy, however the page reads
 * afterwards. */
static void policy_is_read_once(void)
{
	const struct cbx_policy good = machine_policy();
	struct cbx_policy bad = machine_policy();
	uint64_t root = machine_pool(4);
	uint64_t page = machine_pages(1);

	memset(honest, 0, sizeof(honest));
	memcpy(honest, &good, sizeof(good));
	lie(page);
	must(BOX_CREATE, root, root + 1, page);
	bad.version++;
	memset(honest, 0, sizeof(honest));
	memcpy(honest, &bad, sizeof(bad));
	lie(page);
	memset(changed, 0, sizeof(changed));
	memcpy(changed, &good, sizeof(good));
	refuse(E_INVALID, BOX_CREATE, root + 2, root + 3, page);
	tamper.flip_pfn = 0;
}

/* What is measured is what is mapped: the same as without a lie. */
static void source_is_read_once(void)
{
	struct machine_box steady;
	struct machine_box lied;
	struct cbx_reply a;
	struct cbx_reply b;
	uint64_t page = machine_pages(1);
	uint64_t pfn[2] = { machine_pool(1), machine_pool(1) };
	uint8_t held[CBX_PAGE_SIZE];

	machine_building(&steady, NULL);
	machine_boxes = steady.index; /* the same addresses, so that ... */
	machine_building(&lied, NULL);
	memset(honest, 0x3c, sizeof(honest));
	machine_put(page, honest, sizeof(honest));
	must(BOX_ADD, steady.handle, MACHINE_FREE, pfn[0], 1, RW, page);
	lie(page);
	must(BOX_ADD, lied.handle, MACHINE_FREE, pfn[1], 1, RW, page);
	tamper.flip_pfn = 0;
	assert_true(ask_host_read(page, 0, held, sizeof(held)));
	assert_memory_equal(held, changed, sizeof(held)); /* it did lie */
	ask_page(pfn[1], 0, held, sizeof(held));
	assert_memory_equal(held, honest, sizeof(held));
	must(BOX_FINALIZE, steady.handle);
	must(BOX_FINALIZE, lied.handle);
	a = gate(BOX_DIGEST, steady.handle, CBX_DIGEST_MEASUREMENT);
	b = gate(BOX_DIGEST, lied.handle, CBX_DIGEST_MEASUREMENT);
	assert_int_equal(a.status, CBX_OK);
	assert_memory_equal(&a, &b, sizeof(a)); /* ... the digests compare */
}

/* The bytes of a reply in the box are those in its input digest. */
static void input_is_read_once(void)
{
	struct cbx_reply digest[2];
	uint64_t page = machine_pages(1);

	memset(honest, 0x3c, sizeof(honest));
	for (uint32_t i = 0; i < 2; i++) {
		struct machine_box box;
		uint8_t held[64];

		machine_box(&box);
		(void)in_box(&box, CHANNEL_READ, CBX_PORT_INPUT, MACHINE_DATA,
			sizeof(held));
		machine_put(page, honest, sizeof(honest));
		if (i == 1) {
			lie(page);
		}
		must(BOX_REPLY, box.handle, box.exit.ret[1], sizeof(held), page,
			sizeof(held));
		tamper.flip_pfn = 0;
		ask_page(box.data, 0, held, sizeof(held));
		assert_memory_equal(held, honest, sizeof(held));
		digest[i] = gate(BOX_DIGEST, box.handle, CBX_DIGEST_INPUT);
		assert_int_equal(digest[i].status, CBX_OK);
	}
	assert_memory_equal(&digest[0], &digest[1], sizeof(digest[0]));
}

void attack_h05_host_buffers_are_read_once(void **state)
{
	(void)state;
	policy_is_read_once();
	source_is_read_once();
	input_is_read_once();
	attack_sound();
}

/* ---- H10 ---- */

void attack_h10_copy_of_a_box_is_no_box(void **state)
{
	struct machine_box victim;
	uint8_t root[CBX_PAGE_SIZE];
	uint64_t copy = machine_pages(1);

	(void)state;
	attack_victim(&victim);
	ask_page(victim.handle, 0, root, sizeof(root));
	machine_put(copy, root, sizeof(root)); /* had it leaked */
	refuse(E_INVALID, BOX_QUERY, copy);
	refuse(E_INVALID, BOX_ENTER, copy, victim.io, 1);
	refuse(E_INVALID, BOX_KILL, copy);
	refuse(E_STATE, BOX_CREATE, victim.handle, victim.space,
		attack_policy());
	must(PAGE_DONATE, copy, 1);
	refuse(E_INVALID, BOX_QUERY, copy);
	assert_true(ask_zero(copy));
	attack_unharmed(&victim);
}
