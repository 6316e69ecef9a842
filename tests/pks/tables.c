/* SPDX-License-Identifier: Apache-2.0 */
/* The tables the monitor runs on, entry by entry: nothing is writable and
 * executable, nothing is a user's but what boxes are lent, and the keys are
 * those of layout.h. */
#include <arch/x86_64/boot.h>
#include <arch/x86_64/state.h>

#include "gates.h"

#define PRESENT	   0x001ull
#define WRITE	   0x002ull
#define USER	   0x004ull
#define LARGE	   0x080ull
#define NO_EXECUTE 0x8000000000000000ull
#define ADDRESS	   0x000ffffffffff000ull
#define KEY_OF(e)  ((e) >> 59 & 15)

struct walk {
	bool lent; /* below the slot boxes are lent */
	uint64_t leaves;
	uint64_t open; /* data without the monitor's key */
	uint64_t code;
};

static uint64_t entry_at(uint64_t table, uint32_t i)
{
	uint64_t entry;

	test_read(table >> CBX_PAGE_SHIFT, i * sizeof(entry), &entry,
		sizeof(entry));
	return entry;
}

static void check_leaf(struct walk *w, uint64_t entry)
{
	bool code = (entry & NO_EXECUTE) == 0;

	w->leaves++;
	CHECK(!code || (entry & WRITE) == 0);
	CHECK(((entry & USER) != 0) == w->lent);
	if (w->lent) {
		CHECK(!code && (entry & WRITE) == 0);
	} else if (code) {
		w->code++;
	} else if (KEY_OF(entry) == CBX_KEY_OPEN) {
		w->open++;
	} else {
		CHECK(KEY_OF(entry) == CBX_KEY_MONITOR);
	}
}

static void walk_leaves(struct walk *w, uint64_t table)
{
	for (uint32_t i = 0; i < 512; i++) {
		uint64_t entry = entry_at(table, i);

		CHECK((entry & PRESENT) != 0 || entry == 0);
		if (entry != 0) {
			check_leaf(w, entry);
		}
	}
}

static void walk_pd(struct walk *w, uint64_t table)
{
	for (uint32_t i = 0; i < 512; i++) {
		uint64_t entry = entry_at(table, i);

		CHECK((entry & LARGE) == 0);
		if (entry != 0) {
			walk_leaves(w, entry & ADDRESS);
		}
	}
}

static void walk_pdpt(struct walk *w, uint64_t table)
{
	for (uint32_t i = 0; i < 512; i++) {
		uint64_t entry = entry_at(table, i);

		CHECK((entry & LARGE) == 0);
		if (entry != 0) {
			walk_pd(w, entry & ADDRESS);
		}
	}
}

/* @return leaves of the slot lent to boxes */
static uint64_t walk_root(uint64_t root)
{
	struct walk own = { 0 };
	struct walk lent = { .lent = true };

	for (uint32_t i = 0; i < 512; i++) {
		uint64_t entry = entry_at(root, i);

		CHECK(entry == 0 || i == CBX_MONITOR_SLOT ||
			i == CBX_REPLY_SLOT);
		if (i == CBX_MONITOR_SLOT) {
			CHECK((entry & USER) == 0);
			walk_pdpt(&own, entry & ADDRESS);
		} else if (entry != 0) {
			walk_pdpt(&lent, entry & ADDRESS);
		}
	}
	test_say_number("leaves", own.leaves);
	test_say_number("code", own.code);
	/* five entry stacks, scratch, GDT, IDT, seven shadow stacks */
	CHECK(own.open == 15);
	CHECK(own.code >= 8 && own.leaves > own.code);
	return lent.leaves;
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	CHECK(walk_root(boot->home) == 0);
	CHECK(walk_root(cbx_x86_cpu()->root) == 1);
	test_pass();
}
