/* SPDX-License-Identifier: Apache-2.0 */
/* A host that means ill, as a guest sees it that asked it to. */
#include "../host.h"

#include "../asm.h"
#include "../say.h"
#include "ghcb.h"
#include "guest.h"

#define LEAF_SEV      0x8000001fu
#define SNP_BIT	      4	 /* of EAX */
#define SNP_STATUS    4u /* bit 2 of SEV_STATUS */
#define NOT_VALIDATED 0x404
#define VECTOR	      31 /* of no device */
#define VECTOR_GP     13
#define VECTOR_VC     29
#define EXCEPTION     3
#define INJECT(vector, type, level, error)                                     \
	((uint64_t)(error) << 32 | (uint64_t)(level) << 16 |                   \
		((error) != 0 ? LAB_EVENT_ERROR : 0) | (uint64_t)(type) << 8 | \
		(vector))
#define ICR	 0x300
#define ICR_HIGH 0x310
#define ICR_NMI	 0x4400u /* to processor 0, this one */
#define MARK	 0x1122334455667788ull
/* Long enough for the other processor to get a CPU to run on. */
#define TURNS	 20000000ull
#define WAIT	 30000000ull
#define PATIENCE 1000000000ull
#define MOMENTS	 100000u

static uint64_t target[512] __attribute__((aligned(4096)));
static volatile bool is_expected;
static volatile uint64_t injected;

uint64_t guest_ask_host(uint64_t act, uint64_t times, uint64_t argument)
{
	uint64_t rax = LAB_HOST_ASK | act;

	__asm__ volatile(".byte 0x0f, 0x01, 0xd9"
			 : "+a"(rax)
			 : "c"(times), "d"(argument)
			 : "memory");
	return rax;
}

bool guest_send_nmi(void)
{
	return guest_device_write(GUEST_APIC + ICR_HIGH, 4, 0) == 0 &&
	       guest_device_write(GUEST_APIC + ICR, 4, ICR_NMI) == 0;
}

bool guest_take_injected(struct lab_trap *trap)
{
	if (!is_expected) {
		return false;
	}
	is_expected = false;
	injected = trap->vector;
	trap->rip += guest_vc.bytes;
	return true;
}

bool guest_host_refuses_a_level(void)
{
	return guest_ask_host(LAB_ACT_REFUSE_RUN, 1, 0) == 0 &&
	       !guest_order(GUEST_NOTHING, 0) &&
	       guest_vmsa.save.exit_code == 0 && guest_order(GUEST_NOTHING, 0);
}

/* What says that a level ran is its VMSA, and nothing the host says. */
bool guest_host_runs_nobody(void)
{
	extern uint8_t guest_lower[];
	const struct lab_save *save = &guest_vmsa.save;

	return guest_ask_host(LAB_ACT_FALSE_RUN, 1, 0) == 0 &&
	       guest_order(GUEST_NOTHING, 0) && save->exit_code == 0 &&
	       save->rip == (uint64_t)guest_lower &&
	       guest_order(GUEST_NOTHING, 0) &&
	       save->exit_code == LAB_EXIT_VMGEXIT;
}

bool guest_host_runs_another_level(void)
{
	const struct lab_save *save = &guest_vmsa.save;

	return guest_make_level(2) &&
	       guest_ask_host(LAB_ACT_OTHER_RUN, 1, 2) == 0 &&
	       guest_order(GUEST_NOTHING, 0) && save->exit_code == 0 &&
	       guest_level(2)->exit_code == LAB_EXIT_VMGEXIT &&
	       guest_order(GUEST_NOTHING, 0) &&
	       save->exit_code == LAB_EXIT_VMGEXIT;
}

/* MOV RDX, [RDI]: three bytes. */
static uint64_t read(const uint64_t *from)
{
	uint64_t value = 0;

	__asm__ volatile(".byte 0x48, 0x8b, 0x17"
			 : "+d"(value)
			 : "D"(from)
			 : "memory");
	return value;
}

/* At the first touch; and what is accepted then is not what was written. */
bool guest_host_swaps_a_page(void)
{
	uint64_t gpa = (uint64_t)target;
	struct guest_result accepted;
	uint64_t seen;

	target[0] = MARK;
	if (read(target) != MARK || guest_ask_host(LAB_ACT_SWAP, 1, gpa) != 1) {
		return false;
	}
	guest_vc.bytes = 3;
	guest_vc.code = 0;
	seen = read(target);
	guest_vc.bytes = 0;
	accepted = guest_pvalidate(gpa, false, true);
	return guest_vc.code == NOT_VALIDATED && seen == 0 &&
	       accepted.code == 0 && !accepted.carry && read(target) != MARK;
}

