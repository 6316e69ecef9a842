/* SPDX-License-Identifier: Apache-2.0 */
/* One box on two CPUs: tables come and go while both run in it. */
#include <stdatomic.h>

#include <arch/x86_64/boot.h>
#include <arch/x86_64/cpu.h>
#include <arch/x86_64/machine.h>

#include "gates.h"

#define CODE_VA	    0x400000ull
#define STACK_VA    0x500000ull
#define STACK_PAGES 4u
#define BOX_PAGES   96u
#define ROUNDS	    3u

extern const uint8_t test_code[];
extern const uint8_t test_code_end[];
extern const uint8_t test_worker[];

static const struct cbx_policy policy = {
	.version = CBX_POLICY_VERSION,
	.output_pages = 1,
	.threads_max = 2,
	.wake_step = 1,
};

static _Atomic uint32_t others;	 /* CPUs that came up */
static _Atomic uint64_t the_box; /* handle; 0: none to enter */
static _Atomic uint32_t inside;	 /* CPUs that may be in it */

/* The box's host page is not needed: it writes nothing. */
static uint64_t enter(uint64_t box, uint64_t page)
{
	const struct cbx_call call = {
		.id = CBX_CALL_BOX_ENTER,
		.arg = { box, page, 1 },
	};
	struct cbx_reply reply;

	cbx_gate_host(&call, &reply);
	return reply.status == CBX_OK ? reply.ret[0] : CBX_EXIT_ENDED;
}

_Noreturn void cbx_x86_main_other(uint32_t cpu)
{
	CHECK(cpu == cbx_hal_cpu() && cpu < CBX_X86_CPUS_MAX);
	atomic_fetch_add(&others, 1);
	for (;;) {
		uint64_t box = atomic_load(&the_box);

		if (cpu != 1 || box == 0) {
			cbx_hal_cpu_relax();
			continue;
		}
		atomic_fetch_add(&inside, 1);
		while (atomic_load(&the_box) == box &&
			enter(box, test_pages()) != CBX_EXIT_ENDED) {
		}
		atomic_fetch_sub(&inside, 1);
	}
}

static void make(uint64_t box, uint64_t host)
{
	uint64_t offset = (uint64_t)(test_worker - test_code);

	test_fill(host, 0, &policy, sizeof(policy));
	CHECK(GATE(PAGE_DONATE, box, BOX_PAGES) == CBX_OK);
	CHECK(GATE(BOX_CREATE, box, box + 1, host) == CBX_OK);
	CHECK(GATE(BOX_GRANT, box, box + 2, 24) == CBX_OK);
	test_fill(host, 0, test_code, (uint64_t)(test_code_end - test_code));
	CHECK(GATE(BOX_ADD, box, CODE_VA, box + 80, 1,
		      CBX_RIGHT_R | CBX_RIGHT_X, host) == CBX_OK);
	CHECK(GATE(BOX_ADD, box, STACK_VA, box + 81, STACK_PAGES,
		      CBX_RIGHT_R | CBX_RIGHT_W, CBX_NO_PAGE) == CBX_OK);
	CHECK(GATE(BOX_THREAD, box, CODE_VA + offset,
		      STACK_VA + STACK_PAGES * CBX_PAGE_SIZE, 0) == CBX_OK);
	CHECK(GATE(BOX_FINALIZE, box) == CBX_OK);
}

static void run(uint64_t box, uint64_t host)
{
	make(box, host);
	atomic_store(&the_box, box);
	do {
		CHECK(GATE(BOX_ENTER, box, host + 1, 1) == CBX_OK);
	} while (test_ret(0) != CBX_EXIT_ENDED);
	atomic_store(&the_box, 0);
	while (atomic_load(&inside) != 0) {
		cbx_hal_cpu_relax();
	}
	CHECK(test_ret(2) == CBX_END_EXIT);
	test_say_number("ended", test_ret(1));
}

_Noreturn void cbx_x86_main(const struct cbx_x86_boot *boot)
{
	uint64_t host;

	test_start();
	host = test_pages();
	CHECK(boot->cpu_count == cbx_hal_cpu_count());
	while (atomic_load(&others) + 1 != boot->cpu_count) {
		cbx_hal_cpu_relax();
	}
	test_say_number("cpus", boot->cpu_count);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		run(host + 2 + i * BOX_PAGES, host);
	}
	test_pass();
}
