/* SPDX-License-Identifier: Apache-2.0 */
/* Restricted injection at VMPL0: #HV, and nothing else. */
#include "../asm.h"
#include "../host.h"
#include "ghcb.h"
#include "guest.h"

#define STATUS		     0x27u /* SEV, SEV-ES, SEV-SNP, restricted injection */
#define VECTOR_NMI	     2
#define VECTOR_GP	     13
#define VECTOR_HV	     28
#define VECTOR_VC	     29
#define VECTOR_OTHER	     31 /* of the PIC's, which no local APIC has */
#define VECTOR_PIT	     32
#define TYPE_NMI	     2
#define TYPE_EXCEPTION	     3
#define INJECT(type, vector) ((uint64_t)(type) << 8 | (vector))
#define HAS_NMI		     0x01u
#define NO_SIGNAL	     0x80u
#define PATIENCE	     1000000000ull
#define WAIT		     1000000000ull
#define PIC		     0x20
#define PIC_MASK	     0x21
#define PIC2_MASK	     0xa1
#define PIT		     0x40
#define PIT_MODE	     0x43
#define RFLAGS_IF	     0x200ull

/* What a host leaves there; shared, so at GUEST_SHARED. */
struct bell {
	uint8_t vector, flags, no_eoi, events;
};
static uint8_t page[4096] __attribute__((aligned(4096)));
volatile uint64_t guest_rung;
static uint64_t guest_rung_at;

static volatile struct bell *bell(void)
{
	uint64_t at = (uint64_t)page;

	__asm__("" : "+r"(at)); /* beyond what the compiler knows of it */
	return (volatile struct bell *)(at + GUEST_SHARED);
}

bool guest_take_hv(struct lab_trap *trap)
{
	if (trap->vector != VECTOR_HV) {
		return false;
	}
	guest_rung++;
	guest_rung_at = trap->rip;
	return true;
}

/* Look at what is there, once; from now on it may ring again. */
static struct bell look(void)
{
	struct bell seen = { 0 };

	seen.flags = __atomic_exchange_n(&bell()->flags, 0, __ATOMIC_SEQ_CST);
	seen.vector = __atomic_exchange_n(&bell()->vector, 0, __ATOMIC_SEQ_CST);
	return seen;
}

/* The host leaves something for VMPL0; whether it could. */
static bool post(uint64_t vector)
{
	return guest_ask_host(LAB_ACT_POST, 1, vector) != LAB_HOST_NONE;
}

static uint64_t tell(enum lab_doorbell_op op, uint64_t gpa)
{
	return guest_event(LAB_NAE_DOORBELL, op, gpa);
}

bool guest_bell_is_the_processors_word(void)
{
	/* what the machine's firmware left on is of no interest here */
	lab_out8(PIC_MASK, 0xff);
	lab_out8(PIC2_MASK, 0xff);
	return lab_rdmsr(LAB_MSR_SEV_STATUS) == STATUS &&
	       (lab_cpuid(0x8000001f, 0).eax & 1u << 12) != 0;
}

bool guest_bell_is_in_shared_memory(void)
{
	volatile struct lab_ghcb *ghcb = guest_page();
	uint64_t gpa = (uint64_t)page;

	return tell(LAB_DOORBELL_PREFERRED, 0) == 0 &&
	       ghcb->exit_info2 == ~0ull && tell(LAB_DOORBELL_QUERY, 0) == 0 &&
	       ghcb->exit_info2 == 0 &&
	       tell(LAB_DOORBELL_SET, gpa) == LAB_NAE_INVALID && !post(65) &&
	       guest_share(gpa) && tell(LAB_DOORBELL_SET, gpa) == 0 &&
	       ghcb->exit_info2 == gpa && tell(LAB_DOORBELL_QUERY, 0) == 0 &&
	       ghcb->exit_info2 == gpa && guest_rung == 0;
}

bool guest_bell_rings_for_a_vector(void)
{
	struct bell seen;

	if (!post(65) || guest_rung != 1) {
		return false;
	}
	seen = look();
	return seen.vector == 65 && seen.flags == NO_SIGNAL;
}

bool guest_bell_rings_once_until_looked_at(void)
{
	return post(65) && guest_rung == 2 && post(65) && guest_rung == 2 &&
	       !post(66) && guest_rung == 2 && look().vector == 65 &&
	       post(66) && guest_rung == 3 && look().vector == 66 &&
	       !post(30) && guest_rung == 3;
}