bool guest_host_swaps_a_page_of_vmpl1(void)
{
	const struct lab_save *save = &guest_vmsa.save;
	uint64_t gpa = (uint64_t)target;
	uint64_t rdx = 1;

	target[0] = MARK;
	return guest_rmpadjust(gpa, 0x101) == 0 &&
	       guest_order(GUEST_READ, gpa) && save->r8_15[0] == MARK &&
	       guest_ask_host(LAB_ACT_SWAP, 1, gpa) == 2 &&
	       guest_order(GUEST_READ, gpa) &&
	       save->exit_code == LAB_EXIT_VMGEXIT &&
	       save->r8_15[0] == NOT_VALIDATED &&
	       guest_pvalidate(gpa, false, true).code == 0 &&
	       guest_rmpquery(gpa, &rdx) == 0 && rdx == 1;
}

/* The CPUID page is the firmware's word. */
bool guest_host_lies_beside_the_cpuid_page(void)
{
	bool was_true = guest_cpuid_page_says_what_the_host_says();
	bool is_true;

	guest_ask_host(LAB_ACT_LIE_CPUID, LAB_HOST_NONE, SNP_BIT);
	is_true = guest_cpuid_page_says_what_the_host_says();
	return guest_ask_host(LAB_ACT_LIE_CPUID, 0, 0) > 2 && was_true &&
	       !is_true && guest_cpuid_page_says_what_the_host_says();
}

/* By the page and by the MSR; SEV_STATUS is the processor's own word. */
bool guest_host_lies_about_cpuid(void)
{
	struct lab_cpuid first = lab_cpuid(LEAF_SEV, 0);
	struct lab_cpuid lie;
	uint64_t by_msr;

	if (guest_ask_host(LAB_ACT_LIE_CPUID, 2, SNP_BIT) != 0) {
		return false;
	}
	lie = lab_cpuid(LEAF_SEV, 0);
	by_msr = guest_exchange((uint64_t)LEAF_SEV << 32 | LAB_GHCB_CPUID);
	return (first.eax & 1u << SNP_BIT) != 0 &&
	       (lie.eax ^ first.eax) == 1u << SNP_BIT &&
	       by_msr >> 32 == lie.eax &&
	       (lab_rdmsr(LAB_MSR_SEV_STATUS) & SNP_STATUS) != 0 &&
	       lab_cpuid(LEAF_SEV, 0).eax == first.eax;
}

/* Who reads a field twice reads two values. */
bool guest_host_tampers_between_reads(void)
{
	volatile struct lab_ghcb *page = guest_page();
	const uint64_t where = offsetof(struct lab_ghcb, exit_info2);
	uint64_t read1, read2, read3;

	if (guest_event(LAB_NAE_FEATURES, 0, 0) != 0 ||
		guest_ask_host(LAB_ACT_TAMPER, 1, 4) != LAB_HOST_NONE ||
		guest_ask_host(LAB_ACT_TAMPER, LAB_HOST_NONE, where) != 0) {
		return false;
	}
	read1 = page->exit_info2;
	read2 = page->exit_info2;
	read3 = page->exit_info2;
	return guest_ask_host(LAB_ACT_TAMPER, 0, 0) == 3 && read1 == ~read2 &&
	       read1 == read3 &&
	       (read1 == LAB_GHCB_HAS || read2 == LAB_GHCB_HAS) &&
	       page->exit_info2 == page->exit_info2;
}

/* Interrupts are off: without restricted injection, that is no help. */
bool guest_host_injects_an_interrupt(void)
{
	injected = 0;
	is_expected = true;
	return guest_ask_host(LAB_ACT_INJECT, 1, INJECT(VECTOR, 0, 0, 0)) ==
		       0 &&
	       !is_expected && injected == VECTOR;
}

/* A processor's own NMI is no injection: it comes, by way of the lab. */
bool guest_host_passes_on_an_nmi(void)
{
	injected = 0;
	is_expected = true;
	return guest_send_nmi() && !is_expected && injected == LAB_NMI;
}

