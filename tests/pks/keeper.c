/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper serves: the beginning of the worked example of doc/measurement.md,
 * as far as one box makes it.  run.py compares each digest with the page's. */
#include <arch/x86_64/boot.h>

#include "gates.h"

#define PAGE_VA	 0x600000000000ull
#define STACK_VA 0x630000000000ull
#define PATTERN	 251

static void say_digest(uint64_t box)
{
	uint64_t digest[CBX_DIGEST_BYTES / 8];

	CHECK(GATE(BOX_DIGEST, box, CBX_DIGEST_MEASUREMENT) == CBX_OK);
	for (uint32_t i = 0; i < CBX_DIGEST_BYTES / 8; i++) {
		digest[i] = test_ret(i);
	}
	test_say_hex("digest", digest, sizeof(digest));
}

static void fill_pattern(uint64_t pfn)
{
	static uint8_t bytes[CBX_PAGE_SIZE];

	for (uint32_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i % PATTERN);
	}
	test_fill(pfn, 0, bytes, sizeof(bytes));
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	static const struct cbx_policy policy = {
		.version = CBX_POLICY_VERSION,
		.output_pages = 16,
		.threads_max = 64,
		.wake_step = 1000000,
	};
	uint64_t host;
	uint64_t box;

	(void)boot;
	test_start();
	host = test_pages();
	box = host + 1;
	test_fill(host, 0, &policy, sizeof(policy));
	CHECK(GATE(PAGE_DONATE, box, 64) == CBX_OK);
	CHECK(GATE(BOX_CREATE, box, box + 1, host) == CBX_OK);
	say_digest(box);
	CHECK(GATE(BOX_GRANT, box, box + 2, 32) == CBX_OK);
	fill_pattern(host);
	CHECK(GATE(BOX_ADD, box, PAGE_VA, box + 40, 1,
		      CBX_RIGHT_R | CBX_RIGHT_X, host) == CBX_OK);
	say_digest(box);
	CHECK(GATE(BOX_ADD, box, STACK_VA, box + 41, 2,
		      CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE) == CBX_OK);
	say_digest(box);
	test_pass();
}
