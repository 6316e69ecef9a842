/* SPDX-License-Identifier: Apache-2.0 */
/* The tests, in a table; each is a sentence. */
#include "guest.h"

#include "../asm.h"
#include "ghcb.h"
#include "../say.h"
#include "../trap.h"

#define LEAF_SEV 0x8000001fu
#define SNP_BITS 0x3au /* SEV, SEV-ES, SEV-SNP, VMPL */

#define VECTOR_VC     29
#define NOT_VALIDATED 0x404

/* Codes in EAX. */
enum {
	INPUT = 1,
	PERMISSION = 2,
	SIZE = 6,
};

_Noreturn void guest_main(void);

/* "ret": something to read, to write and to execute. */
static uint8_t target[4096] __attribute__((aligned(4096))) = { 0xc3 };

void lab_trap(struct lab_trap *trap)
{
	if (guest_take_row(trap) || guest_take_hv(trap) ||
		guest_take_injected(trap) ||
		(trap->vector == VECTOR_VC && guest_take_vc(trap))) {
		return;
	}
	lab_say("guest: vector %u error %x rip %x cr2 %x\n", trap->vector,
		trap->error, trap->rip, lab_cr2());
	lab_end(LAB_END_BAD);
}

static bool is(struct guest_result r, uint32_t code, bool carry)
{
	return r.code == code && r.carry == carry;
}

static bool the_processor_says_what_it_is(void)
{
	struct lab_cpuid r = lab_cpuid(LEAF_SEV, 0);

	return lab_rdmsr(LAB_MSR_SEV_STATUS) == 7 &&
	       (r.eax & SNP_BITS) == SNP_BITS && (r.ebx & 0x3f) == 47 &&
	       (r.ebx >> 12 & 0xf) == 4;
}

static bool the_host_says_what_it_can(void)
{
	return guest_exchange(LAB_GHCB_INFO) ==
		       (2ull << 48 | 2ull << 32 | 47u << 24 | 1) &&
	       guest_exchange(LAB_GHCB_FEATURES) == (LAB_GHCB_HAS << 12 | 0x81);
}

/* Each by its length, but those that are then done. */
static bool what_the_host_must_see_raises_vc(void)
{
	uint64_t count = guest_vc.count;

	lab_cpuid(0, 0);
	if (guest_vc.code != LAB_EXIT_CPUID) {
		return false;
	}
	lab_in8(0x80);
	if (guest_vc.code != LAB_EXIT_IOIO) {
		return false;
	}
	if ((lab_rdmsr(LAB_MSR_APIC_BASE) & ~0xfffull) != 0xfee00000 ||
		guest_vc.code != LAB_EXIT_MSR) {
		return false;
	}
	guest_vc.bytes = 2;
	__asm__ volatile("wbinvd");
	if (guest_vc.code != LAB_EXIT_WBINVD) {
		return false;
	}
	__asm__ volatile("rdpmc" : : "c"(0) : "rax", "rdx");
	guest_vc.bytes = 0;
	return guest_vc.code == LAB_EXIT_RDPMC && guest_vc.count == count + 5;
}

/* MOV BYTE of 1 to where RDI points: three bytes. */
static void touch(uint64_t va)
{
	__asm__ volatile(".byte 0xc6, 0x07, 0x01" : : "D"(va) : "memory");
}

static bool what_is_not_validated_raises_vc(void)
{
	uint64_t count = guest_vc.count;

	guest_vc.bytes = 3;
	touch(GUEST_FREE);
	bool touched = guest_vc.code == NOT_VALIDATED;

	guest_vc.code = 0;
	guest_vc.bytes = 4;
	guest_rmpadjust(GUEST_FREE, 1);
	guest_vc.bytes = 0;
	return touched && guest_vc.code == NOT_VALIDATED &&
	       guest_vc.address == GUEST_FREE && guest_vc.count == count + 2;
}

