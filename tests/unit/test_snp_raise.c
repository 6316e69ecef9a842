/* SPDX-License-Identifier: Apache-2.0 */
/* A host finds #GP(0) where it left, by its own tables: on memory that is its own
 * alone, or not at all. */
#include "snp/machine.h"

#include <hal/snp/use.h>

/* Pages: the host's from HOSTS on; not its own alone, the last ones. */
#define HOSTS  20u
#define PML4   20u
#define PDPT   21u
#define PD     22u
#define PT     23u
#define IDT    24u
#define TSS    25u
#define STACK  26u
#define HIGHER 27u /* the stack's next page */
#define PML5   28u
#define LARGE  512u
#define SHARED 600u
#define C_BIT  51u

#define LINK	(1ull << C_BIT | 3)
#define TO(pfn) ((uint64_t)(pfn) << CBX_PAGE_SHIFT | LINK)
#define HUGE	0x80ull

/* Where the tables have them: the page's number is the address's too. */
#define VA(pfn)	 ((uint64_t)(pfn) << CBX_PAGE_SHIFT)
#define HANDLER	 0xffff800012345678ull
#define GP	 13u
#define TRAP	 (1ull << 40)
#define IST(n)	 ((uint64_t)(n) << 32)
#define ALL	 ((struct cbx_view){ CBX_VIEW_ALL })
#define DATA	 ((struct cbx_view){ CBX_VIEW_R | CBX_VIEW_W })
#define FLAGS	 0x34346ull /* IF TF RF VM NT and more */
#define OLD_RSP	 (VA(STACK) + 0x805)
#define FRAME_AT 0x7d0u /* below that, rounded down */

uint64_t cbx_x86_private = 1ull << C_BIT;

static struct cbx_vmsa vmsa;

static uint64_t *words(uint64_t pfn)
{
	return (uint64_t *)machine_memory[pfn];
}

static void view(uint64_t pfn, struct cbx_view view)
{
	uint64_t done;

	assert_int_equal(
		cbx_hal_view_set((struct cbx_pfn){ pfn }, 1, view, &done),
		CBX_OK);
}

static void set_gate(uint64_t bits)
{
	words(IDT)[2 * GP] = (HANDLER & 0xffff) | 0x10 << 16 |
			     0x8e0000000000ull | (HANDLER & 0xffff0000) << 32 |
			     bits;
	words(IDT)[2 * GP + 1] = HANDLER >> 32;
}

static int boot(void **state)
{
	static const struct cbx_snp_two_ways two = {
		.pfn = { MACHINE_GHCB },
		.hidden = machine_memory[MACHINE_GHCB],
		.shared = machine_memory[MACHINE_GHCB],
	};
	uint64_t done;

	machine_boot(state);
	assert_null(cbx_snp_ghcb_start(&two, MACHINE_C));
	assert_int_equal(cbx_hal_page_accept((struct cbx_pfn){ HOSTS },
				 MACHINE_PAGES - HOSTS, &done),
		CBX_OK);
	for (uint64_t pfn = HOSTS; pfn < MACHINE_PAGES; pfn++) {
		view(pfn, pfn < SHARED ? ALL : DATA);
	}
	words(PML4)[0] = TO(PDPT);
	words(PDPT)[0] = TO(PD);
	words(PD)[0] = TO(PT);
	for (uint64_t i = 0; i < 512; i++) {
		words(PT)[i] = TO(i);
	}
	set_gate(0);
	vmsa = (struct cbx_vmsa){
		.cs = { 0x10, 0xa9b, 0xffffffff, 0 },
		.ss = { 0x18, 0xc93, 0xffffffff, 0 },
		.idtr = { 0, 0, 0xfff, VA(IDT) },
		.tr = { 0x40, 0x8b, 0x67, VA(TSS) },
		.cr3 = TO(PML4),
		.rflags = FLAGS,
		.rip = 0x1234,
		.rsp = OLD_RSP,
	};
	machine.maps = 0;
	return 0;
}

static bool raise(void)
{
	bool raised = cbx_vmsa_raise(&vmsa);

	assert_int_equal(machine.maps, 0);
	return raised;
}

/* Error, RIP, CS, RFLAGS, RSP, SS. */
static void assert_frame(const uint64_t *at)
{
	const uint64_t frame[] = { 0, 0x1234, 0x10, FLAGS, OLD_RSP, 0x18 };

	assert_memory_equal(at, frame, sizeof(frame));
}

static void the_handler_finds_what_was_interrupted(void **state)
{
	(void)state;
	assert_true(raise());
	assert_frame(words(STACK) + FRAME_AT / 8);
	assert_true(vmsa.rip == HANDLER && vmsa.rsp == VA(STACK) + FRAME_AT);
	assert_true(vmsa.cs.selector == 0x10 && vmsa.cs.attributes == 0xa9b);
	assert_true(vmsa.ss.selector == 0x18 && vmsa.cpl == 0);
	assert_int_equal(vmsa.rflags, 0x46); /* no IF TF RF VM NT */
}

static void a_trap_gate_leaves_interrupts_on(void **state)
{
	(void)state;
	set_gate(TRAP);
	assert_true(raise());
	assert_int_equal(vmsa.rflags, 0x246);
}

