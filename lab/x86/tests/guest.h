/* SPDX-License-Identifier: Apache-2.0 */
/* A guest that tests what the lab does for it, at VMPL0 and VMPL1. */
#ifndef LAB_TESTS_GUEST_H
#define LAB_TESTS_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "../svm.h"
#include "../trap.h"
#include "ghcb.h"

#define GUEST_C	     (1ull << 47)
#define GUEST_APIC   0xfee00000ull
#define GUEST_SHARED 0x8000000000ull /* + an address: the same memory, shared */

/** Memory nobody has validated. */
#define GUEST_FREE 0x4000000ull
/** What the machine was started with: which end to come to; 0 for none. */
#define GUEST_CHOICE 0x4400000ull
#define GUEST_TAKEN  99	 /* an end, with a host that means ill */
#define GUEST_CPUS   100 /* no end: the tests of two processors */
#define GUEST_ROWS   101 /* the table of operations (../rows.h) */
#define GUEST_REPORT 102 /* reports and keys */
#define GUEST_HOST   103 /* a host that means ill (../host.h) */
#define GUEST_TWICE  104 /* one that runs registers twice */
#define GUEST_IPI    106 /* and two processors */
#define GUEST_BELL   105 /* restricted injection, with SEV_FEATURES that say so */
/** Where the lab itself is. */
#define GUEST_LAB 0x8000000ull

/** EAX of an instruction, and CF. */
struct guest_result {
	uint32_t code;
	bool carry;
};

/** PVALIDATE, RMPADJUST, RMPQUERY; no fault but one that ends the guest. */
static inline struct guest_result guest_pvalidate(
	uint64_t va, bool large, bool valid)
{
	struct guest_result r;

	__asm__ volatile(".byte 0xf2, 0x0f, 0x01, 0xff"
			 : "=a"(r.code), "=@ccc"(r.carry)
			 : "a"(va), "c"((uint64_t)large), "d"((uint64_t)valid)
			 : "memory");
	return r;
}

static inline uint32_t guest_rmpadjust(uint64_t va, uint64_t rdx)
{
	uint32_t code;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfe"
			 : "=a"(code)
			 : "a"(va), "c"(0ull), "d"(rdx)
			 : "memory", "cc");
	return code;
}

static inline uint32_t guest_rmpquery(uint64_t va, uint64_t *rdx)
{
	uint32_t code;
	uint64_t size = 0;

	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xfd"
			 : "=a"(code), "+d"(*rdx), "+c"(size)
			 : "a"(va)
			 : "memory", "cc");
	return code;
}

/** One exchange by the GHCB's MSR. */
uint64_t guest_exchange(uint64_t request);

/** The GHCB, shared and registered, with no field valid; NULL when the host does
 * not let it be. */
volatile struct lab_ghcb *guest_page(void);

/** An event by the page, RAX valid; why it failed, or 0. @pre guest_page() */
uint64_t guest_event(enum lab_nae event, uint64_t info1, uint64_t info2);

/** A page of the guest's to the host: from now on at GUEST_SHARED only. */
bool guest_share(uint64_t gpa);

/** Segments of CPL 1 and 3, a stack for what they raise, and one for #VC. */
void guest_make_tables(void);
#define GUEST_CODE(cpl) (9ull * (cpl) + 8)
#define GUEST_DATA(cpl) ((cpl) == 0 ? 0 : GUEST_CODE(cpl) + 8)
extern uint64_t guest_tables_gdt[8];

/** Device memory, by the host: why it failed, or 0. @pre guest_page() */
uint64_t guest_device_read(uint64_t gpa, uint64_t bytes, uint64_t *value);
uint64_t guest_device_write(uint64_t gpa, uint64_t bytes, uint64_t value);

/** The test of what the firmware says. */
bool guest_cpuid_page_says_what_the_host_says(void);

/** The tests of devices. */
bool guest_device_memory_raises_vc(void);
bool guest_device_memory_is_the_hosts_to_touch(void);
bool guest_memory_is_no_device(void);
bool guest_ports_take_strings(void);
bool guest_configuration_is_read_only(void);

/** The last #VC; and what the next one is to skip that only tests expect. */
struct guest_vc {
	uint64_t code, count, address, bytes;
	uint64_t lies; /* of what there is no instruction for */
};
extern volatile struct guest_vc guest_vc;

/** Do what a #VC is about; false when nobody expected it. */
bool guest_take_vc(struct lab_trap *trap);

/** What VMPL1 is to do, and with what. */
enum guest_order {
	GUEST_READ,
	GUEST_WRITE,
	GUEST_EXECUTE,
	GUEST_PVALIDATE,
	GUEST_RMPADJUST,
	GUEST_VECTOR,
	GUEST_CPUID,
	GUEST_WAIT, /* that many turns */
	GUEST_EXIT, /* address: for the GHCB's MSR; r8: what it is afterwards */
	GUEST_NOTHING,
};