/* It says CPUID where there is none: who believes it skips two bytes. */
bool guest_host_injects_a_vc(void)
{
	uint64_t lies = guest_vc.lies;
	uint64_t count = guest_vc.count;

	return guest_ask_host(LAB_ACT_INJECT, 1,
		       INJECT(VECTOR_VC, EXCEPTION, 0, LAB_EXIT_CPUID)) == 1 &&
	       guest_vc.count == count + 1 && guest_vc.lies == lies + 1;
}

/* Before its first instruction: it does not what it was told. */
bool guest_host_injects_into_vmpl1(void)
{
	const struct lab_save *save = &guest_vmsa.save;

	return guest_ask_host(LAB_ACT_INJECT, 1,
		       INJECT(VECTOR_GP, EXCEPTION, 1, 0x10)) == 2 &&
	       guest_order(GUEST_WAIT, 1) && save->r8_15[0] == VECTOR_GP &&
	       guest_order(GUEST_WAIT, 1) && save->r8_15[0] == 1;
}

/* On a stack that VMPL1 may not write to: its exception waits until it may, and is
 * not VMPL0's. */
bool guest_host_injects_what_has_to_wait(void)
{
	struct lab_save *save = &guest_vmsa.save;
	uint64_t gpa = (uint64_t)target;

	save->rsp = gpa + sizeof(target);
	return guest_ask_host(LAB_ACT_INJECT, 1,
		       INJECT(VECTOR_GP, EXCEPTION, 1, 0x10)) == 3 &&
	       guest_order(GUEST_WAIT, 1) && save->exit_code == LAB_EXIT_NPF &&
	       (save->exit_info2 & ~0xfffull) == gpa && save->r8_15[0] == 0 &&
	       (save->exit_interrupt & 0x800000ff) ==
		       (LAB_EVENT_VALID | VECTOR_GP) &&
	       guest_rmpadjust(gpa, 0x301) == 0 && guest_order(GUEST_WAIT, 1) &&
	       save->r8_15[0] == VECTOR_GP && guest_rmpadjust(gpa, 1) == 0 &&
	       guest_order(GUEST_WAIT, 1) && save->r8_15[0] == 1;
}

static bool is_none(uint64_t act, uint64_t argument)
{
	return guest_ask_host(act, 1, argument) == LAB_HOST_NONE;
}

/* It has no page of the lab's, and swaps no VMSA that runs. */
bool guest_host_has_its_limits(void)
{
	extern uint8_t guest_first_vmsa[];

	return is_none(LAB_ACTS, 0) && is_none(LAB_ACT_SWAP, GUEST_LAB) &&
	       is_none(LAB_ACT_TAKE, GUEST_LAB) && is_none(LAB_ACT_TWICE, 0) &&
	       is_none(LAB_ACT_SWAP, (uint64_t)target + 8) &&
	       is_none(LAB_ACT_SWAP, (uint64_t)guest_first_vmsa) &&
	       is_none(LAB_ACT_TAKE, (uint64_t)guest_first_vmsa);
}

bool guest_host_runs_registers_once(void)
{
	volatile uint64_t turns = 0;

	if (guest_ask_host(LAB_ACT_TWICE, LAB_HOST_NONE, 1) != 0) {
		return false;
	}
	for (uint64_t i = 0; i < TURNS; i++) {
		turns++;
	}
	return turns == TURNS && guest_ask_host(LAB_ACT_TWICE, 0, 0) > 0;
}

/* While VMPL1 runs, VMPL0's registers are free: it goes on elsewhere, and
 * VMPL1's VMSA says that it has not come back. */
bool guest_host_runs_two_levels_at_once(void)
{
	const volatile struct lab_save *save = &guest_vmsa.save;

	guest_order(GUEST_WAIT, WAIT);
	/* At each exit that is the lab's it is free for a moment. */
	for (uint64_t i = 0; save->virtual_interrupt >> 63 != 1; i++) {
		if (i == MOMENTS) {
			return false;
		}
	}
	if (save->exit_code != 0) {
		return false;
	}
	for (uint64_t i = 0; i < PATIENCE; i++) {
		if (save->exit_code == LAB_EXIT_VMGEXIT) {
			return save->r8_15[0] == 1;
		}
		lab_pause();
	}
	return false;
}
