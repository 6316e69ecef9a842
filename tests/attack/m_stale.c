/* SPDX-License-Identifier: Apache-2.0 */
/* A translation that outlives the right to it, on a machine that has some. */
#include <stdatomic.h>

#include "attack/attack.h"

#define RW (CBX_RIGHT_R | CBX_RIGHT_W)

struct reader {
	uint64_t pfn;
	atomic_bool stop;
	bool saw;
};

/* A CPU of the host's that keeps its pointer into the page. */
static void read_on(void *arg)
{
	struct reader *reader = arg;

	while (!atomic_load(&reader->stop) && !cpus_ending()) {
		uint64_t words[ATTACK_SECRET_WORDS];

		(void)ask_host_read(reader->pfn, ATTACK_SECRET_OFFSET, words,
			sizeof(words));
		for (uint32_t i = 0; i < ATTACK_SECRET_WORDS; i++) {
			reader->saw |= words[i] == attack_secret[i];
		}
	}
}

/* Nobody gets the page before the last CPU has let go of it. */
static void donate(const struct machine_box *box, uint64_t pfn)
{
	while (gate(PAGE_DONATE, pfn, 1).status == CBX_E_BUSY) {
		assert_int_equal(machine_state(pfn), CBX_PAGE_LEAVING);
		refuse(E_STATE, BOX_ADD, box->handle, MACHINE_FREE, pfn, 1, RW,
			CBX_NO_PAGE);
		refuse(E_STATE, PAGE_RETURN, pfn, 1);
	}
	assert_int_equal(machine_state(pfn), CBX_PAGE_POOL);
}

void attack_m26_stale_translation_gets_nothing(void **state)
{
	static struct reader reader;
	struct machine_box box;

	(void)state;
	machine_building(&box, NULL);
	reader.pfn = machine_pages(1);
	reader.saw = false;
	atomic_store(&reader.stop, false);
	cpus_run(1, read_on, &reader);
	donate(&box, reader.pfn);
	must(BOX_ADD, box.handle, MACHINE_FREE, reader.pfn, 1, RW, CBX_NO_PAGE);
	must(BOX_FINALIZE, box.handle);
	attack_hide(&box, MACHINE_FREE + ATTACK_SECRET_OFFSET);
	attack_untouchable(reader.pfn);
	box_must(&box, UNMAP, 0, MACHINE_FREE, 1);
	machine_erase(&box);
	atomic_store(&reader.stop, true);
	cpus_join(1);
	assert_false(reader.saw);
	attack_sound();
}
