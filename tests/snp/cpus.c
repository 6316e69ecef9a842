/* SPDX-License-Identifier: Apache-2.0 */
/* Two CPUs at VMPL0, on a machine with restricted injection: what one does, and
 * what the other sees of it. */
#include <stdatomic.h>

#include <hal/snp/insn.h>
#include <arch/x86_64/sev/features.h>

#include "snp.h"

#define VECTOR_HV 28
#define OTHER	  1u
#define EFER	  0x1d00ull /* SVME NXE LMA LME */
#define CR0	  0x80010033ull
#define CR4	  0x20ull
#define PATIENCE  200000000ull
#define INTR	  0x60u
#define HAS_NMI	  0x100u
#define LOST	  100u
#define SECRET	  0x5ec4e7ull
#define HLT	  0xf4
#define READ_ONLY ((struct cbx_view){ CBX_VIEW_R })
#define CLOSED	  ((struct cbx_view){ CBX_VIEW_NONE })

extern uint8_t host_code[], host_area[], snp_pml4[], snp_gdt[], hv_entry[],
	snp_tss_second[], snp_stack_second_top[];
extern uint64_t snp_idt[];

#define A_PAGE __attribute__((aligned(4096)))
static struct cbx_vmsa own_vmsa A_PAGE;
static struct cbx_vmsa host_vmsa A_PAGE;
static uint8_t ghcb_page[CBX_PAGE_SIZE] A_PAGE;
static uint8_t bells[2][CBX_PAGE_SIZE] A_PAGE;
static uint64_t target[512] A_PAGE;

/* What the other one is to do, does, and found. */
static volatile bool is_ready, may_run, came_back;
static volatile uint64_t beats;
static enum cbx_status found;
static struct cbx_snp_left left;
static struct cbx_snp_host host;

static struct cbx_snp_two_ways two_of(void *page)
{
	return (struct cbx_snp_two_ways){
		.pfn = { (uint64_t)page >> CBX_PAGE_SHIFT },
		.hidden = page,
		.shared = (volatile void *)((uint64_t)page + SNP_SHARED),
	};
}

static const char *start_bell(void)
{
	const struct cbx_snp_two_ways two = two_of(bells[snp_cpu()->number]);

	return cbx_snp_bell_start(&two, snp_cpu()->rung);
}

/* As the monitor: the host runs until there is something to tell. */
static void run_host(void)
{
	do {
		beats++;
		found = cbx_snp_host_run(&host, &left);
	} while (found == CBX_OK && left.why == CBX_SNP_NOTHING &&
		 host_vmsa.exit_code != CBX_VMSA_VMGEXIT && may_run);
	may_run = false;
	atomic_thread_fence(memory_order_seq_cst);
	came_back = true;
}

static _Noreturn void run_other(void)
{
	const struct cbx_snp_two_ways two = two_of(ghcb_page);

	is_ready = cbx_snp_ghcb_start(&two, snp_c_bit()) == NULL &&
		   start_bell() == NULL;
	for (;;) {
		cbx_snp_bell_take();
		beats++;
		if (may_run) {
			run_host();
		}
	}
}

static bool wait_for(const volatile bool *what)
{
	for (uint64_t i = 0; !*what && i < PATIENCE; i++) {
		cbx_hal_cpu_relax();
	}
	atomic_thread_fence(memory_order_seq_cst);
	return *what;
}

static bool wait_beyond(const volatile uint64_t *what, uint64_t value)
{
	for (uint64_t i = 0; *what <= value && i < PATIENCE; i++) {
		cbx_hal_cpu_relax();
	}
	return *what > value;
}