/* The first word of RSP0 and of IST 3 lies at no multiple of 8. */
static void user_mode_comes_to_the_kernels_stack(void **state)
{
	uint64_t stack = VA(STACK) + 0x808;

	for (uint64_t ist = 0; ist <= 3; ist += 3) {
		boot(state);
		vmsa.cpl = 3;
		set_gate(IST(ist));
		memcpy(machine_memory[TSS] + (ist == 0 ? 4 : 0x1c + 8 * ist),
			&stack, sizeof(stack));
		assert_true(raise());
		assert_frame(words(STACK) + FRAME_AT / 8);
		assert_true(vmsa.cpl == 0 && vmsa.ss.selector == 0 &&
			    vmsa.ss.attributes == 0);
	}
}

static void a_stack_of_its_own_is_taken_in_kernel_mode_too(void **state)
{
	(void)state;
	set_gate(IST(1));
	words(TSS)[0x24 / 8] = (VA(STACK) + 0x808) << 32;
	words(TSS)[0x24 / 8 + 1] = 0;
	assert_true(raise());
	assert_frame(words(STACK) + FRAME_AT / 8);
	assert_true(vmsa.ss.selector == 0x18);
}

static void large_pages_and_five_levels_are_walked(void **state)
{
	(void)state;
	words(PD)[1] = TO(LARGE) | HUGE | 1ull << 12; /* PAT */
	vmsa.rsp = 0x200000 + VA(7) + 0x805;
	assert_true(raise());
	assert_int_equal(words(LARGE + 7)[FRAME_AT / 8 + 1], 0x1234);

	boot(state);
	words(PDPT)[1] = LINK | HUGE;
	vmsa.rsp = (1ull << 30) + OLD_RSP;
	assert_true(raise());
	assert_int_equal(words(STACK)[FRAME_AT / 8 + 1], 0x1234);

	boot(state);
	words(PML5)[0] = TO(PML4);
	vmsa.cr3 = TO(PML5);
	vmsa.cr4 = 0x1000;
	assert_true(raise());
	assert_frame(words(STACK) + FRAME_AT / 8);
}

/* The gate may be the table's last. */
static void a_table_that_ends_there_has_the_gate(void **state)
{
	(void)state;
	vmsa.idtr.limit = 16 * (GP + 1) - 1;
	assert_true(raise());
	boot(state);
	vmsa.idtr.limit = 16 * (GP + 1) - 2;
	assert_false(raise());
}

static void assert_refused(void)
{
	const struct cbx_vmsa before = vmsa;

	assert_false(raise());
	assert_memory_equal(&vmsa, &before, sizeof(vmsa));
}

static void a_host_without_a_gate_is_left_alone(void **state)
{
	static const uint64_t gates[] = { 0, 0x0e0000000000, 0x850000000000,
		0x8c0000000000, 0x9e0000000000 };

	for (size_t i = 0; i < sizeof(gates) / sizeof(gates[0]); i++) {
		boot(state);
		words(IDT)[2 * GP] = gates[i];
		assert_refused();
	}
	boot(state);
	vmsa.exit_event = 1ull << 31;
	assert_refused();
	boot(state);
	vmsa.cs.attributes = 0xc9b;
	assert_refused();
	boot(state);
	words(PT)[IDT] = 0;
	assert_refused();
}

/* Whichever page it is: a box's or the monitor's, shared, in use, or none. */
static void only_what_is_its_own_is_touched(void **state)
{
	static const uint64_t pages[] = { PML4, PDPT, PD, PT, IDT, STACK };
	static const uint64_t others[] = { MACHINE_VMSA, SHARED, MACHINE_PAGES,
		(1ull << 39) - 1 };

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		boot(state);
		view(pages[i], DATA);
		assert_refused();
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		boot(state);
		words(PT)[STACK] = TO(others[i]);
		assert_refused();
		boot(state);
		words(PD)[0] = TO(others[i]);
		assert_refused();
		boot(state);
		vmsa.cr3 = TO(others[i]);
		assert_refused();
	}
}

/* Half of it was written, in memory that is the host's to lose. */
static void a_frame_that_ends_elsewhere_is_none(void **state)
{
	(void)state;
	vmsa.rsp = VA(HIGHER) + 0x18;
	assert_true(raise());
	boot(state);
	view(HIGHER, DATA);
	vmsa.rsp = VA(HIGHER) + 0x18;
	assert_refused();
}

#define TEST(name) cmocka_unit_test_setup(name, boot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_handler_finds_what_was_interrupted),
		TEST(a_trap_gate_leaves_interrupts_on),
		TEST(user_mode_comes_to_the_kernels_stack),
		TEST(a_stack_of_its_own_is_taken_in_kernel_mode_too),
		TEST(large_pages_and_five_levels_are_walked),
		TEST(a_table_that_ends_there_has_the_gate),
		TEST(a_host_without_a_gate_is_left_alone),
		TEST(only_what_is_its_own_is_touched),
		TEST(a_frame_that_ends_elsewhere_is_none),
	};

	return cmocka_run_group_tests_name("snp_raise", tests, NULL, NULL);
}