/* The host took it away and gave it back: the second time is seen. */
static bool what_came_back_raises_vc(void)
{
	const uint64_t gpa = (uint64_t)target;
	bool done =
		guest_exchange((uint64_t)LAB_GHCB_SHARED << 52 | gpa |
			       LAB_GHCB_PAGE_STATE) ==
			LAB_GHCB_PAGE_STATE + 1 &&
		guest_exchange((uint64_t)LAB_GHCB_PRIVATE << 52 | gpa |
			       LAB_GHCB_PAGE_STATE) == LAB_GHCB_PAGE_STATE + 1;

	guest_vc.bytes = 3;
	guest_vc.code = 0;
	touch(gpa);
	guest_vc.bytes = 0;
	return done && guest_vc.code == NOT_VALIDATED &&
	       is(guest_pvalidate(gpa, false, true), 0, false);
}

/* CR3 as 32-bit code can set it; what it then maps is what it was. */
static bool tables_are_private_without_the_c_bit(void)
{
	volatile uint8_t *at = target;
	uint64_t cr3 = lab_cr3();
	bool same;

	if ((cr3 & GUEST_C) == 0) {
		return false;
	}
	at[1] = 0x5a;
	lab_cr3_write(cr3 & ~GUEST_C);
	same = lab_cr3() == (cr3 & ~GUEST_C) && at[1] == 0x5a;
	lab_cr3_write(cr3);
	at[1] = 0;
	return same;
}

static bool a_page_is_validated_once(void)
{
	return is(guest_pvalidate(GUEST_FREE, false, true), 0, false) &&
	       is(guest_pvalidate(GUEST_FREE, false, true), 0, true) &&
	       is(guest_pvalidate(GUEST_FREE, false, false), 0, false) &&
	       is(guest_pvalidate(GUEST_FREE, false, false), 0, true);
}

static bool a_validated_page_holds_what_is_written(void)
{
	volatile uint64_t *at = (volatile uint64_t *)GUEST_FREE;

	if (guest_pvalidate(GUEST_FREE, false, true).code != 0) {
		return false;
	}
	*at = 0x1122334455667788;
	return *at == 0x1122334455667788 &&
	       guest_pvalidate(GUEST_FREE, false, false).code == 0;
}

static bool sizes_and_addresses_are_checked(void)
{
	return is(guest_pvalidate(GUEST_FREE, true, true), SIZE, false) &&
	       is(guest_pvalidate(GUEST_FREE + LAB_PAGE, true, true), INPUT,
		       false);
}

static bool no_level_changes_its_own_rights(void)
{
	uint64_t at = (uint64_t)target;

	return guest_rmpadjust(at, 0xf00) == PERMISSION &&
	       guest_rmpadjust(at, 0xf04) == INPUT &&
	       guest_rmpadjust(at, 1ull << 17 | 1) == INPUT;
}

static bool rights_are_what_was_given(void)
{
	uint64_t at = (uint64_t)target;
	uint64_t rdx = 2;

	if (guest_rmpadjust(at, 0x502) != 0 || guest_rmpquery(at, &rdx) != 0 ||
		rdx != 0x502) {
		return false;
	}
	rdx = 3;
	return guest_rmpquery(at, &rdx) == 0 && rdx == 3 &&
	       guest_rmpadjust(at, 2) == 0;
}

static bool only_shared_memory_is_a_ghcb(void)
{
	return guest_exchange((uint64_t)target | LAB_GHCB_REGISTER) ==
		       (~0xfffull | (LAB_GHCB_REGISTER + 1)) &&
	       guest_exchange(GUEST_LAB | LAB_GHCB_REGISTER) ==
		       (~0xfffull | (LAB_GHCB_REGISTER + 1));
}

