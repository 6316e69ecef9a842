/* SPDX-License-Identifier: Apache-2.0 */
/* NMIs, which no flag keeps out: one while the monitor runs, which goes on; one
 * while a box does, which stops it whole. */
#include <arch/x86_64/boot.h>
#include <arch/x86_64/console.h>
#include <arch/x86_64/state.h>
#include <base/string.h>

#include "gates.h"

/* pause; jmp . */
static const uint8_t spin[] = { 0xf3, 0x90, 0xeb, 0xfc };
#define CODE_VA 0x400000ull

static const struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 1,
	.wake_step = 1,
};

static void in_monitor(void)
{
	volatile uint64_t *nmis = &cbx_x86_cpu()->nmis;
	uint64_t before = *nmis;
	uint64_t sum = 0;

	cbx_x86_console_line("ready");
	while (*nmis == before) {
		sum += 3;
	}
	CHECK(sum % 3 == 0 && *nmis > before);
}

static void in_box(void)
{
	uint64_t host = test_pages();
	uint64_t box = host + 2;

	test_fill(host, 0, &policy, sizeof(policy));
	CHECK(GATE(PAGE_DONATE, box, 32) == CBX_OK);
	CHECK(GATE(BOX_CREATE, box, box + 1, host) == CBX_OK);
	CHECK(GATE(BOX_GRANT, box, box + 2, 16) == CBX_OK);
	test_fill(host, 0, spin, sizeof(spin));
	CHECK(GATE(BOX_ADD, box, CODE_VA, box + 20, 1,
		      CBX_RIGHT_R | CBX_RIGHT_X, host) == CBX_OK);
	CHECK(GATE(BOX_THREAD, box, CODE_VA, 0, 0) == CBX_OK);
	CHECK(GATE(BOX_FINALIZE, box) == CBX_OK);
	for (uint32_t i = 0; i < 3; i++) {
		cbx_x86_console_line("ready");
		CHECK(GATE(BOX_ENTER, box, host + 1, 1) == CBX_OK);
		CHECK(test_ret(0) == CBX_EXIT_INTERRUPTED);
	}
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	(void)boot;
	test_start();
	in_monitor();
	in_box();
	test_pass();
}