/** VMPL1's registers. */
struct guest_vmsa {
	struct lab_save save;
	uint8_t rest[0x400];
};
extern struct guest_vmsa guest_vmsa;

/** What each processor and level of the tests begins with, at VMPL0; where it
 * begins, and its stack, is the caller's to say. */
void guest_make_registers(struct lab_save *save);

/** The host's word on a processor or a level: why not, or 0.
 * @pre guest_page() */
uint64_t guest_create_processor(
	uint64_t where, struct guest_vmsa *vmsa, uint64_t features);

/** Let VMPL1 do something; @return whether the host ran it. */
bool guest_order(enum guest_order order, uint64_t address);

/** Make VMPL1 ready to run: memory of its own, registers, the host's word. */
bool guest_make_lower(void);

/** The tests of a machine with two processors, in this order. */
bool guest_cpu_needs_a_vmsa(void);
bool guest_cpu_starts_where_its_vmsa_says(void);
bool guest_cpu_is_not_created_twice(void);
bool guest_cpu_has_its_vmsa_to_itself(void);
bool guest_cpu_stops_without_svme(void);
bool guest_cpu_stops_each_time(void);
bool guest_cpu_is_started_by_no_sipi(void);
bool guest_cpu_holds_until_it_is_created_again(void);

/** Do all rows of the table; whether that could be done. */
bool guest_run_rows(void);

/** An exception that is what came of a row at VMPL0; false when it is not. */
bool guest_take_row(struct lab_trap *trap);

/** Make a level that runs rows; its registers. */
bool guest_make_level(uint64_t vmpl);
const struct lab_save *guest_level(uint64_t vmpl);

/** An interrupt nobody sent; false when none was asked for. */
bool guest_take_injected(struct lab_trap *trap);

/** An NMI to processor 0, by its local APIC. */
bool guest_send_nmi(void);

/** Ask the host for something ill (../host.h); how often it was done. */
uint64_t guest_ask_host(uint64_t act, uint64_t times, uint64_t argument);

/** The tests of a host that means ill, in this order. */
bool guest_host_refuses_a_level(void);
bool guest_host_runs_nobody(void);
bool guest_host_runs_another_level(void);
bool guest_host_swaps_a_page(void);
bool guest_host_swaps_a_page_of_vmpl1(void);
bool guest_host_lies_about_cpuid(void);
bool guest_host_lies_beside_the_cpuid_page(void);
bool guest_host_tampers_between_reads(void);
bool guest_host_injects_an_interrupt(void);
bool guest_host_passes_on_an_nmi(void);
bool guest_host_injects_a_vc(void);
bool guest_host_injects_into_vmpl1(void);
bool guest_host_injects_what_has_to_wait(void);
bool guest_host_plays_an_answer_again(void);
bool guest_host_alters_an_answer(void);
bool guest_host_has_its_limits(void);
bool guest_host_runs_registers_once(void);
bool guest_host_runs_two_levels_at_once(void);

/** VMPL1 takes a vector so; @param stack  of the IST, or 0 */
void guest_lower_gate(uint64_t vector, uint64_t handler, uint64_t stack);

/** #HV; false for another vector. */
bool guest_take_hv(struct lab_trap *trap);

/** The tests of restricted injection, in this order. */
bool guest_bell_is_the_processors_word(void);
bool guest_bell_is_in_shared_memory(void);
bool guest_bell_rings_for_a_vector(void);
bool guest_bell_rings_once_until_looked_at(void);
bool guest_bell_has_the_nmi(void);
bool guest_bell_has_a_real_nmi(void);
bool guest_bell_rings_for_nothing(void);
bool guest_bell_rings_at_an_instruction(void);
bool guest_bell_is_all_that_can_be_injected(void);
bool guest_bell_tells_of_another_levels_interrupt(void);
bool guest_bell_can_be_taken_away(void);

/** #HV rang so often, on all processors. */
extern volatile uint64_t guest_rung;

/** The tests of IPIs by #HV, in this order. */
bool guest_ipi_needs_who_takes_it(void);
bool guest_ipi_rings_the_other_processor(void);
bool guest_ipi_stops_a_level_below(void);
bool guest_ipi_can_be_an_nmi(void);
bool guest_ipi_can_be_lost(void);

/** The tests of reports and keys, in this order. */
bool guest_report_has_certificates(void);
bool guest_report_is_of_any_level_below(void);
bool guest_report_of_vmpl1_is_by_its_own_key(void);
bool guest_report_of_vmpl0_is_not_vmpl1s(void);
bool guest_message_needs_its_key(void);
bool guest_message_is_not_sent_twice(void);
bool guest_message_lies_in_shared_memory(void);
bool guest_keys_are_by_level_and_measurement(void);

/** Come to the end that was chosen; returns when there is none such. */
void guest_end(uint64_t choice);

#endif