static bool the_labs_pages_change_no_hands(void)
{
	for (uint64_t to = LAB_GHCB_PRIVATE; to <= LAB_GHCB_SHARED; to++) {
		if (guest_exchange(
			    to << 52 | GUEST_LAB | LAB_GHCB_PAGE_STATE) !=
			(1ull << 32 | (LAB_GHCB_PAGE_STATE + 1))) {
			return false;
		}
	}
	return true;
}

static bool the_page_says_as_much_as_the_msr(void)
{
	volatile struct lab_ghcb *page = guest_page();
	struct lab_cpuid r = lab_cpuid(LEAF_SEV, 0);

	if (page == NULL) {
		return false;
	}
	page->rax = LEAF_SEV;
	page->rcx = 0;
	page->valid[1] = 1ull << LAB_GHCB_BIT(rcx) % 64;
	return guest_event(LAB_NAE_CPUID, 0, 0) == 0 && page->rax == r.eax &&
	       page->rbx == r.ebx && page->rcx == r.ecx &&
	       guest_event(LAB_NAE_FEATURES, 0, 0) == 0 &&
	       page->exit_info2 == LAB_GHCB_HAS;
}

static bool a_page_that_is_wrong_is_refused(void)
{
	volatile struct lab_ghcb *page = guest_page();

	page->usage = 1;
	if (guest_event(LAB_NAE_FEATURES, 0, 0) != LAB_NAE_BAD_USAGE) {
		return false;
	}
	page->usage = 0;
	return guest_event(LAB_NAE_NONE, 0, 0) == LAB_NAE_EVENT &&
	       guest_event(LAB_NAE_CPUID, 0, 0) == LAB_NAE_MISSING &&
	       guest_event(LAB_NAE_RUN_VMPL, 0, 0) == LAB_NAE_INVALID &&
	       guest_event(LAB_NAE_RUN_VMPL, 3, 0) == LAB_NAE_INVALID;
}

/* Pages to shared, and back; what came back has to be validated again. */
static bool a_list_of_pages_changes_hands(void)
{
	volatile struct lab_ghcb *page = guest_page();
	volatile uint64_t *free =
		(volatile uint64_t *)(GUEST_FREE + GUEST_SHARED);

	for (uint64_t to = LAB_GHCB_SHARED; to >= LAB_GHCB_PRIVATE; to--) {
		page->buffer[0] = 1ull << 16; /* entries 0 to 1 */
		page->buffer[1] = to << 52 | GUEST_FREE;
		page->buffer[2] = to << 52 | (GUEST_FREE + LAB_PAGE);
		page->scratch = (uint64_t)page - GUEST_SHARED +
				offsetof(struct lab_ghcb, buffer);
		page->valid[1] = 1ull << LAB_GHCB_BIT(scratch) % 64;
		if (guest_event(LAB_NAE_PAGE_STATE, 0, 0) != 0 ||
			page->exit_info2 != 0 ||
			(page->buffer[0] & 0xffff) != 2) {
			return false;
		}
		if (to == LAB_GHCB_SHARED) {
			free[0] = free[512] = to;
		}
	}
	return is(guest_pvalidate(GUEST_FREE, false, true), 0, false) &&
	       is(guest_pvalidate(GUEST_FREE, false, false), 0, false);
}

static bool svm_is_not_the_guests(void)
{
	uint64_t efer = lab_rdmsr(LAB_MSR_EFER);

	lab_wrmsr(LAB_MSR_EFER, efer & ~LAB_EFER_SVME);
	return lab_rdmsr(LAB_MSR_EFER) == efer &&
	       (lab_cpuid(0x80000001, 0).ecx & 1u << 2) == 0;
}

static bool vmpl1_runs_and_comes_back(void)
{
	const struct lab_save *save = &guest_vmsa.save;

	return guest_order(GUEST_NOTHING, 0) &&
	       save->exit_code == LAB_EXIT_VMGEXIT &&
	       save->rcx == LAB_MSR_GHCB && save->rax == LAB_GHCB_RUN;
}

