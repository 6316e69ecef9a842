/* SPDX-License-Identifier: Apache-2.0 */
/* A program at VMPL0 that tests the parts of the snp backend there. */
#ifndef SNP_H
#define SNP_H

#include <hal/hal.h>
#include <hal/snp/host.h>
#include <arch/x86_64/sev/cpuid.h>
#include <hal/snp/talk.h>

#define SNP_SHARED 0x8000000000ull /* + an address: the same memory, shared */

/** Pages there may be. */
#define SNP_PAGES 0x20000ull
/** Memory nobody has accepted. */
#define SNP_FREE 0x4000ull
/** What the machine was started with: which end to come to; 0 for none. */
#define SNP_CHOICE 0x4400ull

/** What the firmware filled. */
extern uint8_t snp_secrets[CBX_PAGE_SIZE];
extern const struct cbx_cpuid_page snp_cpuid;

/** The C bit's number, as the CPUID page has it. */
uint8_t snp_c_bit(void);

/** Take #VC from now on: CPUID is answered from the page, all else is the end. */
void snp_vc_start(void);

/** What a level may do with a page, by RMPQUERY; -1: it cannot be told. */
int snp_rights(const void *page, uint8_t vmpl);

/** Take a vector by a stub from now on. */
void snp_gate(uint32_t vector, uint64_t entry, uint8_t ist);

/** SEV_STATUS. */
uint64_t snp_status(void);

/** Pages that are mapped (cbx_hal_page_map) and not unmapped. */
extern uint32_t snp_maps;

/** The host, and the one word each of its orders is about. */
extern struct cbx_snp_host snp_host;
enum snp_order {
	SNP_READ,
	SNP_WRITE,
	SNP_EXECUTE,
	SNP_CALL,
	SNP_WAIT,
	SNP_NOTHING,
	SNP_KEEP,
};

/** Let the host do something. @return cbx_snp_host_run */
enum cbx_status snp_order(
	enum snp_order order, uint64_t address, struct cbx_snp_left *left);

/** Make the host ready to run; registers only, for another CPU. */
bool snp_host_make(void);
void snp_host_registers(struct cbx_vmsa *to);

/** A CPU, which gs has; start.S knows the first words. */
struct snp_cpu {
	struct snp_cpu *self;
	volatile uint64_t rung[2];
	uint32_t number;
	struct cbx_snp_ghcb ghcb;
};
extern struct snp_cpu snp_cpus[2];
extern volatile uint32_t snp_cpu_count;
struct snp_cpu *snp_cpu(void);

/** A test is a sentence. */
struct snp_test {
	const char *name;
	bool (*run)(void);
};
#define SNP_TEST(name)        \
	{                     \
#name, (name) \
	}

/** What a box may try, one instruction each. */
extern const struct snp_test snp_user_tests[];
extern const size_t snp_user_test_count;

/** Tests of two CPUs, in this order. */
extern const struct snp_test snp_cpu_tests[];
extern const size_t snp_cpu_test_count;

/** Tests with a hypervisor that does as it is told (lab/x86/host.h); the last
 * ones end the machine. */
bool it_refuses_to_run_the_host(void);
bool it_runs_nobody(void);
bool it_runs_another_level(void);
bool each_word_is_written_once_and_read_once(void);
bool a_list_is_written_once_and_read_once(void);
bool whatever_it_writes_no_page_is_told_wrongly(void);
bool it_runs_two_levels_at_once(void);
bool it_injects_nothing(void);
bool it_can_ring(void);
bool it_rings_everywhere_on_the_way_into_the_host(void);
void snp_lose_kicks(uint64_t times);
void snp_touch_swapped(void);
void snp_touch_taken(void);
void snp_view_of_swapped(void);

/** Tests of a machine with a chip; with a hypervisor that does as it is told. */
bool a_report_is_of_the_monitor(void);
bool a_key_is_the_same_again(void);
bool a_host_is_attested_to(void);
bool what_nobody_sealed_is_the_keys_end(void);
bool what_the_hypervisor_alters_is_the_keys_end(void);
bool what_it_says_again_is_the_keys_end(void);

/** The tests of the host, in this order. */
bool no_registers_do_not_run(void);
bool registers_of_another_level_are_refused(void);
bool what_the_hypervisor_does_not_take_can_be_repeated(void);
bool the_host_runs_and_leaves(void);
bool the_host_is_kept_out_of_pages(void);
bool the_host_has_the_rights_it_was_given(void);
bool a_call_is_decoded_and_answered(void);
bool what_is_not_pending_is_no_call(void);
bool the_host_does_not_run_by_itself(void);

#endif