static void make_registers(void)
{
	own_vmsa = (struct cbx_vmsa){
		.cs = { 8, 0xa9b, 0xffffffff, 0 },
		.gs = { 0, 0, 0, (uint64_t)&snp_cpus[OTHER] },
		.gdtr = { 0, 0, 31, (uint64_t)snp_gdt },
		.idtr = { 0, 0, 0x1ff, (uint64_t)snp_idt },
		.tr = { 0, 0x8b, 0x67, (uint64_t)snp_tss_second },
		.efer = EFER,
		.cr4 = CR4,
		.cr3 = (uint64_t)snp_pml4 | 1ull << snp_c_bit(),
		.cr0 = CR0,
		.dr7 = 0x400,
		.dr6 = 0xffff0ff0,
		.rflags = 2,
		.rip = (uint64_t)run_other,
		.rsp = (uint64_t)snp_stack_second_top - 8,
		.pat = 0x0007040600070406,
		.features = cbx_snp_own_features(snp_status()),
		.xcr0 = 1,
		.mxcsr = 0x1f80,
		.x87_ftw = 0x5555,
		.x87_fcw = 0x40,
	};
}

static bool a_cpu_begins_where_its_registers_say(void)
{
	const struct cbx_snp_host own = {
		.vmsa = &own_vmsa,
		.vmsa_address = (uint64_t)&own_vmsa,
		.apic = OTHER,
	};

	snp_gate(VECTOR_HV, (uint64_t)hv_entry, 2);
	make_registers();
	if (start_bell() != NULL ||
		cbx_snp_own_create(&own, own_vmsa.features) != CBX_OK ||
		!wait_for(&is_ready)) {
		return false;
	}
	snp_cpu_count = 2;
	return true;
}

static void begin(enum snp_order order, uint64_t address)
{
	host_vmsa.rip = (uint64_t)host_code;
	host_vmsa.rdi = order;
	host_vmsa.rsi = address;
	host_vmsa.rbx = (uint64_t)host_area + 8;
	host_vmsa.r8_15[4] = 0;
	came_back = false;
	atomic_thread_fence(memory_order_seq_cst);
	may_run = true;
}

static bool it_runs_a_host_of_its_own(void)
{
	host = (struct cbx_snp_host){ &host_vmsa, (_Atomic uint8_t *)host_area,
		(uint64_t)&host_vmsa, OTHER, 0, NULL };
	snp_host_registers(&host_vmsa);
	if (!snp_host_make() ||
		cbx_snp_host_create(&host, host_vmsa.features) != CBX_OK) {
		return false;
	}
	begin(SNP_NOTHING, 0);
	return wait_for(&came_back) && found == CBX_OK &&
	       left.why == CBX_SNP_NOTHING &&
	       host_vmsa.exit_code == CBX_VMSA_VMGEXIT;
}

/* A machine's own interrupts ring, too. */
static bool was_kicked(uint32_t cpu)
{
	return (*snp_cpus[cpu].ghcb.bell & HAS_NMI) != 0;
}

/* It is in the monitor, goes on there, and lets the hypervisor ring again. */
static bool a_kick_is_taken_and_heard_of(void)
{
	const volatile uint64_t *rung = snp_cpus[OTHER].rung;

	for (uint32_t i = 0; i < 3; i++) {
		uint64_t before = rung[0];

		cbx_hal_cpu_kick(OTHER);
		if (!wait_beyond(&rung[0], before) ||
			!wait_beyond(&rung[1], before) ||
			!wait_beyond(&beats, beats) || was_kicked(OTHER)) {
			return false;
		}
	}
	return !was_kicked(0);
}

static bool nobody_kicks_himself(void)
{
	cbx_hal_cpu_kick(0);
	return !was_kicked(0);
}

static const volatile uint64_t *counter(void)
{
	return (const volatile uint64_t *)(const volatile void *)(host_area +
								  8);
}

static bool set_view(struct cbx_view view)
{
	uint64_t done;

	return cbx_hal_view_set(
		       (struct cbx_pfn){ (uint64_t)target >> CBX_PAGE_SHIFT },
		       1, view, &done) == CBX_OK;
}