bool guest_bell_has_the_nmi(void)
{
	struct bell seen;

	if (!post(VECTOR_NMI) || guest_rung != 4) {
		return false;
	}
	seen = look();
	return seen.vector == 0 && seen.flags == (HAS_NMI | NO_SIGNAL);
}

/* The machine's own, too: with restricted injection it comes no other way. */
bool guest_bell_has_a_real_nmi(void)
{
	return guest_send_nmi() && guest_rung == 5 &&
	       look().flags == (HAS_NMI | NO_SIGNAL);
}

/* A host may ring without a reason. */
bool guest_bell_rings_for_nothing(void)
{
	uint64_t done = guest_ask_host(
		LAB_ACT_INJECT, 1, INJECT(TYPE_EXCEPTION, VECTOR_HV));
	struct bell seen = look();

	return done == 0 && guest_rung == 6 && seen.vector == 0 &&
	       seen.flags == 0;
}

/* And at which instruction it likes. */
bool guest_bell_rings_at_an_instruction(void)
{
	uint64_t rax = LAB_HOST_ASK | LAB_ACT_RING;
	uint64_t at;

	__asm__ volatile("leaq 1f(%%rip), %1; movq %1, %%rdx; vmmcall\n\t"
			 "nop; nop\n"
			 "1: nop; nop"
			 : "+a"(rax), "=&r"(at)
			 : "c"(1ull)
			 : "rdx", "memory");
	look();
	return rax == 0 && guest_rung == 7 && guest_rung_at == at &&
	       guest_ask_host(LAB_ACT_RING, 0, 0) == 1;
}

/* Any other would end the guest: it has no handler that takes one. */
bool guest_bell_is_all_that_can_be_injected(void)
{
	const uint64_t events[] = { INJECT(0, VECTOR_OTHER), INJECT(0, 0x80),
		INJECT(0, VECTOR_HV), INJECT(TYPE_NMI, VECTOR_NMI),
		INJECT(TYPE_EXCEPTION, 6),
		INJECT(TYPE_EXCEPTION, VECTOR_GP) | LAB_EVENT_ERROR,
		INJECT(TYPE_EXCEPTION, VECTOR_VC) | (uint64_t)LAB_EXIT_CPUID
							    << 32 };
	uint64_t count = guest_vc.count;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		guest_ask_host(LAB_ACT_INJECT, 1, events[i]);
	}
	return guest_vc.count == count && guest_rung == 7 &&
	       guest_ask_host(LAB_ACT_INJECT, 0, 0) == 1;
}

/* Interrupts of the PIC from VECTOR_PIT on, of the timer alone; once, soon. */
static void start_timer(void)
{
	const uint8_t words[] = { VECTOR_PIT, 4, 1, 0xfe };

	lab_out8(PIC, 0x11);
	for (size_t i = 0; i < sizeof(words); i++) {
		lab_out8(PIC_MASK, words[i]);
	}
	lab_out8(PIT_MODE, 0x30);
	lab_out8(PIT, 0);
	lab_out8(PIT, 0x10);
}

/* VMPL1 has it when it runs, and not before. */
bool guest_bell_tells_of_another_levels_interrupt(void)
{
	extern uint8_t guest_lower_irq[], guest_lower_data_end[];
	struct lab_save *save = &guest_vmsa.save;
	struct bell seen;
	bool ran;

	start_timer();
	for (uint64_t i = 0; guest_rung == 7 && i < PATIENCE; i++) {
		lab_pause();
	}
	seen = look();
	guest_lower_gate(VECTOR_PIT, (uint64_t)guest_lower_irq, 0);
	save->rflags |= RFLAGS_IF;
	save->rsp = (uint64_t)guest_lower_data_end;
	ran = guest_order(GUEST_WAIT, WAIT);
	save->rflags &= ~RFLAGS_IF;
	return guest_rung == 8 && seen.vector == VECTOR_OTHER && ran &&
	       save->exit_code == LAB_EXIT_VMGEXIT &&
	       save->r8_15[0] == VECTOR_PIT;
}

bool guest_bell_can_be_taken_away(void)
{
	volatile struct lab_ghcb *ghcb = guest_page();

	return tell(LAB_DOORBELL_CLEAR, 0) == 0 &&
	       tell(LAB_DOORBELL_QUERY, 0) == 0 && ghcb->exit_info2 == 0 &&
	       !post(65) && guest_rung == 8;
}
