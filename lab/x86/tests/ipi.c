/* SPDX-License-Identifier: Apache-2.0 */
/* Processors at VMPL0 that interrupt each other by #HV. */
#include "../asm.h"
#include "../host.h"
#include "ghcb.h"
#include "guest.h"

#define VMSA	  (1ull << 16 | 1)
#define OTHER	  (1ull << 32) /* its APIC's number, in SW_EXITINFO1 */
#define NOBODY	  (7ull << 32)
#define MODE_NMI  0x400u
#define FEATURES  9u
#define ENDLESS	  (~0ull)
#define PATIENCE  1000000000ull
#define HAS_NMI	  0x01u
#define IDT_BYTES (32 * 16 - 1)

static struct guest_vmsa other __attribute__((aligned(4096)));
static struct lab_ghcb other_ghcb __attribute__((aligned(4096)));
static uint8_t other_bell[4096] __attribute__((aligned(4096)));
static uint8_t stack[4096] __attribute__((aligned(4096)));

/* What the other one is to do, and did. */
static volatile bool is_ready, may_run, came_back;

static volatile uint8_t *shared(void *page)
{
	uint64_t at = (uint64_t)page;

	__asm__("" : "+r"(at)); /* beyond what the compiler knows of it */
	return (volatile uint8_t *)(at + GUEST_SHARED);
}

/* Its own page, for one event. */
static bool set_bell(void)
{
	volatile struct lab_ghcb *page =
		(volatile struct lab_ghcb *)shared(&other_ghcb);
	uint64_t gpa = (uint64_t)&other_ghcb;

	if (guest_exchange(gpa | LAB_GHCB_REGISTER) !=
		(gpa | (LAB_GHCB_REGISTER + 1))) {
		return false;
	}
	page->version = LAB_GHCB_VERSION;
	page->exit_code = LAB_NAE_DOORBELL;
	page->exit_info1 = LAB_DOORBELL_SET;
	page->exit_info2 = (uint64_t)other_bell;
	page->valid[1] = 7ull << LAB_GHCB_BIT(exit_code) % 64;
	guest_exchange(gpa);
	return page->exit_info1 == 0;
}

static _Noreturn void run_other(void)
{
	is_ready = set_bell();
	for (;;) {
		if (may_run) {
			may_run = false;
			guest_exchange(1ull << 32 | LAB_GHCB_RUN);
			came_back = true;
		}
		lab_pause();
	}
}

static void make_registers(struct lab_save *save)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idt;

	__asm__ volatile("sidt %0" : "=m"(idt));
	guest_make_registers(save);
	save->idtr = (struct lab_segment){ 0, 0, IDT_BYTES, idt.base };
	save->features = FEATURES;
	save->rip = (uint64_t)run_other;
	save->rsp = (uint64_t)stack + sizeof(stack) - 8;
}

static uint64_t send(uint64_t icr)
{
	return guest_event(LAB_NAE_IPI, icr, 0);
}

static bool wait_for(const volatile bool *what)
{
	for (uint64_t i = 0; !*what && i < PATIENCE; i++) {
		lab_pause();
	}
	return *what;
}

static bool wait_for_rings(uint64_t count)
{
	for (uint64_t i = 0; guest_rung < count && i < PATIENCE; i++) {
		lab_pause();
	}
	return guest_rung == count;
}

/* What was left there; from now on it may ring again. */
static uint8_t look(uint8_t *flags)
{
	volatile uint8_t *bell = shared(other_bell);
	uint8_t vector = __atomic_exchange_n(&bell[0], 0, __ATOMIC_SEQ_CST);

	*flags = __atomic_exchange_n(&bell[1], 0, __ATOMIC_SEQ_CST);
	return vector;
}

/* Neither a processor there is not, nor one that does not run; no such vector, nor
 * several processors. */
bool guest_ipi_needs_who_takes_it(void)
{
	return send(NOBODY | 77) == LAB_NAE_INVALID &&
	       send(OTHER | 77) == LAB_NAE_INVALID &&
	       send(77) == LAB_NAE_INVALID &&
	       send(OTHER | 30) == LAB_NAE_INVALID &&
	       send(OTHER | 0xc0000 | 77) == LAB_NAE_INVALID &&
	       send(OTHER | 0x500) == LAB_NAE_INVALID && guest_rung == 0;
}

bool guest_ipi_rings_the_other_processor(void)
{
	uint8_t flags;

	make_registers(&other.save);
	return guest_share((uint64_t)&other_ghcb) &&
	       guest_share((uint64_t)other_bell) &&
	       guest_rmpadjust((uint64_t)&other, VMSA) == 0 &&
	       guest_create_processor(OTHER | LAB_AP_NOW, &other, 1) ==
		       LAB_NAE_INVALID &&
	       guest_create_processor(OTHER | LAB_AP_NOW, &other, FEATURES) ==
		       0 &&
	       wait_for(&is_ready) && send(OTHER | 77) == 0 &&
	       wait_for_rings(1) && look(&flags) == 77;
}

static bool wait_until_busy(const volatile struct lab_save *save)
{
	for (uint64_t i = 0; i < PATIENCE; i++) {
		if (save->virtual_interrupt >> 63 == 1) {
			return true;
		}
		lab_pause();
	}
	return false;
}

/* VMPL1 would never come back by itself. */
bool guest_ipi_stops_a_level_below(void)
{
	extern uint8_t guest_lower[];
	struct lab_save *save = &guest_vmsa.save;
	uint8_t flags;

	save->rip = (uint64_t)guest_lower;
	save->rdi = GUEST_WAIT;
	save->rsi = ENDLESS;
	save->exit_code = 0;
	if (guest_create_processor(OTHER | 1 << 16 | LAB_AP_ON_INIT,
		    &guest_vmsa, LAB_FEATURES) != 0) {
		return false;
	}
	may_run = true;
	return wait_until_busy(save) && !came_back && send(OTHER | 78) == 0 &&
	       wait_for(&came_back) && wait_for_rings(2) &&
	       look(&flags) == 78 && save->exit_code == LAB_EXIT_INTR &&
	       save->rsi != 0 && save->virtual_interrupt >> 63 == 0;
}

bool guest_ipi_can_be_an_nmi(void)
{
	uint8_t flags;

	return send(OTHER | MODE_NMI) == 0 && wait_for_rings(3) &&
	       look(&flags) == 0 && (flags & HAS_NMI) != 0;
}

/* Told as sent, and there is nothing at the other one. */
bool guest_ipi_can_be_lost(void)
{
	uint8_t flags;
	bool is_lost;

	guest_ask_host(LAB_ACT_LOSE, 1, 0);
	is_lost = send(OTHER | 79) == 0 && look(&flags) == 0 && flags == 0 &&
		  guest_rung == 3 && guest_ask_host(LAB_ACT_LOSE, 0, 0) == 1;
	return is_lost && send(OTHER | 79) == 0 && wait_for_rings(4) &&
	       look(&flags) == 79;
}
