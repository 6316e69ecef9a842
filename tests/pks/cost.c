/* SPDX-License-Identifier: Apache-2.0 */
/* What a trip into a box and back costs, in instructions: run.py has the
 * machine count them (-icount), so that the time stamp counter does. */
#include <arch/x86_64/boot.h>
#include <arch/x86_64/cpu.h>

#include "gates.h"

#define CODE_VA	  0x400000ull
#define STACK_VA  0x500000ull
#define BOX_PAGES 96u
#define TIMES	  1000u

extern const uint8_t test_code[];
extern const uint8_t test_code_end[];
extern const uint8_t test_gates[];
extern const uint8_t test_calls[];
extern const uint8_t test_end[];

static const struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

static uint64_t host;
static uint64_t box;

static void make(const uint8_t *entry)
{
	test_fill(host, 0, &policy, sizeof(policy));
	CHECK(GATE(PAGE_DONATE, box, BOX_PAGES) == CBX_OK);
	CHECK(GATE(BOX_CREATE, box, box + 1, host) == CBX_OK);
	CHECK(GATE(BOX_GRANT, box, box + 2, 24) == CBX_OK);
	test_fill(host, 0, test_code, (uint64_t)(test_code_end - test_code));
	CHECK(GATE(BOX_ADD, box, CODE_VA, box + 80, 1,
		      CBX_RIGHT_R | CBX_RIGHT_X, host) == CBX_OK);
	CHECK(GATE(BOX_ADD, box, STACK_VA, box + 81, 4,
		      CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE) == CBX_OK);
	CHECK(GATE(BOX_THREAD, box, CODE_VA + (uint64_t)(entry - test_code),
		      STACK_VA + 4 * CBX_PAGE_SIZE, 0) == CBX_OK);
	CHECK(GATE(BOX_FINALIZE, box) == CBX_OK);
}

/* Counts from entering the box to its end. */
static uint64_t cost_of(const uint8_t *entry, uint64_t status)
{
	uint64_t from;
	uint64_t cost;

	make(entry);
	from = cbx_x86_tsc();
	CHECK(GATE(BOX_ENTER, box, host + 1, 1) == CBX_OK);
	cost = cbx_x86_tsc() - from;
	CHECK(test_ret(0) == CBX_EXIT_ENDED && test_ret(1) == status);
	box += BOX_PAGES;
	return cost;
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	uint64_t once;

	(void)boot;
	test_start();
	host = test_pages();
	box = host + 2;
	once = cost_of(test_end, 42);
	test_say_number("gate", (cost_of(test_gates, 1) - once) / TIMES);
	test_say_number("upcall", (cost_of(test_calls, 1) - once) / TIMES);
	test_pass();
}