static bool vmpl1_is_told_that_vmpl0_ran(void)
{
	const struct lab_save *save = &guest_vmsa.save;
	extern uint8_t guest_lower_exit[];

	if (!guest_order(GUEST_NOTHING, 0)) {
		return false;
	}
	/* from behind its VMGEXIT, reads the MSR, and comes back */
	guest_vmsa.save.rdi = GUEST_NOTHING;
	return save->rip == (uint64_t)guest_lower_exit + 4 &&
	       guest_exchange(1ull << 32 | LAB_GHCB_RUN) == LAB_GHCB_RUN + 1 &&
	       save->exit_code == LAB_EXIT_VMGEXIT &&
	       save->r8_15[1] == LAB_GHCB_RUN + 1 && save->r8_15[2] == 0;
}

static bool no_level_there_is_not_runs(void)
{
	for (uint64_t vmpl = 0; vmpl < 4; vmpl++) {
		if (vmpl != 1 && guest_exchange(vmpl << 32 | LAB_GHCB_RUN) !=
					 (1ull << 32 | (LAB_GHCB_RUN + 1))) {
			return false;
		}
	}
	return true;
}

/* What VMPL1 may do with a page, by what it was given. */
static const struct {
	uint64_t rights; /* read 1, write 2, execute: user 4, supervisor 8 */
	bool read, write, execute;
} rights[] = {
	{ 0x0, false, false, false },
	{ 0x1, true, false, false },
	{ 0x3, true, true, false },
	{ 0x9, true, false, true },
	{ 0xb, true, true, true },
	{ 0x2, false, false, false },
	{ 0x8, false, false, false },
	{ 0xf, true, true, true },
};

static bool is_refused(uint64_t address, uint64_t how)
{
	const struct lab_save *save = &guest_vmsa.save;

	return save->exit_code == LAB_EXIT_NPF && save->exit_info2 == address &&
	       (save->exit_info1 & (LAB_NPF_RMP | LAB_NPF_VMPL)) ==
		       (LAB_NPF_RMP | LAB_NPF_VMPL) &&
	       (save->exit_info1 & (LAB_NPF_WRITE | LAB_NPF_FETCH)) == how;
}

static bool try(enum guest_order order, bool is_allowed, uint64_t how)
{
	if (!guest_order(order, (uint64_t)target)) {
		return false;
	}
	return is_allowed ? guest_vmsa.save.exit_code == LAB_EXIT_VMGEXIT &&
				    guest_vmsa.save.r8_15[0] != 0
			  : is_refused((uint64_t)target, how);
}

static bool vmpl1_may_what_it_was_given(void)
{
	target[0] = 0xc3;
	for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
		if (guest_rmpadjust(
			    (uint64_t)target, rights[i].rights << 8 | 1) != 0 ||
			!try(GUEST_EXECUTE, rights[i].execute, LAB_NPF_FETCH) ||
			!try(GUEST_READ, rights[i].read, 0) ||
			!try(GUEST_EXECUTE, rights[i].execute, LAB_NPF_FETCH) ||
			!try(GUEST_WRITE, rights[i].write, LAB_NPF_WRITE)) {
			lab_say("rights %x ", rights[i].rights);
			return false;
		}
		target[0] = 0xc3; /* VMPL0 may still */
	}
	return guest_rmpadjust((uint64_t)target, 1) == 0;
}

static bool what_was_taken_back_is_gone(void)
{
	for (int i = 0; i < 100; i++) {
		if (guest_rmpadjust((uint64_t)target, 0x301) != 0 ||
			!try(GUEST_WRITE, true, 0) ||
			guest_rmpadjust((uint64_t)target, 0x001) != 0 ||
			!try(GUEST_WRITE, false, LAB_NPF_WRITE)) {
			return false;
		}
	}
	return true;
}