/* It would never come back by itself. */
static bool a_kick_ends_the_host(void)
{
	uint64_t before = *counter();

	if (!set_view(READ_ONLY)) {
		return false;
	}
	begin(SNP_KEEP, (uint64_t)target);
	if (!wait_beyond(counter(), before) || came_back) {
		return false;
	}
	may_run = false;
	cbx_hal_cpu_kick(OTHER);
	return wait_for(&came_back) && found == CBX_OK &&
	       left.why == CBX_SNP_NOTHING && host_vmsa.exit_code == INTR;
}

/* The view alone does not stop it: this is what a flush is for. */
static bool an_old_translation_is_used_until_the_flush(void)
{
	uint64_t before = *counter();

	begin(SNP_KEEP, (uint64_t)target);
	return wait_beyond(counter(), before) && set_view(CLOSED) &&
	       wait_beyond(counter(), *counter() + 1000) && !came_back;
}

/* Kicks are lost, and told as sent: nothing is granted early. */
static bool a_flush_nobody_is_told_of_is_never_done(void)
{
	uint64_t token;

	snp_lose_kicks(~0ull);
	token = cbx_hal_view_flush();
	for (uint32_t i = 0; i < LOST; i++) {
		if (cbx_hal_view_flushed(token)) {
			return false;
		}
	}
	snp_lose_kicks(0);
	return wait_beyond(counter(), *counter() + 1000) && !came_back;
}

/* Then it faults, and has read nothing that was written after it. */
static bool no_old_translation_outlives_the_flush(void)
{
	uint64_t token = cbx_hal_view_flush();
	bool flushed = false;

	for (uint64_t i = 0; !flushed && i < PATIENCE; i++) {
		cbx_hal_cpu_relax();
		flushed = cbx_hal_view_flushed(token);
	}
	if (!flushed) {
		return false;
	}
	target[0] = SECRET;
	return wait_for(&came_back) && found == CBX_OK &&
	       left.why == CBX_SNP_FAULT && left.access.bits == CBX_VIEW_R &&
	       left.pfn.n == (uint64_t)target >> CBX_PAGE_SHIFT &&
	       host_vmsa.r8_15[4] == 0;
}

/* Where it was when it was interrupted last. */
static bool is_halted(void)
{
	const volatile struct cbx_vmsa *vmsa = &own_vmsa;

	return ((const volatile uint8_t *)vmsa->rip)[-1] == HLT;
}

static void wait(uint64_t turns)
{
	for (uint64_t i = 0; i < turns; i++) {
		cbx_hal_cpu_relax();
	}
}

static bool who_is_told_to_stop_runs_nothing_more(void)
{
	uint64_t before;

	cbx_snp_stop_others();
	for (uint64_t i = 0; !is_halted() && i < PATIENCE / 10000; i++) {
		cbx_hal_cpu_kick(OTHER);
		wait(1000);
	}
	before = beats;
	begin(SNP_NOTHING, 0);
	cbx_hal_cpu_kick(OTHER);
	wait(PATIENCE / 100);
	return is_halted() && beats == before && !came_back;
}

const struct snp_test snp_cpu_tests[] = {
	SNP_TEST(a_cpu_begins_where_its_registers_say),
	SNP_TEST(it_runs_a_host_of_its_own),
	SNP_TEST(a_kick_is_taken_and_heard_of),
	SNP_TEST(nobody_kicks_himself),
	SNP_TEST(a_kick_ends_the_host),
	SNP_TEST(an_old_translation_is_used_until_the_flush),
	SNP_TEST(a_flush_nobody_is_told_of_is_never_done),
	SNP_TEST(no_old_translation_outlives_the_flush),
	SNP_TEST(who_is_told_to_stop_runs_nothing_more),
};
const size_t snp_cpu_test_count =
	sizeof(snp_cpu_tests) / sizeof(snp_cpu_tests[0]);