static bool vmpl1_has_no_page_of_vmpl0(void)
{
	extern uint8_t guest_pml4[];
	const uint64_t targets[] = { (uint64_t)guest_pml4,
		(uint64_t)&guest_vmsa.save, (uint64_t)guest_main & ~0xfffull };

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (!guest_order(GUEST_READ, targets[i]) ||
			!is_refused(targets[i], 0)) {
			return false;
		}
	}
	return true;
}

static bool vmpl1_walks_only_its_own_tables(void)
{
	extern uint8_t guest_pml4[], guest_lower_pml4[];
	struct lab_save *save = &guest_vmsa.save;

	save->cr3 = (uint64_t)guest_pml4 | GUEST_C;
	bool refused = guest_order(GUEST_READ, 0) &&
		       save->exit_code == LAB_EXIT_NPF &&
		       save->exit_info2 == (uint64_t)guest_pml4 &&
		       (save->exit_info1 & LAB_NPF_WALK) != 0;

	save->cr3 = (uint64_t)guest_lower_pml4 | GUEST_C;
	return refused && guest_order(GUEST_READ, (uint64_t)guest_lower_pml4) &&
	       save->exit_code == LAB_EXIT_VMGEXIT;
}

static bool vmpl1_validates_nothing(void)
{
	return guest_order(GUEST_PVALIDATE, GUEST_FREE) &&
	       guest_vmsa.save.exit_code == LAB_EXIT_VMGEXIT &&
	       guest_vmsa.save.r8_15[0] == 13;
}

static bool vmpl1_gives_no_more_than_it_has(void)
{
	extern uint8_t guest_lower_pml4[];
	struct lab_save *save = &guest_vmsa.save;
	const struct {
		uint64_t rdx;
		uint64_t code;
	} tries[] = { { 0xf01, PERMISSION }, { 0xf00, PERMISSION },
		{ 0xf02, PERMISSION }, { 0x302, 0 }, { 0x002, 0 } };

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		save->rbx = tries[i].rdx;
		if (!guest_order(GUEST_RMPADJUST, (uint64_t)guest_lower_pml4) ||
			save->r8_15[0] != tries[i].code) {
			return false;
		}
	}
	return true;
}

static bool vmpl1_takes_its_vc_on_the_stack_it_named(void)
{
	extern uint8_t guest_lower_ist[];
	const struct lab_save *save = &guest_vmsa.save;

	return guest_order(GUEST_CPUID, 0) &&
	       save->exit_code == LAB_EXIT_VMGEXIT &&
	       save->r8_15[0] == LAB_EXIT_CPUID &&
	       save->r8_15[1] == (uint64_t)guest_lower_ist - 5 * 8;
}

static bool without_svme_it_does_not_run(void)
{
	struct lab_save *save = &guest_vmsa.save;

	save->efer &= ~LAB_EFER_SVME;
	bool ran = guest_order(GUEST_READ, 0);

	save->efer |= LAB_EFER_SVME;
	return !ran && save->exit_code == 0 && guest_order(GUEST_NOTHING, 0);
}

/* CR4.OSFXSR, of this level only. */
static uint64_t swap_vector(uint64_t value)
{
	uint64_t before;

	lab_cr4_write(lab_cr4() | 0x600);
	__asm__ volatile("movq %%xmm3, %0; movq %1, %%xmm3"
			 : "=&r"(before)
			 : "r"(value));
	return before;
}

static bool each_level_has_its_vector_registers(void)
{
	const struct lab_save *save = &guest_vmsa.save;
	uint64_t seen;

	swap_vector(0xaaaa);
	if (!guest_order(GUEST_VECTOR, 0xbbbb) || save->r8_15[0] == 0xaaaa) {
		return false;
	}
	memcpy(&seen, save->xmm[3], sizeof(seen));
	return seen == 0xbbbb && swap_vector(0xcccc) == 0xaaaa &&
	       guest_order(GUEST_VECTOR, 0xdddd) && save->r8_15[0] == 0xbbbb &&
	       swap_vector(0) == 0xcccc;
}

static bool it_does_so_a_thousand_times(void)
{
	volatile uint64_t *at = (volatile uint64_t *)target;

	if (guest_rmpadjust((uint64_t)target, 0x101) != 0) {
		return false;
	}
	for (uint64_t i = 1; i <= 1000; i++) {
		*at = i;
		if (!guest_order(GUEST_READ, (uint64_t)target) ||
			guest_vmsa.save.r8_15[0] != i) {
			return false;
		}
	}
	return guest_rmpadjust((uint64_t)target, 1) == 0;
}

#define TEST(name)          \
	{                   \
#name, name \
	}
struct test {
	const char *name;
	bool (*run)(void);
};
static const struct test row_tests[] = {
	TEST(guest_run_rows),
};
static const struct test report_tests[] = {
	TEST(guest_report_has_certificates),
	TEST(guest_report_is_of_any_level_below),
	TEST(guest_make_lower),
	TEST(guest_report_of_vmpl1_is_by_its_own_key),
	TEST(guest_report_of_vmpl0_is_not_vmpl1s),
	TEST(guest_message_needs_its_key),
	TEST(guest_message_is_not_sent_twice),
	TEST(guest_message_lies_in_shared_memory),
	TEST(guest_keys_are_by_level_and_measurement),
};
static const struct test host_tests[] = {
	TEST(guest_make_lower),
	TEST(guest_host_refuses_a_level),
	TEST(guest_host_runs_nobody),
	TEST(guest_host_runs_another_level),
	TEST(guest_host_swaps_a_page),
	TEST(guest_host_swaps_a_page_of_vmpl1),
	TEST(guest_host_lies_about_cpuid),
	TEST(guest_host_lies_beside_the_cpuid_page),
	TEST(guest_host_tampers_between_reads),
	TEST(guest_host_injects_an_interrupt),
	TEST(guest_host_passes_on_an_nmi),
	TEST(guest_host_injects_a_vc),
	TEST(guest_host_injects_into_vmpl1),
	TEST(guest_host_injects_what_has_to_wait),
	TEST(guest_host_plays_an_answer_again),
	TEST(guest_host_alters_an_answer),
	TEST(guest_host_has_its_limits),
};
static const struct test bell_tests[] = {
	TEST(guest_bell_is_the_processors_word),
	TEST(guest_bell_is_in_shared_memory),
	TEST(guest_bell_rings_for_a_vector),
	TEST(guest_bell_rings_once_until_looked_at),
	TEST(guest_bell_has_the_nmi),
	TEST(guest_bell_has_a_real_nmi),
	TEST(guest_bell_rings_for_nothing),
	TEST(guest_bell_rings_at_an_instruction),
	TEST(guest_bell_is_all_that_can_be_injected),
	TEST(guest_make_lower),
	TEST(guest_bell_tells_of_another_levels_interrupt),
	TEST(guest_bell_can_be_taken_away),
};
static const struct test ipi_tests[] = {
	TEST(guest_make_lower),
	TEST(guest_ipi_needs_who_takes_it),
	TEST(guest_ipi_rings_the_other_processor),
	TEST(guest_ipi_stops_a_level_below),
	TEST(guest_ipi_can_be_an_nmi),
	TEST(guest_ipi_can_be_lost),
};
static const struct test twice_tests[] = {
	TEST(guest_make_lower),
	TEST(guest_host_runs_registers_once),
	TEST(guest_host_runs_two_levels_at_once),
};
static const struct test cpu_tests[] = {
	TEST(guest_cpu_needs_a_vmsa),
	TEST(guest_cpu_starts_where_its_vmsa_says),
	TEST(guest_cpu_is_not_created_twice),
	TEST(guest_cpu_has_its_vmsa_to_itself),
	TEST(guest_cpu_stops_without_svme),
	TEST(guest_cpu_stops_each_time),
	TEST(guest_cpu_is_started_by_no_sipi),
	TEST(guest_cpu_holds_until_it_is_created_again),
};
static const struct test tests[] = {
	TEST(the_processor_says_what_it_is),
	TEST(the_host_says_what_it_can),
	TEST(guest_cpuid_page_says_what_the_host_says),
	TEST(what_the_host_must_see_raises_vc),
	TEST(what_is_not_validated_raises_vc),
	TEST(what_came_back_raises_vc),
	TEST(tables_are_private_without_the_c_bit),
	TEST(a_page_is_validated_once),
	TEST(a_validated_page_holds_what_is_written),
	TEST(sizes_and_addresses_are_checked),
	TEST(no_level_changes_its_own_rights),
	TEST(rights_are_what_was_given),
	TEST(only_shared_memory_is_a_ghcb),
	TEST(the_labs_pages_change_no_hands),
	TEST(the_page_says_as_much_as_the_msr),
	TEST(a_page_that_is_wrong_is_refused),
	TEST(a_list_of_pages_changes_hands),
	TEST(guest_device_memory_raises_vc),
	TEST(guest_device_memory_is_the_hosts_to_touch),
	TEST(guest_memory_is_no_device),
	TEST(guest_ports_take_strings),
	TEST(guest_configuration_is_read_only),
	TEST(svm_is_not_the_guests),
	TEST(guest_make_lower),
	TEST(vmpl1_runs_and_comes_back),
	TEST(vmpl1_is_told_that_vmpl0_ran),
	TEST(no_level_there_is_not_runs),
	TEST(vmpl1_may_what_it_was_given),
	TEST(what_was_taken_back_is_gone),
	TEST(vmpl1_has_no_page_of_vmpl0),
	TEST(vmpl1_walks_only_its_own_tables),
	TEST(vmpl1_validates_nothing),
	TEST(vmpl1_gives_no_more_than_it_has),
	TEST(vmpl1_takes_its_vc_on_the_stack_it_named),
	TEST(without_svme_it_does_not_run),
	TEST(each_level_has_its_vector_registers),
	TEST(it_does_so_a_thousand_times),
};

static uint64_t choice(void)
{
	return guest_pvalidate(GUEST_CHOICE, false, true).code == 0
		       ? *(volatile uint64_t *)GUEST_CHOICE
		       : 0;
}

static void run(const struct test *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool good = list[i].run();

		lab_say("guest: %s %s\n", good ? "ok" : "bad", list[i].name);
		if (!good) {
			lab_say("guest: exit %x info %x %x r8 %x rip %x\n",
				guest_vmsa.save.exit_code,
				guest_vmsa.save.exit_info1,
				guest_vmsa.save.exit_info2,
				guest_vmsa.save.r8_15[0], guest_vmsa.save.rip);
			lab_end(LAB_END_BAD);
		}
	}
}

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

_Noreturn void guest_main(void)
{
	uint64_t chosen = choice();

	lab_trap_start();
	guest_end(chosen);
	if (guest_page() == NULL) {
		__asm__ volatile("lidt (%0); ud2" : : "r"(target + 64));
	}
	if (chosen == GUEST_CPUS) {
		run(cpu_tests, COUNT(cpu_tests));
	} else if (chosen == GUEST_ROWS) {
		run(row_tests, COUNT(row_tests));
	} else if (chosen == GUEST_REPORT) {
		run(report_tests, COUNT(report_tests));
	} else if (chosen == GUEST_HOST) {
		run(host_tests, COUNT(host_tests));
	} else if (chosen == GUEST_BELL) {
		run(bell_tests, COUNT(bell_tests));
	} else if (chosen == GUEST_IPI) {
		run(ipi_tests, COUNT(ipi_tests));
	} else if (chosen == GUEST_TWICE) {
		run(twice_tests, COUNT(twice_tests));
	} else {
		run(tests, COUNT(tests));
	}
	lab_say("guest: pass\n");
	lab_end(LAB_END_GOOD);
}
